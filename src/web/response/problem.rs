//! The problems that responses tell of, as RFC 9457 `application/problem+json` with a stable `code`. A browser that asked
//! for a page gets a page (see `finish.rs`). The text of a 5xx is a constant.

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

/// How many parameters one answer names, and how much of a name it repeats, in characters.
const MAX_INVALID_PARAMS: usize = 10;
const MAX_NAME: usize = 100;

/// A response that is an error, by what went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Problem {
    /// A page of the signed-in is asked for by somebody who is not; with the address of the sign-in page.
    SignInFirst(String),
    /// The body cannot be read as JSON.
    NotJson,
    /// The request cannot be read.
    BadRequest,
    /// The request needs a key and has none.
    NoKey,
    /// No site has the key.
    UnknownKey,
    /// A publishable key may not do this.
    SecretKeyNeeded,
    /// A secret key stands in an address.
    SecretKeyInAddress,
    /// A browser sent a secret key from a page.
    SecretKeyInPage,
    /// A page loaded the address of a share, which only a person who follows it may begin.
    NotFollowed,
    /// A page of another origin sent this.
    ForeignOrigin,
    /// Only an owner of the site may do this.
    OwnerNeeded,
    /// A form does not carry what the page of this session gave it.
    StaleForm,
    /// There is nothing at this address.
    NotFound,
    /// The code was given out, and its link may be made at any moment.
    NotHereYet,
    /// The address has other methods: these.
    MethodNotAllowed(&'static str),
    /// The request or its response took too long.
    TimedOut,
    /// Another link has the slug.
    SlugTaken,
    /// Another person has the name.
    NameTaken,
    /// The reserved code was claimed for something else.
    CodeTaken,
    /// Another link has the `external_id`.
    ExternalIdTaken,
    /// Another request had the `Idempotency-Key`.
    IdempotencyKeyReused,
    /// The link has ended.
    Expired,
    /// The link is switched off.
    Disabled,
    /// The link is not as `If-Match` expects it.
    PreconditionFailed,
    /// The body comes in chunks.
    LengthRequired,
    /// The request is for a host that is not this service.
    Misdirected,
    /// The body is too large.
    TooLarge,
    /// The body has another media type than the one that the text asks for.
    WrongMediaType(&'static str),
    /// Parameters break rules. [`Problem::invalid`] makes it.
    Invalid(Vec<InvalidParam>),
    /// The client asks too often.
    TooManyRequests {
        /// How many requests it may send within a minute.
        limit: u32,
        /// After how many seconds it may send another one.
        retry_after: u64,
    },
    /// The operator took the link down.
    TakenDown,
    /// The service cannot do it for the moment.
    Unavailable,
    /// Something failed that never should.
    Internal,
}

/// What a problem is for every client.
struct Entry {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: &'static str,
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
    /// Names the parameters that break rules: at most [`MAX_INVALID_PARAMS`], however many do.
    pub(crate) fn invalid(mut invalid_params: Vec<InvalidParam>) -> Self {
        invalid_params.truncate(MAX_INVALID_PARAMS);
        for param in &mut invalid_params {
            if let Some((end, _)) = param.name.char_indices().nth(MAX_NAME) {
                param.name.truncate(end);
            }
        }
        Self::Invalid(invalid_params)
    }

    /// Returns the row of the table of problems.
    #[expect(clippy::too_many_lines, reason = "it is a table")]
    fn entry(&self) -> Entry {
        let (status, code, title, detail) = match self {
            Self::SignInFirst(_) => (
                StatusCode::SEE_OTHER,
                "sign_in_first",
                "Sign in first",
                "This page is for people who are signed in.",
            ),
            Self::NotJson => {
                (StatusCode::BAD_REQUEST, "not_json", "Not JSON", "The body is not a JSON document in UTF-8.")
            }
            Self::BadRequest => {
                (StatusCode::BAD_REQUEST, "bad_request", "Bad request", "The request cannot be read.")
            }
            Self::NoKey => (
                StatusCode::UNAUTHORIZED,
                "no_key",
                "No key",
                "Send one of the site's keys as Authorization: Bearer … or as X-Api-Key. For /share, send it as the parameter key.",
            ),
            Self::UnknownKey => (
                StatusCode::UNAUTHORIZED,
                "unknown_key",
                "Unknown key",
                "No site has this key. Was it rotated?",
            ),
            Self::SecretKeyNeeded => (
                StatusCode::FORBIDDEN,
                "secret_key_needed",
                "The key may not do this",
                "A publishable key can only create links, without slug and external_id. This needs the site's secret key.",
            ),
            Self::SecretKeyInAddress => (
                StatusCode::FORBIDDEN,
                "publishable_key_needed",
                "Secret key in an address",
                "Addresses end up in histories and logs. Use the site's publishable key here, and rotate the secret key.",
            ),
            Self::SecretKeyInPage => (
                StatusCode::FORBIDDEN,
                "secret_key_in_page",
                "Secret key in a page",
                "A browser sent this, so anybody can read the secret key. Use the site's publishable key there, \
                 and rotate the secret key if the page was published.",
            ),
            Self::NotFollowed => (
                StatusCode::FORBIDDEN,
                "not_followed",
                "Not a followed link",
                "A share begins when a person follows a link, not when a page loads it.",
            ),
            Self::ForeignOrigin => (
                StatusCode::FORBIDDEN,
                "foreign_origin",
                "Origin not allowed",
                "The page that sent this request is not allowed to send it.",
            ),
            Self::OwnerNeeded => (
                StatusCode::FORBIDDEN,
                "owner_needed",
                "Only an owner may do this",
                "You are signed in as a reader. An owner of the site, or anybody who has its secret key, can do this.",
            ),
            Self::StaleForm => (
                StatusCode::FORBIDDEN,
                "stale_form",
                "The form belongs to another session",
                "Somebody has signed in or out since the page with the form was opened.",
            ),
            Self::NotFound => {
                (StatusCode::NOT_FOUND, "not_found", "Not found", "There is nothing at this address.")
            }
            Self::NotHereYet => (
                StatusCode::NOT_FOUND,
                "not_here_yet",
                "Not available yet",
                "This address is reserved, but its link has not been created yet. Try again shortly.",
            ),
            Self::MethodNotAllowed(_) => (
                StatusCode::METHOD_NOT_ALLOWED,
                "method_not_allowed",
                "Method not allowed",
                "The Allow header lists the methods of this address.",
            ),
            Self::TimedOut => (
                StatusCode::REQUEST_TIMEOUT,
                "timed_out",
                "Too slow",
                "The request took too long to arrive or to answer.",
            ),
            Self::SlugTaken => (
                StatusCode::CONFLICT,
                "slug_taken",
                "The slug is taken",
                "Another link has this code. Choose another slug.",
            ),
            Self::NameTaken => (
                StatusCode::CONFLICT,
                "name_taken",
                "The name is taken",
                "Somebody has this name already. Choose another one.",
            ),
            Self::CodeTaken => (
                StatusCode::CONFLICT,
                "code_taken",
                "The code is taken",
                "The reserved code has been claimed for another destination or channel.",
            ),
            Self::ExternalIdTaken => (
                StatusCode::CONFLICT,
                "external_id_taken",
                "The external_id is taken",
                "A link to another destination or by another channel has this external_id.",
            ),
            Self::IdempotencyKeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "idempotency_key_reused",
                "The Idempotency-Key was used before",
                "Another request had this Idempotency-Key in the last 24 hours. Send a new key with each new request.",
            ),
            Self::Expired => (
                StatusCode::GONE,
                "expired",
                "This link has expired",
                "Its publisher set an end date, which has passed.",
            ),
            Self::Disabled => (
                StatusCode::GONE,
                "disabled",
                "This link is switched off",
                "Its publisher has switched it off.",
            ),
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "precondition_failed",
                "The link has changed",
                "The link is not as If-Match expects it. Read it again, and send the request with its current ETag.",
            ),
            Self::LengthRequired => (
                StatusCode::LENGTH_REQUIRED,
                "length_required",
                "Length required",
                "Send the body as a whole, with Content-Length and without Transfer-Encoding.",
            ),
            Self::Misdirected => (
                StatusCode::MISDIRECTED_REQUEST,
                "misdirected",
                "Unknown host",
                "This service does not use this host name. Its operator sets its address as server.public_url.",
            ),
            Self::TooLarge => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "too_large",
                "Too large",
                "A request body can have at most 64 KiB.",
            ),
            Self::WrongMediaType(detail) => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "wrong_media_type", "Unsupported media type", *detail)
            }
            Self::Invalid(_) => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "invalid_params",
                "Some parameters are not valid",
                "Each item of invalid_params names a parameter and the rule that it breaks.",
            ),
            Self::TooManyRequests { .. } => (
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                "Too many requests",
                "This client has sent too many requests within a minute.",
            ),
            Self::TakenDown => (
                StatusCode::UNAVAILABLE_FOR_LEGAL_REASONS,
                "taken_down",
                "This link was taken down",
                "The operator of this service took it down for abuse.",
            ),
            Self::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Try again shortly",
                "The service cannot do this right now. Try again shortly.",
            ),
            Self::Internal => (
                StatusCode::INTERNAL_SERVER_ERROR,
                "internal",
                "Something went wrong",
                "Something went wrong on our side.",
            ),
        };
        Entry { status, code, title, detail }
    }

    /// Returns whether the client should soon ask again, because the link may be made at any moment.
    pub(crate) fn is_for_now(&self) -> bool {
        *self == Self::NotHereYet
    }

    /// Returns the parameters that break rules.
    pub(crate) fn invalid_params(&self) -> &[InvalidParam] {
        match self {
            Self::Invalid(params) => params,
            _ => &[],
        }
    }

    /// Returns the problem as the JSON of one call in a bulk of calls.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::to_value(self.body()).expect("texts and numbers make JSON")
    }

    /// Returns the stable code.
    pub(crate) fn code(&self) -> &'static str {
        self.entry().code
    }

    /// Returns the name of the message that tells a person what to do on meeting this problem on a page.
    pub(crate) fn advice(&self) -> &'static str {
        match self.status_code().as_u16() {
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
        let Entry { status, code, title, detail } = self.entry();
        let invalid_params = self.invalid_params();
        Body { r#type: "about:blank", status: status.as_u16(), code, title, detail, invalid_params }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.entry().status
    }

    fn error_response(&self) -> HttpResponse {
        let mut answer = HttpResponse::build(self.status_code());
        answer.content_type("application/problem+json").insert_header((CACHE_CONTROL, "no-store"));
        match self {
            Self::SignInFirst(location) => return html::see_other(location),
            Self::MethodNotAllowed(methods) => drop(answer.insert_header((ALLOW, *methods))),
            Self::NotHereYet | Self::Unavailable => drop(answer.insert_header((RETRY_AFTER, "1"))),
            Self::TooManyRequests { limit, retry_after } => {
                answer.insert_header((RETRY_AFTER, retry_after.to_string()));
                answer.insert_header(("RateLimit-Limit", limit.to_string()));
                answer.insert_header(("RateLimit-Remaining", "0"));
                answer.insert_header(("RateLimit-Reset", retry_after.to_string()));
            }
            _ => {}
        }
        if self.status_code() == StatusCode::UNAUTHORIZED {
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
                Self::Unavailable
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
                Self::Internal
            }
        }
    }
}

impl From<Busy> for Problem {
    fn from(_: Busy) -> Self {
        Self::Unavailable
    }
}

impl From<LinkError> for Problem {
    fn from(error: LinkError) -> Self {
        match error {
            LinkError::Invalid(params) => Self::invalid(params),
            LinkError::SlugTaken => Self::SlugTaken,
            LinkError::CodeTaken => Self::CodeTaken,
            LinkError::ExternalIdTaken => Self::ExternalIdTaken,
            LinkError::KeyReused => Self::IdempotencyKeyReused,
            LinkError::TooMany { limit, retry_after } => Self::TooManyRequests { limit, retry_after },
            LinkError::Store(error) => error.into(),
        }
    }
}

impl From<askama::Error> for Problem {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page cannot be written");
        Self::Internal
    }
}

#[cfg(test)]
mod tests;
