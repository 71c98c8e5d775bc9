//! Taps: a reader who taps twice shares once.
//!
//! Who taps again within five seconds gets the link of the first tap, also where that is still being
//! made. The second tap of a browser ends the connection of the first, so a link is made to its end
//! whether or not somebody waits for it.
//!
//! What is kept, in memory only and seldom for longer than a minute, is a link's code under a hash
//! with a key of this process. Nobody can tell from it who tapped.

use std::fmt;
use std::hash::{BuildHasher, Hash, RandomState};
use std::panic::resume_unwind;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::{Cache, EntryAction, EntryResult};

use crate::domain::code::Code;

/// So long a tap is the same share as one before it.
const SAME: SignedDuration = SignedDuration::from_secs(5);
/// So many taps are kept at most; beyond that, older ones make room.
const MOST: usize = 10_000;

/// The taps of the last moments.
pub struct Taps {
    key: RandomState,
    latest: Arc<Cache<u64, Tap>>,
}

#[derive(Clone)]
struct Tap {
    at: Timestamp,
    code: Code,
}

impl Tap {
    /// Whether somebody who taps at `now` may mean this one. Requests can overtake each other, so
    /// the later tap may be the earlier one here.
    fn is_same_at(&self, now: Timestamp) -> bool {
        now.duration_since(self.at).abs() < SAME
    }
}

impl Default for Taps {
    fn default() -> Self {
        Self { key: RandomState::new(), latest: Arc::new(Cache::new(MOST)) }
    }
}

impl Taps {
    /// The link of a tap at `now`: the one that an equal `tap` was given, or else what `mint` makes.
    /// Of equal taps at once one mints and all others get its link; where it fails, the next tries.
    pub async fn once<E: Send + 'static>(
        &self,
        tap: &impl Hash,
        now: Timestamp,
        mint: impl Future<Output = Result<Code, E>> + Send + 'static,
    ) -> Result<Code, E> {
        let (latest, hash) = (Arc::clone(&self.latest), self.key.hash_one(tap));
        let made = tokio::spawn(async move {
            let known = |_: &u64, tap: &mut Tap| {
                let same = tap.is_same_at(now);
                if same { EntryAction::Retain(tap.code.clone()) } else { EntryAction::ReplaceWithGuard }
            };
            let guard = match latest.entry_async(&hash, known).await {
                EntryResult::Retained(code) => return Ok(code),
                EntryResult::Vacant(guard) | EntryResult::Replaced(guard, _) => guard,
                EntryResult::Removed(..) | EntryResult::Timeout => {
                    unreachable!("nothing is removed here, and nobody gives up waiting")
                }
            };
            let code = mint.await?;
            // Nobody else can have put one there meanwhile.
            let _ = guard.insert(Tap { at: now, code: code.clone() });
            Ok(code)
        });
        made.await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
    }

    /// Forgets the taps that no later one can mean.
    pub fn forget_old(&self, now: Timestamp) {
        self.latest.retain(|_, tap| tap.is_same_at(now));
    }
}

impl fmt::Debug for Taps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Taps")
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

    use futures_util::future::{join_all, ready};
    use tokio::sync::oneshot;

    use super::*;

    fn at(milliseconds: i64) -> Timestamp {
        Timestamp::from_millisecond(milliseconds).expect("a time")
    }

    async fn tap(taps: &Taps, who: &str, milliseconds: i64) -> Code {
        let Ok(code) = taps.once(&who, at(milliseconds), async { Ok::<_, Infallible>(Code::random()) }).await;
        code
    }

    #[tokio::test]
    async fn a_tap_is_the_same_share_for_five_seconds_from_the_first() {
        let taps = Taps::default();
        let first = tap(&taps, "ada", 10_000).await;
        for later in [10_000, 13_000, 14_999, 9_998] {
            assert_eq!(tap(&taps, "ada", later).await, first, "{later}");
        }
        assert_ne!(tap(&taps, "ben", 10_000).await, first);
        let second = tap(&taps, "ada", 15_000).await;
        assert_ne!(second, first);
        assert_eq!(tap(&taps, "ada", 19_999).await, second);
        taps.forget_old(at(19_999));
        assert_eq!(taps.latest.len(), 1);
        taps.forget_old(at(20_000));
        assert_eq!(taps.latest.len(), 0);
    }

    #[tokio::test]
    async fn of_taps_at_once_one_mints_even_if_its_reader_goes_away() {
        let taps = Taps::default();
        let minted = Arc::new(AtomicUsize::new(0));
        let (go, gone) = oneshot::channel::<()>();
        let mint = |until: oneshot::Receiver<()>| {
            let minted = Arc::clone(&minted);
            async move {
                minted.fetch_add(1, Relaxed);
                until.await.expect("the test lets it go");
                Ok::<_, Infallible>(Code::random())
            }
        };
        let first = taps.once(&"ada", at(0), mint(gone));
        // Its reader waits until the minting has begun, and no longer.
        let begun = async {
            while minted.load(Relaxed) == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = first => unreachable!("it may not go on yet"),
            () = begun => {}
        }
        let others = (0..20).map(|_| taps.once(&"ada", at(1), mint(oneshot::channel().1)));
        let others = join_all(others);
        let (codes, ()) = tokio::join!(others, async { go.send(()).expect("it waits") });
        let codes: Vec<Code> = codes.into_iter().map(|Ok(code)| code).collect();
        assert!(codes.iter().all(|code| *code == codes[0]));
        assert_eq!(minted.load(Relaxed), 1);
    }

    #[tokio::test]
    async fn what_failed_is_tried_again_and_not_remembered() {
        let taps = Taps::default();
        for _ in 0..2 {
            assert_eq!(taps.once(&"ada", at(0), ready(Err("away"))).await, Err("away"));
        }
        let code = Code::random();
        assert_eq!(taps.once(&"ada", at(0), ready(Ok::<_, &str>(code.clone()))).await, Ok(code.clone()));
        assert_eq!(taps.once(&"ada", at(0), ready(Err("away"))).await, Ok(code));
    }

    #[tokio::test]
    async fn no_more_taps_are_kept_than_there_is_room_for() {
        let taps = Taps::default();
        for number in 0..2 * MOST {
            tap(&taps, &number.to_string(), 0).await;
        }
        assert!(taps.latest.len() <= MOST, "{}", taps.latest.len());
    }
}
