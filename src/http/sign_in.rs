//! Signing in to the statistics with a site's secret key. The session is a sealed cookie that
//! holds the site and the key's hash, so it ends when the key is rotated.

use actix_session::config::{BrowserSession, CookieContentSecurity};
use actix_session::storage::CookieSessionStore;
use actix_session::{Session, SessionMiddleware};
use actix_web::cookie::{Key, SameSite};
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use super::error::Problem;
use super::views::SignInPage;
use super::{AppState, body, pages, request};
use crate::domain::site::{KeyHash, KeyKind, Site, SiteId};

const SITE: &str = "site";
const KEY: &str = "key";

/// The session cookie of the pages below `/stats`.
pub(super) fn session(app: &AppState) -> SessionMiddleware<CookieSessionStore> {
    let (https, name) = (app.is_https(), if app.is_https() { "__Secure-session" } else { "session" });
    SessionMiddleware::builder(CookieSessionStore::default(), Key::from(&app.session_secret))
        .cookie_name(name.to_owned())
        .cookie_path("/stats".to_owned())
        .cookie_secure(https)
        .cookie_http_only(true)
        .cookie_same_site(SameSite::Lax)
        .cookie_content_security(CookieContentSecurity::Private)
        .session_lifecycle(BrowserSession::default())
        .build()
}

/// The site that the browser is signed in to; otherwise the way to the sign-in page.
pub(super) async fn signed_in(
    request: &HttpRequest,
    session: &Session,
    app: &AppState,
) -> Result<Result<Site, HttpResponse>, Problem> {
    let read = |name| session.get::<String>(name).ok().flatten();
    if let (Some(site), Some(key)) = (read(SITE), read(KEY)) {
        let site = app.sites.get(&SiteId::from_stored(&site)).await?;
        let key = KeyHash::from_hex(&key);
        if let (Some(site), Some(key)) = (site, key)
            && site.key_kind(&key) == Some(KeyKind::Secret)
        {
            return Ok(Ok(site));
        }
        session.purge();
    }
    let here = request.uri().path_and_query().map_or("/stats", |here| here.as_str());
    let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    Ok(Err(pages::see_other(&format!("/stats/sign-in?next={next}"))))
}

/// `GET /stats/sign-in`.
pub(super) async fn form(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = form_urlencoded::parse(request.query_string().as_bytes());
    let next = query.into_owned().find(|(name, _)| name == "next").and_then(|(_, next)| own_path(&next));
    pages::page(&SignInPage { page: pages::common(), next, error: None })
}

/// `POST /stats/sign-in`.
pub(super) async fn sign_in(
    request: HttpRequest,
    payload: web::Payload,
    session: Session,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let form = body::form(&request, payload).await?;
    let hash = KeyHash::of(form.get("secret_key").map_or("", |key| key.trim()));
    let next = form.get("next").and_then(|next| own_path(next));
    match app.sites.by_key(&hash).await? {
        Some((site, KeyKind::Secret)) => {
            session.renew();
            let stored =
                session.insert(SITE, site.id.as_str()).and_then(|()| session.insert(KEY, hash.to_hex()));
            stored.expect("two texts make JSON");
            Ok(pages::see_other(next.as_deref().unwrap_or("/stats")))
        }
        found => {
            let error = match found {
                Some(_) => {
                    "This is the publishable key. The stats open with the secret key, which begins with ens_sk_."
                }
                None => "No site has this key. Was it copied whole, or rotated since?",
            };
            let page = SignInPage { page: pages::common(), next, error: Some(error.to_owned()) };
            let mut answer = pages::page(&page)?;
            *answer.status_mut() = actix_web::http::StatusCode::UNAUTHORIZED;
            Ok(answer)
        }
    }
}

/// `POST /stats/sign-out`.
pub(super) async fn sign_out(
    request: HttpRequest,
    session: Session,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    session.purge();
    Ok(pages::see_other("/stats/sign-in"))
}

/// A path below `/stats`, and nothing that a browser could take for another host.
fn own_path(next: &str) -> Option<String> {
    let own = next == "/stats" || next.starts_with("/stats/") || next.starts_with("/stats?");
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (own && plain).then(|| next.to_owned())
}
