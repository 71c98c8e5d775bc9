//! Instances on one Redis whose machines' clocks differ: days end for all of them by the store's clock.

use jiff::SignedDuration;

use crate::service::{Backend, Service, totals};

const FIVE_MINUTES: SignedDuration = SignedDuration::from_mins(5);

/// Clicks and visitors of the 21st and the 22nd.
async fn days(service: &Service, code: &str) -> [[u64; 2]; 2] {
    let stats = service.get(&format!("/api/v1/links/{code}/stats?from=2026-11-21&to=2026-11-22")).await;
    let series = stats["series"].as_array().expect("a series");
    [0, 1].map(|day| ["clicks", "visitors"].map(|name| series[day][name].as_u64().expect("a number")))
}

#[tokio::test]
async fn one_visitor_of_two_instances_five_minutes_apart_is_one_visitor_of_each_day() {
    let here = Service::start(Backend::Redis).await;
    here.set_time("2026-11-21T23:57:00Z");
    let code = here.code().await;
    let ahead = here.beside_ahead(FIVE_MINUTES).await;
    let behind = here.beside_ahead(-FIVE_MINUTES).await;
    let everywhere = [&here, &ahead, &behind];
    // By their own clocks one of them is in the next day already, and then one still in the last.
    for (time, expected) in [
        ("2026-11-21T23:58:00Z", [[3, 1], [0, 0]]),
        ("2026-11-21T23:59:59.9Z", [[6, 1], [0, 0]]),
        ("2026-11-22T00:00:00Z", [[6, 1], [3, 1]]),
        ("2026-11-22T00:04:00Z", [[6, 1], [6, 1]]),
        ("2026-11-22T00:06:00Z", [[6, 1], [9, 1]]),
    ] {
        here.set_time(time);
        for service in everywhere {
            service.click(&code, "192.0.2.1").await;
        }
        for service in everywhere {
            service.settled().await;
        }
        assert_eq!(days(&here, &code).await, expected, "{time}");
    }
    for service in everywhere {
        service.days_closed().await;
        assert_eq!(
            days(service, &code).await,
            [[6, 1], [9, 1]],
            "nothing is lost, or on a day that was closed"
        );
    }
    assert_eq!(totals(&here.stats(&code).await), [Some(0), Some(15), Some(2), Some(0)]);
}
