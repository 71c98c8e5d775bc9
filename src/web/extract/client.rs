//! The client of a request, for handlers that respond by what its headers and its address say.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::{Payload, RequestHead};
use actix_web::{FromRequest, HttpRequest};

/// What a client sent, without the body.
pub(crate) struct Client(HttpRequest);

impl Client {
    /// Returns the request's first line and headers, as the functions of [`request`](crate::web::extract::request) and
    /// those that the fast path shares read them.
    pub(crate) fn head(&self) -> &RequestHead {
        self.0.head()
    }

    /// Returns a named segment of the path, as the router has it; empty where the route has none of this name.
    pub(crate) fn segment(&self, name: &str) -> &str {
        self.0.match_info().query(name)
    }
}

impl FromRequest for Client {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.clone())))
    }
}
