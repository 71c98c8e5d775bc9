//! Calls from other sites' pages: which pages a browser lets call, and which answers it lets them read.
//!
//! A page is named exactly or not at all: never `*`, and never with credentials, as nothing here
//! depends on a cookie. (Fetch standard, "CORS protocol".)

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD, HeaderValue,
    ORIGIN, VARY,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};

use super::error::Problem;
use super::{AppState, request};

/// For how many seconds a browser need not ask again. Chrome takes no more than two hours.
const MAX_AGE: &str = "7200";
/// What a page may send beside what every page may.
const HEADERS: &str = "authorization, x-api-key, content-type, idempotency-key";
/// What a page may read beside what every page may: when to come again after a 429 or 503.
const EXPOSED: &str = "retry-after";

const VARIES: HeaderValue = HeaderValue::from_static("Origin");

/// Marks a request whose page may read the answer.
struct Readable;

/// Lets a page that may call read the answer to this request, whatever that will be.
pub(super) fn let_read(request: &HttpRequest) {
    request.extensions_mut().insert(Readable);
}

/// Stands before the calls that are for browsers: answers a preflight, and says on all other answers
/// whether their page may read them.
pub(super) async fn for_pages(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let preflight = request.method() == Method::OPTIONS
        && request.headers().contains_key(ORIGIN)
        && request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if preflight {
        let answer = permit(request.request()).await;
        return Ok(request.into_response(answer).map_into_right_body());
    }
    let mut response = next.call(request).await?;
    let origin = Some(response.request()).filter(|request| request.extensions().contains::<Readable>());
    let origin = origin.and_then(|request| request.headers().get(ORIGIN)).cloned();
    let headers = response.headers_mut();
    headers.append(VARY, VARIES);
    if let Some(origin) = origin {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(EXPOSED));
    }
    Ok(response.map_into_left_body())
}

/// The answer to a preflight, which brings no key: the origin is one that some site allows, or none.
async fn permit(request: &HttpRequest) -> HttpResponse {
    let app = request.app_data::<web::Data<AppState>>().expect("every request has the state");
    let origin = request::origin(request.head()).unwrap_or_default();
    let allowed = app.origins.allow(origin).await.map_err(Problem::from);
    match allowed.and_then(|allowed| allowed.then_some(origin).ok_or_else(Problem::foreign_origin)) {
        Ok(origin) => HttpResponse::NoContent()
            .insert_header((ACCESS_CONTROL_ALLOW_ORIGIN, origin))
            .insert_header((ACCESS_CONTROL_ALLOW_METHODS, "POST"))
            .insert_header((ACCESS_CONTROL_ALLOW_HEADERS, HEADERS))
            .insert_header((ACCESS_CONTROL_MAX_AGE, MAX_AGE))
            .insert_header((VARY, VARIES))
            .finish(),
        Err(problem) => {
            let mut answer = problem.error_response();
            answer.headers_mut().insert(VARY, VARIES);
            answer
        }
    }
}
