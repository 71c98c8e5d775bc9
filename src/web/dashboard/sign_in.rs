//! Signing in to the statistics: a person with a name and a password, or whoever has the site's secret key.
//!
//! The browser holds a random token in a cookie, and the store its hash: so a session can be listed and ended, and ends with
//! the key or the password that it began with.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use crate::domain::session::{Holder, Session};
use crate::domain::site::{KeyHash, KeyKind, Site, SiteId};
use crate::service::accounts::attempts::{LONGEST, MOST_QUEUED};
use crate::service::accounts::people::PersonError;
use crate::service::accounts::sessions::Held;
use crate::stats::view::Viewer;
use crate::web::AppState;
use crate::web::dashboard::access_templates::SignInPage;
use crate::web::extract::csrf::FormLock;
use crate::web::extract::{body, request};
use crate::web::response::html;
use crate::web::response::page::{Desk, Page};
use crate::web::response::problem::Problem;

/// For how long a browser is known that nobody signs in from.
const KNOWN: Duration = Duration::days(180);

/// Somebody who is signed in.
pub(crate) struct SignedIn {
    /// To this site.
    pub(crate) site: Site,
    /// As an owner or a reader.
    pub(crate) viewer: Viewer,
    /// By this session.
    pub(crate) session: Session,
    /// What knows the forms of their pages.
    pub(crate) form_lock: FormLock,
    /// What every page needs that answers them.
    pub(crate) page: Page,
}

impl SignedIn {
    /// Refuses whoever is not an owner.
    pub(crate) fn owner(&self) -> Result<(), Problem> {
        if self.viewer.may_manage() { Ok(()) } else { Err(Problem::OwnerNeeded) }
    }
}

/// Who is signed in with this browser. Others are led to the sign-in page, and from there back.
pub(crate) async fn signed_in(request: &HttpRequest, app: &AppState) -> Result<SignedIn, Problem> {
    if let Some(signed_in) = who(request, app).await? {
        return Ok(signed_in);
    }
    let here = request.uri().path_and_query().map_or("/stats", |here| here.as_str());
    let here = if request.method().is_safe() { here } else { "/stats" };
    let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    Err(Problem::SignInFirst(html::of(request.head()).link(format!("/stats/sign-in?next={next}"))))
}

/// Who is signed in with this browser, if anybody is.
pub(crate) async fn who(request: &HttpRequest, app: &AppState) -> Result<Option<SignedIn>, Problem> {
    let Some(token) = token(request, app) else { return Ok(None) };
    let Some(Held { session, site, role }) = app.sessions.held(&token, app.clock.now()).await? else {
        return Ok(None);
    };
    let (viewer, form_lock) = (Viewer::from(role), FormLock::of(&token));
    let desk = Desk { owner: viewer.may_manage(), form_token: form_lock.text() };
    let page = html::of(request.head()).at_desk(desk);
    Ok(Some(SignedIn { site, viewer, session, form_lock, page }))
}

/// `GET /stats/sign-in`.
pub(crate) async fn form(request: HttpRequest) -> Result<HttpResponse, Problem> {
    let query = form_urlencoded::parse(request.query_string().as_bytes());
    let next = query.into_owned().find(|(name, _)| name == "next").and_then(|(_, next)| own_path(&next));
    let page = html::of(request.head());
    // Where nobody is led, no way to another language leads to either.
    let page = if next.is_some() { page } else { page.without("next") };
    html::page(&SignInPage { page, next, name: String::new(), error: None })
}

/// `POST /stats/sign-in`: a name with a password, or a secret key without a name.
pub(crate) async fn sign_in(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let form = body::form(&request, payload).await?;
    app.limits.sign_in(&request::network(request.head(), app.trusted_proxies()))?;
    let field = |name: &str| form.get(name).map_or("", String::as_str);
    let name = field("name").trim();
    let secret = [field("secret"), field("secret_key")].into_iter().find(|text| !text.is_empty());
    let next = form.get("next").and_then(|next| own_path(next));
    let entered = if name.is_empty() {
        with_key(&app, secret.unwrap_or_default().trim()).await?
    } else {
        with_password(&request, &app, name, secret.unwrap_or_default()).await?
    };
    match entered {
        Ok((site, holder)) => {
            let known = match &holder {
                Holder::Person(name, _) => Some(known_cookie(&app, &name.folded())),
                Holder::Key(_) => None,
            };
            let next = next.unwrap_or_else(|| html::of(request.head()).link("/stats"));
            let mut answer = renew(&request, &app, &site, holder, &next).await?;
            if let Some(known) = known {
                set_cookie(&mut answer, &known);
            }
            Ok(answer)
        }
        Err(error) => {
            let (page, name) = (html::of(request.head()), name.to_owned());
            let mut answer = html::page(&SignInPage { page, next, name, error: Some(error) })?;
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(answer)
        }
    }
}

/// Begins a session in the place of the one that the browser has, if any, and leads on.
pub(crate) async fn renew(
    request: &HttpRequest,
    app: &AppState,
    site: &SiteId,
    holder: Holder,
    next: &str,
) -> Result<HttpResponse, Problem> {
    let token = begin(request, app, site, holder).await?;
    let mut answer = html::see_other(next);
    set_cookie(&mut answer, &cookie(app, token));
    Ok(answer)
}

/// The same for an owner who is answered with a page: it is one of the new session.
pub(crate) async fn renew_within(
    request: &HttpRequest,
    app: &AppState,
    site: &SiteId,
    holder: Holder,
    page: Page,
) -> Result<(Page, Cookie<'static>), Problem> {
    let token = begin(request, app, site, holder).await?;
    let desk = Desk { owner: true, form_token: FormLock::of(&token).text() };
    Ok((page.at_desk(desk), cookie(app, token)))
}

async fn begin(
    request: &HttpRequest,
    app: &AppState,
    site: &SiteId,
    holder: Holder,
) -> Result<String, Problem> {
    if let Some(old) = token(request, app) {
        app.sessions.end_of_token(&old).await?;
    }
    let token = app.sessions.begin(site, holder, app.clock.now()).await?;
    Ok(token.reveal().to_owned())
}

/// The site that somebody enters, and as whom; or what to tell them.
type Entered = Result<(SiteId, Holder), &'static str>;

async fn with_key(app: &AppState, key: &str) -> Result<Entered, Problem> {
    let hash = KeyHash::of(key);
    Ok(match app.sites.by_key(&hash).await? {
        Some((site, KeyKind::Secret)) => Ok((site.id, Holder::Key(hash))),
        Some(_) => Err("sign-in-publishable"),
        None => Err("sign-in-unknown"),
    })
}

async fn with_password(
    request: &HttpRequest,
    app: &AppState,
    name: &str,
    password: &str,
) -> Result<Entered, Problem> {
    let tried = name.to_lowercase();
    let held = request::only_cookie(request.head(), known_name(app)).unwrap_or_default();
    let browser = app.known_browsers.known(held, &tried).unwrap_or_default();
    let turn = app.attempts.turn((&*tried, browser)).await.ok_or_else(too_many_wait)?;
    let person = app.people.with_password(name, password).await?;
    Ok(match person {
        Some(person) => {
            turn.succeeded();
            Ok((person.site, Holder::Person(person.name, person.password.mark)))
        }
        None => Err("sign-in-wrong"),
    })
}

/// `POST /stats/sign-out`.
pub(crate) async fn sign_out(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    if let Some(token) = token(&request, &app) {
        app.sessions.end_of_token(&token).await?;
    }
    let mut answer = html::see_other(&html::of(request.head()).link("/stats/sign-in"));
    let mut gone = cookie(&app, String::new());
    gone.set_max_age(Duration::ZERO);
    set_cookie(&mut answer, &gone);
    Ok(answer)
}

fn cookie_name(app: &AppState) -> &'static str {
    if app.is_https() { "__Host-session" } else { "session" }
}

/// The answer to an attempt for a name for which too many wait.
pub(crate) fn too_many_wait() -> Problem {
    let most = u32::try_from(MOST_QUEUED).unwrap_or(u32::MAX);
    Problem::TooManyRequests { limit: most, retry_after: LONGEST.as_secs() }
}

fn known_name(app: &AppState) -> &'static str {
    if app.is_https() { "__Host-known" } else { "known" }
}

/// By which a browser is known again, from which somebody has signed in with this name: it does not wait behind strangers.
fn known_cookie(app: &AppState, folded_name: &str) -> Cookie<'static> {
    Cookie::build(known_name(app), app.known_browsers.remember(folded_name))
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .max_age(KNOWN)
        .finish()
}

/// What the browser holds.
fn token(request: &HttpRequest, app: &AppState) -> Option<String> {
    request::only_cookie(request.head(), cookie_name(app)).map(str::to_owned)
}

/// The cookie of the signed-in; it goes with the browser. Over https its name binds it to this host (`__Host-`), so that no
/// other host of the domain can set one, and asks for the path `/`.
fn cookie(app: &AppState, token: String) -> Cookie<'static> {
    Cookie::build(cookie_name(app), token)
        .path("/")
        .http_only(true)
        .secure(app.is_https())
        .same_site(SameSite::Lax)
        .finish()
}

pub(crate) fn set_cookie(answer: &mut HttpResponse, cookie: &Cookie<'static>) {
    answer.add_cookie(cookie).expect("the cookie's name and value are plain ASCII");
}

impl From<PersonError> for Problem {
    fn from(error: PersonError) -> Self {
        match error {
            PersonError::Invalid(params) => Self::invalid(params),
            PersonError::Taken => Self::NameTaken,
            PersonError::Busy(busy) => busy.into(),
            PersonError::Store(error) => error.into(),
        }
    }
}

/// A path below `/stats`, and nothing that a browser could take for another host.
fn own_path(next: &str) -> Option<String> {
    let own = next == "/stats" || next.starts_with("/stats/") || next.starts_with("/stats?");
    let plain = next.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    (own && plain).then(|| next.to_owned())
}
