//! Visits that the investigator knows, and what the program makes of them.

use std::path::Path;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::link_key::LinkKey;
use entrenous::domain::networks::MaskedBucket;
use entrenous::domain::site::SiteId;
use entrenous::domain::visitor::Tag;
use entrenous::domain::visitor_set::Fingerprint;
use entrenous::journal::{Position, Reader};
use sha2::block_api::compress256;
use sha2::{Digest, Sha256};

use crate::image::{Image, Needle};

/// The length of a core of SHA-256: its state and the number of blocks.
const CORE: usize = 40;
/// How SHA-256 begins.
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A visit: by whom the investigator knows, and its tag and its masked bucket from the journal.
pub(crate) struct Visit {
    pub(crate) site: SiteId,
    pub(crate) link: LinkKey,
    pub(crate) address: [u8; 4],
    pub(crate) agent: &'static str,
    pub(crate) tag: Tag,
    pub(crate) masked: MaskedBucket,
}

/// The clicks in a journal, in their order.
pub(crate) fn clicks(journal: &Path) -> Vec<(SiteId, LinkKey, Tag, MaskedBucket)> {
    let mut reader = Reader::new(journal);
    let mut found = Vec::new();
    loop {
        let chunk = reader.read(Position::END).expect("a journal");
        for entry in chunk.entries.into_iter().map(|numbered| numbered.entry) {
            if let EntryKind::Click(tag, masked) = entry.kind {
                found.push((entry.site, entry.link, tag, masked.expect("a bucket")));
            }
        }
        if chunk.caught_up {
            return found;
        }
    }
}

/// The two hash states of a key: whoever has those of the day key can make its tags as well as with the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct States {
    inner: [u32; 8],
    outer: [u32; 8],
}

/// What is hashed of some parts: each after its length.
fn message(parts: &[&[u8]]) -> Vec<u8> {
    let mut message = Vec::new();
    for part in parts {
        message.extend(u32::try_from(part.len()).expect("short").to_le_bytes());
        message.extend(*part);
    }
    message
}

impl Visit {
    fn message(&self) -> Vec<u8> {
        let incarnation = self.link.incarnation.bits().to_le_bytes();
        let link = [b"/", self.link.code.as_str().as_bytes(), &incarnation].concat();
        message(&[b"v1", &link, &self.address, self.agent.as_bytes()])
    }
}

impl States {
    /// Looks for the states that confirm a visit, wherever they are in the memory.
    pub(crate) fn find(image: &Image, visit: &Visit) -> Option<Self> {
        let one_block = 1_u64.to_le_bytes();
        let candidates = image
            .parts(2 * CORE)
            .filter(|part| part[CORE - 8..CORE] == one_block && part[2 * CORE - 8..] == one_block);
        let state = |bytes: &[u8]| {
            let mut words =
                bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().expect("4 bytes")));
            std::array::from_fn(|_| words.next().expect("8 words"))
        };
        candidates
            .flat_map(|part| {
                let (one, other) = (state(&part[..CORE - 8]), state(&part[CORE..2 * CORE - 8]));
                [Self { inner: one, outer: other }, Self { inner: other, outer: one }]
            })
            .find(|states| states.confirm(visit))
    }

    /// The states of a key.
    pub(crate) fn of(key: &[u8; 32]) -> Self {
        let [inner, outer] = [0x36, 0x5c].map(|padding| {
            let mut block = [padding; 64];
            block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
            let mut state = BEGINNING;
            compress256(&mut state, &[block]);
            state
        });
        Self { inner, outer }
    }

    /// The HMAC of some parts with the key of these states.
    fn hmac(&self, message: &[u8]) -> [u8; 32] {
        rest_of_hash(self.outer, &rest_of_hash(self.inner, message))
    }

    /// Whether the visit's tag was made with the key of these states.
    pub(crate) fn confirm(&self, visit: &Visit) -> bool {
        self.hmac(&visit.message())[..16] == *visit.tag.as_bytes()
    }

    /// Whether these bytes are the key of the states.
    pub(crate) fn are_of(&self, key: &[u8; 32]) -> bool {
        Self::of(key).inner == self.inner
    }

    /// What follows from a day key: the keys of its day's networks and of what hides them.
    pub(crate) fn network_keys(&self) -> [[u8; 32]; 2] {
        [b"networks".as_slice(), b"mask"].map(|name| self.hmac(&message(&[name])))
    }

    /// The bucket of a visit's network, by these states of the day key.
    pub(crate) fn bucket(&self, visit: &Visit) -> u8 {
        let [key, _] = self.network_keys();
        let parts = message(&[visit.site.as_str().as_bytes(), &visit.address[..3]]);
        Sha256::new().chain_update(key).chain_update(parts).finalize()[0]
    }

    /// What hides the bucket of a visit in the journal.
    pub(crate) fn mask(&self, visit: &Visit) -> u8 {
        let [_, key] = self.network_keys();
        Sha256::new().chain_update(key).chain_update(visit.tag.as_bytes()).finalize()[0]
    }

    /// What a part of the states looks like in memory: each two words that stand beside each other there, also in the
    /// order in which processors take them.
    pub(crate) fn needles(&self) -> Vec<Needle> {
        let mut needles = Vec::new();
        for (name, state) in [("the inner state", self.inner), ("the outer state", self.outer)] {
            for two in state.chunks_exact(2) {
                for words in [[two[0], two[1]], [two[1], two[0]]] {
                    let bytes = words.into_iter().flat_map(u32::to_le_bytes).collect();
                    needles.push(Needle { name: name.to_owned(), bytes });
                }
            }
        }
        needles
    }

    /// What the networks' keys look like in memory: each part as it is, and as a hash takes it.
    pub(crate) fn network_needles(&self) -> Vec<Needle> {
        let names = ["the networks key", "the masks' key"];
        let keys = names.into_iter().zip(self.network_keys());
        let parts = keys.flat_map(|(name, key)| {
            let parts = key.chunks_exact(8).map(<[u8]>::to_vec).collect::<Vec<_>>();
            parts.into_iter().map(move |part| (name, part))
        });
        let words = |part: &[u8]| -> Vec<u8> {
            part.chunks_exact(4).flat_map(|word| word.iter().rev().copied()).collect()
        };
        let both = parts.flat_map(|(name, part)| [(name, words(&part)), (name, part)]);
        both.map(|(name, bytes)| Needle { name: name.to_owned(), bytes }).collect()
    }
}

/// The sets of networks that the visits come to, one bit for each bucket, the lowest bit of a byte first: as they were after
/// each visit of each link, and of all together.
pub(crate) fn sets(states: &States, visits: &[Visit]) -> Vec<[u8; 32]> {
    let mut links: Vec<&LinkKey> = visits.iter().map(|visit| &visit.link).collect();
    links.sort_unstable();
    links.dedup();
    let mut sets = Vec::new();
    for link in links.into_iter().map(Some).chain([None]) {
        let mut set = [0_u8; 32];
        for visit in visits.iter().filter(|visit| link.is_none_or(|link| visit.link == *link)) {
            let bucket = states.bucket(visit);
            set[usize::from(bucket / 8)] |= 1 << (bucket % 8);
            sets.push(set);
        }
    }
    // A smaller one could be anything.
    sets.retain(|set| set.iter().map(|byte| byte.count_ones()).sum::<u32>() >= ENOUGH);
    sets
}

/// A set of so many networks stands for nothing else by chance.
const ENOUGH: u32 = 10;

/// Ends a SHA-256 of which one block was hashed.
fn rest_of_hash(mut state: [u32; 8], message: &[u8]) -> [u8; 32] {
    let mut bytes = message.to_vec();
    bytes.push(0x80);
    while bytes.len() % 64 != 56 {
        bytes.push(0);
    }
    bytes.extend((8 * (64 + message.len() as u64)).to_be_bytes());
    for block in bytes.chunks_exact(64) {
        compress256(&mut state, &[block.try_into().expect("64 bytes")]);
    }
    let mut hash = [0; 32];
    for (four, word) in hash.chunks_exact_mut(4).zip(state) {
        four.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

/// What tags and their fingerprints look like in memory.
pub(crate) fn needles(visits: &[Visit]) -> Vec<Needle> {
    let mut needles = Vec::new();
    for (number, visit) in visits.iter().enumerate() {
        let (tag, fingerprint) = (visit.tag.as_bytes(), Fingerprint::of(&visit.tag).number());
        #[expect(clippy::cast_precision_loss, reason = "52 bits")]
        let as_float = fingerprint as f64;
        let forms = [
            ("first half of the tag", tag[..8].to_vec()),
            ("second half of the tag", tag[8..].to_vec()),
            ("fingerprint", fingerprint.to_le_bytes().to_vec()),
            ("fingerprint as Redis takes it", as_float.to_le_bytes().to_vec()),
            ("fingerprint in decimals", fingerprint.to_string().into_bytes()),
        ];
        for (name, bytes) in forms {
            if bytes.len() >= 8 {
                needles.push(Needle { name: format!("the {name} of visit {number}"), bytes });
            }
        }
    }
    needles
}
