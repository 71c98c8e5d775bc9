//! The cookies that a request carries.

use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::{Payload, RequestHead};
use actix_web::http::header::{COOKIE, HeaderValue};
use actix_web::{FromRequest, HttpRequest};

/// The cookie headers of a request.
pub(crate) struct Cookies(Vec<HeaderValue>);

impl Cookies {
    /// Takes the cookie headers of a request.
    pub(crate) fn new(head: &RequestHead) -> Self {
        Self(head.headers().get_all(&COOKIE).cloned().collect())
    }

    /// Returns the value of a cookie that occurs once. If a cookie occurs twice, another site of the same domain may have
    /// set one of the two, so neither is believed.
    pub(crate) fn only(&self, name: &str) -> Option<&str> {
        let pairs = self.0.iter().flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
        let mut values = pairs.filter_map(|pair| {
            pair.trim_ascii().strip_prefix(name.as_bytes())?.trim_ascii_start().strip_prefix(b"=")
        });
        match (values.next(), values.next()) {
            (Some(value), None) => str::from_utf8(value.trim_ascii()).ok().filter(|value| !value.is_empty()),
            _ => None,
        }
    }
}

impl FromRequest for Cookies {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::new(request.head())))
    }
}
