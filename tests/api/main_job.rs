//! The main job at the size of a small campaign: every number is the expected one.

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt, stream};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, FIREFOX, Service, WHATSAPP, code, totals};

const CLICKS: u32 = 10_000;
const VISITORS: u32 = 2_500;
const LINKS: usize = 40;
const CHANNELS: [&str; 4] = ["whatsapp", "email", "sms", "copy"];

/// What was sent to one link.
#[derive(Default)]
struct Expected {
    clicks: u64,
    visitors: HashSet<u32>,
    unfurls: u64,
}

#[tokio::test]
async fn ten_thousand_clicks_are_counted_exactly_on_sqlite() {
    ten_thousand_clicks(Backend::Sqlite).await;
}

#[tokio::test]
async fn ten_thousand_clicks_are_counted_exactly_on_redis() {
    ten_thousand_clicks(Backend::Redis).await;
}

#[tokio::test]
async fn ten_thousand_clicks_are_counted_exactly_on_a_cluster_of_three_masters() {
    ten_thousand_clicks(Backend::Cluster).await;
}

async fn ten_thousand_clicks(backend: Backend) {
    let mut service = Service::start(backend).await;
    let mut codes = Vec::new();
    for number in 0..LINKS {
        let url = format!("https://example.com/{}", number % 8);
        let campaign = (number % 3 == 0).then_some("spring");
        let body = json!({ "url": url, "channel": CHANNELS[number % 4], "campaign": campaign });
        codes.push(code(&service.link(body).await));
    }
    let mut expected: BTreeMap<&str, Expected> = BTreeMap::new();
    let mut requests = Vec::new();
    for number in 0..CLICKS {
        // A fixed mixture: every visitor comes four times, to links that depend on both numbers.
        let visitor = number.wrapping_mul(2_654_435_761) % VISITORS;
        let link = &codes[(visitor as usize * 7 + (number / VISITORS) as usize * 13) % LINKS];
        let counted = expected.entry(link.as_str()).or_default();
        let address = format!("10.{}.{}.{}", visitor >> 16, (visitor >> 8) & 255, visitor & 255);
        let by = |agent| service.fetch(link, agent).header("x-forwarded-for", &address);
        let granted = || by(FIREFOX).header("cookie", service.granted());
        counted.clicks += 1;
        counted.visitors.insert(visitor);
        requests.push((granted(), StatusCode::FOUND));
        // Between the clicks comes what must not count as one.
        match number % 20 {
            0 => {
                counted.unfurls += 1;
                requests.push((by(WHATSAPP), StatusCode::FOUND));
            }
            1 => {
                requests.push((granted().header("sec-purpose", "prefetch"), StatusCode::SERVICE_UNAVAILABLE));
            }
            2 => {
                let head =
                    service.request(Method::HEAD, &format!("/{link}")).header("cookie", service.granted());
                requests.push((head.header("user-agent", FIREFOX), StatusCode::FOUND));
            }
            3 => requests.push((by("curl/8.5.0").header("cookie", service.granted()), StatusCode::FOUND)),
            4 => requests.push((by(FIREFOX).header("cookie", service.denied()), StatusCode::FOUND)),
            5 => requests.push((granted().header("sec-gpc", "1"), StatusCode::FOUND)),
            6 => requests.push((granted().header("dnt", "1"), StatusCode::FOUND)),
            7 => requests.push((by(FIREFOX), StatusCode::OK)),
            _ => {}
        }
    }
    let sent = stream::iter(requests).map(|(request, status)| async move {
        assert_eq!(request.send().await.expect("an answer").status(), status);
    });
    sent.buffer_unordered(64).collect::<Vec<()>>().await;
    service.settled().await;

    check(&service, &codes, &expected).await;
    service.restart().await;
    check(&service, &codes, &expected).await;
    assert_eq!(service.metric("entries_recorded_total").await, 0, "a restart settles nothing again");
}

async fn check(service: &Service, codes: &[String], expected: &BTreeMap<&str, Expected>) {
    let mut groups: BTreeMap<(&str, String), [u64; 4]> = BTreeMap::new();
    for (number, code) in codes.iter().enumerate() {
        let Expected { clicks, visitors, unfurls } = &expected[code.as_str()];
        let visitors = visitors.len() as u64;
        let stats = service.get(&format!("/api/v1/links/{code}/stats")).await;
        assert_eq!(totals(&stats), [Some(*unfurls), Some(*clicks), Some(visitors), Some(0)], "link {number}");
        let today = stats["series"].as_array().expect("a series").last().expect("today").clone();
        assert_eq!((today["clicks"].as_u64(), today["visitors"].as_u64()), (Some(*clicks), Some(visitors)));
        let keys = [
            ("channel", CHANNELS[number % 4].to_owned()),
            ("page", format!("https://example.com/{}", number % 8)),
            ("campaign", if number % 3 == 0 { "spring".to_owned() } else { String::new() }),
            ("day", "2026-11-21".to_owned()),
        ];
        for key in keys {
            let sum = groups.entry(key).or_default();
            for (sum, number) in sum.iter_mut().zip([1, *unfurls, *clicks, visitors]) {
                *sum += number;
            }
        }
    }
    for by in ["channel", "page", "campaign", "day"] {
        let answer = service.get(&format!("/api/v1/stats?group_by={by}&from=2026-11-21&to=2026-11-21")).await;
        let answer = answer["groups"].as_array().expect("groups");
        assert_eq!(answer.len(), groups.keys().filter(|(group, _)| *group == by).count(), "{by}");
        for group in answer {
            let key = group["key"].as_str().unwrap_or_default().to_owned();
            let found = ["shares", "unfurls", "clicks", "visitors"]
                .map(|name| group[name].as_u64().expect("a number"));
            assert_eq!(found, groups[&(by, key.clone())], "{by} {key}");
            assert_eq!(group["clicks_per_share"], clicks_per_share(found[2], found[0]), "{by} {key}");
        }
    }
}

fn clicks_per_share(clicks: u64, shares: u64) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "small numbers")]
    let clicks_per_share = (clicks as f64 / shares as f64 * 1_000.0).round() / 1_000.0;
    json!(clicks_per_share)
}
