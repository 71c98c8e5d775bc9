//! What a publisher does with links by the API, and when a visitor notices.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header, redirect};
use serde_json::{Value, json};

use crate::program::{DEADLINE, FIREFOX, Service};

/// Within this, a change takes effect.
const SOON: Duration = Duration::from_secs(1);
/// A look and the pause behind it take no longer on a machine that has time for them.
const QUICK: Duration = Duration::from_millis(30);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(2);

/// Somebody who has a site's secret key, at one instance.
pub(crate) struct Publisher {
    client: Client,
    base: String,
    key: String,
}

/// Where a visitor is sent, or with what answer they end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Way {
    To(String),
    End(u16),
}

impl Publisher {
    pub(crate) fn at(service: &Service, key: &str) -> Self {
        Self { client: client(), base: service.base.clone(), key: key.to_owned() }
    }

    /// Makes a link with this code.
    pub(crate) async fn make(&self, code: &str, url: &str) {
        let body = json!({ "url": url, "channel": "sms", "slug": code });
        self.call(Method::POST, "", Some(body), StatusCode::CREATED).await;
    }

    /// A link's clicks and visitors in the store.
    pub(crate) async fn counted(&self, code: &str) -> (u64, u64) {
        let stats = self.call(Method::GET, &format!("/{code}/stats"), None, StatusCode::OK).await;
        let stats: Value = stats.json().await.expect("JSON");
        let total = |name| stats["totals"][name].as_u64().expect("a number");
        (total("clicks"), total("visitors"))
    }

    /// A link as the store has it.
    pub(crate) async fn read(&self, code: &str) -> Value {
        self.call(Method::GET, &format!("/{code}"), None, StatusCode::OK).await.json().await.expect("JSON")
    }

    /// Changes a link.
    pub(crate) async fn change(&self, code: &str, change: Value) {
        self.call(Method::PATCH, &format!("/{code}"), Some(change), StatusCode::OK).await;
    }

    /// Deletes a link.
    pub(crate) async fn delete(&self, code: &str) {
        self.call(Method::DELETE, &format!("/{code}"), None, StatusCode::NO_CONTENT).await;
    }

    async fn call(&self, method: Method, path: &str, body: Option<Value>, expected: StatusCode) -> Response {
        let (began, mut again) = (Instant::now(), false);
        loop {
            let mut request =
                self.client.request(method.clone(), format!("{}/api/v1/links{path}", self.base));
            if let Some(body) = &body {
                request = request.json(body);
            }
            let answer = request.bearer_auth(&self.key).timeout(DEADLINE).send().await.expect("an answer");
            let done = [StatusCode::CONFLICT, StatusCode::NOT_FOUND].contains(&answer.status());
            if answer.status() == expected || (again && done) {
                return answer;
            }
            // On a busy machine a store may take too long for one attempt, and do it all the same.
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            again = true;
            assert!(began.elapsed() < DEADLINE, "503 for {DEADLINE:?}");
        }
    }
}

/// Somebody who looks where links lead. Looking does not count.
pub(crate) struct Visitor {
    client: Client,
    base: String,
    /// Whether their browser objects to being counted. Else the service must ask nobody.
    objects: bool,
}

impl Visitor {
    pub(crate) fn at(service: &Service) -> Self {
        Self { client: client(), base: service.base.clone(), objects: true }
    }

    /// Somebody who has said nothing, at a service that asks nobody: memory serves them.
    pub(crate) fn unasked_at(service: &Service) -> Self {
        Self { objects: false, ..Self::at(service) }
    }

    /// A request for a link that counts nothing.
    pub(crate) fn request(&self, code: &str) -> RequestBuilder {
        let request = self.client.get(format!("{}/{code}", self.base)).timeout(DEADLINE);
        let request = request.header("user-agent", FIREFOX);
        if self.objects { request.header("dnt", "1") } else { request }
    }

    /// Where a link leads.
    pub(crate) async fn look(&self, code: &str) -> Way {
        let answer = self.request(code).send().await.expect("an answer");
        let location = answer.headers().get(header::LOCATION).and_then(|value| value.to_str().ok());
        match location {
            Some(location) if answer.status() == StatusCode::FOUND => Way::To(location.to_owned()),
            _ => Way::End(answer.status().as_u16()),
        }
    }

    /// Where a link leads, by a store that is there: on a busy machine it may take more than one look.
    pub(crate) async fn finds(&self, code: &str) -> Way {
        let began = Instant::now();
        loop {
            match self.look(code).await {
                Way::End(503) => assert!(began.elapsed() < DEADLINE, "503 for {DEADLINE:?}"),
                way => return way,
            }
        }
    }

    /// Looks until a link leads there, which it has to for whoever comes more than a second later.
    /// Returns after how long it did.
    pub(crate) async fn sees(&self, code: &str, expected: &Way) -> Duration {
        self.sees_since(Instant::now(), code, expected).await
    }

    /// The same, where the second began earlier. A machine that is busy with other tests makes a look
    /// slow, and the service too: of such a look only so much counts as a quick one takes at most.
    pub(crate) async fn sees_since(&self, began: Instant, code: &str, expected: &Way) -> Duration {
        let mut counted = began.elapsed();
        loop {
            let (after, look) = (began.elapsed(), Instant::now());
            let way = self.look(code).await;
            if way == *expected {
                return after;
            }
            assert!(counted < SOON, "{code}: {way:?} and not {expected:?} after {after:.1?}");
            tokio::time::sleep(PAUSE).await;
            counted += look.elapsed().min(QUICK);
        }
    }
}

fn client() -> Client {
    Client::builder().redirect(redirect::Policy::none()).build().expect("a client")
}
