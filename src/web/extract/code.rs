//! Which link a path asks for, as chats and people deliver addresses: with a full stop from the sentence around it, in the
//! markup of a chat, with a slash too many.

use actix_web::dev::RequestHead;
use actix_web::http::Uri;

use crate::domain::code::Code;

/// What a path of one segment asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The link, to follow it.
    Link(Code),
    /// The link's receipt.
    Receipt(Code),
}

/// Returns what a path asks for, if it is one segment that begins with a code. Neither a second slash before the segment
/// nor one behind it matters.
pub(crate) fn asked(path: &str) -> Option<Asked> {
    let segment = path.strip_prefix('/')?;
    let segment = segment.strip_prefix('/').unwrap_or(segment);
    let (code, rest) = Code::split_from(segment)?;
    if rest.is_empty() {
        return Some(Asked::Link(code));
    }
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    if rest.contains('/') {
        return None;
    }
    let is_receipt =
        rest.starts_with('+') || rest.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("%2B"));
    Some(if is_receipt { Asked::Receipt(code) } else { Asked::Link(code) })
}

/// The code of a link that a path asks to follow.
pub(crate) fn link_in(path: &str) -> Option<Code> {
    match asked(path)? {
        Asked::Link(code) => Some(code),
        Asked::Receipt(_) => None,
    }
}

/// Gives a request for a receipt the address that receipts have.
pub(crate) fn lead_to_receipt(head: &mut RequestHead, code: &Code) {
    let query = head.uri.query().map(|query| format!("?{query}")).unwrap_or_default();
    if let Ok(uri) = Uri::try_from(format!("/{code}+{query}")) {
        head.uri = uri;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_found_in_whatever_a_chat_makes_of_its_address() {
        let link = Some(Asked::Link(Code::parse("aB-_9").expect("a code")));
        for path in [
            "/aB-_9",
            "/aB-_9/",
            "//aB-_9",
            "//aB-_9/",
            "/aB-_9.",
            "/aB-_9,",
            "/aB-_9)",
            "/aB-_9!",
            "/aB-_9*",
            "/aB-_9./",
            "/aB-_9%22",
            "/aB-_9%3E",
            "/aB-_9%60",
            "/aB-_9%20",
            "/aB-_9%E2%80%A6",
            "/aB-_9%E2%80%8B",
            "/aB-_9%2F",
            "/aB-_9&utm_source=soup",
            "/aB-_9é",
        ] {
            assert_eq!(asked(path), link, "{path}");
        }
        let receipt = Some(Asked::Receipt(Code::parse("aB-_9").expect("a code")));
        for path in ["/aB-_9+", "/aB-_9%2B", "/aB-_9%2b", "/aB-_9+/", "//aB-_9+", "/aB-_9+.", "/aB-_9%2B)"] {
            assert_eq!(asked(path), receipt, "{path}");
        }
        for path in [
            "",
            "/",
            "//",
            "/.",
            "/%61",
            "/+",
            "///abc",
            "/abc/def",
            "/abc//",
            "/abc./x",
            "/stats",
            "/stats.",
            "/share.js",
            "abc",
        ] {
            assert_eq!(asked(path), None, "{path}");
        }
    }
}
