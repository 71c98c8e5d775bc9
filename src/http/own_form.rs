//! Forms of the signed-in: taken only from the service's own pages, and only from those of the same session.
//!
//! Two locks, either of which holds alone. The browser says which page sends the form (`Sec-Fetch-Site`, `Origin`), and
//! the form has to carry a text that only pages of this session have. Besides, the session's cookie is `SameSite=Lax`, so
//! that a form of another site is sent without it.

use actix_web::{HttpRequest, web};
use subtle::ConstantTimeEq;

use super::error::Problem;
use super::sign_in::{SignedIn, signed_in};
use super::{AppState, body, request};
use crate::domain::site::KeyHash;

/// The field that carries it.
pub(super) const FIELD: &str = "form_token";

/// A form's fields, and who sent it.
pub(super) struct OwnForm {
    pub(super) signed_in: SignedIn,
    fields: Vec<(String, String)>,
}

impl OwnForm {
    /// A field, without spaces around it; nothing where it is missing.
    pub(super) fn text(&self, name: &str) -> &str {
        last(&self.fields, name).map_or("", str::trim)
    }

    /// A password, every character of it, that may be left empty.
    pub(super) fn password(&self, name: &str) -> Option<&str> {
        last(&self.fields, name).filter(|text| !text.is_empty())
    }

    /// Every field as it came; some may stand several times.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

/// Of a field that stands several times, the last.
fn last<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
}

/// What the forms of a session carry. Nobody can tell the session's token from it.
pub(super) fn token_of(session_token: &str) -> String {
    KeyHash::of(&format!("form v1 {session_token}")).to_hex()
}

/// Reads a form that somebody who is signed in sends from a page of theirs.
pub(super) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    app: &AppState,
) -> Result<OwnForm, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let signed_in = signed_in(request, app).await?;
    let fields = body::form_fields(request, payload).await?;
    let sent = last(&fields, FIELD).unwrap_or_default();
    if !bool::from(sent.as_bytes().ct_eq(signed_in.form_token.as_bytes())) {
        return Err(Problem::stale_form());
    }
    Ok(OwnForm { signed_in, fields })
}

/// The same for what only an owner may do.
pub(super) async fn of_owner(
    request: &HttpRequest,
    payload: web::Payload,
    app: &AppState,
) -> Result<OwnForm, Problem> {
    let form = read(request, payload, app).await?;
    form.signed_in.owner()?;
    Ok(form)
}
