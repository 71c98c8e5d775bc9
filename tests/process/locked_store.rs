//! Another process has locked the SQLite file: who wants to change something hears in time that it cannot
//! be done for the moment, and then it is not done later either.

use std::time::{Duration, Instant};

use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

use crate::program::{BEHIND_A_PROXY, Home, Service};
use crate::unsettled::StoreLock;

/// In which everybody is answered.
const LIMIT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn a_link_that_is_answered_with_503_while_the_file_is_locked_is_never_made() {
    let home = Home::new();
    let service = home.serve(&BEHIND_A_PROXY);
    let secret = service.printed_key("ens_sk_").expect("a key");
    let code = service.code(&secret).await;
    let lock = StoreLock::new(&home);
    // One after the other and all at once: nobody waits behind those who came before.
    for _ in 0..2 {
        refused(&service, &secret).await;
    }
    futures_util::future::join_all((0..20).map(|_| refused(&service, &secret))).await;
    let client = Client::new();
    let link = format!("{}/api/v1/links/{code}", service.base);
    for request in [client.patch(&link).json(&json!({ "disabled": true })), client.delete(&link)] {
        let asked = Instant::now();
        let answer = request.bearer_auth(&secret).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    }
    // Of a hundred in one call, only the first is waited for.
    let links_of_call = vec![json!({ "url": "https://example.com/", "channel": "sms" }); 100];
    let call = client.post(format!("{}/api/v1/links/bulk", service.base)).bearer_auth(&secret);
    let asked = Instant::now();
    let answer = call.json(&json!({ "links": links_of_call })).send().await.expect("an answer");
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    let results: Value = answer.json().await.expect("JSON");
    let results = results["results"].as_array().expect("a list");
    assert!(results.len() == 100 && results.iter().all(|result| result["status"] == 503), "{results:?}");
    // Who only opens links notices nothing.
    let asked = Instant::now();
    assert_eq!(service.click(&code, "192.0.2.1").await.expect("an answer"), StatusCode::FOUND);
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
    assert_eq!(links(&service, &secret).await, [code.as_str()]);

    drop(lock);
    // What was refused would have been done before this.
    let made = service.code(&secret).await;
    assert_eq!(links(&service, &secret).await, [made, code.clone()]);
    service.counted_at_least(&secret, &code, 1).await;
}

/// Tries to make a link.
async fn refused(service: &Service, secret: &str) {
    let asked = Instant::now();
    let answer = service.share(secret).await;
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key("retry-after"));
    assert!(asked.elapsed() < LIMIT, "{:?}", asked.elapsed());
}

/// The codes of all links, newest first.
async fn links(service: &Service, secret: &str) -> Vec<String> {
    let request = Client::new().get(format!("{}/api/v1/links", service.base)).bearer_auth(secret);
    let found: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let links = found["links"].as_array().expect("a list");
    links.iter().map(|link| link["code"].as_str().expect("a code").to_owned()).collect()
}
