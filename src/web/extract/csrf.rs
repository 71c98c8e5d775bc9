//! Forms of the signed-in: taken only from the service's own pages, and only from those of the same session.
//!
//! Two locks, either of which holds alone. The browser says which page sends the form (`Sec-Fetch-Site`, `Origin`), and
//! the form has to carry a text that only pages of this session have. Besides, the session's cookie is `SameSite=Lax`, so
//! that a form of another site is sent without it.
//!
//! Each page has another text. Pages are compressed and repeat words of their address, so the length of a page whose text
//! stayed the same would tell who listens how much of it they have guessed (BREACH, <https://www.breachattack.com>).

use actix_web::{HttpRequest, web};
use subtle::ConstantTimeEq;

use crate::domain::site::KeyHash;
use crate::web::AppState;
use crate::web::dashboard::sign_in::{SignedIn, signed_in};
use crate::web::extract::{body, request};
use crate::web::response::problem::Problem;

/// The field that carries it.
pub(crate) const FIELD: &str = "form_token";

/// A form's fields, and who sent it.
pub(crate) struct OwnForm {
    pub(crate) signed_in: SignedIn,
    fields: Vec<(String, String)>,
}

impl OwnForm {
    /// A field, without spaces around it; nothing where it is missing.
    pub(crate) fn text(&self, name: &str) -> &str {
        last(&self.fields, name).map_or("", str::trim)
    }

    /// A password, every character of it, that may be left empty.
    pub(crate) fn password(&self, name: &str) -> Option<&str> {
        last(&self.fields, name).filter(|text| !text.is_empty())
    }

    /// Every field as it came; some may stand several times.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.fields.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

/// Of a field that stands several times, the last.
fn last<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().rev().find(|(known, _)| known == name).map(|(_, text)| text.as_str())
}

/// Makes the texts that the forms of one session carry, and knows them again. Nobody can tell the session's token from
/// one, or make another.
pub(crate) struct FormLock(String);

/// 64^16 is 2^96: no two pages have the same.
const SALT: usize = 16;

impl FormLock {
    /// For the session of this token.
    pub(crate) fn of(session_token: &str) -> Self {
        Self(session_token.to_owned())
    }

    /// The text for the forms of one page.
    pub(crate) fn text(&self) -> String {
        self.salted(&nanoid::nanoid!(SALT))
    }

    fn salted(&self, salt: &str) -> String {
        format!("{salt}{}", KeyHash::of(&format!("form v2 {salt} {}", self.0)).to_hex())
    }

    fn opens_for(&self, sent: &str) -> bool {
        let made = sent.get(..SALT).map(|salt| self.salted(salt));
        made.is_some_and(|made| sent.as_bytes().ct_eq(made.as_bytes()).into())
    }
}

/// Reads a form that somebody who is signed in sends from a page of theirs.
pub(crate) async fn read(
    request: &HttpRequest,
    payload: web::Payload,
    app: &AppState,
) -> Result<OwnForm, Problem> {
    request::refuse_foreign_form(request.head(), &app.public_url)?;
    let signed_in = signed_in(request, app).await?;
    let fields = body::form_fields(request, payload).await?;
    let sent = last(&fields, FIELD).unwrap_or_default();
    if !signed_in.form_lock.opens_for(sent) {
        return Err(Problem::StaleForm);
    }
    Ok(OwnForm { signed_in, fields })
}

/// The same for what only an owner may do.
pub(crate) async fn of_owner(
    request: &HttpRequest,
    payload: web::Payload,
    app: &AppState,
) -> Result<OwnForm, Problem> {
    let form = read(request, payload, app).await?;
    form.signed_in.owner()?;
    Ok(form)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_has_another_text_and_the_lock_opens_for_all_of_its_session_only() {
        let (lock, other) = (FormLock::of("one session"), FormLock::of("another"));
        let texts = [lock.text(), lock.text()];
        assert_ne!(texts[0], texts[1]);
        assert!(texts.iter().all(|text| lock.opens_for(text) && !other.opens_for(text)));
        let [first, second] = texts;
        let mixed = format!("{}{}", &first[..SALT], &second[SALT..]);
        for wrong in ["", "short", "sixteen letters!", "sixteen letter\u{e9}s", &first[1..], &mixed] {
            assert!(!lock.opens_for(wrong), "{wrong}");
        }
    }
}
