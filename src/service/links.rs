//! Links: made from what a client asks for, resolved for visitors, read and changed for their site.

pub use crate::domain::rule::InvalidParam;

pub mod bulk;
pub(crate) mod cache;
pub mod dedup;
pub mod targets;

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use url::Url;

use crate::domain::channel::{ChannelName, Channels, Message};
use crate::domain::code::{Code, CodeError};
use crate::domain::day::Day;
use crate::domain::destination::{Destination, DestinationError};
use crate::domain::device::Device;
use crate::domain::link::{Link, LinkChange, MAX_CAMPAIGN, MAX_TITLE, Place, Text, TextError, last_end};
use crate::domain::link_key::Incarnation;
use crate::domain::own_address::own_address;
use crate::domain::own_names::OwnNames;
use crate::domain::reserved::{Claim, ClaimError, Reservations};
use crate::domain::rule::{CodedError, Detail, FieldError};
use crate::domain::session::hour;
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::target::Target;
use crate::service::accounts::sites::Sites;
use crate::service::links::cache::Cached;
use crate::service::links::targets::Targets;
use crate::store::{Deletion, Inserted, OnceName, Store, StoreError};

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
    /// In the place of a slug: the client's claim of a reserved code, or why it holds for none. Its address may stand in
    /// somebody's message already, so what only adorns the link is left out where it is wrong.
    pub claim: Option<Result<Claim, ClaimError>>,
    /// When the link ends.
    pub expires_at: Option<Timestamp>,
    /// The client's own name for this link.
    pub external_id: Option<String>,
    /// The request's `Idempotency-Key`.
    pub idempotency: Option<Idempotency>,
    /// Whether somebody shares with it: it was asked for with a publishable key. Then the destination loses what names a
    /// person or a session.
    pub is_share: bool,
    /// The name of the [kit](crate::service::links::bulk) that the link is of.
    pub kit: Option<String>,
}

/// What makes a request that is sent again the same request, for 24 hours: the header, whose it is, and what it came with.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The header's value.
    pub key: String,
    /// The key of the site that sent it.
    pub sender: KeyHash,
    /// The link's place in its request.
    pub place: usize,
    /// A hash of the request's body.
    pub fingerprint: [u8; 16],
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

/// A rule that a link breaks in its context.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The catalogue has these channels only.
    #[error("must be one of {0}")]
    UnknownChannel(String),
    /// The slug is not a code.
    #[error(transparent)]
    Slug(#[from] CodeError),
    /// The slug could be the address of a share already.
    #[error("has the form of a reserved code")]
    ReservedSlug,
    /// The claim does not hold.
    #[error(transparent)]
    Claim(#[from] ClaimError),
    /// There is a claim and a slug.
    #[error("cannot be combined with slug")]
    ClaimWithSlug,
    /// The site has no such link.
    #[error("must be the code of one of the site's links")]
    UnknownParent,
    /// The link would have ended already.
    #[error("must be in the future")]
    NotInFuture,
}

impl CodedError for DraftError {
    fn code(&self) -> &'static str {
        match self {
            Self::UnknownChannel(_) => "unknown_channel",
            Self::Slug(error) => error.code(),
            Self::ReservedSlug => "reserved_slug",
            Self::Claim(error) => error.code(),
            Self::ClaimWithSlug => "claim_with_slug",
            Self::UnknownParent => "unknown_parent",
            Self::NotInFuture => "not_in_future",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::UnknownChannel(known) => vec![("known", Detail::text(known))],
            Self::Slug(error) => error.details(),
            Self::Claim(error) => error.details(),
            Self::ReservedSlug | Self::ClaimWithSlug | Self::UnknownParent | Self::NotInFuture => Vec::new(),
        }
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
    /// Another destination or channel has this `external_id`.
    #[error("the external_id is taken")]
    ExternalIdTaken,
    /// Another request came with this `Idempotency-Key`.
    #[error("the Idempotency-Key is another request's")]
    KeyReused,
    /// The key has made as many links as it may.
    #[error("the key has made too many links")]
    TooMany {
        /// How many there may be.
        limit: u32,
        /// After how many seconds there may be more.
        retry_after: u64,
    },
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
    own_names: Arc<OwnNames>,
    reservations: Arc<Reservations>,
}

/// Counts a link that is about to be made, or says that there are too many.
pub type Admission<'a> = dyn Fn() -> Result<(), LinkError> + Sync + 'a;

impl Links {
    /// Links in `store`, whose short addresses begin with `public_url` and lead to none of the `own_names`; what is
    /// changed here is forgotten by `targets`.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        targets: Arc<Targets>,
        channels: Arc<Channels>,
        public_url: Arc<Url>,
        own_names: Arc<OwnNames>,
        reservations: Arc<Reservations>,
    ) -> Self {
        Self { store, targets, channels, public_url, own_names, reservations }
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
        self.create_admitted(site, draft, now, &|| Ok(())).await
    }

    /// The same where a valid link still has to be admitted. One that was made before needs no admission.
    pub async fn create_admitted(
        &self,
        site: &Site,
        draft: Draft,
        now: Timestamp,
        admission: &Admission<'_>,
    ) -> Result<(Link, Inserted), LinkError> {
        let created = self.create_all(site, vec![draft], now, admission).await.pop();
        created.expect("there is one outcome for each draft")
    }

    /// Makes many links, each as [`Self::create_admitted`] does and as if one by one, and returns what became of each in
    /// their order. It waits for the store about as often as for one link. Where one of them is of a request whose
    /// `Idempotency-Key` another request has used, none is made.
    pub async fn create_all(
        &self,
        site: &Site,
        drafts: Vec<Draft>,
        now: Timestamp,
        admission: &Admission<'_>,
    ) -> Vec<Result<(Link, Inserted), LinkError>> {
        let many = drafts.len();
        let earlier = match self.made_by_the_same_request(site, &drafts, now).await {
            Ok(earlier) => earlier,
            Err(LinkError::Store(error)) => {
                let reason = error.to_string();
                let again = (1..many).map(|_| Err(StoreError::Unavailable(reason.clone().into()).into()));
                return std::iter::once(Err(error.into())).chain(again).collect();
            }
            Err(_) => return (0..many).map(|_| Err(LinkError::KeyReused)).collect(),
        };
        let (mut outcomes, mut fresh) = (Vec::with_capacity(many), Vec::new());
        for (place, (draft, earlier)) in drafts.into_iter().zip(earlier).enumerate() {
            outcomes.push(earlier.map(|link| Ok((link.clone(), Inserted::Existing(link)))));
            if outcomes[place].is_none() {
                fresh.push(draft);
            }
        }
        let mut created = self.create_fresh(site, fresh, now, admission).await.into_iter();
        let outcomes = outcomes.into_iter().map(|outcome| outcome.or_else(|| created.next()));
        outcomes.map(|outcome| outcome.expect("there is one outcome for each draft")).collect()
    }

    /// The links that the same requests have made before, as far as they are.
    async fn made_by_the_same_request(
        &self,
        site: &Site,
        drafts: &[Draft],
        now: Timestamp,
    ) -> Result<Vec<Option<Link>>, LinkError> {
        let look =
            async |draft: &Draft| match draft.idempotency.as_ref().map(|sent| idempotency_name(sent, now)) {
                None => Ok(None),
                Some(name) => match self.store.named(&site.id, &name).await? {
                    None | Some(Inserted::Created) => Ok(None),
                    Some(Inserted::Existing(link)) => Ok(Some(link)),
                    Some(Inserted::Reused) => Err(LinkError::KeyReused),
                },
            };
        join_all(drafts.iter().map(look)).await.into_iter().collect()
    }

    async fn create_fresh(
        &self,
        site: &Site,
        drafts: Vec<Draft>,
        now: Timestamp,
        admission: &Admission<'_>,
    ) -> Vec<Result<(Link, Inserted), LinkError>> {
        let mut outcomes = Vec::with_capacity(drafts.len());
        let mut is_away = false;
        for stretch in stretches(drafts) {
            if is_away {
                // It would wait as long as the one before, in vain.
                let away = || StoreError::Unavailable("it was not for the links before".into());
                outcomes.extend(stretch.iter().map(|_| Err(away().into())));
                continue;
            }
            let created = self.create_stretch(site, stretch, now, admission).await;
            is_away = created
                .iter()
                .any(|created| matches!(created, Err(LinkError::Store(StoreError::Unavailable(_)))));
            outcomes.extend(created);
        }
        outcomes
    }

    /// The same for drafts of which none is another's parent.
    async fn create_stretch(
        &self,
        site: &Site,
        drafts: Vec<Draft>,
        now: Timestamp,
        admission: &Admission<'_>,
    ) -> Vec<Result<(Link, Inserted), LinkError>> {
        let kinds: Vec<_> = drafts.iter().map(Kind::of).collect();
        let names: Vec<_> = drafts.iter().map(|draft| once_names(draft, now)).collect();
        let checked = join_all(drafts.into_iter().map(|draft| self.check(site, draft, now))).await;
        let mut outcomes: Vec<Option<Result<(Link, Inserted), LinkError>>> = Vec::new();
        let (mut places, mut links) = (Vec::new(), Vec::new());
        for ((place, checked), names) in checked.into_iter().enumerate().zip(names) {
            // What was claimed was admitted when its code was given out.
            let admitted = checked
                .and_then(|link| if kinds[place].is_claim { Ok(()) } else { admission() }.map(|()| link));
            outcomes.push(match admitted {
                Ok(link) => {
                    places.push(place);
                    links.push((link, names));
                    None
                }
                Err(error) => Some(Err(error)),
            });
        }
        for _ in 0..TRIES {
            let inserted = self.store.insert_links(&links).await;
            let tried = std::mem::take(&mut places).into_iter().zip(std::mem::take(&mut links));
            for ((place, (mut link, names)), inserted) in tried.zip(inserted) {
                let kind = kinds[place];
                if inserted.is_ok() {
                    // Somebody may have asked for the code while there was no such link.
                    self.targets.forget(&link.code);
                }
                outcomes[place] = Some(match inserted {
                    Ok(Inserted::Reused) => Err(LinkError::KeyReused),
                    Ok(Inserted::Existing(first)) if kind.is_claim && !is_same_share(&first, &link) => {
                        Err(LinkError::CodeTaken)
                    }
                    Ok(Inserted::Existing(first)) if kind.has_external_id && !leads_alike(&first, &link) => {
                        Err(LinkError::ExternalIdTaken)
                    }
                    Ok(inserted) => Ok((link, inserted)),
                    Err(StoreError::Conflict) if kind.has_slug => Err(LinkError::SlugTaken),
                    Err(StoreError::Conflict) if kind.is_claim => Err(LinkError::CodeTaken),
                    Err(StoreError::Conflict) => {
                        link.code = Code::random();
                        places.push(place);
                        links.push((link, names));
                        continue;
                    }
                    Err(error) => Err(error.into()),
                });
            }
            if links.is_empty() {
                break;
            }
        }
        let taken = || StoreError::Corrupt("random codes are taken again and again".to_owned());
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(|| Err(taken().into()))).collect()
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

    /// Where the link of this code leads, if memory has it.
    pub(crate) async fn resolve_in_memory(&self, code: &Code) -> Result<Option<Cached<Target>>, StoreError> {
        self.targets.get_present(code).await
    }

    /// Where the link of this code leads, as the store says now; from memory only while the store is away.
    pub(crate) async fn resolve_anew(&self, code: &Code) -> Result<Option<Cached<Target>>, StoreError> {
        self.targets.get_anew(code).await
    }

    /// The link that a visitor who asks for this code means, as the store has it now.
    pub async fn read(&self, code: &Code) -> Result<Option<Link>, StoreError> {
        Ok(self.store.link_in_any_case(code).await?.filter(|link| link.answers_to(code)))
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
        let Some(link) = self.of_site(&site.id, code).await? else { return Ok(None) };
        let mut wrong = Wrong::default();
        let url = draft.url.filter(|url| !self.is_destination_of(&link, url));
        let url = url.and_then(|url| wrong.take("url", self.destination(site, &url)));
        let campaign = draft.campaign.map(|campaign| wrong.text("campaign", campaign, MAX_CAMPAIGN));
        let expires_at = draft.expires_at.map(|end| end.map(kept_end));
        let expires_at = expires_at.filter(|end| *end != link.expires_at).map(|end| wrong.expiry(end, now));
        wrong.none()?;
        let campaign = match campaign {
            Some(Some(campaign)) => Some(Some(self.first_written(site, campaign).await?)),
            other => other,
        };
        let change = LinkChange {
            url: url.map(|url| Place::new(url, &site.stripping)),
            campaign,
            expires_at,
            disabled: draft.disabled,
            taken_down: None,
        };
        Ok(self.change_in_store(code, change, Day::of(now)).await?)
    }

    /// Whether this is a way to write where the link leads already: a site may have changed its rules since.
    #[must_use]
    pub fn is_destination_of(&self, link: &Link, url: &str) -> bool {
        Destination::parse_for_any_host(url, &self.own_names).is_ok_and(|url| url == link.url)
    }

    /// The page that an address is, whether or not links of the site may lead there now.
    pub fn page(&self, site: &Site, url: &str) -> Result<Destination, DestinationError> {
        Destination::parse_for_any_host(url, &self.own_names).map(|url| url.page(&site.stripping))
    }

    /// A campaign in the spelling in which the site's links have it, if any has it.
    pub async fn known_spelling(&self, site: &Site, campaign: Text) -> Result<Text, StoreError> {
        Ok(self.store.known_campaign(&site.id, &campaign).await?.unwrap_or(campaign))
    }

    /// The campaign in the spelling in which the site's links had it first.
    async fn first_written(&self, site: &Site, campaign: Text) -> Result<Text, StoreError> {
        self.store.first_campaign(&site.id, &campaign).await
    }

    /// Takes a link down for abuse, or gives it back; `None` where there is none.
    pub async fn take_down(
        &self,
        code: &Code,
        taken_down: bool,
        now: Timestamp,
    ) -> Result<Option<Link>, StoreError> {
        let change = LinkChange { taken_down: Some(taken_down), ..LinkChange::default() };
        self.change_in_store(code, change, Day::of(now)).await
    }

    async fn change_in_store(
        &self,
        code: &Code,
        change: LinkChange,
        today: Day,
    ) -> Result<Option<Link>, StoreError> {
        let (store, changed) = (Arc::clone(&self.store), code.clone());
        self.to_the_end(async move { store.change_link(&changed, change, today).await }, forget(code)).await
    }

    /// Forgets a link of the site and its counts.
    pub async fn delete(&self, site: &SiteId, code: &Code) -> Result<Deletion, StoreError> {
        match self.of_site(site, code).await? {
            Some(_) => {
                let (store, deleted) = (Arc::clone(&self.store), code.clone());
                self.to_the_end(async move { store.delete_link(&deleted).await }, forget(code)).await
            }
            None => Ok(Deletion::NotThere),
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
        Destination::parse(url, &site.destinations, &self.own_names)
    }

    /// The destination of a draft. What was judged when a code was given out is not judged again.
    fn destination_of(&self, site: &Site, draft: &Draft) -> Result<Destination, DestinationError> {
        let url = match &draft.claim {
            Some(Ok(claim)) => {
                let url = Destination::parse_for_any_host(&draft.url, &self.own_names)?;
                let is_judged = self.reservations.has_judged_destination(claim, &url);
                if is_judged { url } else { self.destination(site, &draft.url)? }
            }
            _ => self.destination(site, &draft.url)?,
        };
        Ok(if draft.is_share { url.stripped(&site.stripping) } else { url })
    }

    /// Takes a draft apart and collects every parameter that breaks a rule.
    pub(super) async fn check(&self, site: &Site, draft: Draft, now: Timestamp) -> Result<Link, LinkError> {
        let mut wrong = Wrong::default();
        let url = wrong.take("url", self.destination_of(site, &draft));
        let channel = wrong.take("channel", self.channel(&draft.channel));
        // What only adorns a link must not keep one from being made whose address was given out.
        let is_claim = matches!(draft.claim, Some(Ok(_)));
        let mut adornment = Wrong::default();
        let campaign = adornment.text("campaign", draft.campaign, MAX_CAMPAIGN);
        let title = adornment.text("title", draft.title, MAX_TITLE);
        let is_slug = draft.slug.is_some();
        let code = match (draft.slug, draft.claim) {
            (Some(_), Some(_)) => wrong.take("claim", Err(DraftError::ClaimWithSlug)),
            (Some(slug), None) => wrong.take("slug", self.slug(&slug)),
            (None, Some(claim)) => wrong.take("claim", claim.and_then(|claim| of_its_site(site, claim))),
            (None, None) => Some(Code::random()),
        };
        let parent = match draft.parent {
            Some(parent) => match self.parent(site, &parent).await? {
                Err(_) if draft.leaves_wrong_parent_out => None,
                found => adornment.take("parent", found),
            },
            None => None,
        };
        let generation = parent.as_ref().map_or(0, |parent| parent.generation.saturating_add(1));
        let expires_at = adornment.expiry(draft.expires_at, now);
        if !is_claim {
            wrong.0.append(&mut adornment.0);
        }
        let idempotency_key = draft.idempotency.as_ref().map(|sent| &sent.key);
        for (name, value) in
            [("external_id", draft.external_id.as_ref()), ("Idempotency-Key", idempotency_key)]
        {
            if value.is_some_and(|value| value.is_empty() || value.len() > MAX_ONCE) {
                wrong.0.push(InvalidParam::new(name, FieldError::WrongLength(1, MAX_ONCE)));
            }
        }
        wrong.none()?;
        let (Some(url), Some(channel), Some(code)) = (url, channel, code) else {
            unreachable!("what is missing was found wrong");
        };
        let campaign = match campaign {
            Some(campaign) => Some(self.first_written(site, campaign).await?),
            None => None,
        };
        let Place { url, page } = Place::new(url, &site.stripping);
        let site = site.id.clone();
        let created_at = hour(now);
        Ok(Link {
            code,
            incarnation: Incarnation::random(),
            site,
            url,
            page,
            channel,
            campaign,
            moved: None,
            title,
            parent: parent.map(|parent| parent.code),
            generation,
            created_at,
            is_share: draft.is_share,
            expires_at,
            disabled: false,
            taken_down: false,
            is_slug,
        })
    }

    /// Takes a channel of the catalogue, or says which there are.
    pub fn channel(&self, name: &str) -> Result<ChannelName, DraftError> {
        self.channels.get(name).map(|(name, _)| name.clone()).ok_or_else(|| {
            let known: Vec<&str> = self.channels.iter().map(|(name, _)| name.as_str()).collect();
            DraftError::UnknownChannel(known.join(", "))
        })
    }

    /// Takes a slug. One that looks like a reserved code could be somebody's address already.
    fn slug(&self, slug: &str) -> Result<Code, DraftError> {
        let code = Code::parse_slug(slug)?;
        let is_given_out = self.reservations.may_have(&code);
        if is_given_out { Err(DraftError::ReservedSlug) } else { Ok(code) }
    }

    /// A parent is a link of the same site; of others' links nothing is told.
    async fn parent(&self, site: &Site, parent: &str) -> Result<Result<Link, DraftError>, StoreError> {
        match Code::parse(parent) {
            Ok(code) => Ok(self.of_site(&site.id, &code).await?.ok_or(DraftError::UnknownParent)),
            Err(CodeError::Malformed | CodeError::Reserved | CodeError::LeadingHyphen) => {
                Ok(Err(DraftError::UnknownParent))
            }
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
    fn take<T>(&mut self, name: &str, value: Result<T, impl CodedError>) -> Option<T> {
        value.map_err(|rule| self.0.push(InvalidParam::new(name, rule))).ok()
    }

    fn text(&mut self, name: &str, text: Option<String>, longest: usize) -> Option<Text> {
        let text: Result<Option<Text>, TextError> = text.map_or(Ok(None), |text| Text::parse(&text, longest));
        self.take(name, text).flatten()
    }

    fn expiry(&mut self, end: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
        let end = end.map(kept_end)?;
        let future = if end > now { Ok(end) } else { Err(DraftError::NotInFuture) };
        self.take("expires_at", future)
    }

    fn none(self) -> Result<(), LinkError> {
        if self.0.is_empty() { Ok(()) } else { Err(LinkError::Invalid(self.0)) }
    }
}

/// Divides drafts so that the parent of none is made in the same stretch.
fn stretches(drafts: Vec<Draft>) -> Vec<Vec<Draft>> {
    let mut stretches = vec![Vec::new()];
    let mut codes: HashSet<String> = HashSet::new();
    for draft in drafts {
        if draft.parent.as_ref().is_some_and(|parent| codes.contains(parent)) {
            stretches.push(Vec::new());
            codes.clear();
        }
        codes.extend(draft.slug.clone());
        if let Some(Ok(claim)) = &draft.claim {
            codes.insert(claim.code.to_string());
        }
        stretches.last_mut().expect("there is always one").push(draft);
    }
    stretches
}

/// Stores keep times in milliseconds; what is answered at creation must be what is read later.
pub(super) fn whole_milliseconds(time: Timestamp) -> Timestamp {
    time - SignedDuration::from_nanos(i64::from(time.subsec_nanosecond()) % 1_000_000)
}

/// The end of a link as stores keep it.
fn kept_end(end: Timestamp) -> Timestamp {
    whole_milliseconds(end).min(last_end())
}

/// What decides how a draft may fail.
#[derive(Debug, Clone, Copy)]
struct Kind {
    has_slug: bool,
    is_claim: bool,
    has_external_id: bool,
}

impl Kind {
    fn of(draft: &Draft) -> Self {
        let Draft { slug, claim, external_id, .. } = draft;
        Self { has_slug: slug.is_some(), is_claim: claim.is_some(), has_external_id: external_id.is_some() }
    }
}

/// The code of a claim, which only the site that was given it may make a link of.
fn of_its_site(site: &Site, claim: Claim) -> Result<Code, ClaimError> {
    if claim.site == site.id { Ok(claim.code) } else { Err(ClaimError::Unknown) }
}

/// Whether a claim that is made again asks for what it was made for.
fn is_same_share(first: &Link, again: &Link) -> bool {
    first.code == again.code && leads_alike(first, again)
}

fn leads_alike(first: &Link, again: &Link) -> bool {
    first.url == again.url && first.channel == again.channel
}

/// The names by which a draft's link is found again.
fn once_names(draft: &Draft, now: Timestamp) -> Vec<OnceName> {
    let claimed = draft.claim.as_ref().and_then(|claim| claim.as_ref().ok());
    let named = [
        ("external-id", draft.external_id.as_deref()),
        ("claim", claimed.map(|claim| claim.code.as_str())),
        ("kit", draft.kit.as_deref()),
    ];
    let name = |(kind, value): (&str, Option<&str>)| Some(OnceName::lasting(hash(&[kind, value?])));
    let sent = draft.idempotency.as_ref().map(|sent| idempotency_name(sent, now));
    sent.into_iter().chain(named.into_iter().filter_map(name)).collect()
}

/// The name of a request's link: of one key, for 24 hours, and with what the request's body was.
fn idempotency_name(sent: &Idempotency, now: Timestamp) -> OnceName {
    let Idempotency { key, sender, place, fingerprint } = sent;
    let name = hash(&["idempotency-key", &sender.to_hex(), &place.to_string(), key]);
    OnceName::passing(name, *fingerprint, now)
}

fn hash(parts: &[&str]) -> [u8; 16] {
    let hash = Sha256::digest(parts.join("\0"));
    *hash.first_chunk().expect("a SHA-256 has 32 bytes")
}

/// Forgets the target of a link.
fn forget(code: &Code) -> impl FnOnce(&Targets) + Send + use<> {
    let code = code.clone();
    move |targets| targets.forget(&code)
}
