//! The share buttons on a foreign page: what a tap opens, writes and sends.

use std::collections::BTreeMap;

use entrenous::domain::channel::Channels;
use serde_json::{Value, json};
use url::Url;

use crate::browser::{Browser, DESKTOP, Look, PHONE, Scripts};
use crate::magazine::{ARTICLE, Magazine, TITLE};

/// A title with everything that an address could trip over.
const HARD_TITLE: &str = "Fish & chips? 50 % “off” + {url} #été";

/// Makes the test the first to hear of the share sheet, which there is none of here.
const SHEET: &str = "navigator.share = data => {
    (window.sheets ||= []).push({ ...data, active: navigator.userActivation.isActive });
    return new Promise(() => {});
};";

#[tokio::test]
async fn every_channel_opens_its_app_in_the_same_gesture_on_a_desktop() {
    every_channel(DESKTOP).await;
}

#[tokio::test]
async fn every_channel_opens_its_app_in_the_same_gesture_on_a_phone() {
    every_channel(PHONE).await;
}

async fn every_channel(look: Look) {
    let magazine = Magazine::start().await;
    let channels = Channels::built_in();
    let apps: BTreeMap<_, _> = channels
        .iter()
        .filter_map(|(name, channel)| {
            let phone = channel.share_phone.as_ref().filter(|_| look.phone);
            Some((name.to_string(), phone.or(channel.share.as_ref())?.clone()))
        })
        .collect();
    assert!(apps.len() > 3, "{apps:?}");
    let names: Vec<_> = apps.keys().map(String::as_str).collect();
    magazine.change("channels=\"whatsapp email sms copy native qr\"", &buttons(&names.join(" "), HARD_TITLE));
    let browser = magazine.ready_reader(look).await;
    let unasked = browser.script("return window.open('about:blank') === null").await;
    assert_eq!(unasked, json!(true), "the pop-up blocker is on");
    browser.listen().await;
    browser.log("browser").await;
    for (name, app) in &apps {
        browser.tap(name).await;
        let (scheme, _) = app.split_once(':').expect("an address");
        let address = match scheme {
            "http" | "https" => browser.opened().await,
            _ => browser.sent_to(&format!("{scheme}:")).await,
        };
        let shared = browser.shared().await.pop().expect("an event");
        assert_eq!(shared["channel"], json!(name));
        let code = shared["code"].as_str().expect("a code");
        let short = format!("{}/{code}", magazine.gate.base);
        assert_eq!(shared["url"], json!(short));
        assert_same_address(&address, app, &short);
        let link = held(&magazine, code).await;
        assert_eq!((&link["channel"], &link["title"]), (&json!(name), &json!(HARD_TITLE)), "{link}");
        assert_eq!(link["url"], json!(magazine.address(ARTICLE)), "{link}");
    }
    assert_eq!(magazine.links().await.len(), apps.len(), "a link for each share and no more");
    assert!(browser.cookies().await.is_empty());
    assert_eq!(browser.tabs().await, 1);
}

/// The attributes of buttons for these channels.
fn buttons(channels: &str, title: &str) -> String {
    format!("channels=\"{channels}\" title=\"{}\"", title.replace('&', "&amp;"))
}

/// Holds an address that was opened to the channel's form of it. Which characters are escaped
/// beyond what must be is not asked.
fn assert_same_address(found: &str, app: &str, short: &str) {
    let text = format!("{HARD_TITLE} {short}");
    let filled = app.split('{').enumerate().map(|(place, part)| {
        let Some((name, rest)) = part.split_once('}').filter(|_| place > 0) else { return part.to_owned() };
        let value = match name {
            "url" => short,
            "title" => HARD_TITLE,
            _ => &text,
        };
        let escaped: Vec<_> = value.bytes().map(|byte| format!("%{byte:02X}")).collect();
        escaped.concat() + rest
    });
    let expected = filled.collect::<String>();
    let parts = |address: &str| {
        let url = Url::parse(address).expect("an address");
        let pairs: Vec<_> = url.query_pairs().map(|(k, v)| (k.into_owned(), v.into_owned())).collect();
        (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.path().to_owned(), pairs)
    };
    assert_eq!(parts(found), parts(&expected), "{found}");
}

/// The link with this code, when its claim has arrived.
pub(crate) async fn held(magazine: &Magazine, code: &str) -> Value {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        if let Some(link) = magazine.link(code).await {
            return link;
        }
        assert!(std::time::Instant::now() < deadline, "nobody claims {code}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn copy_puts_exactly_the_short_address_on_the_clipboard() {
    for look in [DESKTOP, PHONE] {
        let magazine = Magazine::start().await;
        let browser = magazine.ready_reader(look).await;
        browser.listen().await;
        browser.tap("copy").await;
        browser.until("the word", &status("Link copied")).await;
        let shared = browser.shared().await;
        assert_eq!(shared.len(), 1);
        assert_eq!(json!(browser.clipboard().await), shared[0]["url"]);
        let link = held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
        assert_eq!(link["short_url"], shared[0]["url"]);
        assert_eq!((&link["channel"], &link["title"]), (&json!("copy"), &json!(TITLE)));
        browser.until("the word's end", &status("")).await;
    }
}

/// Whether the live region says this.
fn status(text: &str) -> String {
    format!(
        "const said = document.querySelector('entrenous-share').shadowRoot.querySelector('[role=status]');
        return said.textContent === '{text}'"
    )
}

#[tokio::test]
async fn the_share_sheet_is_called_once_and_in_the_gesture() {
    let magazine = Magazine::start().await;
    let browser = magazine.reader(PHONE, Scripts::On, "").await;
    assert_eq!(browser.in_buttons("return find('native')").await, Value::Null, "no sheet, no button");
    browser.cdp("Page.addScriptToEvaluateOnNewDocument", json!({ "source": SHEET })).await;
    browser.goto(&magazine.address(ARTICLE)).await;
    browser.has_codes().await;
    browser.listen().await;
    browser.tap("native").await;
    let sheets = browser.until("the sheet", "return window.sheets").await;
    let shared = browser.shared().await;
    assert_eq!(sheets, json!([{ "title": TITLE, "url": shared[0]["url"], "active": true }]));
    assert_eq!(shared.len(), 1);
    held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
    assert_eq!(browser.script("return sheets.length").await, json!(1));
}

#[tokio::test]
async fn a_double_click_is_one_share_and_opens_one_tab() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    browser.listen().await;
    browser.double_click("whatsapp").await;
    browser.opened().await;
    let shared = browser.shared().await;
    assert_eq!(shared.len(), 1, "{shared:?}");
    held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
    assert_eq!(browser.tabs().await, 1);
    // Twice in a row without being a double click: by keyboard, or with a trembling hand.
    browser.in_buttons("find('copy').click(); find('copy').click(); return 0").await;
    let shared = browser.shared().await;
    assert_eq!(shared.len(), 2, "{shared:?}");
    held(&magazine, shared[1]["code"].as_str().expect("a code")).await;
    assert_eq!(magazine.links().await.len(), 2);
}

#[tokio::test]
async fn a_link_that_is_not_tapped_but_opened_from_its_menu_leads_to_the_service() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    let address = browser.in_buttons("return find('whatsapp').href").await;
    let address = Url::parse(address.as_str().expect("an address")).expect("an address");
    assert_eq!(address.path(), "/share/whatsapp");
    let query: BTreeMap<_, _> = address.query_pairs().into_owned().collect();
    assert_eq!(query["url"], magazine.address(ARTICLE));
    assert_eq!(query["title"], TITLE);
    assert!(query["key"].starts_with("ens_pk_"));
    browser.tap("whatsapp").await;
    browser.opened().await;
    let after = "return find('whatsapp').href.includes('/share/whatsapp?')";
    assert_eq!(browser.in_buttons(after).await, json!(true), "and so again after a tap");
}

#[tokio::test]
async fn a_reader_who_came_by_a_link_passes_its_code_on_as_the_parent() {
    let magazine = Magazine::start().await;
    magazine.change("<link rel=\"canonical\"", "<link rel=\"alternate\"");
    let parent = json!({ "url": magazine.address(ARTICLE), "channel": "email" });
    let parent = crate::service::code(&magazine.service.link_of(&magazine.secret, parent).await);
    for (glued, expected) in [(parent.as_str(), json!(parent)), ("unknown", Value::Null)] {
        let page = format!("{ARTICLE}?page=2&ens={glued}&utm_source=email&fbclid=abc#top");
        let browser = magazine.reader(DESKTOP, Scripts::On, &page).await;
        browser.has_codes().await;
        browser.listen().await;
        browser.tap("copy").await;
        let shared = browser.shared().await;
        let link = held(&magazine, shared[0]["code"].as_str().expect("a code")).await;
        assert_eq!(link["parent"], expected, "{link}");
        assert_eq!(link["url"], json!(magazine.address(&format!("{ARTICLE}?page=2"))), "{link}");
    }
}

#[tokio::test]
async fn the_buttons_send_no_cookie_tell_no_address_of_the_page_and_store_nothing() {
    let magazine = Magazine::start().await;
    let browser = magazine.reader(DESKTOP, Scripts::On, ARTICLE).await;
    browser
        .goto(&format!("{}/privacy?site={}", magazine.gate.base, magazine.service.site_id("The Courier")))
        .await;
    browser.press("Allow").await;
    browser.shows("Allowed.").await;
    assert_eq!(browser.cookies().await, [magazine.service.consent("The Courier", "g1")]);
    browser.goto(&magazine.address(ARTICLE)).await;
    browser.has_codes().await;
    browser.listen().await;
    browser.tap("copy").await;
    held(&magazine, browser.shared().await[0]["code"].as_str().expect("a code")).await;
    let asked = [magazine.gate.asked("POST /api/v1/"), magazine.gate.asked("OPTIONS /api/v1/")].concat();
    assert!(asked.len() >= 4, "two calls, each allowed before");
    for asked in asked {
        assert_eq!((asked.header("cookie"), asked.header("referer")), (None, None), "{asked:?}");
        let origin = asked.header("origin");
        assert_eq!(origin, Some(magazine.origin.as_str()), "{asked:?}");
    }
    assert_eq!(browser.cookies().await, [magazine.service.consent("The Courier", "g1")]);
    assert_eq!(stored(&browser).await, json!([0, 0, 0, 0]));
}

/// How much the page has stored: in two storages, databases and caches.
async fn stored(browser: &Browser) -> Value {
    let count = "const done = arguments[0];
        Promise.all([indexedDB.databases(), caches.keys()]).then(([databases, caches]) =>
            done([localStorage.length, sessionStorage.length, databases.length, caches.length]))";
    browser.client.execute_async(count, Vec::new()).await.expect("numbers")
}
