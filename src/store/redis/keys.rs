//! The keys, all of them.
//!
//! What stands in braces decides the hash slot. Everything of a link is in one of 64 *partitions*, by its code; all
//! index keys of a site share another slot, the few sites one, and what is known of the store itself one. So each
//! of these can be changed atomically.

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::site::SiteId;
use crate::domain::week::Week;

/// Hash: site id → its JSON.
pub(super) const SITES: &str = "ens:{sites}:json";
/// Hash: site name → site id.
pub(super) const SITE_NAMES: &str = "ens:{sites}:names";
/// Hash: hash of a key → site id.
pub(super) const SITE_KEYS: &str = "ens:{sites}:keys";
/// Set: the sites that have counts.
pub(super) const COUNTED_SITES: &str = "ens:counted";
/// String: the day before which every site's days have been closed.
pub(super) const CLOSED_BEFORE: &str = "ens:closed";
/// Hash: folded name of a person → their JSON.
pub(super) const PEOPLE: &str = "ens:{access}:people";
/// Hash: hash of a session's token → its JSON.
pub(super) const SESSIONS: &str = "ens:{access}:sessions";
/// Hash: hash of a shared view's token → its JSON.
pub(super) const VIEWS: &str = "ens:{access}:views";
/// String: 64 bytes from which the claims of reserved codes and the keys to shared views are made.
pub(super) const SESSION_SECRET: &str = "ens:session";

/// String: the store's random identity; `new:` before it while not every partition has it yet.
pub(super) const IDENTITY: &str = "ens:{store}:identity";
/// Hash: journal → how far it is in the store for good, as [`crate::store::redis::checkpoints`] says.
pub(super) const JOURNALS: &str = "ens:{store}:journals";

/// How many partitions there are. Another number would need other keys.
pub(super) const PARTITIONS: usize = 64;

/// The partition that everything of a link is in: the same for codes that differ in case only.
pub(super) fn partition_of(code: &Code) -> usize {
    crc32fast::hash(code.folded().as_str().as_bytes()) as usize % PARTITIONS
}

/// Hash: `store` → the store's identity, each journal → its checkpoint in this partition.
pub(super) fn partition(number: usize) -> String {
    format!("ens:p:{}", tag(number))
}

/// Hash: link key and day → counts that cannot be added to their link: clicks, unfurls, opens and visitors, and then how many
/// of the unfurls are known to be of which family. Where it is the counts that cannot be read, these; and key and day →
/// nothing, where a key was set aside as [`damaged`] says.
pub(super) fn set_aside(number: usize) -> String {
    format!("ens:s:{}", tag(number))
}

/// Of any type: what stood where a part should be.
pub(super) fn damaged(part: &str) -> String {
    format!("{part}{DAMAGED}")
}

/// Whether this is such a key.
pub(super) fn is_damaged(key: &str) -> bool {
    key.ends_with(DAMAGED)
}

const DAMAGED: &str = ":damaged";

/// Sorted set with an expiry: incarnations of this partition's links that were deleted a short while ago, by the second of
/// that. They are random and say nothing of what the links were.
pub(super) fn deleted(number: usize) -> String {
    format!("ens:g:{}", tag(number))
}

fn tag(number: usize) -> String {
    format!("{{p{number:03}}}")
}

/// String with an expiry: until when a piece of work is held, in milliseconds.
pub(super) fn lease(name: &str) -> String {
    format!("ens:t:{name}")
}

/// Channel: codes of links that were changed, and signs of life.
pub(super) const NEWS: &str = "ens:news";

/// String: a link. Of codes that differ in case only, one has a link, so they have one key.
pub(super) fn link(code: &Code) -> String {
    format!("ens:l:{}:{}", tag(partition_of(code)), code.folded())
}

/// Hash: hash of the code of a deleted link → the site that may use it again. Codes that differ in case only
/// have one hash, in one partition.
pub(super) fn deleted_codes(code: &Code) -> String {
    format!("ens:e:{}", tag(partition_of(code)))
}

/// Hash: campaign in the form in which spellings are compared → as it was first written.
pub(super) fn campaigns(site: &SiteId) -> String {
    format!("ens:n:{{{site}}}")
}

/// Set: the days of a site that count nothing any more in a partition.
pub(super) fn frozen(number: usize, site: &SiteId) -> String {
    format!("ens:f:{}:{site}", tag(number))
}

/// Hash: link key → what was counted for it, packed as `record.lua` says: a *part* of a site's day.
pub(super) fn part(number: usize, site: &SiteId, day: Day) -> String {
    format!("ens:c:{}:{site}:{}", tag(number), day.number())
}

/// Hash with an expiry: link key → fingerprints of the visitors that are counted in that part, of 8 bytes each. A link with
/// too many has a sketch instead, in a string of its own: the same key with a colon and the link's behind it. The field
/// `sketches` names those.
pub(super) fn visitors(number: usize, site: &SiteId, day: Day) -> String {
    format!("ens:v:{}:{site}:{}", tag(number), day.number())
}

/// Sorted set: a site's codes in the order of their creation, as [`crate::store::redis::index`] says.
pub(super) fn index(site: &SiteId) -> String {
    format!("ens:i:{{{site}}}")
}

/// Sorted set, all scores 0: `PARENT CHILD` for each link of a site that has a parent.
pub(super) fn children(site: &SiteId) -> String {
    format!("ens:lp:{{{site}}}")
}

/// Hash: `once` name → the link that it stands for, as [`crate::store::redis::record::Record::holder`].
pub(super) fn once(site: &SiteId) -> String {
    format!("ens:o:{{{site}}}")
}

/// Hash: how far a site's days are closed, as [`crate::store::redis::marks`] says.
pub(super) fn marks(site: &SiteId) -> String {
    format!("ens:z:{{{site}}}")
}

/// Hash: a site's cells of one day, as [`crate::store::redis::cells`] says.
pub(super) fn sheet(site: &SiteId, day: Day) -> String {
    format!("ens:x:{{{site}}}:{}", day.number())
}

/// Hash: what of a site's week is too few for a cell of a link, and when it is closed its cells, as [`crate::store::redis::cells`] says.
pub(super) fn week(site: &SiteId, week: Week) -> String {
    format!("ens:y:{{{site}}}:{}", week.number())
}

/// Set with an expiry, where the day keys are: 8 bytes of a link's incarnation and one of a network's bucket.
pub(super) fn networks(site: &SiteId, day: Day) -> String {
    format!("ens:b:{{{site}}}:{}", day.number())
}

/// The same of those that nobody has asked for.
pub(super) fn recent_networks(site: &SiteId, day: Day) -> String {
    format!("ens:r:{{{site}}}:{}", day.number())
}

/// String with an expiry, where the day keys are: what instances remember of a site's numbers of today.
pub(super) fn today_note(site: &SiteId, day: Day) -> String {
    format!("ens:q:{site}:{}", day.number())
}

/// String that is there within one step only: a test write. The tag and the key.
pub(super) fn probe(number: u32) -> (String, String) {
    (number.to_string(), format!("ens:probe:{{{number}}}"))
}

/// String with an expiry: which key a day has, as [`crate::store::redis::secrets`] says.
pub(super) fn day_key_name(day: Day) -> String {
    format!("ens:n:{}", day.number())
}

/// String with an expiry: a day's key.
pub(super) fn day_key(day: Day) -> String {
    format!("ens:k:{}", day.number())
}
