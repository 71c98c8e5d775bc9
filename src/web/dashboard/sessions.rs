//! `/stats/sessions`: who is signed in, and the way to end it; and a person's own password.
//!
//! An owner sees the site's sessions, a reader their own.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::person::{PersonName, Role};
use crate::domain::session::{Holder, Session};
use crate::service::accounts::people::PersonError;
use crate::web::AppState;
use crate::web::dashboard::access_templates::{SessionRow, SessionsPage};
use crate::web::dashboard::people::{own_name, refused};
use crate::web::dashboard::sign_in::{SignedIn, renew, signed_in, too_many_wait};
use crate::web::extract::{csrf, request};
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/sessions";

/// `GET /stats/sessions`.
pub(crate) async fn list(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let signed_in = signed_in(&request, &app).await?;
    page(&app, &signed_in, request.query_string().starts_with("changed"), None).await
}

/// `POST /stats/sessions/end`: `session` is one that is listed, or `others`.
pub(crate) async fn end(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::read(&request, payload, &app).await?;
    let own = &form.signed_in.session;
    let mut sessions = visible(&app, &form.signed_in).await?;
    match form.text("session") {
        "others" => sessions.retain(|(session, _)| session.token != own.token),
        id => sessions.retain(|(session, _)| session.id() == id),
    }
    let sessions: Vec<_> = sessions.into_iter().map(|(session, _)| session).collect();
    app.sessions.end(&sessions).await?;
    // Whoever ends their own is asked to sign in there.
    Ok(html::see_other(&form.signed_in.page.link(PATH)))
}

/// `POST /stats/password`: `old` and `new`, of the person who is signed in. Their other sessions end.
pub(crate) async fn change_password(
    request: HttpRequest,
    payload: web::Payload,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let form = csrf::read(&request, payload, &app).await?;
    app.limits.sign_in(&request::network(request.head(), app.trusted_proxies()))?;
    let signed_in = &form.signed_in;
    let name = own_name(signed_in).ok_or(Problem::NotFound)?;
    // A queue of their own: they are signed in already.
    let queue = (name.folded(), signed_in.session.id());
    let turn = app.attempts.turn(queue).await.ok_or_else(too_many_wait)?;
    let old = form.password("old").unwrap_or_default();
    if !app.people.is_password(&signed_in.site.id, name.as_str(), old).await? {
        let error = signed_in.page.say("sessions-old-wrong").to_string();
        return refuse(&app, signed_in, StatusCode::UNPROCESSABLE_ENTITY, error).await;
    }
    turn.succeeded();
    let new = form.password("new").unwrap_or_default();
    match app.people.change_password(&signed_in.site.id, name.as_str(), Some(new)).await {
        Ok(Some((person, _))) => {
            let holder = Holder::Person(person.name, person.password.mark);
            renew(&request, &app, &signed_in.site.id, holder, &signed_in.page.link("/stats/sessions?changed"))
                .await
        }
        Ok(None) => Err(Problem::NotFound),
        Err(error @ PersonError::Invalid(_)) => {
            let (status, error) = refused(&error, &signed_in.page);
            refuse(&app, signed_in, status, error).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn refuse(
    app: &AppState,
    signed_in: &SignedIn,
    status: StatusCode,
    error: String,
) -> Result<HttpResponse, Problem> {
    let mut answer = page(app, signed_in, false, Some(error)).await?;
    *answer.status_mut() = status;
    Ok(answer)
}

/// The sessions that somebody may see, and end.
async fn visible(app: &AppState, signed_in: &SignedIn) -> Result<Vec<(Session, Role)>, Problem> {
    let only = if signed_in.viewer.may_manage() { None } else { own_name(signed_in) };
    Ok(app.sessions.of_site(&signed_in.site, only, app.clock.now()).await?)
}

async fn page(
    app: &AppState,
    signed_in: &SignedIn,
    changed: bool,
    error: Option<String>,
) -> Result<HttpResponse, Problem> {
    let row = |(session, role): (Session, Role)| SessionRow {
        id: session.id(),
        name: match &session.holder {
            Holder::Person(name, _) => Some(name.to_string()),
            Holder::Key(_) => None,
        },
        role: role.as_str(),
        created: in_words(session.created_at, &signed_in.page),
        used: in_words(session.used_at, &signed_in.page),
        ends: in_words(app.sessions.end_of(&session), &signed_in.page),
        own: session.token == signed_in.session.token,
    };
    html::page(&SessionsPage {
        page: signed_in.page.clone().at("/stats/sessions"),
        site: signed_in.site.name.clone(),
        of_all: signed_in.viewer.may_manage(),
        sessions: visible(app, signed_in).await?.into_iter().map(row).collect(),
        person: own_name(signed_in).map(PersonName::to_string),
        changed,
        error,
    })
}

/// An hour in words: `21 November 2026, 12:00 UTC`.
pub(crate) fn in_words(time: Timestamp, page: &Page) -> String {
    let time = time.to_zoned(TimeZone::UTC).datetime();
    let day = page.day(time.date().to_string());
    let time = format!("{:02}:{:02}", time.hour(), time.minute());
    page.say("sessions-time").text("day", day).text("time", time).to_string()
}
