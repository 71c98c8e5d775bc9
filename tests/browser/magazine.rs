//! The newspaper of `examples/magazine`, on an origin of its own, with its buttons led to a service.

use std::path::Path;
use std::sync::{Arc, Mutex};

use crate::browser::{Browser, Look, Scripts};
use crate::destination::Destination;
use crate::gate::Gate;
use crate::service::{Backend, Service};
use crate::small_server::{SmallServer, answer};
use entrenous::domain::site::OriginRule;

pub(crate) const ARTICLE: &str = "the-night-trains-are-back.html";
pub(crate) const TITLE: &str = "The night trains are back";

/// What the files say where a publisher puts their own.
const SERVICE: &str = "http://localhost:8080";
const SITE: &str = "http://localhost:8000";
const KEY: &str = "ens_pk_YOUR_KEY";

/// The newspaper, the service that makes its short links, and the way between them.
pub(crate) struct Magazine {
    pub(crate) origin: String,
    pub(crate) gate: Gate,
    pub(crate) service: Service,
    pub(crate) secret: String,
    destination: Destination,
    setting: Arc<Mutex<Setting>>,
    _server: SmallServer,
}

/// How its pages are served.
#[derive(Debug, Default)]
struct Setting {
    /// What stands in the files, and what is put in its place.
    changes: Vec<(String, String)>,
    policy: Option<String>,
}

impl Magazine {
    /// Everything is there and works.
    pub(crate) async fn start() -> Self {
        let gate = Gate::open();
        let setting = Arc::new(Mutex::new(Setting::default()));
        let own = Arc::clone(&setting);
        let server = SmallServer::start(move |asked| {
            let setting = own.lock().expect("no panic");
            Some(setting.answer(asked.what().strip_prefix("GET ").unwrap_or_default()))
        });
        let origin = format!("http://127.0.0.1:{}", server.port);
        let service = Service::start_with(Backend::Sqlite, &[("server.public_url", &gate.base)]).await;
        let allowed = OriginRule::parse(&origin).expect("an origin");
        let (key, secret) = service.site("The Courier", |site| site.origins = vec![allowed]).await;
        gate.leads_to(service.address());
        let encoded = |url: &str| url.replace(':', "%3A").replace('/', "%2F");
        setting.lock().expect("no panic").changes = vec![
            (SERVICE.to_owned(), gate.base.clone()),
            (SITE.to_owned(), origin.clone()),
            (encoded(SITE), encoded(&origin)),
            (KEY.to_owned(), key),
        ];
        let destination = Destination::start().await;
        Self { origin, gate, service, secret, destination, setting, _server: server }
    }

    /// From now on pages come with this Content-Security-Policy.
    pub(crate) fn policy(&self, policy: &str) {
        self.setting.lock().expect("no panic").policy = Some(policy.to_owned());
    }

    /// From now on pages have this text in the place of that one.
    pub(crate) fn change(&self, from: &str, to: &str) {
        self.setting.lock().expect("no panic").changes.push((from.to_owned(), to.to_owned()));
    }

    pub(crate) fn address(&self, page: &str) -> String {
        format!("{}/{page}", self.origin)
    }

    /// Somebody who reads a page of it.
    pub(crate) async fn reader(&self, look: Look, scripts: Scripts, page: &str) -> Browser {
        let browser = Browser::open_for(&self.destination, look, scripts, &self.origin).await;
        browser.goto(&self.address(page)).await;
        browser
    }

    /// Somebody who reads the article, with buttons that have their codes.
    pub(crate) async fn ready_reader(&self, look: Look) -> Browser {
        let browser = self.reader(look, Scripts::On, ARTICLE).await;
        browser.has_codes().await;
        browser
    }

    /// The link with this code, if there is one, as the API shows it to the publisher.
    pub(crate) async fn link(&self, code: &str) -> Option<serde_json::Value> {
        let path = format!("/api/v1/links/{code}");
        let request = self.service.request(reqwest::Method::GET, &path).bearer_auth(&self.secret);
        let answer = request.send().await.expect("an answer");
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return None;
        }
        Some(answer.json().await.expect("JSON"))
    }

    /// All links of the newspaper.
    pub(crate) async fn links(&self) -> Vec<serde_json::Value> {
        let request = self.service.request(reqwest::Method::GET, "/api/v1/links").bearer_auth(&self.secret);
        let list: serde_json::Value = request.send().await.expect("an answer").json().await.expect("JSON");
        list["links"].as_array().expect("links").clone()
    }
}

impl Setting {
    fn answer(&self, path: &str) -> Vec<u8> {
        let name = match path.split('?').next().unwrap_or_default() {
            "/" => "index.html",
            path => path.trim_start_matches('/'),
        };
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/magazine").join(name);
        let Ok(mut text) = std::fs::read_to_string(file) else { return answer("404 Not Found", &[], b"") };
        let media_type = match name.rsplit_once('.') {
            Some((_, "svg")) => "image/svg+xml",
            Some((_, "css")) => "text/css; charset=utf-8",
            _ => "text/html; charset=utf-8",
        };
        for (from, to) in &self.changes {
            text = text.replace(from, to);
        }
        let mut headers = vec![("Content-Type", media_type), ("Cache-Control", "no-store")];
        headers.extend(self.policy.as_ref().map(|policy| ("Content-Security-Policy", policy.as_str())));
        answer("200 OK", &headers, text.as_bytes())
    }
}
