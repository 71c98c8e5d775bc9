//! How one entry stands in a segment.
//!
//! ```text
//! length u16 │ checksum u32 │ number u64 │ kind u8 │ day i32 │ site │ namespace │ code │ incarnation u64 │ rest
//! ```
//! The checksum is the CRC-32 of what follows it, and `length` counts the same bytes. Kind 1 is a click, with the
//! tag's 16 bytes as its rest and, where it is known, the masked bucket of the network as one byte more; 2 is an unfurl, with the family as one byte; 3 is an aggregate click, without a rest.
//! Site, namespace and code are texts, each after its length as one byte; the namespace is empty. Whole
//! numbers are little-endian.

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::Numbered;
use crate::domain::entry::{Entry, EntryKind};
use crate::domain::family::Family;
use crate::domain::link_key::{Incarnation, LinkKey};
use crate::domain::networks::MaskedBucket;
use crate::domain::site::SiteId;
use crate::domain::visitor::Tag;

const PREFIX: usize = 6;
const NUMBER: usize = 8;
/// The namespace of every link: all sites share the service's own host.
const NAMESPACE: &str = "";
/// The longest record that can be: prefix, fixed parts, three texts of 255 bytes, an incarnation, a tag, a bucket.
pub(super) const LONGEST: usize = PREFIX + NUMBER + 1 + 4 + 3 * 256 + 8 + 16 + 1;

/// Entries that wait to be written, encoded but for their numbers.
#[derive(Default)]
#[expect(missing_debug_implementations, reason = "it may hold tags")]
pub struct Batch {
    bytes: Vec<u8>,
    entries: u64,
}

impl Batch {
    /// Adds an entry.
    pub fn push(&mut self, site: &SiteId, link: &LinkKey, day: Day, kind: EntryKind) {
        let start = self.bytes.len();
        self.bytes.extend([0; PREFIX + NUMBER]);
        self.bytes.push(match kind {
            EntryKind::Click(..) => 1,
            EntryKind::Unfurl(_) => 2,
            EntryKind::Open => 3,
        });
        self.bytes.extend(day.number().to_le_bytes());
        for part in [site.as_str(), NAMESPACE, link.code.as_str()] {
            self.bytes.push(u8::try_from(part.len()).expect("sites and codes are at most 64 bytes"));
            self.bytes.extend(part.as_bytes());
        }
        self.bytes.extend(link.incarnation.bits().to_le_bytes());
        match kind {
            EntryKind::Click(tag, network) => {
                self.bytes.extend(tag.as_bytes());
                self.bytes.extend(network.map(MaskedBucket::byte));
            }
            EntryKind::Unfurl(family) => self.bytes.push(family.number()),
            EntryKind::Open => {}
        }
        let length = self.bytes.len() - start - PREFIX;
        let length = u16::try_from(length).expect("a record is shorter than LONGEST");
        self.bytes[start..start + 2].copy_from_slice(&length.to_le_bytes());
        self.entries += 1;
    }

    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries == 0
    }

    /// How many entries it holds.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.entries
    }

    /// How many bytes its records take.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// Numbers the records from `first` on and returns their bytes.
    pub(super) fn seal(&mut self, first: u64) -> &[u8] {
        let mut rest = self.bytes.as_mut_slice();
        for number in first..first + self.entries {
            let length = usize::from(u16::from_le_bytes([rest[0], rest[1]]));
            let (record, after) = rest.split_at_mut(PREFIX + length);
            record[PREFIX..PREFIX + NUMBER].copy_from_slice(&number.to_le_bytes());
            let checksum = crc32fast::hash(&record[PREFIX..]);
            record[2..PREFIX].copy_from_slice(&checksum.to_le_bytes());
            rest = after;
        }
        &self.bytes
    }
}

/// Reads the record at the beginning of `bytes`: the entry and the record's length, or `None` where
/// no intact record stands there.
pub(super) fn decode(bytes: &[u8]) -> Option<(Numbered, usize)> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (checksum, rest) = rest.split_first_chunk::<4>()?;
    let body = rest.get(..usize::from(u16::from_le_bytes(*length)))?;
    if body.is_empty() || crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
        return None;
    }
    let (number, rest) = body.split_first_chunk::<8>()?;
    let (kind, rest) = rest.split_first()?;
    let (day, rest) = rest.split_first_chunk::<4>()?;
    let (site, rest) = text(rest)?;
    let (namespace, rest) = text(rest)?;
    let (code, rest) = text(rest)?;
    let (incarnation, rest) = rest.split_first_chunk::<8>()?;
    let kind = match (kind, rest) {
        (1, rest) => {
            let (tag, network) = rest.split_first_chunk::<16>()?;
            let network = match network {
                [] => None,
                [byte] => Some(MaskedBucket::from_byte(*byte)),
                _ => return None,
            };
            EntryKind::Click(Tag::from_bytes(*tag), network)
        }
        (2, [family]) => EntryKind::Unfurl(Family::from_number(*family)),
        (3, []) => EntryKind::Open,
        _ => return None,
    };
    let entry = Entry {
        site: SiteId::from_stored(site),
        link: LinkKey {
            code: Code::parse(code).ok().filter(|_| namespace == NAMESPACE)?,
            incarnation: Incarnation::from_bits(u64::from_le_bytes(*incarnation)),
        },
        day: Day::from_number(i32::from_le_bytes(*day))?,
        kind,
    };
    Some((
        Numbered { number: u64::from_le_bytes(*number), previous: 0, network: None, entry },
        PREFIX + body.len(),
    ))
}

/// A text after its length as one byte.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (length, rest) = bytes.split_first()?;
    let (text, rest) = rest.split_at_checked(usize::from(*length))?;
    Some((std::str::from_utf8(text).ok()?, rest))
}
