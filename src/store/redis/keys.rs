//! The keys, all of them.
//!
//! What stands in braces decides the hash slot: all keys of a link share one, all index keys of a
//! site another, and the few sites a third, so that each of the three can be changed atomically.

use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::site::SiteId;

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

/// String with an expiry: until when a piece of work is held, in milliseconds.
pub(super) fn work(name: &str) -> String {
    format!("ens:t:{name}")
}

/// Channel: codes of links that were changed, and signs of life.
pub(super) const NEWS: &str = "ens:news";

/// String: a link.
pub(super) fn link(code: &Code) -> String {
    format!("ens:l:{{{code}}}")
}

/// Hash: what was counted for a link by day, and each journal's mark.
pub(super) fn counts(code: &Code) -> String {
    format!("ens:c:{{{code}}}")
}

/// The field of that hash with the families that a day's unfurls are known to be of: `slack=2 telegram=1`.
pub(super) fn known_unfurls(day: Day) -> String {
    format!("u{}", day.number())
}

/// The field of that hash with the turn in which what was closed of a day left it, until that is forgotten.
pub(super) fn turn(day: Day) -> String {
    format!("x{}", day.number())
}

/// Set of fingerprints or string of registers, with an expiry: a link's visitors of one day.
pub(super) fn visitors(code: &Code, day: Day) -> String {
    format!("ens:v:{{{code}}}:{}", day.number())
}

/// Sorted set: a site's codes by the millisecond of their creation.
pub(super) fn index(site: &SiteId) -> String {
    format!("ens:i:{{{site}}}")
}

/// Hash: `once` name → the link that it stands for, as [`super::record::Record::holder`].
pub(super) fn once(site: &SiteId) -> String {
    format!("ens:o:{{{site}}}")
}

/// Set: the codes of a site that may have open counts on one day.
pub(super) fn active(site: &SiteId, day: Day) -> String {
    format!("ens:a:{{{site}}}:{}", day.number())
}

/// Sorted set: the days of a site that have counts.
pub(super) fn counted_days(site: &SiteId) -> String {
    format!("ens:d:{{{site}}}")
}

/// Hash: how far a site's days are closed, as [`super::marks`] says.
pub(super) fn marks(site: &SiteId) -> String {
    format!("ens:z:{{{site}}}")
}

/// Hash: a site's cells of one day, as [`super::cells`] says.
pub(super) fn sheet(site: &SiteId, day: Day) -> String {
    format!("ens:x:{{{site}}}:{}", day.number())
}

/// Hash: day and channel → what waits for that channel's cell since that day.
pub(super) fn waiting(site: &SiteId) -> String {
    format!("ens:h:{{{site}}}")
}

/// Hash: the days of a site that may have visitor sets → how often entries were announced.
pub(super) fn open_days(site: &SiteId) -> String {
    format!("ens:w:{{{site}}}")
}

/// String with an expiry: a day's key.
pub(super) fn day_key(day: Day) -> String {
    format!("ens:k:{}", day.number())
}
