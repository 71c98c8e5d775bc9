//! Shared views: addresses of a part of a site's numbers, for a while, for whoever has them.

use std::fmt;
use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;

use crate::domain::destination::{Destination, DestinationError};
use crate::domain::link::{MAX_CAMPAIGN, Text, TextError};
use crate::domain::own_names::OwnNames;
use crate::domain::person::{PasswordError, check_password};
use crate::domain::rule::{CodedError, Detail};
use crate::domain::session::hour;
use crate::domain::site::{KeyHash, Site, SiteId};
use crate::domain::token::Token;
use crate::service::accounts::passwords::{Busy, Passwords};
use crate::service::links::{InvalidParam, whole_milliseconds};
use crate::stats::view::{MAX_DAYS, MAX_VIEWS, Scope, USUAL_DAYS, View};
use crate::store::{Store, StoreError};

/// Separates this use of the secret from all others.
const LABEL: &[u8] = b"shared views v1";

/// The shared views of one store.
#[derive(Clone)]
pub struct SharedViews {
    store: Arc<dyn Store>,
    passwords: Arc<Passwords>,
    own_names: Arc<OwnNames>,
    seal: Hmac<Sha256>,
}

/// Returns the path of the view with this token.
#[must_use]
pub fn path(token: &str) -> String {
    format!("/stats/shared/{token}")
}

/// What an owner asks to be shared, as it came.
#[derive(Debug, Clone, Default)]
pub struct ViewDraft {
    /// Only this page.
    pub page: Option<String>,
    /// Only this campaign.
    pub campaign: Option<String>,
    /// Until when; 30 days where nobody says.
    pub expires_at: Option<Timestamp>,
    /// What has to be said besides.
    pub password: Option<String>,
}

/// A rule that a view breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ViewRuleError {
    /// It is neither the whole site nor a page nor a campaign.
    #[error("must be the whole site, one page or one campaign")]
    Unknown,
    /// Both a page and a campaign are named.
    #[error("cannot be combined with page")]
    PageAndCampaign,
    /// The page is not a destination of the site.
    #[error(transparent)]
    Page(#[from] DestinationError),
    /// The campaign has no name.
    #[error("must not be empty")]
    Empty,
    /// The campaign's name is not taken.
    #[error(transparent)]
    Campaign(#[from] TextError),
    /// The view would end too early or too late.
    #[error("must be in the future, at most {MAX_DAYS} days away")]
    Expiry,
    /// The password is too short or too long.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The site has as many views as it may.
    #[error("a site can share at most {MAX_VIEWS} views at once; revoke one first")]
    TooMany,
}

impl CodedError for ViewRuleError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown_part",
            Self::PageAndCampaign => "page_and_campaign",
            Self::Page(error) => error.code(),
            Self::Empty => "empty",
            Self::Campaign(error) => error.code(),
            Self::Expiry => "view_expiry",
            Self::Password(error) => error.code(),
            Self::TooMany => "too_many_views",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::Page(error) => error.details(),
            Self::Campaign(error) => error.details(),
            Self::Password(error) => error.details(),
            Self::Expiry => vec![("days", Detail::text(MAX_DAYS))],
            Self::TooMany => vec![("max", Detail::text(MAX_VIEWS))],
            Self::Unknown | Self::PageAndCampaign | Self::Empty => Vec::new(),
        }
    }
}

/// Why a view cannot be shared.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// What was asked for breaks a rule.
    #[error("some parameters are not valid")]
    Invalid(Vec<InvalidParam>),
    /// Too many passwords are being hashed.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SharedViews {
    /// The shared views on `store`; `secret` is what its instances agreed on.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        passwords: Arc<Passwords>,
        own_names: Arc<OwnNames>,
        secret: &[u8; 64],
    ) -> Self {
        let mut seal =
            Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes a key of any length (RFC 2104)");
        seal.update(LABEL);
        Self { store, passwords, own_names, seal }
    }

    /// Shares a view, and returns what its address ends with, to be shown once.
    pub async fn share(
        &self,
        site: &Site,
        draft: ViewDraft,
        now: Timestamp,
    ) -> Result<(View, Token), ViewError> {
        let mut wrong = Vec::new();
        let mut refuse = |name: &str, rule: ViewRuleError| wrong.push(InvalidParam::new(name, rule));
        let scope = match (&draft.page, &draft.campaign) {
            (Some(_), Some(_)) => {
                refuse("campaign", ViewRuleError::PageAndCampaign);
                None
            }
            (Some(page), None) => {
                let page = Destination::parse(page, &site.destinations, &self.own_names);
                let page = page.map(|page| page.page(&site.stripping));
                page.map_err(|error| refuse("page", error.into())).ok().map(Scope::Page)
            }
            (None, Some(campaign)) => match Text::parse(campaign, MAX_CAMPAIGN) {
                Ok(Some(campaign)) => Some(Scope::Campaign(campaign)),
                Ok(None) => {
                    refuse("campaign", ViewRuleError::Empty);
                    None
                }
                Err(error) => {
                    refuse("campaign", error.into());
                    None
                }
            },
            (None, None) => Some(Scope::Site),
        };
        let expires_at = whole_milliseconds(draft.expires_at.unwrap_or(hour(now) + days(USUAL_DAYS)));
        if expires_at <= now || expires_at > now + days(MAX_DAYS) {
            refuse("expires_at", ViewRuleError::Expiry);
        }
        if let Some(Err(error)) = draft.password.as_deref().map(check_password) {
            refuse("password", error.into());
        }
        let known = self.of_site(&site.id, now).await?;
        if known.len() >= MAX_VIEWS {
            refuse("", ViewRuleError::TooMany);
        }
        let (Some(scope), true) = (scope, wrong.is_empty()) else { return Err(ViewError::Invalid(wrong)) };
        let password = match &draft.password {
            Some(password) => Some(self.passwords.hash(password).await?),
            None => None,
        };
        let token = Token::random();
        let sequence = known.iter().map(|view| view.sequence + 1).max().unwrap_or(0);
        let (site, created_at) = (site.id.clone(), hour(now));
        let view = View { token: token.hash(), site, scope, created_at, sequence, expires_at, password };
        self.store.insert_view(&view).await?;
        Ok((view, token))
    }

    /// The views that a site shares now, the newest first.
    pub async fn of_site(&self, site: &SiteId, now: Timestamp) -> Result<Vec<View>, StoreError> {
        let mut views = self.store.views(site).await?;
        views.retain(|view| !view.is_over(now));
        views.sort_by(|a, b| (b.created_at, b.sequence, a.id()).cmp(&(a.created_at, a.sequence, b.id())));
        Ok(views)
    }

    /// Ends the view of this site that is called so; whether there was one.
    pub async fn revoke(&self, site: &SiteId, id: &str, now: Timestamp) -> Result<bool, StoreError> {
        let views = self.of_site(site, now).await?;
        let Some(view) = views.into_iter().find(|view| view.id() == id) else { return Ok(false) };
        self.store.delete_views(&[view.token]).await?;
        Ok(true)
    }

    /// The view whose address ends so, if it is shared now.
    pub async fn get(&self, token: &str, now: Timestamp) -> Result<Option<View>, StoreError> {
        Ok(self.store.view(&KeyHash::of(token)).await?.filter(|view| !view.is_over(now)))
    }

    /// Checks a view's password; what a browser then holds to be known again.
    pub async fn unlock(&self, view: &View, password: &str) -> Result<Option<String>, Busy> {
        let right = self.passwords.verify(password, view.password.as_ref()).await?;
        Ok(right.then(|| base16ct::lower::encode_string(&self.opening(view).finalize().into_bytes())))
    }

    /// Whether a view needs no password, or this is what [`SharedViews::unlock`] gave for it.
    #[must_use]
    pub fn is_open(&self, view: &View, held: Option<&str>) -> bool {
        let opens = |held| {
            let mut bytes = [0; 32];
            let read = base16ct::lower::decode(held, &mut bytes);
            read.is_ok_and(|tag| self.opening(view).verify_slice(tag).is_ok())
        };
        view.password.is_none() || held.is_some_and(opens)
    }

    /// Forgets views whose time is over.
    pub async fn forget_ended(&self, now: Timestamp) -> Result<(), StoreError> {
        let views = self.store.all_views().await?;
        let ended: Vec<_> =
            views.into_iter().filter(|view| view.is_over(now)).map(|view| view.token).collect();
        if ended.is_empty() { Ok(()) } else { self.store.delete_views(&ended).await }
    }

    /// Over what no other view has, and no other password of this one.
    fn opening(&self, view: &View) -> Hmac<Sha256> {
        let mut seal = self.seal.clone();
        seal.update(view.token.to_hex().as_bytes());
        seal.update(view.password.as_ref().map_or("", |hash| hash.as_str()).as_bytes());
        seal
    }
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

impl fmt::Debug for SharedViews {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedViews")
    }
}
