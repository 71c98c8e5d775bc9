//! The journal through its own door: what was appended is read again, whatever happened in between.

use proptest::prelude::*;

use super::*;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::entry::EntryKind;
use crate::domain::family::Family;
use crate::domain::link_key::{Incarnation, LinkKey};
use crate::domain::networks::MaskedBucket;
use crate::domain::site::SiteId;
use crate::domain::visitor::Tag;
use crate::journal::segment::FIRST_RECORD;
use jiff::Timestamp;

fn batch(first: u8, count: u8) -> Batch {
    let mut batch = Batch::default();
    let site = SiteId::from_stored("site1234");
    for number in first..first + count {
        let link = LinkKey {
            code: Code::parse(&format!("code{number}")).expect("a code"),
            incarnation: Incarnation::from_bits(number.into()),
        };
        let kind = match number % 3 {
            0 => EntryKind::Click(
                Tag::from_bytes([number; 16]),
                (number % 2 == 0).then(|| MaskedBucket::from_byte(number)),
            ),
            1 => EntryKind::Unfurl(Family::Slack),
            _ => EntryKind::Open,
        };
        batch.push(&site, &link, Day::of(Timestamp::UNIX_EPOCH), kind);
    }
    batch
}

fn open(dir: &Path) -> Writer {
    Writer::open(dir, Sync::Os).expect("a journal")
}

/// Every code that can be read, and how many bytes were damaged.
fn read(dir: &Path, end: Position) -> (Vec<String>, u64) {
    let mut reader = Reader::new(dir);
    let (mut codes, mut damaged, mut last, mut journal) = (Vec::new(), 0, 0, None);
    loop {
        let chunk = reader.read(end).expect("a readable journal");
        if chunk.journal.is_some() && journal != chunk.journal {
            (journal, last) = (chunk.journal.clone(), 0);
        }
        for numbered in &chunk.entries {
            assert!(numbered.number > last, "numbers rise");
            last = numbered.number;
            codes.push(numbered.entry.link.code.to_string());
        }
        damaged += chunk.damaged_bytes;
        if chunk.caught_up {
            return (codes, damaged);
        }
    }
}

fn codes(range: std::ops::Range<u8>) -> Vec<String> {
    range.map(|number| format!("code{number}")).collect()
}

fn only_segment(dir: &Path) -> PathBuf {
    segment_path(dir, segments(dir).expect("a folder")[0])
}

#[test]
fn each_kind_of_entry_is_read_as_it_was_written_and_a_click_with_or_without_a_network() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = open(dir.path());
    writer.append(&mut [batch(0, 12)]).expect("a written batch");
    let chunk = Reader::new(dir.path()).read(Position::END).expect("a readable journal");
    assert_eq!(chunk.entries.len(), 12);
    for (number, numbered) in (0..).zip(&chunk.entries) {
        let network = (number % 2 == 0).then(|| MaskedBucket::from_byte(number));
        let is_right = match numbered.entry.kind {
            EntryKind::Click(tag, masked) => {
                number % 3 == 0 && *tag.as_bytes() == [number; 16] && masked == network
            }
            EntryKind::Unfurl(family) => number % 3 == 1 && family == Family::Slack,
            EntryKind::Open => number % 3 == 2,
        };
        assert!(is_right, "entry {number}");
        assert!(numbered.network.is_none(), "only the day key gives a bucket again");
    }
}

#[test]
fn what_was_appended_is_read_in_order_across_segments_and_restarts() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = open(dir.path());
    let name = writer.journal().clone();
    writer.append(&mut [batch(0, 3), batch(3, 2)]).expect("written");
    writer.rotate();
    writer.append(&mut [batch(5, 1)]).expect("written");
    drop(writer);
    let mut writer = open(dir.path());
    assert_ne!(*writer.journal(), name, "each start writes a journal of its own");
    let end = writer.append(&mut [batch(6, 4)]).expect("written");
    assert_eq!(read(dir.path(), end), (codes(0..10), 0));
    Reader::delete_before(dir.path(), end.segment()).expect("deleted");
    assert_eq!(read(dir.path(), end), (codes(6..10), 0));
}

#[test]
fn a_segment_says_which_record_of_its_journal_came_before_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = open(dir.path());
    writer.append(&mut [batch(0, 3)]).expect("written");
    writer.rotate();
    let end = writer.append(&mut [batch(3, 2)]).expect("written");
    let mut reader = Reader::new(dir.path());
    let mut after = Vec::new();
    loop {
        let chunk = reader.read(end).expect("a readable journal");
        if chunk.caught_up {
            break;
        }
        after.push((chunk.after, chunk.entries[0].number));
    }
    assert_eq!(after, [(0, 1), (3, 4)]);
}

#[test]
fn a_folder_that_is_removed_is_made_again_with_what_was_not_settled() {
    let parent = tempfile::tempdir().expect("a folder");
    let dir = parent.path().join("journal");
    let mut writer = open(&dir);
    let end = writer.append(&mut [batch(0, 3)]).expect("written");
    let mut reader = Reader::new(&dir);
    assert_eq!(reader.read(end).expect("read").entries.len(), 3);
    std::fs::remove_dir_all(&dir).expect("removed");
    let end = writer.append(&mut [batch(3, 2)]).expect("written");
    assert_eq!(read(&dir, end), (codes(0..5), 0));
    assert_eq!(reader.read(end).expect("read").entries.len(), 2, "who has read goes on where they were");
    assert!(Writer::open(&dir, Sync::Os).is_err(), "the new folder is taken");
}

#[test]
fn a_segment_whose_headers_are_both_damaged_is_kept_under_another_name() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = open(dir.path());
    writer.append(&mut [batch(0, 1)]).expect("written");
    let path = only_segment(dir.path());
    writer.rotate();
    let end = writer.append(&mut [batch(1, 1)]).expect("written");
    let mut bytes = std::fs::read(&path).expect("a segment");
    bytes[3] ^= 1;
    bytes[usize::try_from(FIRST_RECORD).expect("small") / 2 + 3] ^= 1;
    std::fs::write(&path, bytes).expect("written");
    let mut reader = Reader::new(dir.path());
    let damaged = reader.read(end).expect("a readable journal").unreadable.expect("it is named");
    assert!(damaged.exists() && !path.exists());
    assert_eq!(reader.read(end).expect("a readable journal").entries.len(), 1, "the rest goes on");
}

#[test]
fn nothing_behind_the_durable_end_is_read() {
    let dir = tempfile::tempdir().expect("a folder");
    let mut writer = open(dir.path());
    let end = writer.append(&mut [batch(0, 3)]).expect("written");
    writer.append(&mut [batch(3, 3)]).expect("written");
    assert_eq!(read(dir.path(), end).0, codes(0..3));
}

#[test]
fn two_processes_cannot_write_one_folder() {
    let dir = tempfile::tempdir().expect("a folder");
    let _first = open(dir.path());
    let second = Writer::open(dir.path(), Sync::Os);
    assert!(second.is_err());
}

#[test]
fn a_removed_lock_file_lets_nobody_in() {
    let dir = tempfile::tempdir().expect("a folder");
    let _first = open(dir.path());
    for file in std::fs::read_dir(dir.path()).expect("a folder") {
        std::fs::remove_file(file.expect("an entry").path()).expect("removed");
    }
    assert!(matches!(Writer::open(dir.path(), Sync::Os), Err(OpenError::InUse(_))));
}

#[test]
fn a_folder_that_the_disk_refuses_is_named() {
    let parent = tempfile::tempdir().expect("a folder");
    let obstacle = parent.path().join("obstacle");
    std::fs::write(&obstacle, "").expect("written");
    let dir = obstacle.join("journal");
    let error = Writer::open(&dir, Sync::Os).expect_err("no folder");
    assert!(error.to_string().contains(dir.to_str().expect("a text")), "{error}");
}

#[test]
fn a_flipped_bit_in_a_header_changes_no_journals_name() {
    for bit in 0..FIRST_RECORD * 8 {
        let bit = usize::try_from(bit).expect("small");
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = open(dir.path());
        let end = writer.append(&mut [batch(0, 1)]).expect("written");
        let path = only_segment(dir.path());
        let mut bytes = std::fs::read(&path).expect("a segment");
        bytes[bit / 8] ^= 1 << (bit % 8);
        std::fs::write(&path, bytes).expect("written");
        let chunk = Reader::new(dir.path()).read(end).expect("a readable journal");
        assert_eq!((chunk.journal.as_ref(), chunk.entries.len()), (Some(writer.journal()), 1));
    }
}

#[test]
fn room_that_was_made_for_records_is_no_damage_and_is_given_back() {
    let dir = tempfile::tempdir().expect("a folder");
    let synced = || Writer::open(dir.path(), Sync::Always).expect("a journal");
    let mut writer = synced();
    let end = writer.append(&mut [batch(0, 5)]).expect("written");
    let killed = std::fs::read(only_segment(dir.path())).expect("a segment");
    assert!(killed.len() as u64 > end.offset, "there is room behind the records");
    drop(writer);
    let ended = std::fs::read(only_segment(dir.path())).expect("a segment");
    assert_eq!(ended.len() as u64, end.offset);

    std::fs::write(only_segment(dir.path()), killed).expect("written");
    let end = synced().append(&mut [batch(5, 1)]).expect("written");
    assert_eq!(read(dir.path(), end), (codes(0..6), 0));
}

#[test]
fn a_torn_or_zero_filled_tail_costs_nothing_before_it() {
    for tail in [&[0_u8; 5_000][..], &[1, 2, 3], &[40, 0, 9, 9, 9, 9, 1]] {
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = open(dir.path());
        writer.append(&mut [batch(0, 5)]).expect("written");
        drop(writer);
        let path = only_segment(dir.path());
        let mut bytes = std::fs::read(&path).expect("a segment");
        bytes.extend(tail);
        std::fs::write(&path, bytes).expect("written");
        let end = open(dir.path()).append(&mut [batch(5, 1)]).expect("written");
        // Zeros at the end are room that was never used.
        let damaged = if tail.iter().all(|byte| *byte == 0) { 0 } else { tail.len() as u64 };
        assert_eq!(read(dir.path(), end), (codes(0..6), damaged));
    }
}

#[test]
fn every_family_is_read_again_and_an_unknown_one_is_nobodys() {
    let site = SiteId::from_stored("site1234");
    let link = "/abc.0000000000000001".parse().expect("a link key");
    let family = |bytes: &[u8]| match record::decode(bytes).expect("an intact record").0.entry.kind {
        EntryKind::Unfurl(family) => family,
        _ => panic!("no unfurl"),
    };
    for known in Family::all() {
        let mut batch = Batch::default();
        batch.push(&site, &link, Day::of(Timestamp::UNIX_EPOCH), EntryKind::Unfurl(known));
        let mut bytes = batch.seal(7).to_vec();
        assert_eq!(family(&bytes), known);
        // A later version's family.
        *bytes.last_mut().expect("a family") = 255;
        sealed_again(&mut bytes);
        assert_eq!(family(&bytes), Family::Other);
    }
}

/// Corrects a record's length and checksum after a change.
fn sealed_again(record: &mut [u8]) {
    let length = u16::try_from(record.len() - 6).expect("a short record");
    let checksum = crc32fast::hash(&record[6..]);
    record[..2].copy_from_slice(&length.to_le_bytes());
    record[2..6].copy_from_slice(&checksum.to_le_bytes());
}

proptest! {
    #[test]
    fn a_flipped_bit_costs_at_most_the_record_that_it_is_in(bit in 0..10_000_usize, cut in 0..3_usize) {
        let dir = tempfile::tempdir().expect("a folder");
        let mut writer = open(dir.path());
        writer.append(&mut [batch(0, 20)]).expect("written");
        drop(writer);
        let path = only_segment(dir.path());
        let mut bytes = std::fs::read(&path).expect("a segment");
        let bit = bit % (bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes.truncate(bytes.len() - cut);
        std::fs::write(&path, &bytes).expect("written");
        let end = open(dir.path()).append(&mut [batch(20, 1)]).expect("written");
        let (found, _) = read(dir.path(), end);
        let lost = codes(0..21).into_iter().filter(|code| !found.contains(code)).count();
        prop_assert!(lost <= 1 + usize::from(cut > 0), "{found:?}");
        prop_assert!(found.iter().all(|code| codes(0..21).contains(code)));
    }

    #[test]
    fn no_bytes_make_the_decoder_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = record::decode(&bytes);
    }
}
