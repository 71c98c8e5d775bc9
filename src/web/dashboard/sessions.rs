//! `/stats/sessions`: who is signed in, and the way to end it; and a person's own password.
//!
//! An owner sees the site's sessions, a reader their own.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::domain::person::{PersonName, Role};
use crate::domain::session::{Holder, Session};
use crate::service::accounts::people::PersonError;
use crate::web::AppState;
use crate::web::dashboard::access_templates::{SessionRow, SessionsPage};
use crate::web::dashboard::people::{own_name, refused};
use crate::web::dashboard::sign_in::{renew, too_many_wait};
use crate::web::extract::address::QueryString;
use crate::web::extract::form::{FormFields, FromForm, SignedInForm};
use crate::web::extract::sender::SenderNetwork;
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::html;
use crate::web::response::page::Page;
use crate::web::response::problem::Problem;

const PATH: &str = "/stats/sessions";

/// The sessions to be ended: one that is listed, or `others`.
pub(crate) struct ChosenSessions(String);

impl FromForm for ChosenSessions {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        Ok(Self(fields.text("session").to_owned()))
    }
}

/// A new password, and the one that it replaces.
pub(crate) struct NewPassword {
    old: String,
    new: String,
}

impl FromForm for NewPassword {
    fn from_form(fields: &FormFields) -> Result<Self, Problem> {
        let password = |name: &str| fields.password(name).unwrap_or_default().to_owned();
        Ok(Self { old: password("old"), new: password("new") })
    }
}

/// `GET /stats/sessions`.
pub(crate) async fn list(
    signed_in: SignedIn,
    query: QueryString,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    page(&app, &signed_in, query.as_str().starts_with("changed"), None).await
}

/// `POST /stats/sessions/end`: `session` is one that is listed, or `others`.
pub(crate) async fn end(
    SignedInForm { signed_in, form: ChosenSessions(chosen) }: SignedInForm<ChosenSessions>,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let own = &signed_in.session;
    let mut sessions = visible(&app, &signed_in).await?;
    match chosen.as_str() {
        "others" => sessions.retain(|(session, _)| session.token != own.token),
        id => sessions.retain(|(session, _)| session.id() == id),
    }
    let sessions: Vec<_> = sessions.into_iter().map(|(session, _)| session).collect();
    app.sessions.end(&sessions).await?;
    // Whoever ends their own is asked to sign in there.
    Ok(html::see_other(&signed_in.page.link(PATH)))
}

/// `POST /stats/password`: `old` and `new`, of the person who is signed in. Their other sessions end.
pub(crate) async fn change_password(
    SignedInForm { signed_in, form }: SignedInForm<NewPassword>,
    SenderNetwork(network): SenderNetwork,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    app.limits.sign_in(&network)?;
    let (site, page) = (&signed_in.site.id, &signed_in.page);
    let name = own_name(&signed_in).ok_or(Problem::NotFound)?;
    // A queue of their own: they are signed in already.
    let queue = (name.folded(), signed_in.session.id());
    let turn = app.attempts.turn(queue).await.ok_or_else(too_many_wait)?;
    if !app.people.is_password(site, name.as_str(), &form.old).await? {
        let error = page.say("sessions-old-wrong").to_string();
        return refuse(&app, &signed_in, StatusCode::UNPROCESSABLE_ENTITY, error).await;
    }
    turn.succeeded();
    match app.people.change_password(site, name.as_str(), Some(&form.new)).await {
        Ok(Some((person, _))) => {
            let holder = Holder::Person(person.name, person.password.mark);
            let next = page.link("/stats/sessions?changed");
            renew(&app, Some(signed_in.token()), site, holder, &next).await
        }
        Ok(None) => Err(Problem::NotFound),
        Err(error @ PersonError::Invalid(_)) => {
            let (status, error) = refused(&error, page);
            refuse(&app, &signed_in, status, error).await
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
