//! What the pages for signing in, people, sessions, shared views and a site's settings show: one struct for each template.

use askama::Template;

use super::page::{Page, on_page};
use crate::domain::consent::Policy;
use crate::domain::min_count::MinCount;

on_page!(SignInPage, PeoplePage, SessionsPage, SharedViewsPage, UnlockPage, SitePage);

/// `/stats/sign-in`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
pub(super) struct SignInPage {
    /// What every page needs.
    pub(super) page: Page,
    /// Where to go afterwards: a path of this service, checked by the handler.
    pub(super) next: Option<String>,
    /// The name that was entered.
    pub(super) name: String,
    /// The message with why the last attempt failed.
    pub(super) error: Option<&'static str>,
}

/// `/stats/people` : who may sign in.
#[derive(Debug, Template)]
#[template(path = "people.html", whitespace = "minimize")]
pub(super) struct PeoplePage {
    /// What every page needs.
    pub(super) page: Page,
    /// The site's name.
    pub(super) site: String,
    /// The people, by name.
    pub(super) people: Vec<PersonRow>,
    /// Whose password was just made, and the password; shown once.
    pub(super) made: Option<(String, String)>,
    /// Why the last form was refused.
    pub(super) error: Option<String>,
    /// The name in the form.
    pub(super) name: String,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct PersonRow {
    /// Their name.
    pub(super) name: String,
    /// Whether they are an owner.
    pub(super) owner: bool,
    /// Whether it is they who look.
    pub(super) own: bool,
}

/// `/stats/sessions` : who is signed in.
#[derive(Debug, Template)]
#[template(path = "sessions.html", whitespace = "minimize")]
pub(super) struct SessionsPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The site's name.
    pub(super) site: String,
    /// The sessions, the last used first.
    pub(super) sessions: Vec<SessionRow>,
    /// Whether they are those of the whole site, or of one person.
    pub(super) of_all: bool,
    /// The person who looks; nobody where the key is signed in.
    pub(super) person: Option<String>,
    /// Whether their password was just changed.
    pub(super) changed: bool,
    /// Why it was not.
    pub(super) error: Option<String>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct SessionRow {
    /// What it is called in forms.
    pub(super) id: String,
    /// Who: a name, or nobody where a secret key is signed in.
    pub(super) name: Option<String>,
    /// `owner` or `reader`.
    pub(super) role: &'static str,
    /// `21 November 2026, 12:00 UTC`, as for the others.
    pub(super) created: String,
    /// When it was last used.
    pub(super) used: String,
    /// When it ends if nobody uses it.
    pub(super) ends: String,
    /// Whether it is the one that looks.
    pub(super) own: bool,
}

/// `/stats/views` : what is shared.
#[derive(Debug, Template)]
#[template(path = "shared_views.html", whitespace = "minimize")]
pub(super) struct SharedViewsPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The site's name.
    pub(super) site: String,
    /// The shared views, the newest first.
    pub(super) views: Vec<ViewRow>,
    /// The address of the one that was just made; shown once.
    pub(super) made: Option<String>,
    /// The form.
    pub(super) draft: ViewForm,
    /// The address of the public numbers, where they are public.
    pub(super) public: Option<String>,
    /// Whether links and pages have badges.
    pub(super) badges: bool,
    /// An example of a badge's address.
    pub(super) badge_example: String,
    /// The threshold.
    pub(super) min_count: u64,
}

/// One of them.
#[derive(Debug, Clone)]
pub(super) struct ViewRow {
    /// What it is called in forms.
    pub(super) id: String,
    /// What it shows: `The whole site`, `Page …` or `Campaign …`.
    pub(super) shows: String,
    /// The day on which it ends.
    pub(super) ends: String,
    /// Whether it asks for a password.
    pub(super) locked: bool,
}

/// What was entered.
#[derive(Debug, Clone, Default)]
pub(super) struct ViewForm {
    /// `site`, `page` or `campaign`.
    pub(super) scope: String,
    /// The page or the campaign.
    pub(super) of: String,
    /// The last day.
    pub(super) until: String,
    /// Why it was refused.
    pub(super) error: Option<String>,
}

/// `/stats/settings` : what links may do, and the keys.
#[derive(Debug, Template)]
#[template(path = "site.html", whitespace = "minimize")]
pub(super) struct SitePage {
    /// What every page needs.
    pub(super) page: Page,
    /// The site's name.
    pub(super) site: String,
    /// Whether visitors come through a proxy that the service's settings do not name.
    pub(super) unknown_proxy: bool,
    /// Whether all clicks of a busy day come from one network.
    pub(super) one_network: bool,
    /// Whether the form was just saved.
    pub(super) saved: bool,
    /// The message with what the key is that was just made, and the key; shown once.
    pub(super) key: Option<(&'static str, String)>,
    /// The form.
    pub(super) form: SiteForm,
    /// Tells the settings that are shown from others.
    pub(super) seen: String,
    /// What the service itself does with those who have not answered.
    pub(super) usual: Policy,
    /// The site's k of today, and that of tomorrow where it is another one.
    pub(super) min_count: (MinCount, Option<MinCount>),
}

impl SitePage {
    /// The message with it.
    fn usual_policy(&self) -> String {
        format!("site-consent-{}", self.usual.as_str())
    }

    /// Every k that can be chosen.
    fn choices() -> Vec<MinCount> {
        MinCount::all().collect()
    }
}

/// The settings of a site, as they are typed.
#[derive(Debug, Clone)]
pub(super) struct SiteForm {
    /// Hosts, one in each line.
    pub(super) destinations: String,
    /// Web origins, one in each line.
    pub(super) origins: String,
    /// `ask`, `skip`, `aggregate`, or nothing for the service's own.
    pub(super) consent: String,
    /// The k that holds from tomorrow on.
    pub(super) min_count: String,
    /// UTM templates, those of each channel in a line of their own.
    pub(super) utm: String,
    /// Parameters that destinations lose too, one in each line.
    pub(super) strip: String,
    /// Parameters that they never lose, one in each line.
    pub(super) keep: String,
    /// Whether the query of a short address is passed on.
    pub(super) forward_query: bool,
    /// Whether the address that is forwarded to names the link.
    pub(super) lineage: bool,
    /// The fields that were refused, each with why; no field's name where it is the whole form.
    pub(super) wrong: Vec<(&'static str, String)>,
}

impl SiteForm {
    /// Why a field was refused.
    fn wrong(&self, field: &str) -> Option<&str> {
        self.wrong.iter().find(|(wrong, _)| *wrong == field).map(|(_, why)| &**why)
    }
}

/// `/stats/shared/{token}` of a view that asks for a password.
#[derive(Debug, Template)]
#[template(path = "unlock.html", whitespace = "minimize")]
pub(super) struct UnlockPage {
    /// What every page needs.
    pub(super) page: Page,
    /// The address that the form is sent to.
    pub(super) path: String,
    /// The message with why the last attempt failed.
    pub(super) error: Option<&'static str>,
}
