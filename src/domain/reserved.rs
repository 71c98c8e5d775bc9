//! Reserved codes: given out before there is a link, so that a share need not wait for the service.
//!
//! Promises that nobody has to remember what was given out. A reserved code carries a keyed check,
//! so that it is told from one that nobody made; its claim carries a keyed hash, so that only the
//! site that was given it can make the link, and only for an hour. The claim also carries keyed hashes of the destination
//! and of the page's origin that were judged when the code was given out: its link is made whatever the site allows by then.

use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::Sha256;

use crate::domain::code::{ALPHABET, Code, GENERATED_LENGTH};
use crate::domain::destination::Destination;
use crate::domain::rule::CodedError;
use crate::domain::site::SiteId;

/// For how many seconds a reserved code can be claimed.
const SECONDS: i64 = 3_600;
/// How many characters of a reserved code are the check. Of codes that are made up, one in
/// 55² = 3,025 passes for a reserved one; that gains nobody more than a look that is not held
/// against them.
const CHECK_LENGTH: usize = 2;
/// How many bytes of a keyed hash say what was judged. It only has to tell a site's own pages apart.
const JUDGED_LENGTH: usize = 8;
/// How many bytes of the keyed hash hold a claim together.
const HASH_LENGTH: usize = 16;

/// Separates this use of the secret from all others.
const LABEL: &[u8] = b"reserved codes v1";

/// Gives codes out and takes them back. All that share a secret take each other's.
#[expect(missing_debug_implementations, reason = "it holds a key")]
pub struct Reservations(Hmac<Sha256>);

/// Codes that were given out together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Each with its claim.
    pub codes: Vec<Reserved>,
    /// When the claims end.
    pub expires_at: Timestamp,
}

/// A code with what its holder needs to make a link of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reserved {
    /// The code: [`Code::random`]'s letters and digits, and the check.
    pub code: Code,
    /// `{code}.{end in seconds since 1970}.{site}{destination}{origin}{hash}`, opaque to clients.
    pub claim: String,
}

/// What was judged when codes were given out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The destination that a share would have, before anything is stripped from it.
    pub destination: Option<&'a Destination>,
    /// The origin of the page that asked.
    pub origin: Option<&'a str>,
}

/// A claim that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The code that it is for.
    pub code: Code,
    /// The site that was given it.
    pub site: SiteId,
    destination: [u8; JUDGED_LENGTH],
    origin: [u8; JUDGED_LENGTH],
}

/// Why a claim does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// It was not given out, or not to this site.
    #[error("must be a claim that this site received with a reserved code")]
    Unknown,
    /// Its hour is over.
    #[error("has expired; reserve other codes")]
    Expired,
}

impl CodedError for ClaimError {
    fn code(&self) -> &'static str {
        match self {
            Self::Unknown => "unknown_claim",
            Self::Expired => "expired_claim",
        }
    }
}

impl Reservations {
    /// Reservations of all that have this secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let key = keyed(secret).chain_update(LABEL).finalize().into_bytes();
        Self(keyed(&key))
    }

    /// Gives `count` codes to a site, for what was judged.
    #[must_use]
    pub fn reserve(&self, site: &SiteId, count: usize, judged: Judged<'_>, now: Timestamp) -> Batch {
        let end = now.as_second() + SECONDS;
        let reserved = || {
            let code = self.code();
            let destination = judged
                .destination
                .map_or_else(Default::default, |url| self.judged(&code, "url", url.as_str()));
            let origin =
                judged.origin.map_or_else(Default::default, |origin| self.judged(&code, "origin", origin));
            let claim = Claim { code: code.clone(), site: site.clone(), destination, origin };
            let hash = self.claim_mac(&claim, &end.to_string()).finalize().into_bytes();
            let hex = base16ct::lower::encode_string;
            let (destination, origin, hash) = (hex(&destination), hex(&origin), hex(&hash[..HASH_LENGTH]));
            Reserved { claim: format!("{code}.{end}.{site}{destination}{origin}{hash}"), code }
        };
        let expires_at = Timestamp::from_second(end).unwrap_or(Timestamp::MAX);
        Batch { codes: (0..count).map(|_| reserved()).collect(), expires_at }
    }

    /// Whether a code may have been given out; of what was not, it says so once in 3,025 times.
    #[must_use]
    pub fn may_have(&self, code: &Code) -> bool {
        let code = code.as_str();
        code.len() == GENERATED_LENGTH + CHECK_LENGTH
            && code.split_at_checked(GENERATED_LENGTH).is_some_and(|(free, check)| check == self.check(free))
    }

    /// Takes a claim.
    ///
    /// # Errors
    /// When the claim was not given out, or has expired.
    pub fn claimed(&self, claim: &str, now: Timestamp) -> Result<Claim, ClaimError> {
        let mut parts = claim.split('.');
        let (Some(code), Some(end), Some(rest), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(ClaimError::Unknown);
        };
        let code = Code::parse(code).map_err(|_| ClaimError::Unknown)?;
        let hashes =
            rest.len().checked_sub(2 * (2 * JUDGED_LENGTH + HASH_LENGTH)).ok_or(ClaimError::Unknown)?;
        let (site, hashes) = rest.split_at_checked(hashes).ok_or(ClaimError::Unknown)?;
        let mut bytes = [0; 2 * JUDGED_LENGTH + HASH_LENGTH];
        base16ct::lower::decode(hashes, &mut bytes).map_err(|_| ClaimError::Unknown)?;
        let (destination, rest) = bytes.split_first_chunk().expect("it is longer");
        let (origin, hash) = rest.split_first_chunk().expect("it is longer");
        let site = SiteId::from_stored(site);
        let claim = Claim { code, site, destination: *destination, origin: *origin };
        if self.claim_mac(&claim, end).verify_truncated_left(hash).is_err() {
            return Err(ClaimError::Unknown);
        }
        let end: i64 = end.parse().map_err(|_| ClaimError::Unknown)?;
        if now.as_second() < end { Ok(claim) } else { Err(ClaimError::Expired) }
    }

    /// Whether this destination was judged when the claim's code was given out.
    #[must_use]
    pub fn has_judged_destination(&self, claim: &Claim, destination: &Destination) -> bool {
        self.judged(&claim.code, "url", destination.as_str()) == claim.destination
    }

    /// Whether a page of this origin asked for the claim's code.
    #[must_use]
    pub fn has_judged_origin(&self, claim: &Claim, origin: &str) -> bool {
        self.judged(&claim.code, "origin", origin) == claim.origin
    }

    fn code(&self) -> Code {
        loop {
            let free = Code::random();
            let checked = format!("{free}{}", self.check(free.as_str()));
            if let Ok(code) = Code::parse(&checked) {
                return code;
            }
        }
    }

    fn check(&self, free: &str) -> String {
        let hash = self.mac(&[b"check", free.as_bytes()]).finalize().into_bytes();
        // 256 and 55 have no common divisor, so some characters are a little likelier: no matter here.
        hash.iter().take(CHECK_LENGTH).map(|byte| ALPHABET[usize::from(*byte) % ALPHABET.len()]).collect()
    }

    fn judged(&self, code: &Code, what: &str, text: &str) -> [u8; JUDGED_LENGTH] {
        let parts = [&b"judged"[..], what.as_bytes(), code.as_str().as_bytes(), text.as_bytes()];
        let hash = self.mac(&parts).finalize().into_bytes();
        *hash.first_chunk().expect("a SHA-256 has 32 bytes")
    }

    fn claim_mac(&self, claim: &Claim, end: &str) -> Hmac<Sha256> {
        let Claim { code, site, destination, origin } = claim;
        let parts = [&b"claim"[..], site.as_str().as_bytes(), code.as_str().as_bytes(), end.as_bytes()];
        self.mac(&[&parts[..], &[&destination[..], &origin[..]]].concat())
    }

    /// The keyed hash of these parts, each after its length, so that no two lists of them look alike.
    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for part in parts {
            let length = u32::try_from(part.len()).expect("a request is shorter than 4 GiB");
            mac.update(&length.to_le_bytes());
            mac.update(part);
        }
        mac
    }
}

fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104)")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now() -> Timestamp {
        "2026-11-22T12:00:00.9Z".parse().expect("a time")
    }

    fn site(id: &str) -> SiteId {
        SiteId::from_stored(id)
    }

    #[test]
    fn a_claim_holds_for_its_site_and_for_an_hour() {
        let (ours, others) = (Reservations::new(b"secret"), Reservations::new(b"other secret"));
        let batch = ours.reserve(&site("a"), 20, Judged::default(), now());
        assert_eq!(batch.expires_at.to_string(), "2026-11-22T13:00:00Z");
        let just_before = batch.expires_at - jiff::SignedDuration::from_millis(1);
        for Reserved { code, claim } in &batch.codes {
            let same = Reservations::new(b"secret");
            let claimed = same.claimed(claim, just_before).expect("it holds");
            assert_eq!((&claimed.code, claimed.site), (code, site("a")));
            assert_eq!(ours.claimed(claim, batch.expires_at), Err(ClaimError::Expired));
            assert_eq!(others.claimed(claim, now()), Err(ClaimError::Unknown));
        }
        let distinct: std::collections::HashSet<_> = batch.codes.iter().map(|one| &one.code).collect();
        assert_eq!(distinct.len(), 20);
    }

    #[test]
    fn a_claim_knows_what_was_judged() {
        let reservations = Reservations::new(b"secret");
        let url = |text: &str| serde_json::from_value::<Destination>(text.into()).expect("a destination");
        let (page, other) = (url("https://example.com/a?b=c"), url("https://example.com/a"));
        let judged = Judged { destination: Some(&page), origin: Some("https://example.com") };
        let claim = |judged| {
            let [one] = reservations.reserve(&site("a"), 1, judged, now()).codes.try_into().expect("one");
            reservations.claimed(&one.claim, now()).expect("it holds")
        };
        let claim_of_page = claim(judged);
        assert!(reservations.has_judged_destination(&claim_of_page, &page));
        assert!(!reservations.has_judged_destination(&claim_of_page, &other));
        assert!(reservations.has_judged_origin(&claim_of_page, "https://example.com"));
        assert!(!reservations.has_judged_origin(&claim_of_page, "https://example.org"));
        let claim_of_nothing = claim(Judged::default());
        assert!(!reservations.has_judged_destination(&claim_of_nothing, &page));
        assert!(!reservations.has_judged_origin(&claim_of_nothing, ""));
    }

    #[test]
    fn whatever_is_changed_in_a_claim_it_holds_no_more() {
        let reservations = Reservations::new(b"secret");
        let batch = reservations.reserve(&site("a"), 2, Judged::default(), now());
        let [one, two] = batch.codes.try_into().expect("two");
        let parts: Vec<_> = one.claim.split('.').collect();
        let [code, end, rest] = parts[..] else { panic!("three parts") };
        let mut changed: Vec<String> = (0..one.claim.len())
            .map(|at| {
                let mut bytes = one.claim.clone().into_bytes();
                bytes[at] = if bytes[at] == b'2' { b'3' } else { b'2' };
                String::from_utf8(bytes).expect("ASCII")
            })
            .collect();
        changed.extend([
            format!("{}.{end}.{rest}", two.code),
            format!("{code}.{}.{rest}", end.parse::<i64>().expect("a number") + 1),
            format!("{code}.+{end}.{rest}"),
            format!("{code}.{end}.{}", rest.to_uppercase()),
            format!("{code}.{end}.{}", &rest[..30]),
            format!("{code}.{end}.b{}", &rest[1..]),
            format!("{code}.{end}.a{rest}"),
            format!("{code}.{end}.{rest}00"),
            format!("{code}.{end}.{rest}."),
            format!("{code}.{end}.{}", "é".repeat(40)),
            format!("{code}.{end}"),
            code.to_owned(),
            "..".to_owned(),
            String::new(),
        ]);
        for claim in changed {
            assert_eq!(reservations.claimed(&claim, now()), Err(ClaimError::Unknown), "{claim}");
        }
        assert_eq!(reservations.claimed(&one.claim, now()).map(|claim| claim.code), Ok(one.code));
    }

    #[test]
    fn reserved_codes_are_told_from_others() {
        let reservations = Reservations::new(b"secret");
        let batch = reservations.reserve(&site("a"), 500, Judged::default(), now());
        assert!(batch.codes.iter().all(|one| reservations.may_have(&one.code)));
        assert!(batch.codes.iter().all(|one| one.code.as_str().bytes().all(|b| b.is_ascii_alphanumeric())));
        let made_up = (0..3_000).map(|_| Code::parse(&format!("{}22", Code::random())).expect("a code"));
        let passed = made_up.filter(|code| reservations.may_have(code)).count();
        assert!(passed < 15, "{passed} of 3,000 passed; about one is expected");
        for other in ["abc", "my-slug_12", "abcdefghijk"] {
            assert!(!reservations.may_have(&Code::parse(other).expect("a code")), "{other}");
        }
    }
}
