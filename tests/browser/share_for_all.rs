//! The share buttons for everybody: by keyboard, without scripts, under a strict policy, in French,
//! on every screen. It leaves pictures of the demo in `target/screenshots/`.

use serde_json::json;

use crate::audit::{Axe, accessible};
use crate::browser::{Browser, DESKTOP, DESKTOP_DARK, Look, PHONE, PHONE_DARK, SMALL_PHONE, Scripts};
use crate::magazine::{ARTICLE, Magazine, TITLE};
use crate::share::held;

const TAB: char = '\u{e004}';
const ENTER: char = '\u{e007}';
const ESCAPE: char = '\u{e00c}';
const SPACE: char = ' ';
/// A dialog is taken away by an event that its end sends, a moment later.
const NO_DIALOG: &str = "return share.shadowRoot.querySelector('dialog') === null";

#[tokio::test]
async fn the_keyboard_alone_reaches_every_button_in_order_and_uses_it() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    browser.listen().await;
    // The skip link, the name of the newspaper, then the buttons.
    browser.key(TAB).await;
    browser.key(TAB).await;
    let names = ["Share by WhatsApp", "Share by E-mail", "Share by SMS", "Copy link", "QR code"];
    for name in names {
        browser.key(TAB).await;
        let focus = browser
            .in_buttons(
                "const at = share.shadowRoot.activeElement, style = getComputedStyle(at);
                 return [at.ariaLabel, style.outlineStyle, parseFloat(style.outlineWidth) >= 2]",
            )
            .await;
        assert_eq!(focus, json!([name, "solid", true]));
    }
    browser.key(ENTER).await;
    let dialog = "const dialog = share.shadowRoot.querySelector('dialog');
        return dialog?.open && dialog.contains(share.shadowRoot.activeElement)";
    browser.until_in_buttons("the focus in the dialog", dialog).await;
    browser.key(ESCAPE).await;
    browser.until_in_buttons("the dialog's end", NO_DIALOG).await;
    let focus = "return share.shadowRoot.activeElement === find('qr')";
    assert_eq!(browser.in_buttons(focus).await, json!(true), "the focus is where it was");

    for (part, key) in [("copy", SPACE), ("whatsapp", ENTER)] {
        browser.in_buttons(&format!("find('{part}').focus(); return 0")).await;
        browser.key(key).await;
    }
    browser.opened().await;
    let shared = browser.shared().await;
    let channels: Vec<_> = shared.iter().map(|event| event["channel"].as_str().expect("a channel")).collect();
    assert_eq!(channels, ["qr", "copy", "whatsapp"]);
    assert_eq!(json!(browser.clipboard().await), shared[1]["url"]);
}

#[tokio::test]
async fn without_scripts_the_links_inside_make_the_short_link_and_lead_to_the_app() {
    for look in [DESKTOP, PHONE] {
        let magazine = Magazine::start().await;
        let browser = magazine.reader(look, Scripts::Off, ARTICLE).await;
        browser.press("WhatsApp").await;
        let address = browser.opened().await;
        let links = magazine.links().await;
        let [link] = links.as_slice() else { panic!("{links:?}") };
        assert_eq!((&link["channel"], &link["title"]), (&json!("whatsapp"), &json!(TITLE)));
        assert_eq!(link["url"], json!(magazine.address(ARTICLE)));
        assert!(address.starts_with("https://wa.me/?text="), "{address}");
        assert!(address.ends_with(&format!("%2F{}", link["code"].as_str().expect("a code"))), "{address}");
        browser.press("Copy link").await;
        browser.shows("Your link is ready").await;
        let shown = browser.find("input").await.prop("value").await.expect("a field");
        let links = magazine.links().await;
        assert!(links.iter().any(|link| link["channel"] == "copy" && link["short_url"] == json!(shown)));
        assert_eq!(links.len(), 2);
    }
}

/// The attributes of a script element that loads the address that never changes.
async fn fixed_script(magazine: &Magazine) -> String {
    let base = &magazine.gate.base;
    let page = magazine.service.request(reqwest::Method::GET, "/").send().await.expect("a page");
    let page = page.text().await.expect("text").replace("&#34;", "\"");
    let part = |from: &str, to: &str| {
        let rest = page.split_once(from).unwrap_or_else(|| panic!("no {from} in {page}")).1;
        rest.split_once(to).expect("an end").0.to_owned()
    };
    let (file, integrity) = (part("/static/share.", "\""), part("integrity=\"", "\""));
    format!("src=\"{base}/static/share.{file}\" integrity=\"{integrity}\" crossorigin")
}

#[tokio::test]
async fn a_strict_policy_that_names_the_service_is_enough() {
    let magazine = Magazine::start().await;
    let base = &magazine.gate.base;
    let fixed = fixed_script(&magazine).await;
    magazine.change(&format!("src=\"{base}/share.js\""), &fixed);
    magazine.policy(&format!(
        "default-src 'none'; script-src {base}; connect-src {base}; img-src 'self' {base}; style-src 'self'; \
        base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    ));
    let browser = magazine.reader(DESKTOP, Scripts::On, ARTICLE).await;
    browser.has_codes().await;
    browser.listen().await;
    let styled = browser.in_buttons("return getComputedStyle(find('copy')).minHeight").await;
    assert_eq!(styled, json!("44px"), "the style sheet holds");
    browser.tap("qr").await;
    let picture = "return share.shadowRoot.querySelector('img')?.naturalWidth > 0";
    browser
        .until("the QR code", &format!("const share = document.querySelector('entrenous-share'); {picture}"))
        .await;
    browser.key(ESCAPE).await;
    browser.until_in_buttons("the dialog's end", NO_DIALOG).await;
    browser.tap("copy").await;
    browser.until("two shares", "return shared.length === 2").await;
    for shared in browser.shared().await {
        held(&magazine, shared["code"].as_str().expect("a code")).await;
    }
    let log = browser.log("browser").await;
    assert!(log.is_empty(), "{log:#?}");
    assert_eq!(magazine.gate.asked("GET /share.js").len(), 0, "the address that never changes is used");
}

#[tokio::test]
async fn the_script_of_a_release_takes_an_operators_channels_from_its_element_also_as_a_module() {
    for kind in ["text/javascript", "module"] {
        let magazine = Magazine::start().await;
        let channels = r#"{"post":["Postcard"],"sms":["Text message"]}"#;
        let fixed = format!("{} type=\"{kind}\" data-channels='{channels}'", fixed_script(&magazine).await);
        magazine.change(&format!("src=\"{}/share.js\"", magazine.gate.base), &fixed);
        magazine.change("channels=\"whatsapp email sms copy native qr\"", "channels=\"whatsapp sms post\"");
        let browser = magazine.reader(DESKTOP, Scripts::On, ARTICLE).await;
        browser.has_codes().await;
        let labels = browser
            .in_buttons(
                "return [...share.shadowRoot.querySelectorAll('[part=label]')].map(label => label.textContent)",
            )
            .await;
        assert_eq!(labels, json!(["WhatsApp", "Text message", "Postcard"]), "{kind}");
    }
}

#[tokio::test]
async fn a_french_page_has_french_buttons() {
    let magazine = Magazine::start().await;
    let browser = magazine.reader(PHONE, Scripts::On, "eloge-des-rues-calmes.html").await;
    browser.has_codes().await;
    let names = browser
        .in_buttons(
            "return [...share.shadowRoot.querySelectorAll('[part~=button]')].map(button => button.ariaLabel)",
        )
        .await;
    let french =
        ["Partager par WhatsApp", "Partager par E-mail", "Partager par SMS", "Copier le lien", "Code QR"];
    assert_eq!(names, json!(french));
    browser.tap("copy").await;
    let said = "const share = document.querySelector('entrenous-share');
        return share.shadowRoot.querySelector('[role=status]').textContent";
    assert_eq!(browser.until("the word", said).await, json!("Lien copié"));
}

#[tokio::test]
async fn where_the_clipboard_is_refused_the_address_is_shown_to_be_copied_by_hand() {
    let magazine = Magazine::start().await;
    let browser = magazine.ready_reader(DESKTOP).await;
    let refused = json!({ "permission": { "name": "clipboard-write" }, "setting": "denied" });
    browser.cdp("Browser.setPermission", refused).await;
    browser.listen().await;
    browser.tap("copy").await;
    let field = "const share = document.querySelector('entrenous-share');
        return share.shadowRoot.querySelector('dialog[open] input')?.value";
    let shown = browser.until("the address", field).await;
    assert_eq!(shown, browser.shared().await[0]["url"]);
}

#[tokio::test]
async fn the_demo_is_sound_on_a_desktop_in_light() {
    demo(DESKTOP).await;
}

#[tokio::test]
async fn the_demo_is_sound_on_a_desktop_in_dark() {
    demo(DESKTOP_DARK).await;
}

#[tokio::test]
async fn the_demo_is_sound_on_a_phone_in_light() {
    demo(PHONE).await;
}

#[tokio::test]
async fn the_demo_is_sound_on_a_phone_in_dark() {
    demo(PHONE_DARK).await;
}

#[tokio::test]
async fn the_demo_is_sound_on_a_phone_of_360_pixels() {
    demo(SMALL_PHONE).await;
}

/// Looks at every page of the demo, with and without what the buttons can show.
async fn demo(look: Look) {
    let magazine = Magazine::start().await;
    let axe = Axe::read();
    let browser = magazine.reader(look, Scripts::On, "").await;
    for (page, name) in [
        ("", "demo"),
        (ARTICLE, "demo-article"),
        ("soup-for-a-whole-week.html", "demo-article-kitchen"),
        ("eloge-des-rues-calmes.html", "demo-article-french"),
    ] {
        browser.goto(&magazine.address(page)).await;
        browser.has_codes().await;
        comfortable(&browser).await;
        accessible(&browser, &axe, name, 200).await;
        browser.window_screenshot(&format!("{name}-top")).await;
        browser.screenshot(name).await;
    }
    browser.goto(&magazine.address(ARTICLE)).await;
    browser.has_codes().await;
    browser.tap("copy").await;
    let said = "return document.querySelector('entrenous-share').shadowRoot.querySelector('[role=status]').textContent";
    browser.until("the word", said).await;
    accessible(&browser, &axe, "demo-copied", 200).await;
    browser.tap("qr").await;
    let picture =
        "return document.querySelector('entrenous-share').shadowRoot.querySelector('img')?.naturalWidth";
    browser.until("the QR code", picture).await;
    accessible(&browser, &axe, "demo-qr", 200).await;
    browser.window_screenshot("demo-qr").await;
}

/// Every button is large enough for a finger, and within the window.
async fn comfortable(browser: &Browser) {
    let small = browser
        .script(
            "return [...document.querySelectorAll('entrenous-share')].flatMap(share =>
                [...share.shadowRoot.querySelectorAll('[part~=button]')].filter(button => {
                    const box = button.getBoundingClientRect();
                    return box.width < 44 || box.height < 44 || box.right > innerWidth || box.left < 0;
                }).map(button => button.outerHTML))",
        )
        .await;
    assert_eq!(small, json!([]));
}
