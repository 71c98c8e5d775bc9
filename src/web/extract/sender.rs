//! Facts about the sender of a request that pages need: the network, the device, and the last event that it has seen.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::header::HeaderName;
use actix_web::{FromRequest, HttpRequest};

use crate::domain::device::Device;
use crate::domain::visitor::Network;
use crate::web::extract::request;
use crate::web::extract::signed_in::state;
use crate::web::response::html;
use crate::web::response::page::Page;

static LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// The network that a request comes from, which limits count.
pub(crate) struct SenderNetwork(pub(crate) Network);

impl FromRequest for SenderNetwork {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request::network(request.head(), state(request).trusted_proxies()))))
    }
}

/// The kind of device that a request comes from.
pub(crate) struct SenderDevice(pub(crate) Device);

impl FromRequest for SenderDevice {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(Device::of(request::user_agent(request.head())))))
    }
}

/// The last event that a browser has received when it connects to a stream again.
pub(crate) struct LastEventId(pub(crate) Option<String>);

impl FromRequest for LastEventId {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request::header(request.head(), &LAST_EVENT_ID).map(str::to_owned))))
    }
}

/// A page that answers the request: in its language and at its address.
impl FromRequest for Page {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(html::of(request.head())))
    }
}
