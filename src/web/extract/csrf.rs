//! Forms of the signed-in: taken only from the service's own pages, and only from those of the same session.
//!
//! Two locks, either of which holds alone. The browser says which page sends the form (`Sec-Fetch-Site`, `Origin`), and
//! the form has to carry a text that only pages of this session have. Besides, the session's cookie is `SameSite=Lax`, so
//! that a form of another site is sent without it.
//!
//! Each page has another text. Pages are compressed and repeat words of their address, so the length of a page whose text
//! stayed the same would tell who listens how much of it they have guessed (BREACH, <https://www.breachattack.com>).

use subtle::ConstantTimeEq;

use crate::domain::site::KeyHash;
use crate::web::response::problem::Problem;

/// The field that carries it.
pub(crate) const FIELD: &str = "form_token";

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

/// Refuses a form that does not come from a page of the session with this token.
pub(crate) fn refuse_stale(session_token: &str, sent: &str) -> Result<(), Problem> {
    if FormLock::of(session_token).opens_for(sent) { Ok(()) } else { Err(Problem::StaleForm) }
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
