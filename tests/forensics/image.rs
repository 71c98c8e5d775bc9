//! The memory of a process, as somebody reads it who may.

use std::collections::HashMap;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;

/// Everything that a process could write, by its address.
pub(crate) struct Image {
    areas: Vec<(String, Vec<u8>)>,
}

/// Bytes to look for, and what to call them.
pub(crate) struct Needle {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// What memory is divided into.
const PAGE: u64 = 4_096;
/// The shortest needle: it is found by so many first bytes.
const SHORTEST: usize = 8;

impl Image {
    /// Reads the memory of a process that lets nobody read it but the system's administrator.
    pub(crate) fn of(process: u32) -> Self {
        let open = |file: &str| File::open(format!("/proc/{process}/{file}"));
        let maps = fs::read_to_string(format!("/proc/{process}/maps"));
        let (Ok(maps), Ok(memory), Ok(pages)) = (maps, open("mem"), open("pagemap")) else {
            panic!(
                "this test reads the memory of a process that does not permit it: run it as root, or with CAP_SYS_PTRACE"
            );
        };
        let mut areas = Vec::new();
        let rights = |line: &&str| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with("rw"));
        for line in maps.lines().filter(rights) {
            let (begin, rest) = line.split_once('-').expect("an area");
            let end = rest.split(' ').next().expect("its end");
            let page = |text| u64::from_str_radix(text, 16).expect("an address") / PAGE;
            let (begin, end) = (page(begin), page(end));
            let mut used = vec![0; 8 * usize::try_from(end - begin).expect("it fits")];
            // An area can go while it is read.
            if pages.read_exact_at(&mut used, 8 * begin).is_err() {
                continue;
            }
            // The highest two bits of a page say whether it is in memory or in the swap space.
            let used: Vec<bool> = used.chunks_exact(8).map(|page| page[7] & 0xc0 != 0).collect();
            let mut at = begin;
            for run in used.chunk_by(|one, next| one == next) {
                let length = run.len() as u64;
                if run[0] {
                    let mut bytes = vec![0; usize::try_from(length * PAGE).expect("it fits")];
                    if memory.read_exact_at(&mut bytes, at * PAGE).is_ok() {
                        areas.push((format!("{:x} ({line})", at * PAGE), bytes));
                    }
                }
                at += length;
            }
        }
        assert!(areas.iter().any(|(name, _)| name.contains("[stack]")), "{maps}");
        Self { areas }
    }

    /// How much it is.
    pub(crate) fn kib(&self) -> usize {
        self.areas.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() >> 10
    }

    /// Every place where a needle is: its name, the address and the area.
    pub(crate) fn search(&self, needles: &[Needle]) -> Vec<String> {
        let first = |bytes: &[u8]| -> [u8; SHORTEST] { bytes[..SHORTEST].try_into().expect("long enough") };
        let mut known: HashMap<[u8; SHORTEST], Vec<&Needle>> = HashMap::new();
        let mut may_be = vec![false; 1 << 16];
        let pair = |bytes: &[u8]| usize::from(u16::from_le_bytes([bytes[0], bytes[1]]));
        for needle in needles {
            known.entry(first(&needle.bytes)).or_default().push(needle);
            may_be[pair(&needle.bytes)] = true;
        }
        let mut found = Vec::new();
        for (area, bytes) in &self.areas {
            for at in 0..=bytes.len() - SHORTEST {
                let rest = &bytes[at..];
                if may_be[pair(rest)] {
                    let some = known.get(&first(rest)).into_iter().flatten();
                    let here = some.filter(|needle| rest.starts_with(&needle.bytes));
                    found.extend(here.map(|needle| format!("{} at {at:#x} of {area}", needle.name)));
                }
            }
        }
        found
    }

    /// Every part of this length that begins at a multiple of four.
    pub(crate) fn parts(&self, length: usize) -> impl Iterator<Item = &[u8]> {
        self.areas.iter().flat_map(move |(_, bytes)| bytes.windows(length).step_by(4))
    }

    /// Every part of 32 bytes, wherever it begins, that could be random.
    pub(crate) fn random_parts(&self) -> impl Iterator<Item = &[u8; 32]> {
        self.areas.iter().flat_map(|(_, bytes)| {
            let (mut zeros, mut high) = (0_usize, 0_usize);
            let mut parts = Vec::new();
            for (begin, last) in (0..bytes.len()).map(|at| (at.checked_sub(31), at)) {
                zeros += usize::from(bytes[last] == 0);
                high += usize::from(bytes[last] >= 128);
                let Some(begin) = begin else { continue };
                // Of 32 random bytes, fewer than one in a thousand are out of these bounds.
                if zeros < 4 && (6..27).contains(&high) {
                    parts.push(begin);
                }
                zeros -= usize::from(bytes[begin] == 0);
                high -= usize::from(bytes[begin] >= 128);
            }
            parts.into_iter().map(|begin| bytes[begin..begin + 32].try_into().expect("32 bytes"))
        })
    }
}
