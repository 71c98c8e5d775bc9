//! The door: a click goes its own way from here, and everything else to the web framework's routes.
//!
//! Routes, layers and extractors cost as much as all that a click needs; it needs none of them. A request
//! that came with a `Transfer-Encoding` is refused here, whatever its address; and where the public address is one of this
//! machine, a request for a host of another name, which a page elsewhere has given to this machine's address (DNS
//! rebinding). What holds of every answer is added here, too.

use std::time::Instant;

use actix_http::{ConnectionType, Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, apply_fn_factory};
use actix_web::body::BoxBody;
use actix_web::dev::{AppConfig, RequestHead};
use actix_web::http::header::{HeaderName, HeaderValue, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS};
use actix_web::{Error, HttpResponse, web};
use futures_util::future::{Either, TryFutureExt, ready};

use crate::service::ingest::recorder::WorkerRecorder;
use crate::web::AppState;
use crate::web::extract::code;
use crate::web::extract::code::Asked;
use crate::web::extract::request;
use crate::web::response::finish;
use crate::web::response::problem::Problem;
use crate::web::visitor::redirect;

/// The header that a request has in the place of a `Transfer-Encoding`, which was taken out of it on the
/// way: a name of the same length.
pub(crate) const REFUSED: HeaderName = HeaderName::from_static("x-framing-refused");

/// For how long a browser comes over https alone, in seconds.
const FOR_A_YEAR: &str = "max-age=31536000";

/// Stands before `others`.
pub(crate) fn before<I, S>(
    others: I,
    app: web::Data<AppState>,
    recorder: WorkerRecorder,
) -> impl ServiceFactory<
    Request,
    Config = AppConfig,
    Response = Response<BoxBody>,
    Error = Error,
    InitError = S::InitError,
    Service: 'static,
> + 'static
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<Request, Config = AppConfig, Error = Error> + 'static,
    S::Response: Into<Response<BoxBody>>,
    S::Service: 'static,
{
    apply_fn_factory(others, move |mut request: Request, others: &S::Service| {
        let https = app.is_https();
        let answered = if request.head().headers().contains_key(REFUSED) {
            let refused = refuse(request.head(), &app);
            Either::Left(Either::Left(ready(Ok(refused.into()))))
        } else if is_of_another_host(request.head(), &app) {
            let refused = misdirected(request.head(), &app);
            Either::Left(Either::Left(ready(Ok(refused.into()))))
        } else {
            match code::asked(request.path()) {
                Some(Asked::Link(code)) => {
                    let (app, recorder) = (app.clone(), recorder.clone());
                    let answered =
                        async move { Ok(redirect::answer(request, code, &app, &recorder).await.into()) };
                    Either::Left(Either::Right(answered))
                }
                asked => {
                    if let Some(Asked::Receipt(code)) = asked {
                        code::lead_to_receipt(request.head_mut(), &code);
                    }
                    let answered = others.call(request);
                    Either::Right(async move { answered.await.map(Into::into) })
                }
            }
        };
        answered.map_ok(move |answer| seal(answer, https))
    })
}

/// Adds what holds of every answer: no browser guesses another media type, and one that has come over https comes again so.
fn seal(mut answer: Response<BoxBody>, https: bool) -> Response<BoxBody> {
    let headers = answer.headers_mut();
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if https {
        headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(FOR_A_YEAR));
    }
    answer
}

/// Whether a request is for a host that is not this machine, and the service is for this machine alone. Whoever looks
/// whether it is alive may ask by any name.
fn is_of_another_host(head: &RequestHead, app: &AppState) -> bool {
    app.is_for_this_machine()
        && !request::is_for_local_host(head)
        && !matches!(head.uri.path(), "/healthz" | "/readyz")
}

fn misdirected(head: &RequestHead, app: &AppState) -> HttpResponse {
    let started = Instant::now();
    let refused = finish::problem(head, &Problem::Misdirected);
    finish::tell(app, "", refused.status(), started);
    refused
}

/// Answers a request that came with a `Transfer-Encoding`. Its connection ends with the answer.
fn refuse(head: &RequestHead, app: &AppState) -> HttpResponse {
    let started = Instant::now();
    let mut refused = finish::problem(head, &Problem::LengthRequired);
    refused.head_mut().set_connection_type(ConnectionType::Close);
    finish::tell(app, "", refused.status(), started);
    refused
}
