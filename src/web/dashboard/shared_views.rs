//! `/stats/views`: an owner shares parts of the site's numbers by addresses that end, makes them public, and lets links
//! have badges.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::day::Day;
use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::i18n::without_scheme;
use crate::service::accounts::shared_views::{ViewDraft, ViewError, ViewRuleError};
use crate::service::links::InvalidParam;
use crate::stats::view::{Scope, USUAL_DAYS, View};
use crate::web::AppState;
use crate::web::dashboard::access_templates::{SharedViewsPage, ViewForm, ViewRow};
use crate::web::dashboard::people::in_words;
use crate::web::dashboard::sign_in::{SignedIn, signed_in};
use crate::web::dashboard::{public, shared_view};
use crate::web::extract::csrf;
use crate::web::extract::csrf::OwnForm;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/views";

/// `GET /stats/views`.
pub(crate) async fn list(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let signed_in = signed_in(&request, &app).await?;
    signed_in.owner()?;
    // A page or a campaign may be named by whoever leads here, to be shared.
    let query: std::collections::BTreeMap<_, _> =
        url::form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    let named = ["page", "campaign"].into_iter().find_map(|scope| Some((scope, query.get(scope)?)));
    let (scope, of) = named.map_or(("site", String::new()), |(scope, of)| (scope, of.clone()));
    let draft = ViewForm { scope: scope.to_owned(), of, until: usual_end(&app), error: None };
    page(&app, &signed_in, draft, None).await
}

/// `POST /stats/views`: `scope`, `of`, `until`, and `password` or nothing.
pub(crate) async fn share(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    let now = app.clock.now();
    let shared = match draft(&form) {
        Ok(draft) => app.views.share(&form.signed_in.site, draft, now).await,
        Err(wrong) => Err(ViewError::Invalid(wrong)),
    };
    match shared {
        Ok((_, token)) => {
            let made = Some(shared_view::address(&app, token.reveal()));
            let draft = ViewForm { scope: "site".to_owned(), until: usual_end(&app), ..ViewForm::default() };
            page(&app, &form.signed_in, draft, made).await
        }
        Err(ViewError::Invalid(wrong)) => {
            let text = |name: &str| form.text(name).to_owned();
            let error = Some(in_words(&wrong, &form.signed_in.page));
            let entered = ViewForm { scope: text("scope"), of: text("of"), until: text("until"), error };
            let mut answer = page(&app, &form.signed_in, entered, None).await?;
            *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
            Ok(answer)
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /stats/views/revoke`: `view`.
pub(crate) async fn revoke(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    // One that is not there any more is revoked.
    app.views.revoke(&form.signed_in.site.id, form.text("view"), app.clock.now()).await?;
    Ok(html::see_other(&form.signed_in.page.link(PATH)))
}

/// `POST /stats/views/publicity`: `public` or `badges`, `on` or `off`.
pub(crate) async fn publish(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::of_owner(&request, payload, &app).await?;
    let switch = |name: &str| match form.text(name) {
        "on" => Some(true),
        "off" => Some(false),
        _ => None,
    };
    let (public, badges) = (switch("public"), switch("badges"));
    let change = move |site: &mut Site| {
        site.public = public.unwrap_or(site.public);
        site.badges = badges.unwrap_or(site.badges);
    };
    app.links.change_site(&form.signed_in.site.name, change).await?;
    Ok(html::see_other(&form.signed_in.page.link(PATH)))
}

/// What the form asks for. The last day is one on which the view is still open.
fn draft(form: &OwnForm) -> Result<ViewDraft, Vec<InvalidParam>> {
    let mut wrong = Vec::new();
    let last_day = form.text("until").parse::<Day>();
    let last_day = last_day.map_err(|error| wrong.push(InvalidParam::new("expires_at", error))).ok();
    let expires_at = last_day.map(|day| day.plus(1).start());
    let of = form.text("of").to_owned();
    let (page, campaign) = match form.text("scope") {
        "site" => (None, None),
        "page" => (Some(of), None),
        "campaign" => (None, Some(of)),
        _ => {
            wrong.push(InvalidParam::new("part", ViewRuleError::Unknown));
            (None, None)
        }
    };
    let password = form.password("password").map(str::to_owned);
    if wrong.is_empty() { Ok(ViewDraft { page, campaign, expires_at, password }) } else { Err(wrong) }
}

async fn page(
    app: &AppState,
    signed_in: &SignedIn,
    draft: ViewForm,
    made: Option<String>,
) -> Result<HttpResponse, Problem> {
    let site = app.sites.get(&signed_in.site.id).await?.ok_or(Problem::NotFound)?;
    let page = &signed_in.page;
    let row = |view: &View| ViewRow {
        id: view.id(),
        shows: part(&view.scope, page).unwrap_or_else(|| page.say("views-site").to_string()),
        ends: page.day(Day::last_before(view.expires_at).to_string()),
        locked: view.password.is_some(),
    };
    let views = app.views.of_site(&site.id, app.clock.now()).await?;
    let page = if made.is_some() { page.clone().with_script() } else { page.clone() };
    html::page(&SharedViewsPage {
        page,
        site: site.name.clone(),
        views: views.iter().map(row).collect(),
        made,
        draft,
        public: site.public.then(|| public::address(app, &site)),
        badges: site.badges,
        badge_example: own_address(&app.public_url, "/CODE/badge.svg"),
        min_count: site.min_count.on(Day::of(app.clock.now())).get(),
    })
}

fn usual_end(app: &AppState) -> String {
    Day::of(app.clock.now()).plus(i32::try_from(USUAL_DAYS).expect("a month")).to_string()
}

/// A part of a site's numbers in words; nothing for the whole.
pub(crate) fn part(scope: &Scope, page: &Page) -> Option<String> {
    match scope {
        Scope::Site => None,
        Scope::Page(of) => {
            Some(page.say("views-of-page").text("name", without_scheme(of.as_str())).to_string())
        }
        Scope::Campaign(campaign) => {
            Some(page.say("views-of-campaign").text("name", campaign.as_str()).to_string())
        }
    }
}
