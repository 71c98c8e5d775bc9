//! The turn of the day, with a clock that the test moves.

use std::time::{Duration, Instant};

use crate::service::{Backend, Service, on_every_store, totals};

on_every_store!(a_visitor_counts_once_on_each_day_and_only_numbers_remain_of_the_first);

async fn a_visitor_counts_once_on_each_day_and_only_numbers_remain_of_the_first(backend: Backend) {
    let service = Service::start(backend).await;
    service.set_time("2026-11-21T23:59:59.500Z");
    let code = service.code().await;
    service.click(&code, "192.0.2.1").await;
    service.click(&code, "192.0.2.1").await;
    service.settled().await;
    service.set_time("2026-11-22T00:00:00.000Z");
    service.click(&code, "192.0.2.1").await;
    let stats = service.stats(&code).await;
    let series: Vec<_> = stats["series"].as_array().expect("a series").iter().rev().take(2).collect();
    assert_eq!(
        (&series[1]["day"], &series[1]["clicks"], &series[1]["visitors"]),
        (&"2026-11-21".into(), &2.into(), &1.into())
    );
    assert_eq!(
        (&series[0]["day"], &series[0]["clicks"], &series[0]["visitors"]),
        (&"2026-11-22".into(), &1.into(), &1.into())
    );

    // Ten seconds later no request of the old day is under way: what told its visitors apart goes,
    // from the journal and from the store, and the new day's stays.
    service.set_time("2026-11-22T00:00:10.001Z");
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        // 2026-11-22 is the 20,779th day after 1970-01-01.
        let tags = service.visitor_sets(&code).await;
        let segments = service.journal_bytes();
        if tags.iter().all(|day| day.ends_with(":20779")) && segments == 0 {
            break;
        }
        assert!(Instant::now() < deadline, "left of the old day: {tags:?}, {segments} bytes of journal");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    service.click(&code, "192.0.2.1").await;
    assert_eq!(totals(&service.stats(&code).await), [Some(0), Some(4), Some(2), Some(0)]);
}
