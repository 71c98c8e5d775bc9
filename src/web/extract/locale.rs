//! Which language the reader of a page wants: the one that its address names (`?lang=fr`), else the one that the browser
//! asks for, else English. Nothing of that is stored.

use actix_web::dev::RequestHead;
use actix_web::http::header::ACCEPT_LANGUAGE;
use url::form_urlencoded;

use crate::i18n::Language;
use crate::web::extract::request::header;

/// The parameter of an address that names the language.
pub(crate) const PARAMETER: &str = "lang";

/// The language for a reader.
pub(crate) fn wanted(head: &RequestHead) -> Language {
    let chosen = head.uri.query().and_then(chosen);
    chosen.or_else(|| accepted(header(head, &ACCEPT_LANGUAGE)?)).unwrap_or(Language::ALL[0])
}

/// The language that a page's address names, if it does.
pub(crate) fn chosen(query: &str) -> Option<Language> {
    let mut query = form_urlencoded::parse(query.as_bytes());
    let (_, tag) = query.find(|(name, _)| name == PARAMETER)?;
    tag.parse().ok()
}

/// The one of an `Accept-Language` that is wanted most (RFC 9110, 12.5.4); of equals the first.
fn accepted(header: &str) -> Option<Language> {
    let mut best: Option<(f32, Language)> = None;
    for range in header.split(',').take(32) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let primary = tag.trim().split('-').next().unwrap_or_default();
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse().ok());
        let language = Language::ALL.into_iter().find(|language| {
            primary.eq_ignore_ascii_case(language.tag()) || (primary == "*" && *language == Language::ALL[0])
        });
        let (Some(weight), Some(language)) = (weight, language) else { continue };
        if weight > best.map_or(0.0, |(best, _)| best) {
            best = Some((weight, language));
        }
    }
    best.map(|(_, language)| language)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language::{English, French};

    #[test]
    fn the_language_is_the_one_that_is_wanted_most() {
        let cases = [
            ("fr-FR,fr;q=0.9,en;q=0.8", Some(French)),
            ("en-GB,en;q=0.9,fr;q=0.8", Some(English)),
            ("de-CH, fr;q=0.7, en;q=0.3", Some(French)),
            ("de, *;q=0.5", Some(English)),
            ("FR", Some(French)),
            ("de", None),
            ("fr;q=0, en;q=0.1", Some(English)),
            ("fr;q=oh", None),
            ("", None),
        ];
        for (header, language) in cases {
            assert_eq!(accepted(header), language, "{header}");
        }
        assert_eq!(chosen("from=1&lang=fr"), Some(French));
        assert_eq!((chosen("lang=xx"), chosen("")), (None, None));
    }
}
