//! Sessions: begun by signing in, looked up in the store for every page, and so ended on every instance at once.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::person::{Person, PersonName, Role};
use crate::domain::session::{Holder, Lifetime, Session, hour};
use crate::domain::site::{KeyHash, KeyKind, Site, SiteId};
use crate::domain::token::Token;
use crate::service::steady_time::SteadyTime;
use crate::store::{Store, StoreError};
use crate::telemetry::Seldom;

/// How many sessions one holder has at most; of more, the one that was used longest ago ends.
const MOST: usize = 20;

/// The sessions of one store.
#[derive(Clone)]
pub struct Sessions {
    store: Arc<dyn Store>,
    lifetime: Lifetime,
    steady: SteadyTime,
    /// Changes when sessions were ended here.
    ended: watch::Sender<u64>,
}

/// A session that holds, with what it opens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The session.
    pub session: Session,
    /// Its site.
    pub site: Site,
    /// What its holder may do there now.
    pub role: Role,
}

/// A store that takes no writes fails each page of the signed-in.
static NOT_NOTED: Seldom = Seldom::new();

impl Sessions {
    /// The sessions on `store`, which last so long, and are forgotten when the time is steady.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, lifetime: Lifetime, steady: SteadyTime) -> Self {
        Self { store, lifetime, steady, ended: watch::Sender::new(0) }
    }

    /// Begins a session of a site, and returns what its browser is to hold.
    pub async fn begin(&self, site: &SiteId, holder: Holder, now: Timestamp) -> Result<Token, StoreError> {
        let all = self.store.all_sessions().await?;
        let (over, mut own): (Vec<_>, Vec<_>) =
            all.into_iter().partition(|session| self.lifetime.is_over(session, now));
        own.retain(|session| session.site == *site && same_holder(&session.holder, &holder));
        own.sort_by_key(|session| session.used_at);
        own.truncate((own.len() + 1).saturating_sub(MOST));
        self.end(&own).await?;
        self.forget(over, now).await?;
        let token = Token::random();
        let now = hour(now);
        let session =
            Session { token: token.hash(), site: site.clone(), holder, created_at: now, used_at: now };
        self.store.insert_session(&session).await?;
        Ok(token)
    }

    /// The session whose browser holds this, if it still opens something. Notes its use, by the hour.
    pub async fn held(&self, token: &str, now: Timestamp) -> Result<Option<Held>, StoreError> {
        let Some(mut session) = self.store.session(&KeyHash::of(token)).await? else { return Ok(None) };
        if self.lifetime.is_over(&session, now) {
            self.forget(vec![session], now).await?;
            return Ok(None);
        }
        let Some(site) = self.store.site(&session.site).await? else { return Ok(None) };
        let person = match &session.holder {
            Holder::Key(_) => None,
            Holder::Person(name, _) => self.store.person(&session.site, name).await?,
        };
        let Some(role) = role(&session, &site, person.as_ref()) else { return Ok(None) };
        if session.used_at < hour(now) {
            session.used_at = hour(now);
            // Who can be read from is read from, also where nothing can be written.
            if let Err(error) = self.store.note_use(&session.token, session.used_at).await
                && let Some(left_out) = NOT_NOTED.due()
            {
                tracing::warn!(left_out, "store.url: the use of a session is not noted: {error}");
            }
        }
        Ok(Some(Held { session, site, role }))
    }

    /// The sessions of a site that open something, with what their holders may do: of all holders, or of one person. The
    /// last used comes first.
    pub async fn of_site(
        &self,
        site: &Site,
        only: Option<&PersonName>,
        now: Timestamp,
    ) -> Result<Vec<(Session, Role)>, StoreError> {
        let people = self.store.people(&site.id).await?;
        let found = |session: Session| {
            let named = match &session.holder {
                Holder::Person(name, _) => Some(name),
                Holder::Key(_) => None,
            };
            let person = named.and_then(|name| people.iter().find(|person| person.name == *name));
            let is_wanted = only.is_none() || only == named;
            let role = role(&session, site, person).filter(|_| is_wanted)?;
            (!self.lifetime.is_over(&session, now)).then_some((session, role))
        };
        let sessions = self.store.sessions(&site.id).await?;
        let mut sessions: Vec<_> = sessions.into_iter().filter_map(found).collect();
        sessions.sort_by(|(a, _), (b, _)| (b.used_at, a.id()).cmp(&(a.used_at, b.id())));
        Ok(sessions)
    }

    /// When a session ends if nobody uses it again.
    #[must_use]
    pub fn end_of(&self, session: &Session) -> Timestamp {
        self.lifetime.end(session)
    }

    /// Ends sessions.
    pub async fn end(&self, sessions: &[Session]) -> Result<(), StoreError> {
        if sessions.is_empty() {
            return Ok(());
        }
        let tokens: Vec<_> = sessions.iter().map(|session| session.token.clone()).collect();
        self.end_tokens(&tokens).await
    }

    async fn end_tokens(&self, tokens: &[KeyHash]) -> Result<(), StoreError> {
        let ended = self.store.end_sessions(tokens).await;
        // Also where the answer was lost: whoever hears it asks the store.
        self.ended.send_modify(|times| *times += 1);
        ended
    }

    /// Tells, to whoever waits for it, when sessions were ended at this instance.
    #[must_use]
    pub fn endings(&self) -> watch::Receiver<u64> {
        self.ended.subscribe()
    }

    /// Returns whether the session of this token still opens something. Notes no use.
    pub async fn is_open(&self, token: &KeyHash, now: Timestamp) -> Result<bool, StoreError> {
        let session = self.store.session(token).await?.filter(|session| !self.lifetime.is_over(session, now));
        let Some(session) = session else { return Ok(false) };
        let Some(site) = self.store.site(&session.site).await? else { return Ok(false) };
        let person = match &session.holder {
            Holder::Key(_) => None,
            Holder::Person(name, _) => self.store.person(&session.site, name).await?,
        };
        Ok(role(&session, &site, person.as_ref()).is_some())
    }

    /// Ends the session whose browser holds this.
    pub async fn end_of_token(&self, token: &str) -> Result<(), StoreError> {
        self.end_tokens(&[KeyHash::of(token)]).await
    }

    /// Forgets sessions that are over, if the time is steady.
    pub async fn forget_ended(&self, now: Timestamp) -> Result<(), StoreError> {
        self.forget(self.store.all_sessions().await?, now).await
    }

    /// Forgets those of these sessions that are over, by the clock that all share and by a steady one. The others open
    /// nothing either, but may again when a clock is right.
    async fn forget(&self, mut sessions: Vec<Session>, now: Timestamp) -> Result<(), StoreError> {
        let Some(steady) = self.steady.now() else { return Ok(()) };
        sessions.retain(|session| self.lifetime.is_over(session, now.min(steady)));
        self.end(&sessions).await
    }
}

fn same_holder(one: &Holder, other: &Holder) -> bool {
    match (one, other) {
        (Holder::Key(_), Holder::Key(_)) => true,
        (Holder::Person(one, _), Holder::Person(other, _)) => one == other,
        _ => false,
    }
}

/// What the holder of a session may do at its site now; nothing once what they signed in with has ended.
fn role(session: &Session, site: &Site, person: Option<&Person>) -> Option<Role> {
    match &session.holder {
        Holder::Key(key) => (site.key_kind(key) == Some(KeyKind::Secret)).then_some(Role::Owner),
        Holder::Person(_, mark) => {
            person.filter(|person| person.site == site.id && person.password.mark == *mark).map(|p| p.role)
        }
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sessions")
    }
}
