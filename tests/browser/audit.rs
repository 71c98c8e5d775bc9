//! What holds for every page, asked of the browser.

use std::path::Path;

use fantoccini::error::CmdError;
use serde_json::Value;

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

/// Holds the present page to what every page of the service promises. `status` is that of its answer.
pub(crate) async fn audit(browser: &Browser, axe: &Axe, page: &str, status: u16) {
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
        let ours = ["consent=", "__Host-consent=", "session=", "__Secure-session=", "view="];
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

/// The addresses that the browser has asked a host for since the last call.
pub(crate) async fn loaded(browser: &Browser) -> Vec<String> {
    let log = browser.log("performance").await;
    let events = log.iter().filter_map(|entry| {
        let event: Value = serde_json::from_str(entry["message"].as_str()?).ok()?;
        (event["message"]["method"] == "Network.requestWillBeSent")
            .then(|| event["message"]["params"]["request"]["url"].as_str().unwrap_or_default().to_owned())
    });
    let from_inside = ["chrome:", "data:", "about:"];
    events.filter(|url| !from_inside.iter().any(|scheme| url.starts_with(scheme))).collect()
}
