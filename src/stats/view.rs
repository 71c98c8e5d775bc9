//! Views: who looks at a site's numbers, at what of them, and how exactly.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::destination::Destination;
use crate::domain::link::Text;
use crate::domain::person::{PasswordHash, Role};
use crate::domain::session::short_id;
use crate::domain::site::{KeyHash, SiteId};
use crate::stats::publication::Audience;
use crate::stats::report::Filter;

/// For how many days a view is shared where nobody says, and at most.
pub const USUAL_DAYS: i64 = 30;
/// The longest.
pub const MAX_DAYS: i64 = 400;
/// How many views a site may share at once.
pub const MAX_VIEWS: usize = 200;

/// A part of a site's numbers that whoever has its address may read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// The hash of what its address ends with.
    pub token: KeyHash,
    /// The site.
    pub site: SiteId,
    /// Which part.
    pub scope: Scope,
    /// The hour in which it was shared.
    pub created_at: Timestamp,
    /// Greater than that of every view that the site shared when this one was made: tells the order within an hour.
    #[serde(default)]
    pub sequence: u64,
    /// From when on nobody may read it.
    pub expires_at: Timestamp,
    /// What has to be said besides, if anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<PasswordHash>,
}

impl View {
    /// What it is called where it is listed.
    #[must_use]
    pub fn id(&self) -> String {
        short_id(&self.token)
    }

    /// Whether its time is over.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.expires_at <= now
    }
}

/// A part of a site's numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scope {
    /// All of them.
    Site,
    /// Those of the links that lead to this page.
    Page(Destination),
    /// Those of this campaign.
    Campaign(Text),
}

impl Scope {
    /// What of the site's counts it has. What has lost its page belongs to the whole site alone.
    #[must_use]
    pub fn filter(&self) -> Filter {
        match self {
            Self::Site => Filter::default(),
            Self::Page(page) => Filter { page: Some(page.as_str().into()), ..Filter::default() },
            Self::Campaign(campaign) => {
                Filter { campaign: Some(Some(campaign.as_str().into())), ..Filter::default() }
            }
        }
    }
}

/// Who looks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Viewer {
    /// An owner, signed in.
    Owner,
    /// A reader, signed in.
    Reader,
    /// Whoever has the address of a shared view.
    View(Scope),
    /// Anybody, at a public site.
    Public,
}

impl Viewer {
    /// Which part of the site's numbers they may read.
    #[must_use]
    pub fn scope(&self) -> &Scope {
        match self {
            Self::View(scope) => scope,
            Self::Owner | Self::Reader | Self::Public => &Scope::Site,
        }
    }

    /// How they see it: the signed-in see every share and unfurl; others see these in steps, too, as clicks of today.
    #[must_use]
    pub fn audience(&self) -> Audience {
        if self.is_signed_in() { Audience::SignedIn } else { Audience::Public }
    }

    /// Whether they are known: may open every link of the site, and export.
    #[must_use]
    pub fn is_signed_in(&self) -> bool {
        matches!(self, Self::Owner | Self::Reader)
    }

    /// Whether they may change anything.
    #[must_use]
    pub fn may_manage(&self) -> bool {
        *self == Self::Owner
    }
}

impl From<Role> for Viewer {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Reader => Self::Reader,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_sees_its_part_and_only_the_signed_in_see_shares_exactly() {
        let campaign = Text::parse("spring", 20).expect("a text").expect("not empty");
        let page: Destination = serde_json::from_str("\"https://example.com/a\"").expect("a page");
        let spring = Scope::Campaign(campaign);
        assert_eq!(spring.filter(), Filter { campaign: Some(Some("spring".into())), ..Filter::default() });
        let of_page = Filter { page: Some("https://example.com/a".into()), ..Filter::default() };
        assert_eq!(Scope::Page(page).filter(), of_page);
        let view = Viewer::View(spring.clone());
        assert_eq!(view.scope(), &spring);
        assert_eq!([view.audience(), Viewer::Public.audience()], [Audience::Public; 2]);
        assert!(Viewer::Reader.audience() == Audience::SignedIn && !Viewer::Reader.may_manage());
        assert!(Viewer::from(Role::Owner).may_manage());
    }
}
