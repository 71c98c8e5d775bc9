//! `/stats/shared/{token}`: a part of a site's numbers for whoever has the address, until it ends or is revoked, and says the
//! password where there is one.
//!
//! Search engines are told not to list it, and no page that is linked from it learns its address.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, REFERRER_POLICY};
use actix_web::{HttpResponse, web};

use crate::domain::day::Day;
use crate::domain::own_address::own_address;
use crate::service::accounts::shared_views::path;
use crate::stats::view::{View, Viewer};
use crate::web::AppState;
use crate::web::dashboard::access_templates::UnlockPage;
use crate::web::dashboard::overview::Reader;
use crate::web::dashboard::overview::page::Shared;
use crate::web::dashboard::public_cache;
use crate::web::dashboard::sign_in::too_many_wait;
use crate::web::extract::address::QueryString;
use crate::web::extract::cookies::Cookies;
use crate::web::extract::form::{FormFields, FromForm};
use crate::web::extract::published::{ViewByToken, ViewByTokenForm};
use crate::web::extract::sender::SenderNetwork;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// The whole address of a view.
pub(crate) fn address(app: &AppState, token: &str) -> String {
    own_address(&app.public_url, &path(token))
}

/// The password that opens a view.
pub(crate) struct ViewPassword(String);

impl FromForm for ViewPassword {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        Ok(Self(fields.raw("password").unwrap_or_default().to_owned()))
    }
}

/// `GET /stats/shared/{token}`.
pub(crate) async fn show(
    found: ViewByToken,
    cookies: Cookies,
    page: Page,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let held = cookies.only(&cookie_name(&app, &found.view));
    if app.views.is_open(&found.view, held) {
        numbers(&app, page, query.as_str(), &found).await
    } else {
        locked(page, &found.token, StatusCode::OK, None)
    }
}

/// `POST /stats/shared/{token}`: `password`. What the browser then holds opens this view alone, until it ends.
pub(crate) async fn unlock(
    ViewByTokenForm { found, form: ViewPassword(password) }: ViewByTokenForm<ViewPassword>,
    SenderNetwork(network): SenderNetwork,
    page: Page,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let ViewByToken { token, view } = found;
    app.limits.sign_in(&network)?;
    let turn = app.attempts.turn(&token).await.ok_or_else(too_many_wait)?;
    let Some(opening) = app.views.unlock(&view, &password).await? else {
        return locked(page, &token, StatusCode::UNAUTHORIZED, Some("unlock-wrong"));
    };
    turn.succeeded();
    let mut answer = html::see_other(&page.link(path(&token)));
    let cookie = Cookie::build(cookie_name(&app, &view), opening)
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .finish();
    answer.add_cookie(&cookie).expect("the cookie's name, path and value are plain ASCII");
    Ok(without_referrer(answer))
}

async fn numbers(
    app: &AppState,
    page: Page,
    query: &str,
    ViewByToken { token, view }: &ViewByToken,
) -> Result<HttpResponse, Problem> {
    let site = app.sites.get(&view.site).await?.ok_or(Problem::NotFound)?;
    let viewer = Viewer::View(view.scope.clone());
    let shared = Some(Shared::Until(page.day(Day::last_before(view.expires_at).to_string())));
    let reader = Reader { site: &site, page, viewer: &viewer, path: &path(token), shared, missed: None };
    Ok(without_referrer(public_cache::show(query, app, reader).await?))
}

fn locked(
    page: Page,
    token: &str,
    status: StatusCode,
    error: Option<&'static str>,
) -> Result<HttpResponse, Problem> {
    let mut page = html::page(&UnlockPage { page, path: path(token), error })?;
    *page.status_mut() = status;
    Ok(without_referrer(page))
}

fn without_referrer(mut answer: HttpResponse) -> HttpResponse {
    answer.headers_mut().insert(REFERRER_POLICY, NO_REFERRER);
    answer
}

/// Each view has a cookie of its own, as all are sent to every path: `__Host-` asks for that.
fn cookie_name(app: &AppState, view: &View) -> String {
    let beginning = if app.is_https() { "__Host-view" } else { "view" };
    format!("{beginning}-{}", view.id())
}
