//! The session that a request belongs to, and who is signed in with it.

use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use url::form_urlencoded;

use crate::domain::session::Session;
use crate::domain::site::Site;
use crate::service::accounts::sessions::Held;
use crate::stats::view::Viewer;
use crate::web::AppState;
use crate::web::extract::cookies::Cookies;
use crate::web::extract::csrf::FormLock;
use crate::web::response::html;
use crate::web::response::page::{Desk, Page};
use crate::web::response::problem::Problem;

/// What an extractor returns that has to wait.
pub(crate) type Extraction<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

/// Somebody who is signed in. Everybody else is led to the sign-in page, and from there back.
pub(crate) struct SignedIn {
    /// The site that they are signed in to.
    pub(crate) site: Site,
    /// Whether they are an owner or a reader.
    pub(crate) viewer: Viewer,
    /// Their session.
    pub(crate) session: Session,
    /// What every page needs that answers them.
    pub(crate) page: Page,
    token: String,
}

impl SignedIn {
    /// Returns the session's token, which only this browser and the service know.
    pub(crate) fn token(&self) -> &str {
        &self.token
    }

    /// Moves the page to the address where a `GET` finds it again.
    pub(crate) fn at(self, path: &str) -> Self {
        Self { page: self.page.at(path), ..self }
    }
}

impl FromRequest for SignedIn {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { signed_in(&request).await })
    }
}

/// The session of a request that need not have one.
pub(crate) struct AnySession(pub(crate) Option<SignedIn>);

impl FromRequest for AnySession {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Ok(Self(session(&request).await?)) })
    }
}

/// Returns the state of the service.
pub(crate) fn state(request: &HttpRequest) -> &web::Data<AppState> {
    request.app_data().expect("every request has the state")
}

/// Returns the name of the session's cookie. Over https it binds the cookie to this host (`__Host-`), so that no other host
/// of the domain can set one.
pub(crate) fn session_cookie_name(app: &AppState) -> &'static str {
    if app.is_https() { "__Host-session" } else { "session" }
}

/// Returns who is signed in with this browser, or the way to the sign-in page.
pub(crate) async fn signed_in(request: &HttpRequest) -> Result<SignedIn, Problem> {
    if let Some(signed_in) = session(request).await? {
        return Ok(signed_in);
    }
    let here = request.uri().path_and_query().map_or("/stats", |here| here.as_str());
    let here = if request.method().is_safe() { here } else { "/stats" };
    let next: String = form_urlencoded::byte_serialize(here.as_bytes()).collect();
    Err(Problem::SignInFirst(html::of(request.head()).link(format!("/stats/sign-in?next={next}"))))
}

/// Returns who is signed in with this browser, if anybody is.
async fn session(request: &HttpRequest) -> Result<Option<SignedIn>, Problem> {
    let app = state(request);
    let cookies = Cookies::new(request.head());
    let Some(token) = cookies.only(session_cookie_name(app)) else { return Ok(None) };
    let Some(Held { session, site, role }) = app.sessions.held(token, app.clock.now()).await? else {
        return Ok(None);
    };
    let viewer = Viewer::from(role);
    let desk = Desk { owner: viewer.may_manage(), form_token: FormLock::of(token).text() };
    let page = html::of(request.head()).at_desk(desk);
    Ok(Some(SignedIn { site, viewer, session, page, token: token.to_owned() }))
}
