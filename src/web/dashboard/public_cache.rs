//! Pages of statistics that anybody may open: each is made at most once a second, and only one at a time, whoever asks.
//!
//! Adding up a big site's year takes a while, and anybody may ask for it as often as they like, with any filter.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use actix_web::HttpResponse;
use actix_web::body::to_bytes;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::web::AppState;
use crate::web::dashboard::overview;
use crate::web::dashboard::overview::Reader;
use crate::web::dashboard::scope::View;
use crate::web::response::problem::Problem;

/// For how long a page is shown again.
const FRESH: Duration = Duration::from_secs(1);
/// How long anybody waits for others' pages.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many pages are kept.
const MOST: usize = 256;

/// What was made a moment ago.
pub(crate) struct PublicPages {
    kept: Mutex<HashMap<String, Kept>>,
    turn: Semaphore,
}

#[derive(Clone)]
struct Kept {
    made_at: Instant,
    status: StatusCode,
    headers: HeaderMap,
    body: Bytes,
}

impl Default for PublicPages {
    fn default() -> Self {
        Self { kept: Mutex::default(), turn: Semaphore::new(1) }
    }
}

/// Shows a page of statistics to a reader who is not signed in.
pub(crate) async fn show(query: &str, app: &AppState, reader: Reader<'_>) -> Result<HttpResponse, Problem> {
    // What the address says beside that means nothing, and must not be on others' pages.
    let rule = app.reports.rule(reader.site, reader.viewer.audience());
    let (view, wrong) = View::of(reader.path, query, &rule);
    let page = reader.page.with_parameters(view.parameters(true));
    let key = format!("{} {} {}", view.address(), wrong.unwrap_or_default(), page.language.tag());
    if let Some(kept) = app.public_pages.fresh(&key) {
        return Ok(kept.answer());
    }
    let turn = timeout(PATIENCE, app.public_pages.turn.acquire()).await;
    let _turn = turn.ok().and_then(Result::ok).ok_or(Problem::Unavailable)?;
    // Whoever had the turn before may have made it.
    if let Some(kept) = app.public_pages.fresh(&key) {
        return Ok(kept.answer());
    }
    let made = overview::show(query, app, Reader { page, ..reader }).await?;
    let (parts, body) = made.into_parts();
    let body = to_bytes(body).await.map_err(|_| Problem::Unavailable)?;
    let (status, headers) = (parts.status(), parts.headers().clone());
    let kept = Kept { made_at: Instant::now(), status, headers, body };
    app.public_pages.keep(key, kept.clone());
    Ok(kept.answer())
}

impl PublicPages {
    fn fresh(&self, key: &str) -> Option<Kept> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get(key).filter(|kept| kept.made_at.elapsed() < FRESH).cloned()
    }

    fn keep(&self, key: String, made: Kept) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|_, kept| kept.made_at.elapsed() < FRESH);
        if kept.len() < MOST {
            kept.insert(key, made);
        }
    }
}

impl Kept {
    fn answer(self) -> HttpResponse {
        let mut answer = HttpResponse::new(self.status);
        *answer.headers_mut() = self.headers;
        answer.set_body(actix_web::body::BoxBody::new(self.body))
    }
}
