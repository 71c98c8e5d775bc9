//! `/stats/shared/{token}`: a part of a site's numbers for whoever has the address, until it ends or is revoked, and says the
//! password where there is one.
//!
//! Search engines are told not to list it, and no page that is linked from it learns its address.

use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderValue, REFERRER_POLICY};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::day::Day;
use crate::domain::own_address::own_address;
use crate::stats::view::{View, Viewer};
use crate::web::AppState;
use crate::web::dashboard::access_templates::UnlockPage;
use crate::web::dashboard::overview::Reader;
use crate::web::dashboard::overview::page::Shared;
use crate::web::dashboard::public_cache;
use crate::web::dashboard::sign_in::too_many_wait;
use crate::web::extract::request::network;
use crate::web::extract::{body, request};
use crate::web::response::html;
use crate::web::response::problem::Problem;
use crate::web::visitor::visit;

const NO_REFERRER: HeaderValue = HeaderValue::from_static("no-referrer");

/// The whole address of a view.
pub(crate) fn address(app: &AppState, token: &str) -> String {
    own_address(&app.public_url, &path(token))
}

fn path(token: &str) -> String {
    format!("/stats/shared/{token}")
}

/// `GET /stats/shared/{token}`.
pub(crate) async fn show(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (token, view) = found(&request, &app).await?;
    let held = request::only_cookie(request.head(), &cookie_name(&app, &view));
    if app.views.is_open(&view, held) {
        numbers(&request, &app, &token, &view).await
    } else {
        locked(&request, &token, StatusCode::OK, None)
    }
}

/// `POST /stats/shared/{token}`: `password`. What the browser then holds opens this view alone, until it ends.
pub(crate) async fn unlock(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    refuse_foreign(&request, &app)?;
    let (token, view) = found(&request, &app).await?;
    let form = body::form(&request, payload).await?;
    app.limits.sign_in(&network(request.head(), app.trusted_proxies()))?;
    let turn = app.attempts.turn(&token).await.ok_or_else(too_many_wait)?;
    let password = form.get("password").map_or("", String::as_str);
    let Some(opening) = app.views.unlock(&view, password).await? else {
        return locked(&request, &token, StatusCode::UNAUTHORIZED, Some("unlock-wrong"));
    };
    turn.succeeded();
    let path = path(&token);
    let mut answer = html::see_other(&html::of(request.head()).link(&path));
    let cookie = Cookie::build(cookie_name(&app, &view), opening)
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .finish();
    answer.add_cookie(&cookie).expect("the cookie's name, path and value are plain ASCII");
    Ok(without_referrer(answer))
}

/// A page that tells no referrer does not name its origin either: its form comes from `null`, where the browser does
/// not say more. The password is protection enough: whoever sends it may open the view.
fn refuse_foreign(request: &HttpRequest, app: &AppState) -> Result<(), Problem> {
    let silent = request::origin(request.head()) == Some("null") && !request::says_foreign(request.head());
    if silent { Ok(()) } else { request::refuse_foreign_form(request.head(), &app.public_url) }
}

/// The view of the path. To guess at one is a miss, as to guess at codes.
async fn found(request: &HttpRequest, app: &AppState) -> Result<(String, View), Problem> {
    let token = request.match_info().query("token");
    let read = async || app.views.get(token, app.clock.now()).await;
    let view = visit::look_up(request.head(), app, None, read).await?;
    Ok((token.to_owned(), view))
}

async fn numbers(
    request: &HttpRequest,
    app: &AppState,
    token: &str,
    view: &View,
) -> Result<HttpResponse, Problem> {
    let site = app.sites.get(&view.site).await?.ok_or(Problem::NotFound)?;
    let viewer = Viewer::View(view.scope.clone());
    let page = html::of(request.head());
    let shared = Some(Shared::Until(page.day(Day::last_before(view.expires_at).to_string())));
    let reader = Reader { site: &site, page, viewer: &viewer, path: &path(token), shared, missed: None };
    Ok(without_referrer(public_cache::show(request.head(), app, reader).await?))
}

fn locked(
    request: &HttpRequest,
    token: &str,
    status: StatusCode,
    error: Option<&'static str>,
) -> Result<HttpResponse, Problem> {
    let page = html::of(request.head());
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
