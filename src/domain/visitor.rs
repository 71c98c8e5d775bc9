//! Who a visitor is: a tag that means something for one link on one day and nothing afterwards.
//!
//! The address and the user agent enter here and only their keyed hash leaves. None of the types
//! that hold them, or the key, can be printed.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::link_key::LinkKey;
use crate::memory::{Locked, overwrite_short_stack};

/// 32 random bytes for one UTC day. They have one place in memory, wherever the value moves, and are overwritten there
/// when it is dropped.
#[expect(missing_debug_implementations, reason = "a key must never be written anywhere")]
pub struct DayKey(Box<Zeroizing<[u8; 32]>>);

impl DayKey {
    /// Draws a key from the system's random source.
    ///
    /// # Panics
    /// When the system has no random source, without which the service does not start.
    #[must_use]
    pub fn random() -> Self {
        let mut key = Self(Box::default());
        getrandom::fill(key.0.as_mut_slice()).expect("the operating system has a random source");
        key
    }

    /// Copies 32 bytes of a secure random source.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Self {
        let mut key = Self(Box::default());
        key.0.copy_from_slice(bytes);
        key
    }

    /// Returns the bytes, to share the key with this service's other instances.
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

    /// Returns what limits take for one client: an IPv4 /32, or an IPv6 /56, which is what one household or customer has.
    #[must_use]
    pub fn client(&self) -> Self {
        let mut client = self.clone();
        if client.length == 8 {
            client.bytes[7] = 0;
        }
        client
    }

    /// A keyed hash of the wider network that this one lies in, an IPv4 /24 or an IPv6 /48: it tells under one key
    /// whether two visitors come from one network, and nothing to anybody without the key.
    #[must_use]
    pub fn wide_hash(&self, key: &[u8; 32]) -> [u8; 16] {
        let wide = if self.length == 4 { 3 } else { 6 };
        let hash = first_half(&keyed(key), &[&self.bytes[..wide]]);
        overwrite_short_stack();
        hash
    }
}

/// Prepares a key. The caller overwrites the stack.
#[inline(never)]
fn keyed(key: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104)")
}

/// Returns the first 16 bytes of what a keyed hash makes of these pieces. The caller overwrites the stack.
#[inline(never)]
fn first_half(keyed: &Hmac<Sha256>, pieces: &[&[u8]]) -> [u8; 16] {
    let mut mac = keyed.clone();
    for piece in pieces {
        mac.update(piece);
    }
    let mut half = [0; 16];
    half.copy_from_slice(&mac.finalize().into_bytes()[..16]);
    half
}

/// Makes the tags of one day. Its copy of the key's hash states is the only one.
#[expect(missing_debug_implementations, reason = "it holds the day key")]
pub struct Tagger(Locked<Hmac<Sha256>>);

impl Tagger {
    /// Prepares the key once, so that a tag costs only the hashing of its parts.
    #[must_use]
    pub fn new(key: &DayKey) -> Self {
        let tagger = Self::on_this_stack(key);
        overwrite_short_stack();
        tagger
    }

    #[inline(never)]
    fn on_this_stack(key: &DayKey) -> Self {
        Self(Locked::new(keyed(key.expose())))
    }

    /// Returns the first 16 bytes of `HMAC-SHA256(day key, "v1" ‖ link key ‖ network ‖ user agent)`. Every part
    /// stands after its length as four bytes, least significant first. The link key is its namespace
    /// (empty), a `/`, the code, and the eight bytes of its incarnation, least significant first.
    #[must_use]
    pub fn tag(&self, link: &LinkKey, network: &Network, user_agent: impl AsRef<[u8]>) -> Tag {
        let user_agent = user_agent.as_ref();
        let incarnation = link.incarnation.bits().to_le_bytes();
        let code = link.code.as_str().as_bytes();
        let length =
            |length: usize| u32::try_from(length).expect("a header is shorter than 4 GiB").to_le_bytes();
        let tag = first_half(
            self.0.value(),
            &[
                &length(2),
                b"v1",
                &length(1 + code.len() + incarnation.len()),
                b"/",
                code,
                &incarnation,
                &length(network.length),
                &network.bytes[..network.length],
                &length(user_agent.len()),
                user_agent,
            ],
        );
        overwrite_short_stack();
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
    use super::super::code::Code;
    use super::super::link_key::Incarnation;
    use super::*;

    fn tag(key: u8, code: &str, address: &str, user_agent: &str) -> [u8; 16] {
        let network = Network::of(address.parse().expect("an address"));
        let link =
            LinkKey { code: Code::parse(code).expect("a code"), incarnation: Incarnation::from_bits(7) };
        Tagger::new(&DayKey::new(&[key; 32])).tag(&link, &network, user_agent).0
    }

    #[test]
    fn a_tag_is_the_documented_hmac() {
        // Reference: python3, hmac.new(b'\x07' * 32, b''.join(len(p).to_bytes(4, 'little') + p for p
        // in [b'v1', b'/abc' + (7).to_bytes(8, 'little'), bytes([192, 0, 2, 1]), b'UA']), 'sha256').hexdigest()[:32]
        assert_eq!(u128::from_be_bytes(tag(7, "abc", "192.0.2.1", "UA")), REFERENCE);
    }

    const REFERENCE: u128 = 0x8b88_6cd0_8b90_57a1_8c80_6810_52c3_f3d1;

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
    fn a_wide_network_is_an_ipv4_24_or_an_ipv6_48() {
        let hash = |address: &str| Network::of(address.parse().expect("an address")).wide_hash(&[1; 32]);
        assert_eq!(hash("192.0.2.1"), hash("192.0.2.254"));
        assert_ne!(hash("192.0.2.1"), hash("192.0.3.1"));
        assert_eq!(hash("2001:db8:1::1"), hash("2001:db8:1:ffff::1"));
        assert_ne!(hash("2001:db8:1::1"), hash("2001:db8:2::1"));
    }

    #[test]
    fn an_ipv6_visitor_is_a_64_and_a_mapped_ipv4_is_itself() {
        assert!(tag(1, "a", "2001:db8:1:2::1", "") == tag(1, "a", "2001:db8:1:2:ffff::9", ""));
        assert!(tag(1, "a", "2001:db8:1:2::1", "") != tag(1, "a", "2001:db8:1:3::1", ""));
        assert!(tag(1, "a", "::ffff:192.0.2.1", "") == tag(1, "a", "192.0.2.1", ""));
    }
}
