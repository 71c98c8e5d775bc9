//! Many random sequences, several at a time.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use crate::event::{ClockKind, Event, Plan, StoreKind, Who};
use crate::figures::Figures;
use crate::generation::plan;
use crate::playing::{play, play_falsified};
use crate::shrinking::shrink;
use crate::world::Failure;

/// How many sequences are played where nobody says.
const SEQUENCES: u64 = 200;
/// How many are played at once: most of the time they wait.
const AT_ONCE: usize = 4;
/// After so many failures no further sequence is played.
const ENOUGH: usize = 20;
/// How many failures are made shorter, and for how long all together.
const SHRUNK: usize = 3;
const SHRINKING: Duration = Duration::from_mins(2);

#[test]
fn random_sequences_count_every_answered_click_once_or_tell_the_loss() {
    let began = Instant::now();
    let seeds = seeds();
    println!("{} sequences, seeds from {}", seeds.len(), seeds[0]);
    let (figures, failures) = play_all(&seeds);
    println!("{figures}; {:.0?}", began.elapsed());
    if failures.is_empty() {
        return;
    }
    for (seed, failure) in &failures {
        println!("SEQUENCE_SEED={seed} fails: {failure}");
    }
    let until = Instant::now() + SHRINKING;
    for (seed, _) in failures.iter().take(SHRUNK) {
        let plan = plan(*seed);
        println!(
            "\nSEQUENCE_SEED={seed}, {} events on {:?}: {:?}",
            plan.events.len(),
            plan.store,
            plan.events
        );
        let (shorter, failure) = shrink(plan, until, |plan| played(plan).1.err());
        let failure = failure.unwrap_or_else(|| "not made shorter".to_owned());
        println!("as short as {:?}: {:?}\n  {failure}", shorter.clock, shorter.events);
    }
    panic!(
        "{} of {} sequences failed; the first one's seed is {}",
        failures.len(),
        figures.sequences,
        failures[0].0
    );
}

#[test]
fn the_same_seed_makes_the_same_sequence_and_half_of_them_are_on_each_store() {
    let plans: Vec<Plan> = (0..400).map(plan).collect();
    assert_eq!(plans, (0..400).map(plan).collect::<Vec<_>>());
    let on_redis = plans.iter().filter(|plan| plan.store == StoreKind::Redis).count();
    let faked = plans.iter().filter(|plan| plan.clock == ClockKind::Faketime).count();
    assert_eq!((on_redis, faked), (200, 20));
}

#[test]
fn a_falsified_count_is_found() {
    let click = Event::Click { who: Who::First, link: 0, clicks: 5, at_once: 1, consent: true };
    for store in [StoreKind::Sqlite, StoreKind::Redis] {
        let plan = Plan { store, clock: ClockKind::Injected, events: vec![click] };
        assert_eq!(play(&plan).1, Ok(()));
        let too_few = play_falsified(&plan, -1).1.expect_err("one is missing");
        assert!(too_few.contains("1 clicks lost of link 0 (life 0): 4 counted, 5 answered"), "{too_few}");
        let too_many = play_falsified(&plan, 1).1.expect_err("one is too much");
        assert!(too_many.contains("1 clicks counted too often of link 0 (life 0): 6 counted"), "{too_many}");
    }
}

/// The one seed that the environment names, or as many as it wants.
fn seeds() -> Vec<u64> {
    let number = |name: &str| {
        let text = std::env::var(name).ok()?;
        Some(text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text}")))
    };
    if let Some(seed) = number("SEQUENCE_SEED") {
        return vec![seed];
    }
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).expect("random bytes");
    let first = u64::from(u32::from_le_bytes(bytes));
    let count = number("SEQUENCES").unwrap_or(SEQUENCES);
    assert!(count > 0, "SEQUENCES must be at least 1");
    (first..first + count).collect()
}

fn play_all(seeds: &[u64]) -> (Figures, Vec<(u64, Failure)>) {
    let queue: Mutex<VecDeque<u64>> = Mutex::new(seeds.iter().copied().collect());
    let done: Mutex<(Figures, Vec<(u64, Failure)>)> = Mutex::default();
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(seed) = next(&queue) {
                    let (figures, outcome) = played(&plan(seed));
                    let mut done = done.lock().expect("nobody panics while adding");
                    done.0.add(&figures);
                    if let Err(failure) = outcome {
                        done.1.push((seed, failure));
                    }
                    if done.1.len() >= ENOUGH {
                        queue.lock().expect("nobody panics while taking").clear();
                    }
                }
            });
        }
    });
    done.into_inner().expect("nobody panics while adding")
}

fn next(queue: &Mutex<VecDeque<u64>>) -> Option<u64> {
    queue.lock().expect("nobody panics while taking").pop_front()
}

/// Plays a sequence; a panic is a failure like others.
fn played(plan: &Plan) -> (Figures, Result<(), Failure>) {
    catch_unwind(AssertUnwindSafe(|| play(plan))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        let mut figures = Figures::default();
        figures.sequences = 1;
        (figures, Err(format!("panic: {}", text.unwrap_or_default())))
    })
}
