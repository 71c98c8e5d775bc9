//! Who a visitor is: a tag that means something for one link on one day and nothing afterwards. Beside it, which of
//! 256 buckets the visitor's network is in.
//!
//! The address and the user agent enter here and only their keyed hashes leave. None of the types
//! that hold them, or the key, can be printed.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::domain::link_key::LinkKey;
use crate::domain::networks::{Bucket, MaskedBucket};
use crate::domain::site::SiteId;
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
        let hash = first_half(&keyed(key), &[self.wide()]);
        overwrite_short_stack();
        hash
    }

    /// The bytes of the wider network: an IPv4 /24 or an IPv6 /48.
    fn wide(&self) -> &[u8] {
        &self.bytes[..if self.length == 4 { 3 } else { 6 }]
    }
}

/// Prepares a key. The caller overwrites the stack.
#[inline(never)]
fn keyed(key: &[u8]) -> Hmac<Sha256> {
    Hmac::new_from_slice(key).expect("HMAC takes a key of any length (RFC 2104)")
}

/// Returns what a keyed hash makes of these pieces. The caller overwrites the stack.
#[inline(never)]
fn hash(keyed: &Hmac<Sha256>, pieces: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed.clone();
    for piece in pieces {
        mac.update(piece);
    }
    mac.finalize().into_bytes().into()
}

/// Returns the first 16 bytes of it.
fn first_half(keyed: &Hmac<Sha256>, pieces: &[&[u8]]) -> [u8; 16] {
    *hash(keyed, pieces).first_chunk().expect("a SHA-256 has 32 bytes")
}

/// The length that stands before a part of what is hashed.
fn length(part: usize) -> [u8; 4] {
    u32::try_from(part).expect("a header is shorter than 4 GiB").to_le_bytes()
}

/// Returns the first byte of what SHA-256 makes of a key and these pieces, which fit into one block with it. That takes a
/// third of the time that an HMAC does, and is as good here: of a single byte nobody can go on hashing, which is what
/// HMAC prevents. The caller overwrites the stack.
#[inline(never)]
fn keyed_byte(key: &[u8; 32], pieces: &[&[u8]]) -> u8 {
    let mut sha = Sha256::new_with_prefix(key);
    for piece in pieces {
        sha.update(piece);
    }
    sha.finalize()[0]
}

/// Makes the tags of one day, and tells networks apart. Its copies of the keys and their hash states are the only ones.
#[expect(missing_debug_implementations, reason = "it holds the day key")]
pub struct Tagger(Locked<Keys>);

/// The keys of a day.
struct Keys {
    /// The hash state of the day key.
    day: Hmac<Sha256>,
    /// None where buckets that are made now could not be revealed later.
    networks: Option<NetworkKeys>,
}

/// What follows from the day key for networks.
struct NetworkKeys {
    /// Tells which bucket a network is in: `HMAC-SHA256(day key, "networks")`.
    buckets: Zeroizing<[u8; 32]>,
    /// Hides buckets: `HMAC-SHA256(day key, "mask")`.
    masks: Zeroizing<[u8; 32]>,
}

impl Tagger {
    /// Prepares the keys once, so that a click costs only the hashing of its parts.
    #[must_use]
    pub fn new(key: &DayKey) -> Self {
        let tagger = Self::on_this_stack(key, true);
        overwrite_short_stack();
        tagger
    }

    /// The same for a key that another one may replace: it makes tags, and tells nothing of networks.
    #[must_use]
    pub fn without_networks(key: &DayKey) -> Self {
        let tagger = Self::on_this_stack(key, false);
        overwrite_short_stack();
        tagger
    }

    #[inline(never)]
    fn on_this_stack(key: &DayKey, with_networks: bool) -> Self {
        let day = keyed(key.expose());
        let networks = with_networks.then(|| NetworkKeys {
            buckets: hash(&day, &[&length(8), b"networks"]).into(),
            masks: hash(&day, &[&length(4), b"mask"]).into(),
        });
        Self(Locked::new(Keys { day, networks }))
    }

    /// Returns a click's tag and its network's bucket.
    #[must_use]
    pub fn click(
        &self,
        site: &SiteId,
        link: &LinkKey,
        network: &Network,
        user_agent: impl AsRef<[u8]>,
    ) -> (Tag, Option<MaskedBucket>) {
        let keys = self.0.value();
        let tag = keys.tag(link, network, user_agent.as_ref());
        let masked = keys.networks.as_ref().map(|keys| keys.bucket(site, network).masked(keys.mask(&tag)));
        overwrite_short_stack();
        (tag, masked)
    }

    /// Returns the first 16 bytes of `HMAC-SHA256(day key, "v1" ‖ link key ‖ network ‖ user agent)`. Every part
    /// stands after its length as four bytes, least significant first. The link key is its namespace
    /// (empty), a `/`, the code, and the eight bytes of its incarnation, least significant first.
    #[must_use]
    pub fn tag(&self, link: &LinkKey, network: &Network, user_agent: impl AsRef<[u8]>) -> Tag {
        let tag = self.0.value().tag(link, network, user_agent.as_ref());
        overwrite_short_stack();
        tag
    }

    /// Returns the bucket that this key masked for the click with this tag; any bucket where another key did.
    #[must_use]
    pub fn reveal(&self, tag: &Tag, masked: MaskedBucket) -> Option<Bucket> {
        let bucket = self.0.value().networks.as_ref().map(|keys| masked.revealed(keys.mask(tag)));
        overwrite_short_stack();
        bucket
    }
}

/// The callers overwrite the stack.
impl Keys {
    fn tag(&self, link: &LinkKey, network: &Network, user_agent: &[u8]) -> Tag {
        let incarnation = link.incarnation.bits().to_le_bytes();
        let code = link.code.as_str().as_bytes();
        Tag(first_half(
            &self.day,
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
        ))
    }
}

/// The callers overwrite the stack.
impl NetworkKeys {
    /// The first byte of `SHA-256(key ‖ site ‖ wide network)`, where the site and the network stand after their lengths as
    /// in a tag.
    fn bucket(&self, site: &SiteId, network: &Network) -> Bucket {
        let (site, wide) = (site.as_str().as_bytes(), network.wide());
        Bucket::new(keyed_byte(&self.buckets, &[&length(site.len()), site, &length(wide.len()), wide]))
    }

    /// What hides the bucket of a click with this tag: the first byte of `SHA-256(key ‖ tag)`.
    fn mask(&self, tag: &Tag) -> u8 {
        keyed_byte(&self.masks, &[&tag.0])
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
    use crate::domain::code::Code;
    use crate::domain::link_key::Incarnation;

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

    /// A click on the link of the tag above, by `UA` from this address.
    fn click(tagger: &Tagger, site: &str, address: &str) -> (Tag, Option<MaskedBucket>) {
        let link =
            LinkKey { code: Code::parse("abc").expect("a code"), incarnation: Incarnation::from_bits(7) };
        let network = Network::of(address.parse().expect("an address"));
        tagger.click(&SiteId::from_stored(site), &link, &network, "UA")
    }

    #[test]
    fn a_bucket_is_the_documented_hash_and_masked_with_another() {
        // Reference: python3, with parts(*all) = b''.join(len(p).to_bytes(4, 'little') + p for p in all) and key(name) =
        // hmac.new(b'\x07' * 32, parts(name), 'sha256').digest(): bucket = hashlib.sha256(key(b'networks') +
        // parts(b'courier', network)).digest()[0], mask = hashlib.sha256(key(b'mask') + tag).digest()[0], with the tag
        // above and network = bytes([192, 0, 2]).
        let tagger = Tagger::new(&DayKey::new(&[7; 32]));
        let (tag, masked) = click(&tagger, "courier", "192.0.2.1");
        assert_eq!(u128::from_be_bytes(tag.0), REFERENCE, "the tag is the same");
        let masked = masked.expect("a key of all instances has networks");
        assert_eq!(masked.byte(), BUCKET ^ MASK);
        assert_eq!(tagger.reveal(&tag, masked).map(Bucket::byte), Some(BUCKET));
        // The same with network = bytes.fromhex('20010db80001').
        let (tag, masked) = click(&tagger, "courier", "2001:db8:1::1");
        let bucket = tagger.reveal(&tag, masked.expect("a bucket"));
        assert_eq!(bucket.map(Bucket::byte), Some(BUCKET_IPV6));
    }

    const BUCKET: u8 = 0x1a;
    const MASK: u8 = 0x3d;
    const BUCKET_IPV6: u8 = 0xd4;

    #[test]
    fn a_bucket_is_of_a_site_and_a_day_and_a_wide_network() {
        let of = |key: u8, site: &str, address: &str| {
            let tagger = Tagger::new(&DayKey::new(&[key; 32]));
            let (tag, masked) = click(&tagger, site, address);
            tagger.reveal(&tag, masked.expect("a bucket")).map(Bucket::byte)
        };
        let base = of(1, "courier", "192.0.2.1");
        assert_eq!(base, of(1, "courier", "192.0.2.254"));
        for other in
            [of(2, "courier", "192.0.2.1"), of(1, "herald", "192.0.2.1"), of(1, "courier", "192.0.3.1")]
        {
            assert_ne!(base, other);
        }
        assert_eq!(of(1, "courier", "2001:db8:1::1"), of(1, "courier", "2001:db8:1:ffff::1"));
        assert_ne!(of(1, "courier", "2001:db8:1::1"), of(1, "courier", "2001:db8:2::1"));
    }

    #[test]
    fn a_key_that_may_be_replaced_makes_the_same_tags_and_tells_nothing_of_networks() {
        let key = DayKey::new(&[7; 32]);
        let (tag, masked) = click(&Tagger::without_networks(&key), "courier", "192.0.2.1");
        assert!(u128::from_be_bytes(tag.0) == REFERENCE && masked.is_none());
        let masked = click(&Tagger::new(&key), "courier", "192.0.2.1").1.expect("a bucket");
        assert!(Tagger::without_networks(&key).reveal(&tag, masked).is_none());
    }

    #[test]
    fn without_the_day_key_a_masked_bucket_is_a_random_byte() {
        // A thousand people of one network: as many different bytes come as of a random source, and each about as often.
        let tagger = Tagger::new(&DayKey::new(&[7; 32]));
        let site = SiteId::from_stored("courier");
        let link =
            LinkKey { code: Code::parse("abc").expect("a code"), incarnation: Incarnation::from_bits(7) };
        let network = Network::of([192, 0, 2, 1].into());
        let mut times = [0_u32; 256];
        for person in 0..4_096 {
            let masked = tagger.click(&site, &link, &network, format!("UA{person}")).1.expect("a bucket");
            times[usize::from(masked.byte())] += 1;
        }
        let chi_square: f64 = times.iter().map(|times| (f64::from(*times) - 16.0).powi(2) / 16.0).sum();
        // Of 255 degrees of freedom: fewer than one random source in ten thousand is out of these bounds.
        assert!((175.0..350.0).contains(&chi_square), "{chi_square}");
    }

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
