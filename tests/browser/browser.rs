//! One Chromium with a profile of its own, as a person sits before it.

use std::path::Path;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::elements::Element;
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use url::{ParseError, Url};

use super::destination::Destination;
use super::driver::Driver;

const DEADLINE: Duration = Duration::from_secs(20);
/// How many pixels of a page are painted at most.
const MOST_PAINTED: u32 = 8_000;
/// A headless Chromium says that it is one, and is then no person.
const USER_AGENT: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Safari/537.36";
const PHONE_AGENT: &str = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/150.0.0.0 Mobile Safari/537.36";
/// Where it saves what is downloaded, in its profile.
const DOWNLOADS: &str = "downloads";
const FLAGS: [&str; 11] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-features=HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,OptimizationHints,MediaRouter",
    "--no-first-run",
    "--hide-scrollbars",
];

/// How large the window is and which colours the person likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Look {
    pub(crate) name: &'static str,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) phone: bool,
    pub(crate) dark: bool,
    pub(crate) french: bool,
}

pub(crate) const DESKTOP: Look =
    Look { name: "desktop-light", width: 1_120, height: 800, phone: false, dark: false, french: false };
pub(crate) const DESKTOP_DARK: Look = Look { name: "desktop-dark", dark: true, ..DESKTOP };
pub(crate) const PHONE: Look =
    Look { name: "phone-light", width: 390, height: 844, phone: true, dark: false, french: false };
pub(crate) const PHONE_DARK: Look = Look { name: "phone-dark", dark: true, ..PHONE };
pub(crate) const DESKTOP_FRENCH_DARK: Look =
    Look { name: "desktop-french-dark", french: true, ..DESKTOP_DARK };
pub(crate) const PHONE_FRENCH: Look = Look { name: "phone-french", french: true, ..PHONE };
pub(crate) const SMALL_PHONE: Look = Look { name: "small-phone", width: 360, height: 740, ..PHONE };

/// Whether the person lets pages run scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scripts {
    On,
    Off,
}

/// A person's browser.
pub(crate) struct Browser {
    pub(crate) client: Client,
    pub(crate) look: Look,
    _driver: Driver,
    profile: TempDir,
}

impl Browser {
    /// Opens a browser for which every host but the loopback's is `destination`.
    pub(crate) async fn open(destination: &Destination, look: Look, scripts: Scripts) -> Self {
        Self::open_for(destination, look, scripts, "").await
    }

    /// The same for a person who always lets pages of this origin open apps.
    pub(crate) async fn open_for(
        destination: &Destination,
        look: Look,
        scripts: Scripts,
        origin: &str,
    ) -> Self {
        let profile = tempfile::tempdir().expect("a folder");
        let driver = Driver::start(profile.path());
        let Look { width, height, .. } = look;
        let user_agent = if look.phone { PHONE_AGENT } else { USER_AGENT };
        let mut flags: Vec<String> = FLAGS.map(str::to_owned).into();
        flags.extend([
            format!("--user-data-dir={}", profile.path().display()),
            format!("--user-agent={user_agent}"),
            format!("--window-size={width},{height}"),
            format!(
                "--host-resolver-rules=MAP * 127.0.0.1:{}, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                destination.port
            ),
        ]);
        let javascript = if scripts == Scripts::On { 1 } else { 2 };
        let mut options = json!({
            "binary": Driver::browser(),
            "args": flags,
            // The driver would let pages open whatever they like.
            "excludeSwitches": ["disable-popup-blocking"],
            "prefs": {
                "intl.accept_languages": if look.french { "fr-FR,fr,en" } else { "en-GB,en" },
                "profile.managed_default_content_settings.javascript": javascript,
                "protocol_handler.allowed_origin_protocol_pairs": { origin: { "fb-messenger": true, "sms": true, "viber": true } },
            },
        });
        if look.phone {
            let metrics =
                json!({ "width": width, "height": height, "pixelRatio": 2, "mobile": true, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics, "userAgent": user_agent });
        }
        let wanted = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL", "performance": "ALL" },
        });
        let Value::Object(wanted) = wanted else { unreachable!("it is an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let address = format!("http://127.0.0.1:{}", driver.port);
        let client = builder.capabilities(wanted).connect(&address).await.expect("a session");
        let browser = Self { client, look, _driver: driver, profile };
        browser.dress().await;
        let downloads = browser.profile.path().join(DOWNLOADS);
        browser
            .cdp("Browser.setDownloadBehavior", json!({ "behavior": "allow", "downloadPath": downloads }))
            .await;
        browser
    }

    /// Gives the present tab its colours and size.
    async fn dress(&self) {
        let scheme = if self.look.dark { "dark" } else { "light" };
        let features = json!([{ "name": "prefers-color-scheme", "value": scheme }]);
        self.cdp("Emulation.setEmulatedMedia", json!({ "features": features })).await;
        self.resize(self.look.height).await;
    }

    async fn resize(&self, height: u32) {
        let Look { width, phone, .. } = self.look;
        let scale = if phone { 2 } else { 1 };
        let metrics =
            json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": phone });
        self.cdp("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What the person reads: a text in English or in French.
    pub(crate) fn reads<'a>(&self, english: &'a str, french: &'a str) -> &'a str {
        if self.look.french { french } else { english }
    }

    pub(crate) async fn goto(&self, url: &str) {
        self.client.goto(url).await.unwrap_or_else(|error| panic!("{url}: {error}"));
    }

    pub(crate) async fn url(&self) -> String {
        self.client.current_url().await.expect("an address").to_string()
    }

    /// The text of the page.
    pub(crate) async fn text(&self) -> String {
        match self.client.find(Locator::Css("body")).await {
            Ok(body) => body.text().await.unwrap_or_default(),
            Err(_) => String::new(),
        }
    }

    /// Waits until the page shows a text.
    pub(crate) async fn shows(&self, wanted: &str) {
        let deadline = Instant::now() + DEADLINE;
        loop {
            let text = self.text().await;
            if text.contains(wanted) {
                return;
            }
            let url = self.url().await;
            assert!(Instant::now() < deadline, "{url} does not show {wanted:?} but {text}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until the browser is at an address.
    pub(crate) async fn is_at(&self, wanted: &str) {
        let deadline = Instant::now() + DEADLINE;
        while self.url().await != wanted {
            assert!(Instant::now() < deadline, "at {}, not at {wanted}", self.url().await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    pub(crate) async fn find(&self, css: &str) -> Element {
        self.wait_for(Locator::Css(css)).await
    }

    /// Clicks on the button, link or summary that is called so.
    pub(crate) async fn press(&self, label: &str) {
        let path = format!("//*[self::button or self::a or self::summary][normalize-space()='{label}']");
        let element = self.wait_for(Locator::XPath(&path)).await;
        self.click(element).await;
    }

    async fn wait_for(&self, locator: Locator<'_>) -> Element {
        let found = self.client.wait().at_most(DEADLINE).for_element(locator).await;
        found.unwrap_or_else(|error| panic!("{locator:?}: {error}"))
    }

    /// Clicks in the middle of an element. The driver's own click waits for a timer of the page,
    /// which never comes where scripts are switched off.
    pub(crate) async fn click(&self, element: Element) {
        let middle = "arguments[0].scrollIntoView({ block: 'center', behavior: 'instant' });
            const box = arguments[0].getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2]";
        let element = serde_json::to_value(element).expect("an element has a name");
        let middle = self.client.execute(middle, vec![element]).await.expect("a place");
        for kind in ["mousePressed", "mouseReleased"] {
            let mouse =
                json!({ "type": kind, "x": middle[0], "y": middle[1], "button": "left", "clickCount": 1 });
            self.cdp("Input.dispatchMouseEvent", mouse).await;
        }
    }

    /// Writes into a field, in the place of what is there.
    pub(crate) async fn write(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.expect("a field");
        field.send_keys(text).await.expect("a field");
    }

    /// Waits for a file that is downloaded under this name, and reads it.
    pub(crate) async fn downloaded(&self, name: &str) -> String {
        let file = self.profile.path().join(DOWNLOADS).join(name);
        let deadline = Instant::now() + DEADLINE;
        loop {
            // It has its name when all of it is there.
            match std::fs::read_to_string(&file) {
                Ok(text) => return text,
                Err(error) => assert!(Instant::now() < deadline, "{name}: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Presses a key on the keyboard.
    pub(crate) async fn key(&self, value: char) {
        let stroke = KeyActions::new("keyboard".to_owned())
            .then(KeyAction::Down { value })
            .then(KeyAction::Up { value });
        self.client.perform_actions(stroke).await.expect("a key");
    }

    /// Goes to the tab that a link has opened.
    pub(crate) async fn to_new_tab(&self) {
        let deadline = Instant::now() + DEADLINE;
        let here = self.client.window().await.expect("a tab");
        loop {
            let tabs = self.client.windows().await.expect("tabs");
            if let Some(new) = tabs.into_iter().find(|tab| *tab != here) {
                self.client.switch_to_window(new).await.expect("a tab");
                return self.dress().await;
            }
            assert!(Instant::now() < deadline, "no new tab");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Every cookie that the browser has, as `name=value`, with a `/path` other than `/`.
    pub(crate) async fn cookies(&self) -> Vec<String> {
        let answer = self.cdp("Network.getAllCookies", json!({})).await;
        let text = |cookie: &Value, name: &str| cookie[name].as_str().unwrap_or_default().to_owned();
        let cookies = answer["cookies"].as_array().expect("cookies").iter();
        cookies.map(|cookie| format!("{}={}", text(cookie, "name"), text(cookie, "value"))).collect()
    }

    /// What a script in the page returns; for a browser that runs scripts.
    pub(crate) async fn script(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.expect("a result")
    }

    /// What the browser has logged since the last call: `browser` or `performance`.
    pub(crate) async fn log(&self, kind: &str) -> Vec<Value> {
        let command = Command { path: "se/log", body: json!({ "type": kind }) };
        let entries = self.client.issue_cmd(command).await.expect("a log");
        entries.as_array().expect("entries").clone()
    }

    /// A command of the browser's own protocol.
    pub(crate) async fn cdp(&self, name: &str, params: Value) -> Value {
        let command = Command { path: "goog/cdp/execute", body: json!({ "cmd": name, "params": params }) };
        self.client.issue_cmd(command).await.unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Writes a picture of the whole page to `target/screenshots/`, or of its beginning where it is longer than a browser
    /// paints soon.
    pub(crate) async fn screenshot(&self, name: &str) {
        let height = self.script("return document.documentElement.scrollHeight").await;
        let height = u32::try_from(height.as_u64().expect("a height")).expect("a height");
        self.resize(height.clamp(self.look.height, MOST_PAINTED)).await;
        self.window_screenshot(name).await;
        self.resize(self.look.height).await;
    }

    /// Writes a picture of what the window shows to `target/screenshots/`.
    pub(crate) async fn window_screenshot(&self, name: &str) {
        let picture = self.client.screenshot().await.expect("a picture");
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/screenshots");
        std::fs::create_dir_all(&folder).expect("a folder");
        let file = folder.join(format!("{name}-{}.png", self.look.name));
        std::fs::write(file, picture).expect("a file");
    }
}

/// A command that Chromium has beyond the standard.
#[derive(Debug)]
struct Command {
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Command {
    fn endpoint(&self, base: &Url, session: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", session.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
