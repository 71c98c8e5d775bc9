//! The parts of a request's address that pages read: the query, and the segment that names what the page is about.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};
use url::form_urlencoded;

use crate::web::extract::body;
use crate::web::response::problem::Problem;

/// The query of a request's address, without its `?`.
pub(crate) struct QueryString(String);

impl QueryString {
    /// Returns the text of the query.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the parameters in their order.
    pub(crate) fn pairs(&self) -> form_urlencoded::Parse<'_> {
        form_urlencoded::parse(self.0.as_bytes())
    }

    /// Returns the parameters by name. If one occurs several times, the last counts.
    pub(crate) fn fields(&self) -> BTreeMap<String, String> {
        self.pairs().into_owned().collect()
    }

    /// Returns the parameters by name, and refuses any that is not `known`.
    pub(crate) fn known_fields(&self, known: &[&str]) -> Result<BTreeMap<String, String>, Problem> {
        body::known_fields(&self.0, known)
    }
}

impl FromRequest for QueryString {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(request.query_string().to_owned())))
    }
}

/// The one variable segment of a route's pattern, such as a code, as the router delivers it.
pub(crate) struct PathSegment(String);

impl PathSegment {
    /// Returns the text of the segment.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Takes the segment from a request whose route has exactly one variable.
    pub(crate) fn new(request: &HttpRequest) -> Self {
        let segment = request.match_info().iter().next();
        Self(segment.map(|(_, segment)| segment.to_owned()).unwrap_or_default())
    }
}

impl FromRequest for PathSegment {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::new(request)))
    }
}
