//! Instances that work side by side on one store.

use std::sync::Arc;

use entrenous::domain::visitor::DayKey;
use entrenous::store::Store;
use futures_util::future::join_all;

use crate::fixtures::{Journal, click, clicks, counted, day, noon, stored_link, stored_site};

pub(crate) async fn of_day_keys_the_first_stays_for_its_day(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let agree = async |store: &Arc<dyn Store>, number: i32, byte: u8| {
        let key = store.agree_day_key(day(number), DayKey::new(&[byte; 32]), noon(number)).await;
        *key.expect("a key").expose()
    };
    assert!(agree(&one, 20, 1).await == [1; 32]);
    assert!(agree(&other, 20, 2).await == [1; 32]);
    assert!(agree(&one, 20, 3).await == [1; 32]);
    assert!(agree(&other, 21, 4).await == [4; 32]);
    assert!(agree(&one, 21, 5).await == [4; 32]);
}

pub(crate) async fn concurrent_instances_agree_on_one_day_key(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let handles = [one, other];
    let calls = (0..20_u8).map(|byte| {
        handles[usize::from(byte) % 2].agree_day_key(day(20), DayKey::new(&[byte; 32]), noon(20))
    });
    let keys: Vec<_> = join_all(calls).await.into_iter().map(|key| *key.expect("a key").expose()).collect();
    assert!(keys.iter().all(|key| *key == keys[0]));
}

pub(crate) async fn a_visitor_of_two_instances_counts_once(one: Arc<dyn Store>, other: Arc<dyn Store>) {
    let site = stored_site(&*one, "press").await;
    let link = stored_link(&*one, &site, "abc").await;
    let (mut ours, mut theirs) = (Journal::new("ours"), Journal::new("theirs"));
    ours.settle(&*one, &link, day(20), (0..10).map(click)).await;
    theirs.settle(&*other, &link, day(20), (5..15).map(click)).await;
    ours.settle(&*one, &link, day(20), (10..20).map(click)).await;
    assert_eq!(counted(&*other, &link, day(20)).await, clicks(30, 20));
}

pub(crate) async fn visitors_forgotten_by_one_instance_are_forgotten_by_all(
    one: Arc<dyn Store>,
    other: Arc<dyn Store>,
) {
    let site = stored_site(&*one, "press").await;
    let link = stored_link(&*one, &site, "abc").await;
    let mut journal = Journal::new("j");
    journal.settle(&*one, &link, day(20), [click(1), click(2)]).await;
    other.forget_visitors_before(day(21)).await.unwrap();
    // Whoever remembered the two would count a third one.
    journal.settle(&*one, &link, day(20), [click(3)]).await;
    assert_eq!(counted(&*one, &link, day(20)).await, clicks(3, 2));
}
