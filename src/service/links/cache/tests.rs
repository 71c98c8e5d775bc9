//! The cache with a store that answers, fails or stays silent as each test wants it to.

use std::sync::atomic::AtomicUsize;
use std::time::Instant;

use futures_util::FutureExt;
use futures_util::future::{join_all, pending};
use tokio::sync::Notify;
use tokio::time::sleep;

use super::*;

/// How many ask at the same time.
const MANY: usize = 100;
/// Long before anything that an answer holds for is over.
const SOON: Duration = Duration::from_millis(100);
/// How late a busy machine may be.
const LATE: Duration = Duration::from_millis(500);
/// Within this, whatever a test waits for has happened.
const DEADLINE: Duration = Duration::from_secs(10);

type Answered = Result<Option<String>, StoreError>;

struct Setting {
    cache: Cache<u32, String>,
    freshness: Arc<Freshness>,
    /// How often the store was asked.
    asked: Arc<AtomicUsize>,
}

impl Setting {
    fn new() -> Self {
        Self::of(1 << 20)
    }

    fn of(most_bytes: usize) -> Self {
        let freshness = Arc::default();
        let cache = Cache::new(most_bytes, &freshness, |_, value: &String| value.len());
        Self { cache, freshness, asked: Arc::default() }
    }

    /// A question to a store that behaves like this.
    fn question<F>(&self, answer: F) -> impl FnOnce() -> F
    where
        F: Future<Output = Answered>,
    {
        let asked = Arc::clone(&self.asked);
        move || {
            asked.fetch_add(1, Relaxed);
            answer
        }
    }

    async fn get(&self, key: u32, answer: impl Future<Output = Answered>) -> Answered {
        let value = self.cache.get(&key, self.question(answer)).await;
        value.map(|value| value.map(|value| value.clone()))
    }

    async fn get_or_old(
        &self,
        key: u32,
        answer: impl Future<Output = Answered> + Send + 'static,
    ) -> Answered {
        let value = self.cache.get_or_old(&key, self.question(answer)).await;
        value.map(|value| value.map(|value| value.clone()))
    }

    fn asked(&self) -> usize {
        self.asked.load(Relaxed)
    }
}

#[expect(clippy::unnecessary_wraps, reason = "one of the answers that there are")]
fn present(value: &str) -> Answered {
    Ok(Some(value.to_owned()))
}

fn failure() -> Answered {
    Err(StoreError::Unavailable("a test".into()))
}

async fn after(time: Duration, answer: Answered) -> Answered {
    sleep(time).await;
    answer
}

/// Calls until it is true, and returns how long that took.
async fn until(mut condition: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !condition().await {
        assert!(started.elapsed() < DEADLINE, "not after {DEADLINE:?}");
        sleep(Duration::from_millis(5)).await;
    }
    started.elapsed()
}

fn is(answer: &Answered, value: &str) -> bool {
    matches!(answer, Ok(Some(found)) if found == value)
}

#[tokio::test]
async fn of_many_who_ask_at_once_one_asks_the_store() {
    let on = Setting::new();
    let answers = join_all((0..MANY).map(|_| on.get(1, after(SOON, present("a"))))).await;
    assert!(answers.iter().all(|answer| is(answer, "a")));
    assert!(is(&on.get(1, pending()).await, "a"));
    assert_eq!(on.asked(), 1);
}

#[tokio::test]
async fn absence_holds_for_a_moment_and_a_second_at_most() {
    let on = Setting::new();
    let began = Instant::now();
    for _ in 0..MANY {
        assert!(matches!(on.get(1, async { Ok(None) }).await, Ok(None)));
    }
    assert!(on.asked() == 1 || began.elapsed() > ABSENT, "asked {} times", on.asked());
    let held = until(async || is(&on.get(1, async { present("a") }).await, "a")).await;
    assert!(held < ABSENT + LATE, "{held:?}");
}

#[tokio::test]
async fn absence_is_forgotten_when_there_is_a_link() {
    let on = Setting::new();
    assert!(matches!(on.get_or_old(1, async { Ok(None) }).await, Ok(None)));
    on.cache.forget(&1);
    assert!(is(&on.get_or_old(1, async { present("a") }).await, "a"));
}

#[tokio::test]
async fn a_failure_reaches_all_who_wait_and_holds_for_half_a_second() {
    let on = Setting::new();
    // As long as a store may take, which is longer than its failure holds.
    let time = FAILED + SOON;
    let started = Instant::now();
    let answers = join_all((0..MANY).map(|_| on.get(1, after(time, failure())))).await;
    assert!(answers.iter().all(Result::is_err));
    assert!(started.elapsed() < time + LATE, "they waited for each other: {:?}", started.elapsed());
    let failed = Instant::now();
    assert!(on.get(1, async { present("a") }).await.is_err());
    assert_eq!(on.asked(), 1);
    until(async || is(&on.get(1, async { present("a") }).await, "a")).await;
    assert!(failed.elapsed() < FAILED + LATE, "{:?}", failed.elapsed());
}

#[tokio::test]
async fn what_may_have_changed_is_asked_again_once() {
    let on = Setting::new();
    assert!(is(&on.get_or_old(1, async { present("a") }).await, "a"));
    on.freshness.expire(Duration::ZERO);
    let answers = join_all((0..MANY).map(|_| on.get_or_old(1, after(SOON, present("b"))))).await;
    let new = answers.iter().filter(|answer| is(answer, "b")).count();
    let old = answers.iter().filter(|answer| is(answer, "a")).count();
    // On a busy machine even the one who asks may give it up.
    assert!(new <= 1 && new + old == MANY, "who comes meanwhile does not wait: {new} new, {old} old");
    until(async || is(&on.get_or_old(1, pending()).await, "b")).await;
    assert_eq!(on.asked(), 2);
}

#[tokio::test]
async fn an_old_answer_holds_while_the_store_gives_none() {
    let on = Setting::new();
    for key in 0..50 {
        assert!(is(&on.get_or_old(key, async { present("a") }).await, "a"));
    }
    on.freshness.expire(Duration::ZERO);
    let started = Instant::now();
    let asked = on.asked();
    while started.elapsed() < 3 * FAILED {
        for key in 0..50 {
            assert!(is(&on.get_or_old(key, async { failure() }).await, "a"));
        }
        sleep(Duration::from_millis(5)).await;
    }
    assert!((2..=4).contains(&(on.asked() - asked)), "one tries it each half second");
    // It is there again, and nobody has said so.
    until(async || is(&on.get_or_old(1, async { present("b") }).await, "b")).await;
    assert!(is(&on.get_or_old(2, async { present("b") }).await, "b"));
}

#[tokio::test]
async fn one_waits_a_little_for_a_silent_store_and_others_do_not_wait() {
    let on = Setting::new();
    for key in 0..50 {
        assert!(is(&on.get_or_old(key, async { present("a") }).await, "a"));
    }
    on.freshness.expire(Duration::ZERO);
    let asked = on.asked();
    let began = Instant::now();
    assert!(is(&on.get_or_old(1, pending()).await, "a"));
    assert!(began.elapsed() >= PATIENCE);
    for key in 0..50 {
        assert!(is(&on.get_or_old(key, pending()).await, "a"));
    }
    assert_eq!(on.asked(), asked + 1);
    // After a while somebody tries it, and does not wait for that.
    let mut slowest = Duration::ZERO;
    until(async || {
        let began = Instant::now();
        assert!(is(&on.get_or_old(2, pending()).await, "a"));
        slowest = slowest.max(began.elapsed());
        on.asked() > asked + 1
    })
    .await;
    assert!(slowest < PATIENCE, "{slowest:?}");
    // It says that it is there again.
    on.freshness.expire(Duration::ZERO);
    assert!(is(&on.get_or_old(3, async { present("b") }).await, "b"));
}

#[tokio::test]
async fn an_answer_that_comes_too_late_for_who_asked_is_kept() {
    let on = Setting::new();
    assert!(is(&on.get_or_old(1, async { present("a") }).await, "a"));
    on.freshness.expire(Duration::ZERO);
    assert!(is(&on.get_or_old(1, after(PATIENCE + SOON, present("b"))).await, "a"));
    until(async || is(&on.get_or_old(1, pending()).await, "b")).await;
    assert_eq!(on.asked(), 2);
}

#[tokio::test]
async fn an_answer_without_sense_for_one_key_holds_up_no_other() {
    let on = Setting::new();
    for key in [1, 2] {
        assert!(is(&on.get_or_old(key, async { present("a") }).await, "a"));
    }
    on.freshness.expire(Duration::ZERO);
    assert!(is(&on.get_or_old(1, async { Err(StoreError::Corrupt("a test".to_owned())) }).await, "a"));
    assert!(is(&on.get_or_old(2, async { present("b") }).await, "b"));
}

#[tokio::test]
async fn what_is_forgotten_while_it_is_asked_for_is_not_kept() {
    let on = Setting::new();
    let answers = Notify::new();
    let first = on.get(1, async {
        answers.notified().await;
        present("a")
    });
    let others = async {
        on.cache.forget(&1);
        assert!(is(&on.get(1, async { present("b") }).await, "b"));
        answers.notify_one();
    };
    let (first, ()) = tokio::join!(biased; first, others);
    assert!(is(&first, "a"), "what it was when it was asked for");
    assert!(is(&on.get(1, pending()).await, "b"));
}

#[tokio::test]
async fn what_is_forgotten_while_it_is_asked_for_again_is_not_kept() {
    let on = Setting::new();
    assert!(is(&on.get_or_old(1, async { present("a") }).await, "a"));
    on.freshness.expire(Duration::ZERO);
    let answers = Arc::new(Notify::new());
    let told = Arc::clone(&answers);
    let again = on.get_or_old(1, async move {
        told.notified().await;
        present("b")
    });
    let others = async {
        on.cache.forget(&1);
        assert!(is(&on.get_or_old(1, async { present("c") }).await, "c"));
        answers.notify_one();
    };
    let (again, ()) = tokio::join!(biased; again, others);
    assert!(is(&again, "b"));
    assert!(is(&on.get_or_old(1, pending()).await, "c"));
    // Everything may have changed while it was asked for: then it is asked for once more.
    let (again, ()) = tokio::join!(biased; on.get(2, after(SOON, present("a"))), async {
        on.freshness.expire(Duration::ZERO);
    });
    assert!(is(&again, "a"));
    assert!(is(&on.get_or_old(2, async { present("b") }).await, "b"));
}

#[tokio::test]
async fn what_is_said_to_have_changed_is_asked_for_and_good_while_the_store_gives_no_answer() {
    let on = Setting::new();
    assert!(is(&on.get_or_old(1, async { present("a") }).await, "a"));
    on.cache.doubt(&1);
    assert!(is(&on.get_or_old(1, async { failure() }).await, "a"));
    on.freshness.expire(Duration::ZERO);
    assert!(is(&on.get_or_old(1, async { present("b") }).await, "b"));
    // It changes once more while it is asked for.
    on.cache.doubt(&1);
    let (again, ()) = tokio::join!(biased; on.get_or_old(1, after(SOON, present("c"))), async {
        on.cache.doubt(&1);
    });
    assert!(is(&again, "c"));
    until(async || is(&on.get_or_old(1, async { present("d") }).await, "d")).await;
    assert!(is(&on.get_or_old(1, pending()).await, "d"));
    // What nobody has asked for yet, what is absent, and what is being asked for.
    on.cache.doubt(&2);
    assert!(matches!(on.get_or_old(2, async { Ok(None) }).await, Ok(None)));
    on.cache.doubt(&2);
    let (first, ()) = tokio::join!(biased; on.get(2, after(SOON, present("a"))), async {
        on.cache.doubt(&2);
    });
    assert!(is(&first, "a"));
    assert!(is(&on.get_or_old(2, async { present("b") }).await, "b"));
}

#[tokio::test]
async fn who_goes_away_holds_up_nobody() {
    let on = Setting::new();
    let mut gone = Box::pin(on.get(1, pending()));
    assert!((&mut gone).now_or_never().is_none());
    let waiting: Vec<_> = (0..MANY).map(|_| on.get(1, after(SOON, present("a")))).collect();
    let (answers, ()) = tokio::join!(biased; join_all(waiting), async { drop(gone) });
    assert!(answers.iter().all(|answer| is(answer, "a")));
    assert_eq!(on.asked(), 2);
    // Who asks again may go away as well: the answer is kept, and others are not kept waiting.
    on.freshness.expire(Duration::ZERO);
    let mut gone = Box::pin(on.get_or_old(1, after(SOON, present("b"))));
    assert!((&mut gone).now_or_never().is_none());
    drop(gone);
    until(async || is(&on.get_or_old(1, pending()).await, "b")).await;
    assert_eq!(on.asked(), 3);
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for() {
    let most = 256 << 10;
    let on = Setting::of(most);
    let value = "a".repeat(500);
    let often = 1_000_000;
    for key in 0..10_000 {
        assert!(on.get(often, async { present(&value) }).await.is_ok());
        assert!(is(&on.get(key, async { present(&value) }).await, &value));
        // What is absent, and what is changed and asked for again, takes room too.
        assert!(on.get(often + 1 + key, async { Ok(None) }).await.is_ok());
        if key % 100 == 0 {
            on.freshness.expire(Duration::ZERO);
            assert!(on.get_or_old(often, async { present("a") }).await.is_ok());
        }
        assert!(on.cache.entries.weight() <= most as u64 + 1_000, "{}", on.cache.entries.weight());
    }
    assert!(on.cache.entries.weight() > most as u64 / 2, "the room is used");
    let asked = on.asked();
    assert!(on.get(often, pending()).await.is_ok(), "what is asked for often is kept");
    assert_eq!(on.asked(), asked);
    let huge = "a".repeat(most);
    assert!(is(&on.get(7_000_000, async { present(&huge) }).await, &huge), "and is not kept");
    assert!(on.cache.entries.weight() <= most as u64);
}

#[tokio::test]
async fn what_is_asked_anew_asks_the_store_whatever_memory_has_and_leaves_memory_as_it_is() {
    let setting = Setting::new();
    let anew = async |answer: &'static str| {
        let question = setting.question(async move { Ok(Some(answer.to_owned())) });
        let value = setting.cache.get_anew(&1, question).await.expect("an answer").expect("a value");
        (value.clone(), value.is_from_memory())
    };
    assert_eq!(anew("one").await, ("one".to_owned(), false));
    assert_eq!(anew("two").await, ("two".to_owned(), false));
    assert_eq!(setting.asked.load(Relaxed), 2, "the first answer was not kept");
    let kept = setting.get(1, async { Ok(Some("three".to_owned())) }).await.expect("an answer");
    assert_eq!((kept.as_deref(), setting.asked.load(Relaxed)), (Some("three"), 3));
    assert_eq!(anew("four").await, ("four".to_owned(), false));
    let known = setting.get(1, async { Ok(Some("five".to_owned())) }).await.expect("an answer");
    assert_eq!((known.as_deref(), setting.asked.load(Relaxed)), (Some("three"), 4), "memory stays as it was");
}

#[tokio::test]
async fn what_is_asked_anew_of_a_store_that_is_away_is_the_old_answer() {
    let setting = Setting::new();
    let away = || async { Err(StoreError::Unavailable("away".into())) };
    let anew = async || setting.cache.get_anew(&1, setting.question(away())).await;
    assert!(anew().await.is_err(), "nothing is known");
    setting.get(1, async { Ok(Some("old".to_owned())) }).await.expect("an answer").expect("a value");
    for _ in 0..3 {
        let old = anew().await.expect("an answer").expect("a value");
        assert!(*old == "old" && old.is_from_memory());
    }
    assert_eq!(setting.asked.load(Relaxed), 3, "after the first failure nobody waits for the next");
}
