//! Reserved codes with two instances on one Redis: given out by one, claimed at either, waited for at
//! both.

use std::time::{Duration, Instant};

use reqwest::{Client, Response, StatusCode};
use serde_json::{Value, json};

use crate::installation::{Installation, instance};
use crate::program::{DEADLINE, Service};
use crate::publisher::{Visitor, Way};
use crate::redis::RedisServer;

/// How often a code goes each way.
const ROUNDS: usize = 5;
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_made_at_one_instance_is_seen_within_a_second_by_who_waits_at_another() {
    let redis = RedisServer::start();
    there_and_back(&redis.url()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_claim_is_seen_within_a_second_where_nobody_may_publish_or_subscribe_either() {
    let redis = RedisServer::start();
    there_and_back(&redis.url_without_news()).await;
}

async fn there_and_back(url: &str) {
    let installation = Installation::with(url, 1).await;
    let (other, _home) = instance(url);
    let (one, key) = (&installation.service, installation.secret.as_str());
    let mut slowest = Duration::ZERO;
    for _ in 0..ROUNDS {
        for (giver, taker, watched) in [(one, one, &other), (one, &other, one), (&other, one, &other)] {
            slowest = slowest.max(claimed(giver, taker, watched, key).await);
        }
    }
    println!("claims were seen after {slowest:.1?} at most");
}

/// Takes a code from one instance, waits for it at all, claims it at another, and returns how long
/// it took until the third forwarded to it.
async fn claimed(giver: &Service, taker: &Service, watched: &Service, key: &str) -> Duration {
    let client = Client::new();
    let post = async |service: &Service, path: &str, body: Value| -> (StatusCode, Value) {
        let request = client.post(format!("{}/api/v1/{path}", service.base)).bearer_auth(key).json(&body);
        let answer = request.timeout(DEADLINE).send().await.expect("an answer");
        (answer.status(), answer.json().await.expect("JSON"))
    };
    let (status, reserved) = post(giver, "codes", json!({ "count": 1 })).await;
    assert_eq!(status, StatusCode::OK);
    let code = reserved["codes"][0]["code"].as_str().expect("a code");
    let claim = reserved["codes"][0]["claim"].as_str().expect("a claim");
    for service in [giver, taker, watched] {
        let page = wait(&client, service, code).await;
        assert_eq!(page.headers()["refresh"], format!("2;url=/{code}?wait=1"));
    }

    let share = json!({ "url": "https://example.com/shared", "channel": "whatsapp", "claim": claim });
    let (status, link) = post(taker, "links", share.clone()).await;
    let answered = Instant::now();
    assert_eq!((status, link["code"].as_str()), (StatusCode::CREATED, Some(code)), "{link}");
    let to = Way::To("https://example.com/shared".to_owned());
    assert_eq!(Visitor::at(taker).finds(code).await, to, "at once where it was claimed");
    let after = Visitor::at(watched).sees_since(answered, code, &to).await;
    // A claim that is lost and made again may reach another instance.
    let (status, again) = post(watched, "links", share).await;
    let one = |link: &Value| ["code", "url", "created_at"].map(|name| link[name].clone());
    assert_eq!((status, one(&again)), (StatusCode::OK, one(&link)));
    after
}

/// A browser's look at a code.
async fn wait(client: &Client, service: &Service, code: &str) -> Response {
    let request = client.get(format!("{}/{code}", service.base)).header("user-agent", FIREFOX);
    let request = request.header("accept", "text/html").header("dnt", "1");
    let answer = request.timeout(DEADLINE).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{code}");
    answer
}
