//! Codes for shares to come: given to a page before anybody shares it, so that a tap need not wait
//! for an answer. Nothing of them is stored.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use jiff::Timestamp;
use serde::Serialize;

use crate::domain::reserved::{Batch, Judged, Reserved};
use crate::service::links::InvalidParam;
use crate::web::AppState;
use crate::web::extract::body::{Fields, FromFields};
use crate::web::extract::client::Client;
use crate::web::extract::key::AnyKey;
use crate::web::extract::{body, request};
use crate::web::response::json::json;
use crate::web::response::problem::Problem;

/// The most codes in one answer, and how many where the client does not say.
const MOST: usize = 20;
const USUAL: usize = 8;

#[derive(Serialize)]
struct BatchBody {
    codes: Vec<ReservedBody>,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct ReservedBody {
    code: String,
    short_url: String,
    claim: String,
}

/// What a call asks for.
struct Wanted {
    count: usize,
    url: Option<String>,
}

impl FromFields for Wanted {
    fn from_fields(fields: &mut Fields) -> Self {
        Self { count: fields.number("count", 1..=MOST).unwrap_or(USUAL), url: fields.text("url") }
    }
}

/// `POST /api/v1/codes`.
pub(crate) async fn reserve(
    AnyKey { holder, body }: AnyKey,
    client: Client,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    app.limits.attempt_to_reserve(&holder.caller())?;
    let Wanted { count, url } = body::read(body)?;
    // A page that cannot be shared is refused now, and not when the address of a link that will never be there stands in
    // somebody's message.
    let destination = match url.map(|url| app.links.destination(&holder.site, &url)) {
        Some(Err(error)) => return Err(Problem::invalid(vec![InvalidParam::new("url", error)])),
        Some(Ok(destination)) => Some(destination),
        None => None,
    };
    app.limits.reserve(&holder.caller(), count)?;
    let judged = Judged { destination: destination.as_ref(), origin: request::origin(client.head()) };
    let Batch { codes, expires_at } =
        app.reservations.reserve(&holder.site.id, count, judged, app.clock.now());
    let shown = |Reserved { code, claim }| ReservedBody {
        short_url: app.links.short_url(&code),
        code: code.into(),
        claim,
    };
    Ok(json(StatusCode::OK, &BatchBody { codes: codes.into_iter().map(shown).collect(), expires_at }))
}
