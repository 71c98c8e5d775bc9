//! Signing in to the statistics: a person with a name and a password, or whoever has the site's secret key.
//!
//! The browser holds a random token in a cookie, and the store its hash: so a session can be listed and ended, and ends with
//! the key or the password that it began with.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};

use crate::domain::session::Holder;
use crate::domain::site::{KeyHash, KeyKind, SiteId};
use crate::service::accounts::attempts::{LONGEST, MOST_QUEUED};
use crate::service::accounts::people::PersonError;
use crate::web::AppState;
use crate::web::dashboard::access_templates::SignInPage;
use crate::web::extract::address::QueryString;
use crate::web::extract::cookies::Cookies;
use crate::web::extract::csrf::FormLock;
use crate::web::extract::form::{FormFields, FromForm, FromOwnPage, OwnForm};
use crate::web::extract::owner::Owner;
use crate::web::extract::sender::SenderNetwork;
use crate::web::extract::signed_in::session_cookie_name;
use crate::web::response::html;
use crate::web::response::page::{Desk, Page};
use crate::web::response::problem::Problem;

/// For how long a browser is known that nobody signs in from.
const KNOWN: Duration = Duration::days(180);

/// A name with a password, or a secret key without a name.
pub(crate) struct Credentials {
    name: String,
    secret: String,
    /// Where to go afterwards.
    next: Option<String>,
}

impl FromForm for Credentials {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let secret = ["secret", "secret_key"].into_iter().find_map(|name| fields.password(name));
        Ok(Self {
            name: fields.text("name").to_owned(),
            secret: secret.unwrap_or_default().to_owned(),
            next: fields.raw("next").and_then(own_path),
        })
    }
}

/// `GET /stats/sign-in`.
pub(crate) async fn form(page: Page, query: QueryString) -> Result<HttpResponse, Problem> {
    let next = query.pairs().find(|(name, _)| name == "next").and_then(|(_, next)| own_path(&next));
    // Where nobody is led, no way to another language leads to either.
    let page = if next.is_some() { page } else { page.without("next") };
    html::page(&SignInPage { page, next, name: String::new(), error: None })
}

/// `POST /stats/sign-in`: a name with a password, or a secret key without a name.
pub(crate) async fn sign_in(
    OwnForm(Credentials { name, secret, next }): OwnForm<Credentials>,
    SenderNetwork(network): SenderNetwork,
    cookies: Cookies,
    page: Page,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    app.limits.sign_in(&network)?;
    let entered = if name.is_empty() {
        with_key(&app, secret.trim()).await?
    } else {
        with_password(&cookies, &app, &name, &secret).await?
    };
    match entered {
        Ok((site, holder)) => {
            let known = match &holder {
                Holder::Person(name, _) => Some(known_cookie(&app, &name.folded())),
                Holder::Key(_) => None,
            };
            let next = next.unwrap_or_else(|| page.link("/stats"));
            let old = cookies.only(session_cookie_name(&app));
            let mut answer = renew(&app, old, &site, holder, &next).await?;
            if let Some(known) = known {
                set_cookie(&mut answer, &known);
            }
            Ok(answer)
        }
        Err(error) => {
            let mut answer = html::page(&SignInPage { page, next, name, error: Some(error) })?;
            *answer.status_mut() = StatusCode::UNAUTHORIZED;
            Ok(answer)
        }
    }
}

/// Begins a session in the place of the one whose token the browser has, if any, and leads on.
pub(crate) async fn renew(
    app: &AppState,
    old: Option<&str>,
    site: &SiteId,
    holder: Holder,
    next: &str,
) -> Result<HttpResponse, Problem> {
    let token = begin(app, old, site, holder).await?;
    let mut answer = html::see_other(next);
    set_cookie(&mut answer, &cookie(app, token));
    Ok(answer)
}

/// Begins a session in the place of an owner's, and returns their page as one of the new session.
pub(crate) async fn renew_within(
    app: &AppState,
    owner: &Owner,
    holder: Holder,
) -> Result<(Page, Cookie<'static>), Problem> {
    let token = begin(app, Some(owner.token()), &owner.site.id, holder).await?;
    let desk = Desk { owner: true, form_token: FormLock::of(&token).text() };
    Ok((owner.page.clone().at_desk(desk), cookie(app, token)))
}

async fn begin(app: &AppState, old: Option<&str>, site: &SiteId, holder: Holder) -> Result<String, Problem> {
    if let Some(old) = old {
        app.sessions.end_of_token(old).await?;
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
    cookies: &Cookies,
    app: &AppState,
    name: &str,
    password: &str,
) -> Result<Entered, Problem> {
    let tried = name.to_lowercase();
    let held = cookies.only(known_name(app)).unwrap_or_default();
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
    _: FromOwnPage,
    cookies: Cookies,
    page: Page,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    if let Some(token) = cookies.only(session_cookie_name(&app)) {
        app.sessions.end_of_token(token).await?;
    }
    let mut answer = html::see_other(&page.link("/stats/sign-in"));
    let mut gone = cookie(&app, String::new());
    gone.set_max_age(Duration::ZERO);
    set_cookie(&mut answer, &gone);
    Ok(answer)
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

/// The cookie of the signed-in; it goes with the browser. Its name asks for the path `/` over https.
fn cookie(app: &AppState, token: String) -> Cookie<'static> {
    Cookie::build(session_cookie_name(app), token)
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
