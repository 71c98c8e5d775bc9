//! Calls from other sites' pages: which answers a browser lets them read.
//!
//! Every page may ask, because a preflight brings no key and so cannot be judged. Which page may do something is decided
//! when the call itself comes, by its key and its origin. The answer is for the page to read where the key's site allows its
//! origin; and where the call is refused for its key or its origin (401 and 403), so that a page's script can say why.
//!
//! A page is named exactly or not at all: never `*`, and never with credentials, as nothing here
//! depends on a cookie. (Fetch standard, "CORS protocol".)

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpResponse};

use crate::web::extract::key::Readable;
use crate::web::extract::request;

/// For how many seconds a browser need not ask again. Chrome takes no more than two hours.
const MAX_AGE: &str = "7200";
/// What a page may ask for. Only making links is for pages; for the rest they are told so.
const METHODS: &str = "GET, POST, PATCH, DELETE";
/// What a page may send beside what every page may.
const HEADERS: &str = "authorization, x-api-key, content-type, idempotency-key";
/// What a page may read beside what every page may: when to come again after a 429 or 503.
const EXPOSED: &str = "retry-after";

const VARIES: HeaderValue = HeaderValue::from_static("Origin");

/// Stands before the API: answers a preflight, and says on all other answers whether their page may read them.
pub(crate) async fn for_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if preflight {
        let answer = permit(request::origin(request.head()));
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    let is_refusal = matches!(response.status(), StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN);
    let is_readable = is_refusal || response.request().extensions().contains::<Readable>();
    let origin = request::origin(response.request().head()).filter(|_| is_readable);
    let origin =
        origin.and_then(|origin| HeaderValue::from_str(origin).ok()).filter(|origin| !origin.is_empty());
    let headers = response.headers_mut();
    headers.append(VARY, VARIES);
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    Ok(response.map_into_left_body())
}

/// The answer to a preflight.
fn permit(origin: Option<&str>) -> HttpResponse {
    let mut answer = HttpResponse::NoContent();
    answer.insert_header((VARY, VARIES));
    if let Some(origin) = origin.filter(|origin| !origin.is_empty()) {
        answer
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, origin))
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, METHODS))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE));
    }
    answer.finish()
}
