//! Everything that the program leaves anywhere but in its memory: its files, those of its Redis, its log, its metrics.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

use crate::redis::RedisServer;
use crate::visits::{States, Visit, sets};

/// A secret of a visitor or of the day in every form in which it could be kept.
pub(crate) struct Secret {
    name: String,
    forms: Vec<Vec<u8>>,
}

impl Secret {
    /// Bytes, and what they look like in hexadecimal digits and in Base64 wherever they begin.
    pub(crate) fn new(name: &str, bytes: &[u8]) -> Self {
        let hex = base16ct::lower::encode_string(bytes);
        let mut forms = vec![bytes.to_vec(), hex.to_uppercase().into_bytes(), hex.into_bytes()];
        for before in 0..3 {
            let text = STANDARD_NO_PAD.encode([&vec![0; before], bytes].concat());
            // Its first and its last letters depend on what stands beside it.
            let inner = text[[0, 2, 3][before]..text.len() - 1].to_owned();
            forms.push(inner.replace('+', "-").replace('/', "_").into_bytes());
            forms.push(inner.into_bytes());
        }
        Self { name: name.to_owned(), forms }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.forms.iter().any(|form| memchr::memmem::find(bytes, form).is_some())
    }
}

/// The networks of visits as no file may have them: each beside its tag and not masked, all sets of them, and their keys.
pub(crate) fn networks(states: &States, visits: &[Visit]) -> Vec<Secret> {
    let keys = states.network_keys().map(|key| Secret::new("a key of networks", &key));
    // By chance, the mask of one visit in 256 hides nothing.
    let masked = visits.iter().filter(|visit| states.mask(visit) != 0);
    let beside = masked.map(|visit| {
        let record = [visit.tag.as_bytes().as_slice(), &[states.bucket(visit)]].concat();
        Secret::new("a tag with its bucket", &record)
    });
    // As a member of a set of Redis, in what is sent and in what is saved.
    let members = visits.iter().flat_map(|visit| {
        let incarnation = visit.link.incarnation.bits().to_le_bytes();
        let member = [incarnation.as_slice(), &[states.bucket(visit)]].concat();
        [b"\n".as_slice(), &[0x89]]
            .map(|before| Secret::new("a network of a link", &[before, &member].concat()))
    });
    let sets = sets(states, visits).into_iter().flat_map(|set| {
        let other_way = set.map(u8::reverse_bits);
        [Secret::new("a set of networks", &set), Secret::new("a set of networks for Redis", &other_way)]
    });
    keys.into_iter().chain(beside).chain(members).chain(sets).collect()
}

/// Asserts that none of the secrets is in a place.
pub(crate) fn assert_none(place: &str, bytes: &[u8], secrets: &[Secret]) {
    for secret in secrets {
        assert!(!secret.is_in(bytes), "{} is in {place}", secret.name);
    }
}

/// Asserts that none of them is in any file of a folder; returns the names of the files.
pub(crate) fn assert_none_in_files(folder: &Path, secrets: &[Secret]) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            names.extend(assert_none_in_files(&path, secrets));
        } else if let Ok(bytes) = std::fs::read(&path) {
            // One that went meanwhile has nothing left.
            assert_none(&path.display().to_string(), &bytes, secrets);
            names.push(path.file_name().expect("a file").to_string_lossy().into_owned());
        }
    }
    names
}

/// Asserts that none of them is in what a Redis remembers of commands and clients; it has written its snapshot then, too.
pub(crate) fn assert_none_in_redis(redis: &RedisServer, secrets: &[Secret]) {
    let asked = ["SAVE", "SLOWLOG GET -1", "LATENCY LATEST", "CLIENT LIST", "ACL LOG", "INFO ALL", "KEYS *"];
    for question in asked {
        let answer = redis.ask_bytes(question);
        assert!(!answer.is_empty() && answer[0] != b'-', "{question}: {}", String::from_utf8_lossy(&answer));
        assert_none(question, &answer, secrets);
    }
}
