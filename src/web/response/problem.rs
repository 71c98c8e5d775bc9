//! What goes wrong, as RFC 9457 `application/problem+json` with a stable `code`; a browser that
//! asked for a page gets a page (see `answer.rs`). The text of a 5xx is a constant.

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::service::accounts::passwords::Busy;
use crate::service::links::{InvalidParam, LinkError};
use crate::store::StoreError;
use crate::telemetry::Seldom;
use crate::web::response::html;

const NOT_HERE_YET: &str = "not_here_yet";
/// How many parameters one answer names, and how much of a name it repeats, in characters.
const MAX_INVALID_PARAMS: usize = 10;
const MAX_NAME: usize = 100;

/// One answer that is an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
    invalid_params: Vec<InvalidParam>,
    way_out: Option<WayOut>,
}

/// What a client can do instead, as headers say it.
#[derive(Debug, Clone, PartialEq, Eq)]
enum WayOut {
    /// Use one of these methods, of a 405.
    Allow(&'static str),
    /// Come again after so many seconds: of a 429, with its limit, or 503, or of a 404 that will not last.
    RetryAfter(u64, Option<u32>),
    /// Go there first, of a 303.
    Location(String),
}

#[derive(Serialize)]
struct Body<'a> {
    r#type: &'static str,
    status: u16,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    invalid_params: &'a [InvalidParam],
}

impl Problem {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: &'static str) -> Self {
        Self { status, code, title, detail, invalid_params: Vec::new(), way_out: None }
    }

    fn with(self, way_out: WayOut) -> Self {
        Self { way_out: Some(way_out), ..self }
    }

    /// The answer to whoever asks for a page of the signed-in and is not: the way to the sign-in page.
    pub(crate) fn sign_in_first(location: String) -> Self {
        let detail = "This page is for who is signed in.";
        Self::new(StatusCode::SEE_OTHER, "sign_in_first", "Sign in first", detail)
            .with(WayOut::Location(location))
    }

    pub(crate) fn not_json() -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "not_json",
            "Not JSON",
            "The body is not a JSON document in UTF-8.",
        )
    }

    pub(crate) fn bad_request() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", "Bad request", "The request cannot be read.")
    }

    pub(crate) fn no_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "no_key",
            "No key",
            "Send a key of the site as Authorization: Bearer … or as X-Api-Key; to /share, as its parameter key.",
        )
    }

    pub(crate) fn unknown_key() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unknown_key",
            "Unknown key",
            "No site has this key. Was it rotated?",
        )
    }

    pub(crate) fn secret_key_needed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "secret_key_needed",
            "The key may not do this",
            "A publishable key only makes links, without a slug and an external_id. This needs the site's secret key.",
        )
    }

    pub(crate) fn secret_key_in_address() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "publishable_key_needed",
            "A secret key has no place in an address",
            "Addresses stay in histories and logs. Use the site's publishable key here, and rotate the secret one.",
        )
    }

    pub(crate) fn secret_key_in_page() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "secret_key_in_page",
            "A secret key has no place in a page",
            "A browser sent this, so the secret key stands where anybody can read it. Use the site's publishable key \
             there, call from a server with the secret one, and replace the secret one if the page was published.",
        )
    }

    pub(crate) fn not_followed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "not_followed",
            "Only a followed link shares",
            "A share begins with a person who follows a link, not with a page that loads one.",
        )
    }

    pub(crate) fn foreign_origin() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "foreign_origin",
            "Not from this page",
            "The page that sent this is not one from which it may be sent.",
        )
    }

    pub(crate) fn owner_needed() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "owner_needed",
            "Only an owner may do this",
            "You are signed in as a reader. An owner of the site, or whoever has its secret key, can do it.",
        )
    }

    /// The answer to a form that does not carry what the page gave it.
    pub(crate) fn stale_form() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "stale_form",
            "The form is not of this session",
            "Somebody has signed in or out since the page with the form was opened.",
        )
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "Not found", "There is nothing at this address.")
    }

    /// The answer to a code that was given out, and whose link may be made at any moment.
    pub(crate) fn not_here_yet() -> Self {
        let detail = "This address was given out, and its link has not been made yet. Try again shortly.";
        Self::new(StatusCode::NOT_FOUND, NOT_HERE_YET, "Not here yet", detail)
            .with(WayOut::RetryAfter(1, None))
    }

    /// Whether it is [`Problem::not_here_yet`].
    pub(crate) fn is_for_now(&self) -> bool {
        self.code == NOT_HERE_YET
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        let code = "method_not_allowed";
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            code,
            "Method not allowed",
            "The Allow header lists the methods of this address.",
        )
        .with(WayOut::Allow(allow))
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(
            StatusCode::REQUEST_TIMEOUT,
            "timed_out",
            "Too slow",
            "The request took too long to arrive or to answer.",
        )
    }

    pub(crate) fn slug_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "slug_taken",
            "The slug is taken",
            "Another link has this code. Choose another slug.",
        )
    }

    pub(crate) fn name_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "name_taken",
            "The name is taken",
            "Somebody has this name already. Choose another one.",
        )
    }

    pub(crate) fn code_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "code_taken",
            "The code is taken",
            "The reserved code has been claimed for another destination or channel.",
        )
    }

    pub(crate) fn external_id_taken() -> Self {
        Self::new(
            StatusCode::CONFLICT,
            "external_id_taken",
            "The external_id is taken",
            "A link to another destination or by another channel has this external_id.",
        )
    }

    pub(crate) fn idempotency_key_reused() -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "idempotency_key_reused",
            "The Idempotency-Key was used before",
            "Another request came with this Idempotency-Key in the last 24 hours. Send a new one with each new request.",
        )
    }

    pub(crate) fn expired() -> Self {
        Self::new(
            StatusCode::GONE,
            "expired",
            "This link has expired",
            "Its publisher gave it a time, and that is over.",
        )
    }

    pub(crate) fn disabled() -> Self {
        Self::new(
            StatusCode::GONE,
            "disabled",
            "This link is switched off",
            "Its publisher has switched it off.",
        )
    }

    pub(crate) fn length_required() -> Self {
        Self::new(
            StatusCode::LENGTH_REQUIRED,
            "length_required",
            "A length is needed",
            "Send the body as a whole, with Content-Length and without Transfer-Encoding.",
        )
    }

    /// The answer to a request for a host that is not this service.
    pub(crate) fn misdirected() -> Self {
        Self::new(
            StatusCode::MISDIRECTED_REQUEST,
            "misdirected",
            "Not this host",
            "The service has no such name. Its operator sets its address as server.public_url.",
        )
    }

    pub(crate) fn too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", "Too large", "A body may have at most 64 KiB.")
    }

    pub(crate) fn wrong_type(detail: &'static str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "wrong_media_type",
            "Another media type is needed",
            detail,
        )
    }

    /// Names at most [`MAX_INVALID_PARAMS`] parameters, however many are wrong.
    pub(crate) fn invalid(mut invalid_params: Vec<InvalidParam>) -> Self {
        invalid_params.truncate(MAX_INVALID_PARAMS);
        for param in &mut invalid_params {
            if let Some((end, _)) = param.name.char_indices().nth(MAX_NAME) {
                param.name.truncate(end);
            }
        }
        let detail = "See invalid_params: each names a parameter and what it must be.";
        let problem = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "invalid_params",
            "Some parameters are not valid",
            detail,
        );
        Self { invalid_params, ..problem }
    }

    pub(crate) fn too_many(limit: u32, retry_after: u64) -> Self {
        let detail = "More was asked for within a minute than one client may ask.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", "Too many requests", detail)
            .with(WayOut::RetryAfter(retry_after, Some(limit)))
    }

    pub(crate) fn taken_down() -> Self {
        let status = StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS;
        Self::new(
            status,
            "taken_down",
            "This link was taken down",
            "The operator of this service took it down for abuse.",
        )
    }

    pub(crate) fn unavailable() -> Self {
        let detail = "The service cannot do this for the moment. Try again shortly.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Try again shortly", detail)
            .with(WayOut::RetryAfter(1, None))
    }

    fn internal() -> Self {
        let detail = "Something went wrong on our side.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong", detail)
    }

    /// What is wrong with each parameter.
    pub(crate) fn invalid_params(&self) -> &[InvalidParam] {
        &self.invalid_params
    }

    /// The problem of one call in a bulk of calls.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self.body()).expect("texts and numbers make JSON")
    }

    /// Its stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// The message with what a person who meets this problem on a page can do.
    pub(crate) fn advice(&self) -> &'static str {
        match self.status.as_u16() {
            404 => "error-advice-missing",
            410 | 451 => "error-advice-gone",
            403 => "error-advice-refused",
            422 => "error-advice-invalid",
            408 | 429 | 503 => "error-advice-wait",
            500 => "error-advice-internal",
            _ => "error-advice-other",
        }
    }

    fn body(&self) -> Body<'_> {
        let Self { status, code, title, detail, invalid_params, .. } = self;
        Body { r#type: "about:blank", status: status.as_u16(), code, title, detail, invalid_params }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status);
        answer.content_type("application/problem+json").insert_header((CACHE_CONTROL, "no-store"));
        match &self.way_out {
            None => {}
            Some(WayOut::Location(location)) => return html::see_other(location),
            Some(WayOut::Allow(methods)) => drop(answer.insert_header((ALLOW, *methods))),
            Some(WayOut::RetryAfter(seconds, limit)) => {
                answer.insert_header((RETRY_AFTER, seconds.to_string()));
                if let Some(limit) = limit {
                    answer.insert_header(("RateLimit-Limit", limit.to_string()));
                    answer.insert_header(("RateLimit-Remaining", "0"));
                    answer.insert_header(("RateLimit-Reset", seconds.to_string()));
                }
            }
        }
        if self.status == StatusCode::UNAUTHORIZED {
            answer.insert_header((WWW_AUTHENTICATE, "Bearer"));
        }
        let body = serde_json::to_string(&self.body()).expect("texts and numbers make JSON");
        let mut answer = answer.body(body);
        answer.extensions_mut().insert(self.clone());
        answer
    }
}

/// A store that is away fails each request that needs it.
static FAILED: Seldom = Seldom::new();
static BROKEN: Seldom = Seldom::new();

impl From<StoreError> for Problem {
    /// Logs the failure: this is the one place where it leaves the inner rings.
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Unavailable(source) => {
                if let Some(left_out) = FAILED.due() {
                    tracing::warn!(
                        left_out,
                        "store.url: the store failed a request, which gets 503: {source}"
                    );
                }
                Self::unavailable()
            }
            StoreError::Conflict
            | StoreError::Corrupt(_)
            | StoreError::Unsuitable(_)
            | StoreError::Behind { .. }
            | StoreError::Foreign(_)
            | StoreError::InUse => {
                if let Some(left_out) = BROKEN.due() {
                    tracing::error!(
                        left_out,
                        "store.url: the store failed a request, which gets 500: {error}"
                    );
                }
                Self::internal()
            }
        }
    }
}

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::unavailable()
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Invalid(params) => Self::invalid(params),
            LinkError::SlugTaken => Self::slug_taken(),
            LinkError::CodeTaken => Self::code_taken(),
            LinkError::ExternalIdTaken => Self::external_id_taken(),
            LinkError::KeyReused => Self::idempotency_key_reused(),
            LinkError::TooMany { limit, retry_after } => Self::too_many(limit, retry_after),
            LinkError::Store(error) => error.into(),
        }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page cannot be written");
        Self::internal()
    }
}

#[cfg(test)]
mod tests;
