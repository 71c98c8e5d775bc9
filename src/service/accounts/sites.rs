//! Sites and their keys: made and rotated by the operator, looked up for every request with a key.

use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::destination::HostRule;
use crate::domain::min_count::{MinCount, MinCounts};
use crate::domain::session::hour;
use crate::domain::site::{Key, KeyHash, KeyKind, OriginRule, Site, SiteId};
use crate::domain::stripping::Stripping;
use crate::domain::utm::Utm;
use crate::store::{LinkFilter, Store, StoreError};

/// The site that a first start makes on a loopback address.
pub const TRIAL_SITE: &str = "default";

/// The publishers on one store.
#[derive(Clone)]
pub struct Sites {
    store: Arc<dyn Store>,
}

/// A site's two keys in clear, to be shown once.
#[expect(missing_debug_implementations, reason = "keys must be shown on purpose only")]
pub struct NewKeys {
    /// May stand in a page.
    pub publishable: Key,
    /// May do everything of the site.
    pub secret: Key,
}

/// How much goes when a site is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Belongings {
    /// Its links.
    pub links: usize,
    /// The people who sign in.
    pub people: usize,
    /// Who is signed in.
    pub sessions: usize,
    /// Its shared views.
    pub views: usize,
}

/// How many links are counted at once.
const LINKS_A_STEP: usize = 1_000;

impl Sites {
    /// The sites on `store`.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// Adds a site, whose keys, identifier and time of creation are made here.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is a site of that name.
    pub async fn create(&self, site: Site, now: Timestamp) -> Result<(Site, NewKeys), StoreError> {
        let (site, keys) = with_keys(site, now);
        self.store.insert_site(&site).await?;
        Ok((site, keys))
    }

    /// Prepares the trial's site for an empty store, for any destination and origin, so that everything
    /// can be tried at once; `None` where there are sites. It is there when [`Self::keep_first`] has taken it:
    /// its keys have to be shown before, as nobody can ask for them again.
    pub async fn first_start(&self, now: Timestamp) -> Result<Option<(Site, NewKeys)>, StoreError> {
        if !self.all().await?.is_empty() {
            return Ok(None);
        }
        let site = Site {
            id: SiteId::random(),
            name: TRIAL_SITE.to_owned(),
            destinations: vec![HostRule::any()],
            origins: vec![OriginRule::any()],
            consent: None,
            utm: Utm::default(),
            stripping: Stripping::default(),
            forward_query: false,
            lineage: false,
            min_count: MinCounts::always(MinCount::EXACT),
            public: false,
            badges: false,
            revision: 0,
            created_at: hour(now),
            keys: Vec::new(),
        };
        Ok(Some(with_keys(site, now)))
    }

    /// Adds the trial's site. Returns `false` where another instance was first.
    pub async fn keep_first(&self, site: &Site) -> Result<bool, StoreError> {
        match self.store.insert_site(site).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Gives the site of this name a new key of this kind; the old one ends. `None` where there is
    /// no such site.
    pub async fn rotate_key(&self, name: &str, kind: KeyKind) -> Result<Option<Key>, StoreError> {
        let key = Key::random(kind);
        let changed = self.change(name, |site| site.rotate(kind, key.hash())).await?;
        Ok(changed.map(|_| key))
    }

    /// Changes the site of this name, and returns what it became. `None` where there is no such site. Where somebody else
    /// changes it at the same time, this change is made to what it became by theirs.
    pub async fn change(&self, name: &str, change: impl Fn(&mut Site)) -> Result<Option<Site>, StoreError> {
        loop {
            let Some(old) = self.by_name(name).await? else { return Ok(None) };
            let mut new = old.clone();
            change(&mut new);
            new.revise(&old);
            if self.store.replace_site(&old, &new).await? {
                return Ok(Some(new));
            }
        }
    }

    /// What goes when a site is deleted.
    pub async fn belongings(&self, site: &SiteId) -> Result<Belongings, StoreError> {
        let people = self.store.people(site).await?.len();
        let sessions = self.store.sessions(site).await?.len();
        let views = self.store.views(site).await?.len();
        let (mut links, mut after) = (0, None);
        loop {
            let some = self.store.links(site, &LinkFilter::default(), after.as_ref(), LINKS_A_STEP).await?;
            links += some.len();
            after = some.last().map(|listed| listed.place);
            if some.len() < LINKS_A_STEP {
                return Ok(Belongings { links, people, sessions, views });
            }
        }
    }

    /// Deletes a site with everything that is its own: first the keys, so that nothing of it is made meanwhile, and the
    /// site itself last, so that it can be deleted again after an interruption. Returns whether it was there.
    pub async fn delete(&self, site: &Site) -> Result<bool, StoreError> {
        self.change(&site.name, |site| site.keys.clear()).await?;
        for person in self.store.people(&site.id).await? {
            self.store.delete_person(&site.id, &person.name).await?;
        }
        let sessions = self.store.sessions(&site.id).await?;
        self.store
            .end_sessions(&sessions.into_iter().map(|session| session.token).collect::<Vec<_>>())
            .await?;
        let views = self.store.views(&site.id).await?;
        self.store.delete_views(&views.into_iter().map(|view| view.token).collect::<Vec<_>>()).await?;
        self.store.delete_site(&site.id).await
    }

    /// Every site, by name.
    pub async fn all(&self) -> Result<Vec<Site>, StoreError> {
        self.store.sites().await
    }

    /// The site of this name.
    pub async fn by_name(&self, name: &str) -> Result<Option<Site>, StoreError> {
        Ok(self.store.sites().await?.into_iter().find(|site| site.name == name))
    }

    /// The site with this identifier.
    pub async fn get(&self, id: &SiteId) -> Result<Option<Site>, StoreError> {
        self.store.site(id).await
    }

    /// The site that a key belongs to, and what the key may do.
    pub async fn by_key(&self, hash: &KeyHash) -> Result<Option<(Site, KeyKind)>, StoreError> {
        let site = self.store.site_by_key(hash).await?;
        Ok(site.and_then(|site| site.key_kind(hash).map(|kind| (site, kind))))
    }
}

/// Gives a site an identifier, a time of creation and keys.
fn with_keys(mut site: Site, now: Timestamp) -> (Site, NewKeys) {
    let keys =
        NewKeys { publishable: Key::random(KeyKind::Publishable), secret: Key::random(KeyKind::Secret) };
    site.id = SiteId::random();
    site.created_at = hour(now);
    site.rotate(KeyKind::Publishable, keys.publishable.hash());
    site.rotate(KeyKind::Secret, keys.secret.hash());
    (site, keys)
}

impl std::fmt::Debug for Sites {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sites")
    }
}
