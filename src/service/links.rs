//! Links: made from what a client asks for, resolved for visitors, read and changed for their site.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use url::Url;

use super::cache::Cached;
use super::sites::Sites;
use super::targets::Targets;
use crate::domain::channel::{ChannelName, Channels, Message};
use crate::domain::code::{Code, CodeError};
use crate::domain::destination::{Destination, DestinationError};
use crate::domain::device::Device;
use crate::domain::link::{Link, LinkChange, MAX_CAMPAIGN, MAX_TITLE, Text, TextError};
use crate::domain::own_address::own_address;
use crate::domain::reserved::ClaimError;
use crate::domain::site::{Site, SiteId};
use crate::domain::target::Target;
use crate::store::{Inserted, OnceName, Store, StoreError};

/// The longest `external_id` or `Idempotency-Key` in bytes.
const MAX_ONCE: usize = 255;
/// How often another code is tried when a random one is taken.
const TRIES: usize = 4;

/// What a client asks for, as it came.
#[derive(Debug, Clone, Default)]
pub struct Draft {
    /// The destination.
    pub url: String,
    /// The channel's name.
    pub channel: String,
    /// The campaign.
    pub campaign: Option<String>,
    /// The page's title.
    pub title: Option<String>,
    /// The parent link's code.
    pub parent: Option<String>,
    /// Whether a wrong parent is left out instead of refused: where somebody is sharing at this moment,
    /// and the parent may be gone since their page was opened.
    pub leaves_wrong_parent_out: bool,
    /// A code of the client's own choice.
    pub slug: Option<String>,
    /// In the place of a slug: the reserved code that the client's claim is for, or why it is for none.
    pub claim: Option<Result<Code, ClaimError>>,
    /// When the link ends.
    pub expires_at: Option<Timestamp>,
    /// The client's own name for this link.
    pub external_id: Option<String>,
    /// The request's `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The name of the [kit](super::kit) that the link is of.
    pub kit: Option<String>,
}

/// What a client asks to be changed, as it came; `Some(None)` takes a value away.
#[derive(Debug, Clone, Default)]
pub struct DraftChange {
    /// Another destination.
    pub url: Option<String>,
    /// Another campaign.
    pub campaign: Option<Option<String>>,
    /// Another expiry.
    pub expires_at: Option<Option<Timestamp>>,
    /// On or off.
    pub disabled: Option<bool>,
}

/// A parameter that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct InvalidParam {
    /// The field's or header's name.
    pub name: String,
    /// What it must be.
    pub reason: String,
}

impl InvalidParam {
    /// Says what is wrong with `name`.
    pub fn new(name: &str, reason: impl Into<String>) -> Self {
        Self { name: name.to_owned(), reason: reason.into() }
    }
}

/// Why a link was not made or changed.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// These parameters break rules.
    #[error("some parameters are not valid")]
    Invalid(Vec<InvalidParam>),
    /// Another link has this code.
    #[error("the slug is taken")]
    SlugTaken,
    /// The reserved code has been claimed for another destination or channel.
    #[error("the code is taken")]
    CodeTaken,
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The links on one store.
#[derive(Clone)]
pub struct Links {
    store: Arc<dyn Store>,
    targets: Arc<Targets>,
    channels: Arc<Channels>,
    public_url: Arc<Url>,
}

impl Links {
    /// Links in `store`, whose short addresses begin with `public_url`; what is changed here is
    /// forgotten by `targets`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        targets: Arc<Targets>,
        channels: Arc<Channels>,
        public_url: Arc<Url>,
    ) -> Self {
        Self { store, targets, channels, public_url }
    }

    /// The short address of a link.
    #[must_use]
    pub fn short_url(&self, code: &Code) -> String {
        own_address(&self.public_url, &format!("/{code}"))
    }

    /// The address that opens the channel's app on a device with this link filled in.
    #[must_use]
    pub fn share_url(&self, link: &Link, device: Device) -> Option<String> {
        let title = link.title.as_ref().map_or("", Text::as_str);
        let message = Message { url: &self.short_url(&link.code), title, words: "" };
        self.channels.share_url(&link.channel, device, &message)
    }

    /// Makes a link of `site`, or finds the one that was made for the same `external_id`,
    /// `Idempotency-Key` or claim. A claim is for one destination and channel: whoever has shared
    /// the code by now must be sure of where it leads.
    pub async fn create(
        &self,
        site: &Site,
        draft: Draft,
        now: Timestamp,
    ) -> Result<(Link, Inserted), LinkError> {
        let once = once_names(&draft);
        let (slug, claim) = (draft.slug.is_some(), draft.claim.is_some());
        let mut link = self.check(site, draft, now).await?;
        for _ in 0..TRIES {
            match self.store.insert_link(&link, &once).await {
                Ok(inserted) => {
                    // Somebody may have asked for the code while there was no such link.
                    self.targets.forget(&link.code);
                    return match &inserted {
                        Inserted::Existing(first) if claim && !is_same_share(first, &link) => {
                            Err(LinkError::CodeTaken)
                        }
                        _ => Ok((link, inserted)),
                    };
                }
                Err(StoreError::Conflict) if slug => return Err(LinkError::SlugTaken),
                Err(StoreError::Conflict) if claim => return Err(LinkError::CodeTaken),
                Err(StoreError::Conflict) => link.code = Code::random(),
                Err(error) => return Err(error.into()),
            }
        }
        Err(StoreError::Corrupt("random codes are taken again and again".to_owned()).into())
    }

    /// Changes the site of this name, which its links depend on, and returns what it became. `None` where there is no
    /// such site.
    pub(crate) async fn change_site(
        &self,
        name: &str,
        change: impl Fn(&mut Site) + Send + Sync + 'static,
    ) -> Result<Option<Site>, StoreError> {
        let (sites, name) = (Sites::new(Arc::clone(&self.store)), name.to_owned());
        self.to_the_end(async move { sites.change(&name, change).await }, Targets::doubt_everything).await
    }

    /// Where the link of this code leads: from memory, and also while the store is away, where it
    /// is known there.
    pub(crate) async fn resolve(&self, code: &Code) -> Result<Option<Cached<Target>>, StoreError> {
        self.targets.get(code).await
    }

    /// The link of this code as the store has it now.
    pub async fn read(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        self.store.link(code).await
    }

    /// The link of this code, if it is the site's.
    pub async fn of_site(&self, site: &SiteId, code: &Code) -> Result<Option<Link>, StoreError> {
        Ok(self.store.link(code).await?.filter(|link| link.site == *site))
    }

    /// Changes a link of the site; `None` where it has no such link.
    pub async fn change(
        &self,
        site: &Site,
        code: &Code,
        draft: DraftChange,
        now: Timestamp,
    ) -> Result<Option<Link>, LinkError> {
        if self.of_site(&site.id, code).await?.is_none() {
            return Ok(None);
        }
        let mut wrong = Wrong::default();
        let change = LinkChange {
            url: draft.url.and_then(|url| wrong.take("url", self.destination(site, &url))),
            campaign: draft.campaign.map(|campaign| wrong.text("campaign", campaign, MAX_CAMPAIGN)),
            expires_at: draft.expires_at.map(|end| wrong.expiry(end, now)),
            disabled: draft.disabled,
            taken_down: None,
        };
        wrong.none()?;
        Ok(self.change_in_store(code, change).await?)
    }

    /// Takes a link down for abuse, or gives it back; `None` where there is none.
    pub async fn take_down(&self, code: &Code, taken_down: bool) -> Result<Option<Link>, StoreError> {
        let change = LinkChange { taken_down: Some(taken_down), ..LinkChange::default() };
        self.change_in_store(code, change).await
    }

    async fn change_in_store(&self, code: &Code, change: LinkChange) -> Result<Option<Link>, StoreError> {
        let (store, changed) = (Arc::clone(&self.store), code.clone());
        self.to_the_end(async move { store.change_link(&changed, change).await }, forget(code)).await
    }

    /// Forgets a link of the site and its counts; `false` where it has no such link.
    pub async fn delete(&self, site: &SiteId, code: &Code) -> Result<bool, StoreError> {
        match self.of_site(site, code).await? {
            Some(_) => {
                let (store, deleted) = (Arc::clone(&self.store), code.clone());
                self.to_the_end(async move { store.delete_link(&deleted).await }, forget(code)).await
            }
            None => Ok(false),
        }
    }

    /// Changes something in the store and forgets the targets that depend on it, also where its client goes away
    /// meanwhile: a store may do what nobody waits for any more.
    async fn to_the_end<T: Send + 'static>(
        &self,
        change: impl Future<Output = Result<T, StoreError>> + Send + 'static,
        forget: impl FnOnce(&Targets) + Send + 'static,
    ) -> Result<T, StoreError> {
        let targets = Arc::clone(&self.targets);
        let changing = tokio::spawn(async move {
            let changed = change.await;
            // A change whose answer was lost may have been made.
            forget(&targets);
            changed
        });
        changing.await.unwrap_or_else(|error| Err(StoreError::Unavailable(error.into())))
    }

    /// Takes a destination by the site's rules.
    pub fn destination(&self, site: &Site, url: &str) -> Result<Destination, DestinationError> {
        Destination::parse(url, &site.destinations, &self.public_url)
    }

    /// Takes a draft apart and collects every parameter that breaks a rule.
    pub(super) async fn check(&self, site: &Site, draft: Draft, now: Timestamp) -> Result<Link, LinkError> {
        let mut wrong = Wrong::default();
        let url = wrong.take("url", self.destination(site, &draft.url));
        let channel = wrong.take("channel", self.channel(&draft.channel));
        let campaign = wrong.text("campaign", draft.campaign, MAX_CAMPAIGN);
        let title = wrong.text("title", draft.title, MAX_TITLE);
        let code = match (draft.slug, draft.claim) {
            (Some(_), Some(_)) => wrong.take("claim", Err("must not stand beside a slug")),
            (Some(slug), None) => wrong.take("slug", Code::parse_slug(&slug)),
            (None, Some(claim)) => wrong.take("claim", claim),
            (None, None) => Some(Code::random()),
        };
        let parent = match draft.parent {
            Some(parent) => match self.parent(site, &parent).await? {
                Err(_) if draft.leaves_wrong_parent_out => None,
                found => wrong.take("parent", found),
            },
            None => None,
        };
        let generation = parent.as_ref().map_or(0, |parent| parent.generation.saturating_add(1));
        let expires_at = wrong.expiry(draft.expires_at, now);
        for (name, value) in
            [("external_id", &draft.external_id), ("Idempotency-Key", &draft.idempotency_key)]
        {
            if value.as_ref().is_some_and(|value| value.is_empty() || value.len() > MAX_ONCE) {
                wrong.0.push(InvalidParam::new(name, "must be 1 to 255 bytes long"));
            }
        }
        wrong.none()?;
        let (Some(url), Some(channel), Some(code)) = (url, channel, code) else {
            unreachable!("what is missing was found wrong");
        };
        let site = site.id.clone();
        let created_at = whole_milliseconds(now);
        Ok(Link {
            code,
            site,
            url,
            channel,
            campaign,
            title,
            parent: parent.map(|parent| parent.code),
            generation,
            created_at,
            expires_at,
            disabled: false,
            taken_down: false,
        })
    }

    /// Takes a channel of the catalogue, or says which there are.
    pub fn channel(&self, name: &str) -> Result<ChannelName, String> {
        self.channels.get(name).map(|(name, _)| name.clone()).ok_or_else(|| {
            let known: Vec<&str> = self.channels.iter().map(|(name, _)| name.as_str()).collect();
            format!("must be one of {}", known.join(", "))
        })
    }

    /// A parent is a link of the same site; of others' links nothing is told.
    async fn parent(&self, site: &Site, parent: &str) -> Result<Result<Link, &'static str>, StoreError> {
        const UNKNOWN: &str = "must be the code of a link of this site";
        match Code::parse(parent) {
            Ok(code) => Ok(self.of_site(&site.id, &code).await?.ok_or(UNKNOWN)),
            Err(CodeError::Malformed | CodeError::Reserved) => Ok(Err(UNKNOWN)),
        }
    }
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("public_url", &self.public_url.as_str()).finish_non_exhaustive()
    }
}

/// The parameters that were found wrong so far.
#[derive(Default)]
struct Wrong(Vec<InvalidParam>);

impl Wrong {
    fn take<T>(&mut self, name: &str, value: Result<T, impl ToString>) -> Option<T> {
        value.map_err(|reason| self.0.push(InvalidParam::new(name, reason.to_string()))).ok()
    }

    fn text(&mut self, name: &str, text: Option<String>, longest: usize) -> Option<Text> {
        let text: Result<Option<Text>, TextError> = text.map_or(Ok(None), |text| Text::parse(&text, longest));
        self.take(name, text).flatten()
    }

    fn expiry(&mut self, end: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let end = end.map(whole_milliseconds)?;
        let future = if end > now { Ok(end) } else { Err("must lie in the future") };
        self.take("expires_at", future)
    }

    fn none(self) -> Result<(), LinkError> {
        if self.0.is_empty() { Ok(()) } else { Err(LinkError::Invalid(self.0)) }
    }
}

/// Stores keep times in milliseconds; what is answered at creation must be what is read later.
pub(super) fn whole_milliseconds(time: Timestamp) -> Timestamp {
    time - SignedDuration::from_nanos(i64::from(time.subsec_nanosecond()) % 1_000_000)
}

/// Whether a claim that is made again asks for what it was made for.
fn is_same_share(first: &Link, again: &Link) -> bool {
    first.code == again.code && first.url == again.url && first.channel == again.channel
}

fn once_names(draft: &Draft) -> Vec<OnceName> {
    let claimed = draft.claim.as_ref().and_then(|claim| claim.as_ref().ok());
    let named = [
        ("idempotency-key", draft.idempotency_key.as_deref()),
        ("external-id", draft.external_id.as_deref()),
        ("claim", claimed.map(Code::as_str)),
        ("kit", draft.kit.as_deref()),
    ];
    let name = |(kind, value): (&str, Option<&str>)| {
        let hash = Sha256::digest(format!("{kind}\0{}", value?));
        hash.first_chunk().copied().map(OnceName)
    };
    named.into_iter().filter_map(name).collect()
}
/// Forgets the target of a link.
fn forget(code: &Code) -> impl FnOnce(&Targets) + Send + use<> {
    let code = code.clone();
    move |targets| targets.forget(&code)
}
