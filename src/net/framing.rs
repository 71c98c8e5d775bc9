//! Framing: where requests begin and end in a connection's bytes, so that none with a
//! `Transfer-Encoding` reaches the web framework's own reading of bodies.
//!
//! That reading takes ends of chunks that a proxy in front does not take, so that the two disagree about
//! where the next request begins: a way to smuggle one in. Here a request's head is looked at before the
//! framework has its last line. Where it names `Transfer-Encoding`, that line becomes [`REFUSED`], and of
//! what follows the head nothing is passed on any more. So the framework sees one request without a body,
//! which the door answers with 411, and then the end of the connection.
//!
//! It promises to find the same ends as the framework: a line ends with LF, a head with an empty line, and
//! a body has as many bytes as `Content-Length` says. What the framework refuses (a folded line, a space
//! before a colon, a lone CR, two lengths) ends the connection there, so it may be taken either way here.

use memchr::memchr;

use crate::web::visitor::fast_path::REFUSED;

const ENCODING: &[u8] = b"transfer-encoding";
const LENGTH: &[u8] = b"content-length";
/// The longest beginning of a line that can not be judged yet.
const HELD: usize = ENCODING.len();

/// Follows the requests of one connection.
#[derive(Debug)]
pub(super) struct Framing {
    place: Place,
    /// The length of the body that the present head tells of.
    length: u64,
    /// Whether the present head names `Transfer-Encoding`.
    refused: bool,
    /// The beginning of a line that is not passed on yet.
    held: [u8; HELD],
    held_bytes: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Before a request: empty lines may stand there.
    Before,
    /// At the beginning of a header's line.
    Line,
    /// Anywhere in a line that does not matter.
    Rest,
    /// In the value of `Content-Length`.
    Length(Number),
    /// In the value of `Transfer-Encoding`. Only the end of the line is passed on.
    Value,
    /// In a line that continues that value.
    Fold,
    /// In a body that still lacks this many bytes.
    Body(u64),
    /// Behind the head of a refused request.
    Closed,
}

/// A number whose last digits have not come yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Number {
    Before,
    Digits(u64),
    Behind(u64),
    /// No number; the framework refuses the request.
    Wrong,
}

impl Number {
    fn and(self, byte: u8) -> Self {
        match (self, byte) {
            (Self::Before, b' ' | b'\t') => self,
            (Self::Before, b'0'..=b'9') => Self::Digits(u64::from(byte - b'0')),
            (Self::Digits(number), b'0'..=b'9') => {
                let longer =
                    number.checked_mul(10).and_then(|number| number.checked_add(u64::from(byte - b'0')));
                longer.map_or(Self::Wrong, Self::Digits)
            }
            (Self::Digits(number) | Self::Behind(number), b' ' | b'\t' | b'\r') => Self::Behind(number),
            _ => Self::Wrong,
        }
    }

    fn of(self, bytes: &[u8]) -> Self {
        bytes.iter().fold(self, |number, byte| number.and(*byte))
    }

    fn value(self) -> u64 {
        match self {
            Self::Digits(number) | Self::Behind(number) => number,
            Self::Before | Self::Wrong => 0,
        }
    }
}

impl Framing {
    pub(super) fn new() -> Self {
        Self { place: Place::Before, length: 0, refused: false, held: [0; HELD], held_bytes: 0 }
    }

    /// Whether a request was refused: nothing is passed on any more.
    pub(super) fn is_closed(&self) -> bool {
        self.place == Place::Closed
    }

    /// Returns what was held back; it stands in front of what comes next.
    pub(super) fn held(&self) -> &[u8] {
        &self.held[..self.held_bytes]
    }

    /// Follows what has come, behind what was held back, and returns how many bytes of it are passed on:
    /// they stand at the beginning then.
    pub(super) fn follow(&mut self, bytes: &mut [u8]) -> usize {
        self.held_bytes = 0;
        // What was read, and what of it is passed on. They differ only behind what was taken out.
        let (mut read, mut passed) = (0, 0);
        while read < bytes.len() {
            let begin = read;
            // How much of `begin..read` is passed on.
            let kept = match self.place {
                Place::Closed => return passed,
                Place::Body(missing) => {
                    let there = bytes.len() - read;
                    let taken = usize::try_from(missing).map_or(there, |missing| missing.min(there));
                    read += taken;
                    let missing = missing - taken as u64;
                    self.place = if missing == 0 { Place::Before } else { Place::Body(missing) };
                    taken
                }
                Place::Before => {
                    if matches!(bytes[read], b'\r' | b'\n') {
                        read += 1;
                    } else {
                        self.place = Place::Rest;
                    }
                    read - begin
                }
                Place::Line => {
                    let rest = &mut bytes[read..];
                    let Some(judged) = self.judge(rest) else {
                        self.held_bytes = rest.len();
                        self.held[..rest.len()].copy_from_slice(rest);
                        return passed;
                    };
                    read += judged.read;
                    judged.passed
                }
                Place::Rest | Place::Length(_) | Place::Value | Place::Fold => {
                    let end = memchr(b'\n', &bytes[read..]);
                    read = end.map_or(bytes.len(), |end| read + end);
                    if let Place::Length(number) = self.place {
                        self.place = Place::Length(number.of(&bytes[begin..read]));
                    }
                    let dropped = matches!(self.place, Place::Value | Place::Fold);
                    let mut kept = if dropped { 0 } else { read - begin };
                    if end.is_some() {
                        if self.place == Place::Value {
                            bytes[begin] = b'\n';
                        }
                        kept += usize::from(self.place != Place::Fold);
                        read += 1;
                        if let Place::Length(number) = self.place {
                            self.length = number.value();
                        }
                        self.place = Place::Line;
                    }
                    kept
                }
            };
            if passed < begin {
                bytes.copy_within(begin..begin + kept, passed);
            }
            passed += kept;
        }
        passed
    }

    /// Judges the line that begins here, as far as its name or its end. `None`: it is not there yet.
    fn judge(&mut self, rest: &mut [u8]) -> Option<Judged> {
        match rest {
            [b'\n', ..] => Some(self.end_of_head(1)),
            [b'\r', b'\n', ..] => Some(self.end_of_head(2)),
            [b'\r'] => None,
            [b' ' | b'\t', ..] if self.refused => {
                self.place = Place::Fold;
                Some(Judged { read: 0, passed: 0 })
            }
            [b't' | b'T', ..] if is_named(rest, ENCODING)? => {
                self.refused = true;
                let name = ENCODING.len();
                // Behind a name alone there is no room for the colon; the framework refuses that line.
                if rest[name] == b'\n' {
                    return Some(self.rest());
                }
                rest[..name].copy_from_slice(REFUSED.as_str().as_bytes());
                // Where the line ends right here, its LF is still to come.
                self.place = Place::Value;
                rest[name] = b':';
                Some(Judged { read: name + 1, passed: name + 1 })
            }
            [b'c' | b'C', ..] if is_named(rest, LENGTH)? && rest[LENGTH.len()] == b':' => {
                self.place = Place::Length(Number::Before);
                Some(Judged { read: LENGTH.len() + 1, passed: LENGTH.len() + 1 })
            }
            _ => Some(self.rest()),
        }
    }

    fn rest(&mut self) -> Judged {
        self.place = Place::Rest;
        Judged { read: 0, passed: 0 }
    }

    fn end_of_head(&mut self, bytes: usize) -> Judged {
        let length = std::mem::take(&mut self.length);
        self.place = match length {
            _ if self.refused => Place::Closed,
            0 => Place::Before,
            length => Place::Body(length),
        };
        Judged { read: bytes, passed: bytes }
    }
}

/// How many bytes were judged, and how many of them are passed on.
struct Judged {
    read: usize,
    passed: usize,
}

/// Whether a line has this name, written in any way, and something behind it that ends a name. `None`:
/// that is not there yet.
fn is_named(line: &[u8], name: &[u8]) -> Option<bool> {
    let there = line.len().min(name.len());
    if !line[..there].eq_ignore_ascii_case(&name[..there]) {
        return Some(false);
    }
    line.get(name.len()).map(|next| !is_token(*next))
}

/// Whether a byte can stand in a header's name.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is passed on of a connection whose bytes come in pieces of these sizes.
    fn passed(bytes: &[u8], sizes: &[usize]) -> (Vec<u8>, bool) {
        let mut framing = Framing::new();
        let (mut passed, mut rest) = (Vec::new(), bytes);
        let mut sizes = sizes.iter().copied().chain(std::iter::repeat(usize::MAX));
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(sizes.next().unwrap_or(1).clamp(1, rest.len()));
            let mut buffer = [framing.held(), piece].concat();
            let kept = framing.follow(&mut buffer);
            passed.extend_from_slice(&buffer[..kept]);
            rest = behind;
        }
        passed.extend_from_slice(framing.held());
        (passed, framing.is_closed())
    }

    fn whole(text: &str) -> (String, bool) {
        let (bytes, closed) = passed(text.as_bytes(), &[]);
        (String::from_utf8(bytes).unwrap(), closed)
    }

    #[test]
    fn a_transfer_encoding_in_any_spelling_is_taken_out_and_nothing_follows_it() {
        let behind = "0\r\n\n\r\nGET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";
        for line in [
            "Transfer-Encoding: chunked\r\n",
            "transfer-encoding:chunked\r\n",
            "TRANSFER-ENCODING:\t chunked \r\n",
            "tRaNsFeR-eNcOdInG: identity\n",
            "Transfer-Encoding:\r\n",
            "Transfer-Encoding:\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding\t: chunked\r\n",
            "Transfer-Encoding\r\n",
            "Transfer-Encoding:\r\n chunked\r\n",
            "Transfer-Encoding: \r\n\tchun\r\n ked\r\n",
            "Transfer-Encoding: \u{b}chunked\r\n",
        ] {
            let sent = format!("POST / HTTP/1.1\r\nHost: x\r\n{line}Accept: */*\r\n\r\n{behind}");
            let (got, closed) = whole(&sent);
            let expected = "POST / HTTP/1.1\r\nHost: x\r\nx-framing-refused:\nAccept: */*\r\n\r\n";
            assert_eq!((got.as_str(), closed), (expected, true), "{line:?}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_passed_on() {
        for text in [
            "GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding-2: chunked\r\n\r\nGET / HTTP/1.1\r\n\r\n",
            "GET / HTTP/1.1\r\nTE: chunked\r\nTransfer: x\r\nTransfer_Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 30\r\n\r\nx\r\nTransfer-Encoding: chunked\r\n",
            "POST / HTTP/1.1\r\nX: Transfer-Encoding: chunked\r\n\r\n",
        ] {
            assert_eq!(whole(text), (text.to_owned(), false));
        }
    }

    #[test]
    fn it_is_found_behind_bodies_and_empty_lines() {
        for before in [
            "GET / HTTP/1.1\r\n\r\n",
            "\r\n\r\n\nGET / HTTP/1.1\n\n",
            "POST / HTTP/1.1\r\ncontent-length: 005 \r\n\r\n\r\n\r\nx",
            "POST / HTTP/1.1\r\nContent-Length:5\nContent-Length-2: 9\n\n\n\nabc",
            "POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n",
        ] {
            let sent =
                format!("{before}GET / HTTP/1.1\r\nTransfer-Encoding: x\r\n\r\nGET / HTTP/1.1\r\n\r\n");
            let expected = format!("{before}GET / HTTP/1.1\r\nx-framing-refused:\n\r\n");
            assert_eq!(whole(&sent), (expected, true), "{before:?}");
        }
    }

    /// One request, as its head's lines and its body.
    fn request() -> impl Strategy<Value = (Vec<u8>, bool)> {
        let line = prop_oneof![
            8 => "[A-Za-z-]{1,20}: [ -~]{0,30}".prop_filter("no framing", |line| {
                let line = line.to_ascii_lowercase();
                !line.starts_with("transfer-encoding:") && !line.starts_with("content-length:")
            }),
            1 => "[Tt]ransfer-[Ee]ncoding:[ \t]{0,2}(chunked|identity|)",
            1 => "(Transfer-Encodin|Transfer-Encoding-|Content-Lengt|Content-Length-): 7",
        ];
        let breaks = prop_oneof![Just("\r\n"), Just("\n")];
        let head = proptest::collection::vec((line, breaks.clone()), 0..6);
        let body = proptest::option::of(proptest::collection::vec(
            prop_oneof![Just(b'\n'), Just(b'\r'), Just(b't'), any::<u8>()],
            0..40,
        ));
        (head, body, breaks).prop_map(|(lines, body, last)| {
            let mut bytes = format!("POST /a HTTP/1.1{last}").into_bytes();
            for (line, end) in &lines {
                bytes.extend_from_slice(format!("{line}{end}").as_bytes());
            }
            if let Some(body) = &body {
                bytes.extend_from_slice(format!("Content-Length: {}{last}", body.len()).as_bytes());
            }
            bytes.extend_from_slice(last.as_bytes());
            bytes.extend(body.unwrap_or_default());
            let refused =
                lines.iter().any(|(line, _)| line.to_ascii_lowercase().starts_with("transfer-encoding:"));
            (bytes, refused)
        })
    }

    proptest! {
        #[test]
        fn requests_without_one_are_passed_on_to_the_byte_and_the_first_with_one_is_the_last(
            requests in proptest::collection::vec(request(), 1..5),
            sizes in proptest::collection::vec(1..40_usize, 0..60),
        ) {
            let all: Vec<u8> = requests.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
            let good: Vec<u8> =
                requests.iter().take_while(|(_, refused)| !refused).flat_map(|(bytes, _)| bytes.clone()).collect();
            let (got, closed) = passed(&all, &sizes);
            prop_assert_eq!(closed, requests.iter().any(|(_, refused)| *refused));
            prop_assert_eq!(&got[..good.len()], &good[..]);
            let last = String::from_utf8_lossy(&got[good.len()..]).to_ascii_lowercase();
            if closed {
                prop_assert!(!last.contains("\ntransfer-encoding:") && last.contains("\nx-framing-refused:\n"));
                prop_assert!(last.ends_with("\r\n\r\n") || last.ends_with("\n\n") || last.ends_with("\n\r\n"));
                prop_assert_eq!(last.matches("post /a").count(), 1);
            } else {
                prop_assert_eq!(last.len(), 0);
            }
        }

        #[test]
        fn pieces_make_no_difference(bytes in "[Tt\r\n :a]{0,80}", sizes in proptest::collection::vec(1..5_usize, 0..80)) {
            prop_assert_eq!(passed(bytes.as_bytes(), &sizes), passed(bytes.as_bytes(), &[]));
        }
    }
}
