//! Visits that the investigator knows, and what the program makes of them.

use std::path::Path;

use entrenous::domain::entry::EntryKind;
use entrenous::domain::link_key::LinkKey;
use entrenous::domain::visitor::Tag;
use entrenous::domain::visitor_set::Fingerprint;
use entrenous::service::journal::{Position, Reader};
use sha2::block_api::compress256;

use crate::image::{Image, Needle};

/// The length of a core of SHA-256: its state and the number of blocks.
const CORE: usize = 40;
/// How SHA-256 begins.
const BEGINNING: [u32; 8] =
    [0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19];

/// A visit: by whom the investigator knows, and its tag from the journal.
pub(crate) struct Visit {
    pub(crate) link: LinkKey,
    pub(crate) address: [u8; 4],
    pub(crate) agent: &'static str,
    pub(crate) tag: Tag,
}

/// The links and tags of the clicks in a journal, in their order.
pub(crate) fn clicks(journal: &Path) -> Vec<(LinkKey, Tag)> {
    let mut reader = Reader::new(journal);
    let mut found = Vec::new();
    loop {
        let chunk = reader.read(Position::END).expect("a journal");
        for entry in chunk.entries.into_iter().map(|numbered| numbered.entry) {
            if let EntryKind::Click(tag) = entry.kind {
                found.push((entry.link, tag));
            }
        }
        if chunk.caught_up {
            return found;
        }
    }
}

/// The two hash states of a day key: whoever has them can make its tags as well as with the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct States {
    inner: [u32; 8],
    outer: [u32; 8],
}

impl Visit {
    fn message(&self) -> Vec<u8> {
        let incarnation = self.link.incarnation.bits().to_le_bytes();
        let link = [b"/", self.link.code.as_str().as_bytes(), &incarnation].concat();
        let mut message = Vec::new();
        for part in [b"v1".as_slice(), &link, &self.address, self.agent.as_bytes()] {
            message.extend(u32::try_from(part.len()).expect("short").to_le_bytes());
            message.extend(part);
        }
        message
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

    /// Whether the visit's tag was made with the key of these states.
    pub(crate) fn confirm(&self, visit: &Visit) -> bool {
        let inner = rest_of_hash(self.inner, &visit.message());
        rest_of_hash(self.outer, &inner)[..16] == *visit.tag.as_bytes()
    }

    /// Whether these bytes are the key of the states.
    pub(crate) fn are_of(&self, key: &[u8; 32]) -> bool {
        let mut block = [0x36; 64];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        let mut state = BEGINNING;
        compress256(&mut state, &[block]);
        state == self.inner
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
}

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
