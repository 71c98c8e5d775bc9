//! What the pages for signing in, people, sessions, shared views and a site's settings show: one struct for each template.

use askama::Template;

use crate::domain::consent::Policy;
use crate::domain::min_count::MinCount;
use crate::web::response::page::{Page, on_page};

on_page!(SignInPage, PeoplePage, SessionsPage, SharedViewsPage, UnlockPage, SitePage);

/// `/stats/sign-in`.
#[derive(Debug, Template)]
#[template(path = "sign_in.html", whitespace = "minimize")]
pub(crate) struct SignInPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// Where to go afterwards: a path of this service, checked by the handler.
    pub(crate) next: Option<String>,
    /// The name that was entered.
    pub(crate) name: String,
    /// The message with why the last attempt failed.
    pub(crate) error: Option<&'static str>,
}

/// `/stats/people` : who may sign in.
#[derive(Debug, Template)]
#[template(path = "people.html", whitespace = "minimize")]
pub(crate) struct PeoplePage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The site's name.
    pub(crate) site: String,
    /// The people, by name.
    pub(crate) people: Vec<PersonRow>,
    /// Whose password was just made, and the password; shown once.
    pub(crate) made: Option<(String, String)>,
    /// Why the last form was refused.
    pub(crate) error: Option<String>,
    /// The name in the form.
    pub(crate) name: String,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct PersonRow {
    /// Their name.
    pub(crate) name: String,
    /// Whether they are an owner.
    pub(crate) owner: bool,
    /// Whether it is they who look.
    pub(crate) own: bool,
}

/// `/stats/sessions` : who is signed in.
#[derive(Debug, Template)]
#[template(path = "sessions.html", whitespace = "minimize")]
pub(crate) struct SessionsPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The site's name.
    pub(crate) site: String,
    /// The sessions, the last used first.
    pub(crate) sessions: Vec<SessionRow>,
    /// Whether they are those of the whole site, or of one person.
    pub(crate) of_all: bool,
    /// The person who looks; nobody where the key is signed in.
    pub(crate) person: Option<String>,
    /// Whether their password was just changed.
    pub(crate) changed: bool,
    /// Why it was not.
    pub(crate) error: Option<String>,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct SessionRow {
    /// What it is called in forms.
    pub(crate) id: String,
    /// Who: a name, or nobody where a secret key is signed in.
    pub(crate) name: Option<String>,
    /// `owner` or `reader`.
    pub(crate) role: &'static str,
    /// `21 November 2026, 12:00 UTC`, as for the others.
    pub(crate) created: String,
    /// When it was last used.
    pub(crate) used: String,
    /// When it ends if nobody uses it.
    pub(crate) ends: String,
    /// Whether it is the one that looks.
    pub(crate) own: bool,
}

/// `/stats/views` : what is shared.
#[derive(Debug, Template)]
#[template(path = "shared_views.html", whitespace = "minimize")]
pub(crate) struct SharedViewsPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The site's name.
    pub(crate) site: String,
    /// The shared views, the newest first.
    pub(crate) views: Vec<ViewRow>,
    /// The address of the one that was just made; shown once.
    pub(crate) made: Option<String>,
    /// The form.
    pub(crate) draft: ViewForm,
    /// The address of the public numbers, where they are public.
    pub(crate) public: Option<String>,
    /// Whether links and pages have badges.
    pub(crate) badges: bool,
    /// An example of a badge's address.
    pub(crate) badge_example: String,
    /// The threshold.
    pub(crate) min_count: u64,
}

/// One of them.
#[derive(Debug, Clone)]
pub(crate) struct ViewRow {
    /// What it is called in forms.
    pub(crate) id: String,
    /// What it shows: `The whole site`, `Page …` or `Campaign …`.
    pub(crate) shows: String,
    /// The day on which it ends.
    pub(crate) ends: String,
    /// Whether it asks for a password.
    pub(crate) locked: bool,
}

/// What was entered.
#[derive(Debug, Clone, Default)]
pub(crate) struct ViewForm {
    /// `site`, `page` or `campaign`.
    pub(crate) scope: String,
    /// The page or the campaign.
    pub(crate) of: String,
    /// The last day.
    pub(crate) until: String,
    /// Why it was refused.
    pub(crate) error: Option<String>,
}

/// `/stats/settings` : what links may do, and the keys.
#[derive(Debug, Template)]
#[template(path = "site.html", whitespace = "minimize")]
pub(crate) struct SitePage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The site's name.
    pub(crate) site: String,
    /// Whether visitors come through a proxy that the service's settings do not name.
    pub(crate) unknown_proxy: bool,
    /// Whether all clicks of a busy day come from one network.
    pub(crate) one_network: bool,
    /// Whether the form was just saved.
    pub(crate) saved: bool,
    /// The message with what the key is that was just made, and the key; shown once.
    pub(crate) key: Option<(&'static str, String)>,
    /// The form.
    pub(crate) form: SiteForm,
    /// Tells the settings that are shown from others.
    pub(crate) seen: String,
    /// What the service itself does with those who have not answered.
    pub(crate) usual: Policy,
    /// The site's k of today, and that of tomorrow where it is another one.
    pub(crate) min_count: (MinCount, Option<MinCount>),
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
pub(crate) struct SiteForm {
    /// Hosts, one in each line.
    pub(crate) destinations: String,
    /// Web origins, one in each line.
    pub(crate) origins: String,
    /// `ask`, `skip`, `aggregate`, or nothing for the service's own.
    pub(crate) consent: String,
    /// The k that holds from tomorrow on.
    pub(crate) min_count: String,
    /// UTM templates, those of each channel in a line of their own.
    pub(crate) utm: String,
    /// Parameters that destinations lose too, one in each line.
    pub(crate) strip: String,
    /// Parameters that they never lose, one in each line.
    pub(crate) keep: String,
    /// Whether the query of a short address is passed on.
    pub(crate) forward_query: bool,
    /// Whether the address that is forwarded to names the link.
    pub(crate) lineage: bool,
    /// The fields that were refused, each with why; no field's name where it is the whole form.
    pub(crate) wrong: Vec<(&'static str, String)>,
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
pub(crate) struct UnlockPage {
    /// What every page needs.
    pub(crate) page: Page,
    /// The address that the form is sent to.
    pub(crate) path: String,
    /// The message with why the last attempt failed.
    pub(crate) error: Option<&'static str>,
}
