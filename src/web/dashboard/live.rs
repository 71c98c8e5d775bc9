//! `GET /stats/live`: tells an open page, by server-sent events, that its published numbers have changed. The page then
//! asks for itself again; no number is sent here.

use std::time::Duration;

use actix_web::http::header::{CACHE_CONTROL, HeaderName};
use actix_web::web::Bytes;
use actix_web::{HttpResponse, web};
use futures_util::stream;
use tokio::sync::watch;
use tokio::time::{Instant, sleep_until, timeout};

use crate::domain::day::Day;
use crate::domain::site::KeyHash;
use crate::service::reports::live::{Follower, Subject};
use crate::stats::publication::Audience;
use crate::stats::report::Period;
use crate::web::AppState;
use crate::web::dashboard::link::own_link;
use crate::web::dashboard::scope;
use crate::web::dashboard::scope::View;
use crate::web::extract::address::QueryString;
use crate::web::extract::query;
use crate::web::extract::sender::LastEventId;
use crate::web::extract::signed_in::{AnySession, SignedIn};
use crate::web::response::problem::Problem;

/// So often something is sent, also where there is nothing to tell: else a proxy, or this service, would take the
/// connection for an idle one.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// After so long a stream ends, and its browser asks for another.
const LIFE: Duration = Duration::from_mins(5);
/// After so many milliseconds a browser tries again.
const RETRY: u32 = 2_000;

/// Tells nginx not to hold the stream back.
const X_ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Where a page asks for changes of what it shows. Asked for before the numbers of the page itself, it misses none. `None`
/// for a page of days that are over.
pub(crate) async fn address(
    app: &AppState,
    subject: &Subject,
    period: Period,
) -> Result<Option<String>, Problem> {
    // The day before may not be closed yet.
    if period.last < Day::of(app.clock.now()).plus(-1) {
        return Ok(None);
    }
    let mut parameters = match subject {
        Subject::Link(link) => vec![("link", link.code.to_string())],
        Subject::Site(_, filter, _) => query::parameters(filter),
    };
    parameters.push(("seen", app.live.print(subject).await?.to_string()));
    Ok(Some(scope::address("/stats/live", &parameters)))
}

/// `GET /stats/live`.
pub(crate) async fn follow(
    AnySession(signed_in): AnySession,
    query: QueryString,
    LastEventId(known): LastEventId,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let Some(SignedIn { site, session, .. }) = signed_in else {
        // The answer after which no browser tries again.
        return Ok(HttpResponse::NoContent().insert_header((CACHE_CONTROL, "no-store")).finish());
    };
    let fields = query.known_fields(&["link", "channel", "page", "campaign", "seen"])?;
    let id = site.id.clone();
    let subject = match fields.get("link") {
        None => {
            let rule = app.reports.rule(&site, Audience::SignedIn);
            let (view, _) = View::of("/stats", query.as_str(), &rule);
            Subject::Site(site.id, view.filter, Audience::SignedIn)
        }
        Some(code) => Subject::Link(own_link(&site, code, &app).await?.into()),
    };
    let seen = known.or_else(|| fields.get("seen").cloned()).unwrap_or_default();
    let follower = app.live.follow(&subject, &id, &session.token).ok_or(Problem::Unavailable)?;
    let stream = Stream {
        follower,
        seen,
        heartbeat: HEARTBEAT.min(app.settings.idle_timeout() / 3),
        ends: Instant::now() + LIFE,
        greeted: false,
        session: session.token,
        endings: app.sessions.endings(),
        app,
    };
    let events = stream::unfold(stream, |mut stream| async {
        let event = stream.next().await?;
        Some((Ok::<_, actix_web::Error>(event), stream))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/event-stream")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((X_ACCEL_BUFFERING, "no"))
        .streaming(events))
}

/// The events for one page.
struct Stream {
    follower: Follower,
    /// The print of the numbers that the page shows.
    seen: String,
    heartbeat: Duration,
    ends: Instant,
    greeted: bool,
    /// The session that it ends with.
    session: KeyHash,
    endings: watch::Receiver<u64>,
    app: web::Data<AppState>,
}

impl Stream {
    /// Whether its session still opens something. While the store is away nobody can tell, and nothing is told.
    async fn is_open(&self) -> bool {
        let now = self.app.clock.now();
        self.app.sessions.is_open(&self.session, now).await.unwrap_or(true)
    }

    /// What is sent next; `None` at the end.
    async fn next(&mut self) -> Option<Bytes> {
        if !std::mem::replace(&mut self.greeted, true) {
            return Some(format!("retry: {RETRY}\n\n").into());
        }
        let beat = Instant::now() + self.heartbeat;
        loop {
            let told = tokio::select! {
                () = sleep_until(self.ends) => return None,
                _ = self.endings.changed() => None,
                told = timeout(beat.saturating_duration_since(Instant::now()), self.follower.next()) => Some(told),
            };
            // Whoever has been signed out meanwhile, here or at another instance, is told nothing more.
            if !self.is_open().await {
                return None;
            }
            let Some(told) = told else { continue };
            let Ok(told) = told else { return Some(Bytes::from_static(b":\n\n")) };
            let print = told?.to_string();
            if print != self.seen {
                let event = format!("id: {print}\nevent: changed\ndata: changed\n\n");
                self.seen = print;
                return Some(event.into());
            }
        }
    }
}
