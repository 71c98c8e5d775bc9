//! An owner who is signed in. A handler that takes one cannot be called by anybody else.

use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest};

use crate::web::extract::signed_in::{Extraction, SignedIn, signed_in};
use crate::web::response::problem::Problem;

/// An owner who is signed in. Only a session of an owner, or of the site's secret key, makes one.
pub(crate) struct Owner(SignedIn);

impl Owner {
    /// Returns what a handler does not need an owner for.
    pub(crate) fn into_signed_in(self) -> SignedIn {
        self.0
    }
}

impl TryFrom<SignedIn> for Owner {
    type Error = Problem;

    fn try_from(signed_in: SignedIn) -> Result<Self, Problem> {
        if signed_in.viewer.may_manage() { Ok(Self(signed_in)) } else { Err(Problem::OwnerNeeded) }
    }
}

impl Deref for Owner {
    type Target = SignedIn;

    fn deref(&self) -> &SignedIn {
        &self.0
    }
}

impl FromRequest for Owner {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { signed_in(&request).await?.try_into() })
    }
}
