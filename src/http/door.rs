//! The door: a click goes its own way from here, and everything else to the web framework's routes.
//!
//! Routes, layers and extractors cost as much as all that a click needs; it needs none of them.

use actix_http::{Request, Response};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, apply_fn_factory};
use actix_web::body::BoxBody;
use actix_web::dev::AppConfig;
use actix_web::{Error, web};
use futures_util::future::Either;

use super::{AppState, redirect};
use crate::service::recorder::WorkerRecorder;

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
    apply_fn_factory(others, move |request: Request, others: &S::Service| {
        if let Some(code) = redirect::code_in(request.path()) {
            let (app, recorder) = (app.clone(), recorder.clone());
            Either::Left(async move { Ok(redirect::answer(request, code, &app, &recorder).await.into()) })
        } else {
            let answered = others.call(request);
            Either::Right(async move { answered.await.map(Into::into) })
        }
    })
}
