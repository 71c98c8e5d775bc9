//! Who a visitor is: a tag that means something for one link on one day and nothing afterwards.
//!
//! The address and the user agent enter here and only their keyed hash leaves. None of the types
//! that hold them, or the key, can be printed.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::code::Code;

/// 32 random bytes for one UTC day. Wiped from memory when dropped.
#[expect(missing_debug_implementations, reason = "a key must never be written anywhere")]
pub struct DayKey(Zeroizing<[u8; 32]>);

impl DayKey {
    /// Takes 32 bytes of a secure random source.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, to share the key with this service's other instances.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The part of an address that tells visitors apart: an IPv4 /32 or an IPv6 /64.
#[derive(Clone, PartialEq, Eq, Hash)]
#[expect(missing_debug_implementations, reason = "an address must never be written anywhere")]
pub struct Network {
    bytes: [u8; 8],
    length: usize,
}

impl Network {
    /// Cuts an address to its network; an IPv4 address written as IPv6 is an IPv4 address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        let mut bytes = [0; 8];
        match address.to_canonical() {
            IpAddr::V4(v4) => {
                bytes[..4].copy_from_slice(&v4.octets());
                Self { bytes, length: 4 }
            }
            IpAddr::V6(v6) => {
                bytes.copy_from_slice(&v6.octets()[..8]);
                Self { bytes, length: 8 }
            }
        }
    }
}

/// Makes the tags of one day.
#[expect(missing_debug_implementations, reason = "it holds the day key")]
pub struct Tagger(Hmac<Sha256>);

impl Tagger {
    /// Prepares the key once, so that a tag costs only the hashing of its parts.
    #[must_use]
    pub fn new(key: &DayKey) -> Self {
        Self(Hmac::new_from_slice(key.expose()).expect("HMAC takes a key of any length (RFC 2104)"))
    }

    /// `HMAC-SHA256(day key, "v1" ‖ code ‖ network ‖ user agent)`, every part after its length as
    /// four bytes, least significant first; the first 16 bytes of it.
    #[must_use]
    pub fn tag(&self, code: &Code, network: &Network, user_agent: &str) -> Tag {
        let mut mac = self.0.clone();
        for part in [b"v1", code.as_str().as_bytes(), &network.bytes[..network.length], user_agent.as_bytes()]
        {
            let length = u32::try_from(part.len()).expect("a header is shorter than 4 GiB");
            mac.update(&length.to_le_bytes());
            mac.update(part);
        }
        let mut tag = [0; 16];
        tag.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        Tag(tag)
    }
}

/// A visitor of one link on one day. Two tags are equal for the same link, day, network and
/// user agent, and for nobody else.
#[derive(Clone, Copy, PartialEq, Eq)]
#[expect(missing_debug_implementations, reason = "a tag goes to the journal and nowhere else")]
pub struct Tag([u8; 16]);

impl Tag {
    /// Takes the bytes of a tag from the journal.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes of the tag, for the journal.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: u8, code: &str, address: &str, user_agent: &str) -> [u8; 16] {
        let network = Network::of(address.parse().expect("an address"));
        let code = Code::parse(code).expect("a code");
        Tagger::new(&DayKey::new([key; 32])).tag(&code, &network, user_agent).0
    }

    #[test]
    fn a_tag_is_the_documented_hmac() {
        // Reference: python3, hmac.new(b'\x07' * 32, b''.join(len(p).to_bytes(4, 'little') + p for p
        // in [b'v1', b'abc', bytes([192, 0, 2, 1]), b'UA']), 'sha256').hexdigest()[:32]
        assert_eq!(u128::from_be_bytes(tag(7, "abc", "192.0.2.1", "UA")), REFERENCE);
    }

    const REFERENCE: u128 = 0x23e9_fecc_b4da_35b0_684d_95df_8e5b_d4b8;

    #[test]
    fn every_part_changes_the_tag() {
        let base = tag(1, "abc", "192.0.2.1", "UA");
        for other in [
            tag(2, "abc", "192.0.2.1", "UA"),
            tag(1, "abd", "192.0.2.1", "UA"),
            tag(1, "abc", "192.0.2.2", "UA"),
            tag(1, "abc", "192.0.2.1", "UA2"),
        ] {
            assert!(base != other);
        }
    }

    #[test]
    fn an_ipv6_visitor_is_a_64_and_a_mapped_ipv4_is_itself() {
        assert!(tag(1, "a", "2001:db8:1:2::1", "") == tag(1, "a", "2001:db8:1:2:ffff::9", ""));
        assert!(tag(1, "a", "2001:db8:1:2::1", "") != tag(1, "a", "2001:db8:1:3::1", ""));
        assert!(tag(1, "a", "::ffff:192.0.2.1", "") == tag(1, "a", "192.0.2.1", ""));
    }
}
