//! Work that is done once.

use std::sync::Arc;

use entrenous::store::Store;
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};

use crate::fixtures::noon;

fn minutes(minutes: i64) -> Timestamp {
    noon(20) + SignedDuration::from_mins(minutes)
}

pub(crate) async fn of_fifty_concurrent_calls_one_takes_a_piece_of_work(store: Arc<dyn Store>) {
    let taken = join_all((0..50).map(|_| store.take_lease("a", minutes(0), minutes(5)))).await;
    assert_eq!(taken.into_iter().filter(|taken| *taken.as_ref().expect("an answer")).count(), 1);
    assert!(store.take_lease("b", minutes(0), minutes(5)).await.unwrap(), "another piece");
}

pub(crate) async fn work_that_is_held_is_free_again_when_its_time_is_over(store: Arc<dyn Store>) {
    assert!(store.take_lease("a", minutes(0), minutes(5)).await.unwrap());
    for minute in [0, 1, 4] {
        assert!(!store.take_lease("a", minutes(minute), minutes(minute + 5)).await.unwrap(), "{minute}");
    }
    assert!(store.take_lease("a", minutes(5), minutes(10)).await.unwrap());
    assert!(!store.take_lease("a", minutes(9), minutes(20)).await.unwrap());
}

pub(crate) async fn work_that_is_done_is_held_for_as_long_as_one_says(store: Arc<dyn Store>) {
    assert!(store.take_lease("a", minutes(0), minutes(5)).await.unwrap());
    store.hold_lease("a", minutes(1), minutes(600)).await.unwrap();
    for minute in [5, 60, 599] {
        assert!(!store.take_lease("a", minutes(minute), minutes(700)).await.unwrap(), "{minute}");
    }
    store.hold_lease("a", minutes(6), minutes(7)).await.unwrap();
    assert!(store.take_lease("a", minutes(7), minutes(20)).await.unwrap(), "to be tried again then");
    store.hold_lease("new", minutes(0), minutes(1)).await.unwrap();
    assert!(!store.take_lease("new", minutes(0), minutes(5)).await.unwrap());
}

pub(crate) async fn whoever_takes_work_months_ahead_frees_no_other_piece(store: Arc<dyn Store>) {
    let months = 14 * 30 * 24 * 60;
    store.hold_lease("sent", minutes(0), minutes(600)).await.unwrap();
    assert!(store.take_lease("of a later week", minutes(months), minutes(months + 5)).await.unwrap());
    assert!(!store.take_lease("sent", minutes(1), minutes(6)).await.unwrap());
    store.forget_ended_leases(minutes(599)).await.unwrap();
    assert!(!store.take_lease("sent", minutes(1), minutes(6)).await.unwrap());
}
