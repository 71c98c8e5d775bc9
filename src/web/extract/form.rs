//! Forms of the service's own pages: from anybody, from somebody who is signed in, and from an owner.
//!
//! Each is checked before it is read: which page sends it, who is signed in, and what the form carries.

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};

use crate::web::extract::owner::Owner;
use crate::web::extract::signed_in::{Extraction, SignedIn, signed_in, state};
use crate::web::extract::{body, csrf, request};
use crate::web::response::problem::Problem;

/// The fields of a form in their order; some may occur several times.
pub(crate) struct FormFields(Vec<(String, String)>);

impl FormFields {
    /// Reads the body of a request.
    pub(crate) async fn read(request: &HttpRequest, mut payload: Payload) -> Result<Self, Problem> {
        let payload = web::Payload::from_request(request, &mut payload).await;
        let payload = payload.map_err(|_| Problem::BadRequest)?;
        Ok(Self(body::form_fields(request, payload).await?))
    }

    /// Returns every character of a field. If a field occurs several times, the last counts.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
    }

    /// Returns a field without the spaces around it, or an empty text if it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).map_or("", str::trim)
    }

    /// Returns every character of a password, which may be left empty.
    pub(crate) fn password(&self, name: &str) -> Option<&str> {
        self.raw(name).filter(|text| !text.is_empty())
    }

    /// Returns every field as it came.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

/// A form that a page of the service has.
pub(crate) trait FromForm: Sized + 'static {
    /// Takes the fields of the form, or refuses a value that the page does not offer.
    fn from_form(fields: &FormFields) -> Result<Self, Problem>;
}

/// The form of a button: all of it is in the address.
impl FromForm for () {
    fn from_form(_: &FormFields) -> Result<Self, Problem> {
        Ok(())
    }
}

/// A request without a body that a page of the service has sent.
pub(crate) struct FromOwnPage(());

impl FromRequest for FromOwnPage {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let checked = request::refuse_foreign_form(request.head(), &state(request).public_url);
        std::future::ready(checked.map(Self))
    }
}

/// A form that anybody may send from a page of the service.
pub(crate) struct OwnForm<T>(pub(crate) T);

impl<T: FromForm> FromRequest for OwnForm<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            request::refuse_foreign_form(request.head(), &state(&request).public_url)?;
            T::from_form(&FormFields::read(&request, payload).await?).map(Self)
        })
    }
}

/// A form that somebody who is signed in sends from a page of the same session.
pub(crate) struct SignedInForm<T> {
    pub(crate) signed_in: SignedIn,
    pub(crate) form: T,
}

impl<T: FromForm> FromRequest for SignedInForm<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (signed_in, fields) = signed_in_fields(&request, payload).await?;
            Ok(Self { signed_in, form: T::from_form(&fields)? })
        })
    }
}

/// A form that an owner sends from a page of the same session.
pub(crate) struct OwnerForm<T> {
    pub(crate) owner: Owner,
    pub(crate) form: T,
}

impl<T: FromForm> FromRequest for OwnerForm<T> {
    type Error = Problem;
    type Future = Extraction<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let (signed_in, fields) = signed_in_fields(&request, payload).await?;
            Ok(Self { owner: signed_in.try_into()?, form: T::from_form(&fields)? })
        })
    }
}

/// Reads a form that somebody who is signed in sends from a page of theirs.
async fn signed_in_fields(
    request: &HttpRequest,
    payload: Payload,
) -> Result<(SignedIn, FormFields), Problem> {
    request::refuse_foreign_form(request.head(), &state(request).public_url)?;
    let signed_in = signed_in(request).await?;
    let fields = FormFields::read(request, payload).await?;
    csrf::refuse_stale(signed_in.token(), fields.raw(csrf::FIELD).unwrap_or_default())?;
    Ok((signed_in, fields))
}
