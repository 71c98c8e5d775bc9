//! The weekly digest: a letter with the numbers of the week before to whoever the operator names, for each site.
//!
//! Promises one letter for each week and recipient, whichever instance sends it and however often they start; that a mail
//! server which fails is tried again, less and less often, and holds up nothing else; and that no recipient's address is
//! logged or kept: the store has a hash of it, for two weeks. Where the process is killed between the mail server's answer
//! and the note of it, a letter may come twice, with the same identifier.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use sha2::{Digest as _, Sha256};
use tokio::time::sleep;
use url::Url;

pub use self::address::{Correspondent, MailServer, MailServerError};
pub use self::letter::Letter;
pub use self::post::Post;
use crate::domain::channel::Channels;
use crate::domain::day::Day;
use crate::domain::site::Site;
use crate::domain::week::Week;
use crate::i18n::Language;
use crate::service::metrics::Metrics;
use crate::service::reports::Reports;
use crate::service::shared_clock::SharedClock;
use crate::stats::digest::{Schedule, week_before};
use crate::stats::publication::Audience;
use crate::store::{Store, StoreError};

mod address;
mod letter;
mod post;

/// How often the clock is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// So long who sends a letter has it to themselves. Sending takes a minute at most.
const LEASE: SignedDuration = SignedDuration::from_mins(10);
/// When it is looked again for what another instance has taken, which it may not have done.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_mins(10);
/// How long it is waited after a first failure, and at most: each time twice as long.
const PAUSE: SignedDuration = SignedDuration::from_mins(1);
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(6);
/// When it is tried again to note that a letter was sent.
const SOON: SignedDuration = SignedDuration::from_secs(5);
/// Days that are not closed, and a week that is not, are waited for so long.
const PATIENCE: SignedDuration = SignedDuration::from_hours(6);
/// How long it is noted that a letter was sent: longer than it is due.
const NOTED: SignedDuration = SignedDuration::from_hours(14 * 24);

/// Why there is no letter.
#[derive(Debug, thiserror::Error)]
pub enum LetterError {
    /// Its numbers cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be written.
    #[error("the letter cannot be written")]
    Template(#[from] askama::Error),
}

/// What writes letters.
pub struct Writer {
    /// Where the numbers come from.
    pub reports: Arc<Reports>,
    /// What channels are called.
    pub channels: Arc<Channels>,
    /// Where the pages are.
    pub public_url: Url,
    /// What they are written in.
    pub language: Language,
}

impl Writer {
    /// Writes the letter of a site that is due on a day, and tells whether all its days are closed.
    ///
    /// # Errors
    /// When its numbers cannot be read.
    pub async fn letter(&self, site: &Site, due: Day) -> Result<(Letter, bool), LetterError> {
        let rule = self.reports.rule(site, Audience::SignedIn);
        let report = self.reports.report(&site.id, letter::question(week_before(due)), &rule).await?;
        let closed = report.series.iter().all(|day| !day.open);
        Ok((letter::write(&site.name, &report, &self.channels, &self.public_url, self.language)?, closed))
    }
}

impl fmt::Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Writer")
    }
}

/// What sends letters.
pub struct Digests {
    /// The time.
    pub clock: SharedClock,
    /// Which sites there are, and what was sent.
    pub store: Arc<dyn Store>,
    /// What writes them.
    pub writer: Writer,
    /// The way to the mail server.
    pub post: Post,
    /// When they are due.
    pub schedule: Schedule,
    /// Who gets those of which site.
    pub recipients: BTreeMap<String, Vec<Correspondent>>,
    /// What the operator is told.
    pub metrics: Arc<Metrics>,
}

/// How far a recipient's letter is.
#[derive(Debug, Clone, Copy)]
struct Progress {
    /// The day on which it was due.
    due: Day,
    /// When it is tried again; `None` where there is nothing left to do.
    next: Option<Timestamp>,
    /// How often it failed.
    failures: u32,
    /// Whether it is sent, and only the note of it is missing.
    sent: bool,
}

/// What became of a try.
enum Outcome {
    /// It was sent, and that is noted.
    Done,
    /// It was sent, and that is not noted yet.
    Sent,
    /// Later.
    Later(Timestamp),
    /// It failed.
    Failed,
}

impl Digests {
    /// Sends what is due for as long as it is polled.
    pub async fn run(self) {
        let mut progress: BTreeMap<(&str, usize), Progress> = BTreeMap::new();
        let mut unknown: BTreeSet<&str> = BTreeSet::new();
        loop {
            let now = self.clock.now();
            let due = self.schedule.last_due(now);
            for (name, recipients) in &self.recipients {
                let start = Progress { due, next: Some(now), failures: 0, sent: false };
                for place in 0..recipients.len() {
                    let known = progress.entry((name, place)).or_insert(start);
                    if known.due != due {
                        *known = start;
                    }
                }
                let waits = |place: &usize| {
                    progress
                        .get(&(name.as_str(), *place))
                        .and_then(|known| known.next)
                        .is_some_and(|next| next <= now)
                };
                let pending: Vec<_> = (0..recipients.len()).filter(waits).collect();
                if pending.is_empty() {
                    continue;
                }
                let site = self.site(name).await;
                if let Ok(None) = site
                    && unknown.insert(name)
                {
                    tracing::warn!(site = name, "digest.recipients names a site that there is not");
                }
                for place in pending {
                    let known = progress.get_mut(&(name.as_str(), place)).expect("it was put there above");
                    let next = match &site {
                        // A site that was made since has no week to tell of.
                        Ok(Some(site)) if site.created_at < due.start() => {
                            let outcome = self.try_to_send(site, &recipients[place], *known, now).await;
                            self.settle(name, known, &outcome, now)
                        }
                        Ok(Some(_)) => None,
                        Ok(None) => Some(now + LOOK_AGAIN),
                        Err(_) => Some(now + PAUSE),
                    };
                    known.next = next;
                }
            }
            sleep(LOOK).await;
        }
    }

    async fn site(&self, name: &str) -> Result<Option<Site>, StoreError> {
        Ok(self.store.sites().await?.into_iter().find(|site| site.name == name))
    }

    async fn try_to_send(&self, site: &Site, to: &Correspondent, known: Progress, now: Timestamp) -> Outcome {
        let work = work(site, to, known.due);
        if !known.sent {
            match self.store.take_lease(&work, now, now + LEASE).await {
                Ok(true) => {}
                Ok(false) => return Outcome::Later(now + LOOK_AGAIN),
                Err(_) => return Outcome::Later(now + PAUSE),
            }
            let Ok((letter, days_closed)) = self.writer.letter(site, known.due).await else {
                return self.put_off(&work, now, PAUSE).await;
            };
            let Ok(weeks) = self.store.weeks_to_close(Week::of(known.due)).await else {
                return self.put_off(&work, now, PAUSE).await;
            };
            let closed = days_closed && !weeks.iter().any(|(_, of_site)| *of_site == site.id);
            if !closed && now < self.schedule.time(known.due) + PATIENCE {
                return self.put_off(&work, now, PAUSE).await;
            }
            if let Err(refusal) = self.post.send(to, &letter, &work.replace('/', "."), now).await {
                let pause = pause(known.failures);
                tracing::warn!(site = site.name, %refusal, minutes = pause.as_mins(), "digest.smtp_url: a digest was not sent; trying again then");
                // Who tries next is not who has it now, where there are several.
                let _ = self.store.hold_lease(&work, now, now + pause).await;
                return Outcome::Failed;
            }
            self.metrics.digests_sent.inc();
        }
        match self.store.hold_lease(&work, now, now + NOTED).await {
            Ok(()) => Outcome::Done,
            Err(_) => Outcome::Sent,
        }
    }

    async fn put_off(&self, work: &str, now: Timestamp, pause: SignedDuration) -> Outcome {
        let _ = self.store.hold_lease(work, now, now + pause).await;
        Outcome::Later(now + pause)
    }

    /// When it is tried again after an outcome.
    fn settle(
        &self,
        site: &str,
        known: &mut Progress,
        outcome: &Outcome,
        now: Timestamp,
    ) -> Option<Timestamp> {
        match outcome {
            Outcome::Done => {
                tracing::info!(site, "a digest was sent");
                None
            }
            Outcome::Sent => {
                known.sent = true;
                Some(now + SOON)
            }
            Outcome::Later(then) => Some(*then),
            Outcome::Failed => {
                self.metrics.digest_failures.inc();
                let then = now + pause(known.failures);
                known.failures = known.failures.saturating_add(1);
                Some(then)
            }
        }
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digests")
    }
}

/// How long it is waited after so many failures and one more.
fn pause(failures: u32) -> SignedDuration {
    let doubled = PAUSE.checked_mul(1 << failures.min(16)).unwrap_or(LONGEST_PAUSE);
    doubled.min(LONGEST_PAUSE)
}

/// The name of the letter of a site's week to somebody. Their address is in it as a hash.
fn work(site: &Site, to: &Correspondent, due: Day) -> String {
    let hash = Sha256::digest(format!("{}\0{due}\0{}", site.id.as_str(), to.0.email));
    format!("digest/{due}/{}", base16ct::lower::encode_string(&hash[..12]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_fails_waits_longer_each_time_and_at_most_six_hours() {
        let minutes: Vec<_> = (0..12).map(|failures| pause(failures).as_mins()).collect();
        assert_eq!(minutes, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]);
        assert_eq!(pause(u32::MAX), LONGEST_PAUSE);
    }
}
