//! Sessions: who is signed in, since when, and until when.
//!
//! Nothing of a browser is in one: no address, no user agent, and no time that is finer than an hour.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::domain::person::{Mark, PersonName};
use crate::domain::site::{KeyHash, SiteId};

const HOUR: i64 = 3_600;
/// How much of a token's hash names a session or a view on pages and in the API.
const ID_LENGTH: usize = 16;

/// Somebody who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The hash of what the browser holds.
    pub token: KeyHash,
    /// The site.
    pub site: SiteId,
    /// Who.
    pub holder: Holder,
    /// When it began, in whole hours.
    pub created_at: Timestamp,
    /// When it was last used, in whole hours.
    pub used_at: Timestamp,
}

/// Who holds a session. It ends with what they signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Holder {
    /// Whoever has the secret key with this hash.
    Key(KeyHash),
    /// A person with the password that has this mark.
    Person(PersonName, Mark),
}

impl Session {
    /// What it is called where it is listed.
    #[must_use]
    pub fn id(&self) -> String {
        short_id(&self.token)
    }
}

/// What the holder of a token is called where it is listed: no one else of a site has the same.
#[must_use]
pub fn short_id(token: &KeyHash) -> String {
    let mut hex = token.to_hex();
    hex.truncate(ID_LENGTH);
    hex
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// After its last use.
    pub idle: SignedDuration,
    /// After its beginning.
    pub longest: SignedDuration,
}

impl Lifetime {
    /// When a session ends if nobody uses it again. Where a time is known by its hour, the hour's end counts.
    #[must_use]
    pub fn end(&self, session: &Session) -> Timestamp {
        let after = |time: Timestamp, duration| time + SignedDuration::from_secs(HOUR) + duration;
        after(session.used_at, self.idle).min(after(session.created_at, self.longest))
    }

    /// Whether a session is over.
    #[must_use]
    pub fn is_over(&self, session: &Session, now: Timestamp) -> bool {
        self.end(session) <= now
    }
}

/// The beginning of the hour: all that is kept of a time.
#[must_use]
pub fn hour(time: Timestamp) -> Timestamp {
    let seconds = time.as_second();
    Timestamp::from_second(seconds - seconds.rem_euclid(HOUR)).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_idle_or_old_and_never_before_its_time() {
        let time = |text: &str| text.parse::<Timestamp>().expect("a time");
        let lifetime =
            Lifetime { idle: SignedDuration::from_hours(2), longest: SignedDuration::from_hours(24) };
        let mut session = Session {
            token: KeyHash::of("a"),
            site: SiteId::from_stored("s"),
            holder: Holder::Key(KeyHash::of("b")),
            created_at: hour(time("2026-11-21T12:59:59.9Z")),
            used_at: hour(time("2026-11-21T12:59:59.9Z")),
        };
        assert_eq!(session.used_at, time("2026-11-21T12:00:00Z"));
        assert!(!lifetime.is_over(&session, time("2026-11-21T14:59:59Z")));
        assert!(lifetime.is_over(&session, time("2026-11-21T15:00:00Z")));
        session.used_at = time("2026-11-22T12:00:00Z");
        assert_eq!(lifetime.end(&session), time("2026-11-22T13:00:00Z"), "a day, however much it is used");
    }
}
