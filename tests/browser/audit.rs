//! What holds for every page, asked of the browser.

use std::collections::HashSet;
use std::path::Path;

use fantoccini::error::CmdError;
use serde_json::{Value, json};

use crate::browser::Browser;

/// The rules of accessibility, as a script.
#[derive(Debug)]
pub(crate) struct Axe(String);

impl Axe {
    pub(crate) fn read() -> Self {
        let file = "target/axe/node_modules/axe-core/axe.min.js";
        let script = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(file));
        let how = "scripts/test installs it, or: npm install --prefix target/axe axe-core@4";
        Self(script.unwrap_or_else(|error| panic!("{file}: {error}; {how}")))
    }

    async fn violations(&self, browser: &Browser) -> Result<Value, CmdError> {
        let run = "const done = arguments[0];
            axe.run(document, { resultTypes: ['violations'] }).then(
                found => done(found.violations.map(
                    rule => [rule.id, rule.help, rule.nodes.map(node => node.html + ' ' + node.failureSummary)])),
                failed => done(String(failed)))";
        browser.client.execute_async(&format!("{};{run}", self.0), Vec::new()).await
    }
}

/// What a page may weigh, compressed, with everything that it loads.
const MOST_BYTES: f64 = 102_400.0;

/// Lets the browser load everything anew for each page, so that it is known what each weighs.
pub(crate) async fn weigh(browser: &Browser) {
    browser.cdp("Network.setCacheDisabled", json!({ "cacheDisabled": true })).await;
}

/// Holds the present page to what every page of the service promises, and takes a picture of it: it comes from `home` alone
/// and is light, besides what [`audit`] asks. The browser [weighs](weigh).
pub(crate) async fn sound(browser: &Browser, axe: &Axe, home: &str, page: &str, status: u16) {
    let name = format!("{page}, {}", browser.look.name);
    let Loaded { addresses, bytes } = loaded(browser).await;
    for address in &addresses {
        assert!(address.starts_with(home), "{name} loads {address}");
    }
    // A page that was looked at before, and has only been opened further, loads nothing.
    let least = if addresses.is_empty() { 0.0 } else { 1_000.0 };
    assert!((least..MOST_BYTES).contains(&bytes), "{name} weighs {bytes} bytes");
    audit(browser, axe, page, status).await;
    browser.screenshot(page).await;
    // What axe and the camera did is not the next page's.
    loaded(browser).await;
}

/// Holds the present page to what every page of the service promises but for what it loads. `status` is that of its answer.
async fn audit(browser: &Browser, axe: &Axe, page: &str, status: u16) {
    accessible(browser, axe, page, status).await;
    let name = format!("{page}, {}", browser.look.name);
    let foreign = browser
        .script(
            "return [...document.scripts].filter(script => script.text || !script.integrity
                || new URL(script.src).origin !== location.origin
                || !new URL(script.src).pathname.startsWith('/static/')).map(script => script.outerHTML)",
        )
        .await;
    assert_eq!(foreign, Value::Array(Vec::new()), "{name} has scripts that are not the service's own");
    for cookie in browser.cookies().await {
        let ours = [
            "consent-",
            "__Host-consent-",
            "session=",
            "__Host-session=",
            "known=",
            "__Host-known=",
            "view-",
        ];
        assert!(ours.iter().any(|name| cookie.starts_with(name)), "{name} sets {cookie}");
    }
}

/// Holds the present page to its look: as wide as the window, without a violation of the rules of
/// accessibility, and with nothing to complain of for the browser.
pub(crate) async fn accessible(browser: &Browser, axe: &Axe, page: &str, status: u16) {
    let look = browser.look;
    let name = format!("{page}, {}", look.name);
    let dark = browser.script("return matchMedia('(prefers-color-scheme: dark)').matches").await;
    assert_eq!(dark, look.dark, "{name}");
    let width = browser.script("return document.documentElement.scrollWidth").await;
    assert!(width.as_u64() <= Some(look.width.into()), "{name} is {width} wide");

    let violations = axe.violations(browser).await.expect("axe runs");
    assert_eq!(violations, Value::Array(Vec::new()), "{name}: {violations:#}");

    // A browser logs its own line for a page whose status is an error, and advice.
    let expected = format!("the server responded with a status of {status}");
    let advice = |entry: &Value| entry["source"] == "recommendation";
    let own = |entry: &Value| {
        status != 200 && entry["message"].as_str().is_some_and(|message| message.contains(&expected))
    };
    let log = browser.log("browser").await;
    let unexpected: Vec<_> = log.iter().filter(|entry| !advice(entry) && !own(entry)).collect();
    assert!(unexpected.is_empty(), "{name} logs {unexpected:#?}");
}

/// What the browser has asked hosts for since the last call.
pub(crate) struct Loaded {
    pub(crate) addresses: Vec<String>,
    /// What came over the network, as it was sent.
    pub(crate) bytes: f64,
}

/// What the browser has asked hosts for since the last call.
pub(crate) async fn loaded(browser: &Browser) -> Loaded {
    let mut loaded = Loaded { addresses: Vec::new(), bytes: 0.0 };
    let mut requests = HashSet::new();
    for entry in browser.log("performance").await {
        let event: Value = serde_json::from_str(entry["message"].as_str().unwrap_or_default()).expect("JSON");
        let (method, params) = (&event["message"]["method"], &event["message"]["params"]);
        if method == "Network.requestWillBeSent" {
            let address = params["request"]["url"].as_str().unwrap_or_default();
            // The browser's first page, and what stands in a page itself.
            if !["chrome:", "data:", "about:"].iter().any(|scheme| address.starts_with(scheme)) {
                loaded.addresses.push(address.to_owned());
                requests.insert(params["requestId"].to_string());
            }
        } else if method == "Network.loadingFinished" && requests.contains(&params["requestId"].to_string()) {
            loaded.bytes += params["encodedDataLength"].as_f64().unwrap_or_default();
        }
    }
    loaded
}
