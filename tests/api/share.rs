//! Sharing by a plain link: who mints, what opens, and that two taps are one share.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

use crate::service::{Backend, FIREFOX, Service, WHATSAPP, on_every_store, problem, wrong_names};

on_every_store!(
    each_channel_opens_its_app_with_the_link_that_was_made,
    a_channel_without_an_address_shows_the_link_on_a_page_that_mints_nothing,
    robots_previews_prefetches_and_head_mint_nothing_and_go_to_the_page,
    what_a_page_loads_without_a_tap_mints_nothing,
    a_wrong_key_channel_or_destination_is_refused_and_nothing_is_stored,
    two_taps_within_five_seconds_are_one_share,
    twenty_taps_at_once_are_one_share,
    who_or_whatever_differs_is_another_share,
    a_thousand_shares_of_one_page_at_once_make_a_thousand_links,
    hundreds_of_readers_who_tap_twice_at_once_make_a_link_each,
    a_reader_is_not_refused_for_what_a_template_gets_a_little_wrong,
    the_limits_hold_shares_back_and_a_second_tap_costs_nothing,
);

const PIXEL: &str = "Mozilla/5.0 (Linux; Android 16; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile Safari/537.36";
const IPHONE: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1";

const PAGE: &str = "https://example.com/article?a=1&b=2";

/// The address of a share button, as a publisher's template writes it.
fn button(service: &Service, channel: &str, parameters: &[(&str, &str)]) -> String {
    let mut url = Url::parse(&format!("{}/share/{channel}", service.base)).expect("an address");
    url.query_pairs_mut().append_pair("key", &service.publishable).extend_pairs(parameters);
    let query = url.query().expect("a query");
    format!("/share/{channel}?{query}")
}

/// A reader's tap on a button.
fn tap(service: &Service, channel: &str, parameters: &[(&str, &str)]) -> RequestBuilder {
    follow(service, &button(service, channel, parameters))
}

/// A reader who follows a link.
fn follow(service: &Service, path: &str) -> RequestBuilder {
    follow_as(service, path, FIREFOX, "192.0.2.1")
}

fn follow_as(service: &Service, path: &str, user_agent: &str, address: &str) -> RequestBuilder {
    let request = service.request(Method::GET, path).header("accept", "text/html");
    request.header("user-agent", user_agent).header("x-forwarded-for", address)
}

async fn sent(request: RequestBuilder) -> Response {
    request.send().await.expect("an answer")
}

fn location(response: &Response) -> &str {
    assert!(response.status().is_redirection(), "{}", response.status());
    response.headers()["location"].to_str().expect("text")
}

/// The value of a parameter of the app's address.
fn part(address: &str, name: &str) -> String {
    let address = Url::parse(address).expect("an address");
    let mut pairs = address.query_pairs();
    pairs.find(|(found, _)| found == name).unwrap_or_else(|| panic!("no {name} in {address}")).1.into_owned()
}

/// The code in a share by WhatsApp.
fn code(response: &Response) -> String {
    let text = part(location(response), "text");
    text.rsplit_once('/').expect("a short address").1.to_owned()
}

/// Every link of the site, newest first.
async fn links(service: &Service) -> Vec<Value> {
    let mut all = Vec::new();
    let mut path = "/api/v1/links?limit=100".to_owned();
    loop {
        let list = service.get(&path).await;
        all.extend(list["links"].as_array().expect("links").iter().cloned());
        match list["next_cursor"].as_str() {
            Some(cursor) => path = format!("/api/v1/links?limit=100&cursor={cursor}"),
            None => return all,
        }
    }
}

/// The shares of each channel, as the statistics have them.
async fn shares(service: &Service) -> Vec<(String, u64)> {
    let stats = service.get("/api/v1/stats?group_by=channel").await;
    let groups = stats["groups"].as_array().expect("groups").iter();
    let group = |group: &Value| {
        (group["key"].as_str().expect("a channel").to_owned(), group["shares"].as_u64().expect("a number"))
    };
    groups.map(group).collect()
}

async fn each_channel_opens_its_app_with_the_link_that_was_made(backend: Backend) {
    let service = Service::start(backend).await;
    let apps = [
        ("whatsapp", FIREFOX, "https://wa.me/?text={text}"),
        ("whatsapp", PIXEL, "https://wa.me/?text={text}"),
        ("email", FIREFOX, "mailto:?subject={title}&body={text}"),
        ("sms", IPHONE, "sms:?&body={text}"),
        ("sms", PIXEL, "sms:?&body={text}"),
        ("telegram", FIREFOX, "https://t.me/share/url?url={url}&text={title}"),
        ("messenger", IPHONE, "fb-messenger://share/?link={url}"),
        ("viber", PIXEL, "viber://forward?text={url}%20{title}"),
    ];
    for (number, (channel, user_agent, form)) in apps.into_iter().enumerate() {
        let parameters = [("url", PAGE), ("title", "Fish & chips?"), ("campaign", "spring")];
        let path = button(&service, channel, &parameters);
        let answer = sent(follow_as(&service, &path, user_agent, "192.0.2.1")).await;
        assert_eq!(answer.status(), StatusCode::FOUND, "{channel}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
            ("x-robots-tag", "noindex, nofollow"),
        ] {
            assert_eq!(answer.headers()[name], value, "{channel}");
        }
        assert!(!answer.headers().contains_key("set-cookie"));

        let made = links(&service).await;
        assert_eq!(made.len(), number + 1, "{channel}");
        // A second older than the next one, so that the newest is the first of the list.
        service.set_time(&service.in_seconds(1));
        let short_url = made[0]["short_url"].as_str().expect("an address");
        let text = format!("Fish & chips? {short_url}");
        let values = [("{url}", short_url), ("{title}", "Fish & chips?"), ("{text}", text.as_str())];
        let filled =
            values.iter().fold(form.to_owned(), |form, (name, text)| form.replace(name, &escaped(text)));
        assert_eq!((location(&answer), &made[0]["channel"]), (filled.as_str(), &json!(channel)));
        for link in &made {
            assert_eq!((&link["url"], &link["title"]), (&json!(PAGE), &json!("Fish & chips?")));
            assert_eq!((&link["campaign"], &link["parent"]), (&json!("spring"), &Value::Null));
        }
    }
    let expected =
        [("email", 1), ("messenger", 1), ("sms", 2), ("telegram", 1), ("viber", 1), ("whatsapp", 2)];
    let found: BTreeSet<_> = shares(&service).await.into_iter().collect();
    assert_eq!(found, expected.map(|(channel, count)| (channel.to_owned(), count)).into());
}

/// As an address has it: all but letters, digits and `-._~` in percent.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let escape = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(escape).collect()
}

async fn a_channel_without_an_address_shows_the_link_on_a_page_that_mints_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    // The last two have an address on phones only.
    let channels = ["copy", "native", "signal", "wechat", "qr", "other", "messenger", "viber"];
    for (number, channel) in channels.into_iter().enumerate() {
        let answer = sent(tap(&service, channel, &[("url", PAGE), ("title", "<b>\"Fish\"</b>")])).await;
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{channel}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let path = location(&answer).to_owned();
        let code = path.strip_prefix(&format!("/share/{channel}/")).expect("the page of the link");
        let short_url = format!("http://localhost:{}/{code}", service.port());
        for _ in 0..2 {
            let page = sent(follow(&service, &path)).await;
            assert_eq!(page.status(), StatusCode::OK, "{channel}");
            assert_eq!(page.headers()["cache-control"], "no-store");
            let text = page.text().await.expect("text");
            assert!(text.contains(&format!("readonly value=\"{short_url}\"")), "{text}");
            assert!(text.contains(&format!("src=\"/{code}/qr.svg\"")), "{text}");
            assert!(text.contains("https://example.com/article?a=1&#38;b=2"), "{text}");
            assert!(!text.contains("<script"), "{text}");
            // Later, too, a page that is loaded again is no share.
            service.set_time(&service.in_seconds(6));
        }
        assert_eq!(links(&service).await.len(), number + 1, "{channel}");
        let link = service.get(&format!("/api/v1/links/{code}")).await;
        assert_eq!((&link["channel"], &link["url"]), (&json!(channel), &json!(PAGE)));
    }
    // Only of a link that is there, by its own channel, and that forwards.
    let code = links(&service).await[0]["code"].as_str().expect("a code").to_owned();
    for path in
        ["/share/viber/nothing1".to_owned(), format!("/share/copy/{code}"), "/share/copy/%00".to_owned()]
    {
        problem(sent(service.request(Method::GET, &path)).await, 404, "not_found").await;
    }
    let path = format!("/share/viber/{code}");
    assert_eq!(sent(follow(&service, &path)).await.status(), StatusCode::OK);
    let off = service.api(Method::PATCH, &format!("/api/v1/links/{code}")).json(&json!({ "disabled": true }));
    assert_eq!(sent(off).await.status(), StatusCode::OK);
    problem(sent(service.request(Method::GET, &path)).await, 410, "disabled").await;
    service.take_down(&code).await;
    let deadline = Instant::now() + Duration::from_secs(20);
    while sent(follow(&service, &path)).await.status().as_u16() != 451 {
        assert!(Instant::now() < deadline, "what was taken down is shown");
    }
}

async fn robots_previews_prefetches_and_head_mint_nothing_and_go_to_the_page(backend: Backend) {
    // Nobody is held back for it, either.
    let service = Service::start_with(backend, &[("limits.create_per_minute", "1")]).await;
    for channel in ["whatsapp", "copy"] {
        let path = button(&service, channel, &[("url", "https://Example.com/ä")]);
        let robot = |user_agent: &str| service.request(Method::GET, &path).header("user-agent", user_agent);
        let head = service.request(Method::HEAD, &path).header("user-agent", FIREFOX);
        let mut requests = vec![
            ("a preview", robot(WHATSAPP)),
            ("a crawler", robot("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")),
            ("a program", robot("curl/8.14.1")),
            ("nobody", robot("")),
            ("HEAD", head),
        ];
        for (name, value) in [
            ("sec-purpose", "prefetch"),
            ("sec-purpose", "prefetch;prerender"),
            ("purpose", "prefetch"),
            ("x-purpose", "preview"),
            ("x-moz", "prefetch"),
        ] {
            requests.push((name, follow(&service, &path).header(name, value)));
        }
        for (who, request) in requests {
            let answer = sent(request).await;
            assert_eq!(answer.status(), StatusCode::FOUND, "{who}");
            assert_eq!(location(&answer), "https://example.com/%C3%A4", "{who}");
            assert_eq!(answer.headers()["cache-control"], "no-store", "{who}");
        }
    }
    assert!(links(&service).await.is_empty());
    assert!(shares(&service).await.is_empty());
    // They go to no other page than a reader would share.
    let (publishable, _) = service.site("narrow", |site| site.destinations = rules(&["example.org"])).await;
    let path = format!("/share/whatsapp?key={publishable}&url=https://evil.example/");
    let request = service.request(Method::GET, &path).header("user-agent", WHATSAPP);
    problem(sent(request).await, 422, "invalid_params").await;
}

fn rules(hosts: &[&str]) -> Vec<entrenous::domain::destination::HostRule> {
    let rule = |host: &&str| entrenous::domain::destination::HostRule::parse(host).expect("a host");
    hosts.iter().map(rule).collect()
}

async fn what_a_page_loads_without_a_tap_mints_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    let path = button(&service, "whatsapp", &[("url", PAGE)]);
    let request = |mode: &str, dest: &str| {
        let request = service.request(Method::GET, &path).header("user-agent", FIREFOX);
        let request = request.header("sec-fetch-site", "cross-site");
        request.header("sec-fetch-mode", mode).header("sec-fetch-dest", dest)
    };
    for (mode, dest) in [
        ("no-cors", "image"),
        ("no-cors", "script"),
        ("no-cors", "style"),
        ("no-cors", "empty"),
        ("cors", "empty"),
        ("cors", "font"),
        ("navigate", "iframe"),
        ("navigate", "frame"),
        ("navigate", "embed"),
        ("navigate", "object"),
        ("websocket", "websocket"),
    ] {
        problem(sent(request(mode, dest)).await, 403, "not_followed").await;
    }
    assert!(links(&service).await.is_empty());
    assert_eq!(sent(request("navigate", "document")).await.status(), StatusCode::FOUND);
    assert_eq!(links(&service).await.len(), 1);
}

async fn a_wrong_key_channel_or_destination_is_refused_and_nothing_is_stored(backend: Backend) {
    let service = Service::start(backend).await;
    let (key, secret) = service.site("narrow", |site| site.destinations = rules(&["example.org"])).await;
    let good = "https://example.org/";
    let refused = async |path: String, status: u16, code: &str| {
        let answer = sent(service.request(Method::GET, &path).header("user-agent", FIREFOX)).await;
        let body = problem(answer, status, code).await;
        // And as a page for a browser.
        let page = sent(follow(&service, &path)).await;
        assert_eq!(page.status().as_u16(), status, "{path}");
        assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8", "{path}");
        body
    };
    refused(format!("/share/whatsapp?url={good}"), 401, "no_key").await;
    refused(format!("/share/whatsapp?key=&url={good}"), 401, "no_key").await;
    refused(format!("/share/whatsapp?key=ens_pk_guess&url={good}"), 401, "unknown_key").await;
    refused(format!("/share/whatsapp?key={secret}&url={good}"), 403, "publishable_key_needed").await;
    for (channel, url, wrong) in [
        ("pigeon", good, &["channel"][..]),
        ("WhatsApp", good, &["channel"]),
        ("%00", good, &["channel"]),
        ("whatsapp", "", &["url"]),
        ("whatsapp", "https://example.com/", &["url"]),
        ("whatsapp", "https://example.org.evil.example/", &["url"]),
        ("whatsapp", "https://user:password@example.org/", &["url"]),
        ("whatsapp", "javascript:alert(1)//example.org", &["url"]),
        ("whatsapp", "/article", &["url"]),
        ("pigeon", "https://example.com/", &["channel", "url"]),
    ] {
        let path = format!("/share/{channel}?key={key}&url={url}");
        let body = refused(path, 422, "invalid_params").await;
        assert_eq!(wrong_names(&body), wrong, "{channel} {url}");
    }
    let path = format!("/share/whatsapp?key={key}&url=https://example.org/%0D%0AX-Injected:%201");
    let body = refused(path, 422, "invalid_params").await;
    assert_eq!(wrong_names(&body), ["url"]);
    // A person reads what is wrong.
    let path = format!("/share/pigeon?key={key}&url=https://example.com/");
    let page =
        service.request(Method::GET, &path).header("user-agent", FIREFOX).header("accept", "text/html");
    let page = sent(page).await.text().await.expect("text");
    assert!(
        page.contains("Error 422") && page.contains("<dt>channel</dt>") && page.contains("<dt>url</dt>"),
        "{page}"
    );
    let path = format!("/share/whatsapp?key={key}&url={good}&campaign={}", "a".repeat(101));
    assert_eq!(wrong_names(&refused(path, 422, "invalid_params").await), ["campaign"]);
    let list = service.request(Method::GET, "/api/v1/links").bearer_auth(&secret);
    let list: Value = sent(list).await.json().await.expect("JSON");
    assert_eq!(list["links"], json!([]));
}

async fn two_taps_within_five_seconds_are_one_share(backend: Backend) {
    let service = Service::start(backend).await;
    let parameters = [("url", PAGE), ("title", "Fish")];
    let again = async || code(&sent(tap(&service, "whatsapp", &parameters)).await);
    let first = again().await;
    for _ in 0..4 {
        service.set_time(&service.in_seconds(1));
        assert_eq!(again().await, first);
    }
    assert_eq!(shares(&service).await, [("whatsapp".to_owned(), 1)]);
    service.set_time(&service.in_seconds(1));
    let second = again().await;
    assert_ne!(second, first, "five seconds later it is another share");
    assert_eq!(shares(&service).await, [("whatsapp".to_owned(), 2)]);
    // A page, too, is the same one.
    let page = async || location(&sent(tap(&service, "copy", &parameters)).await).to_owned();
    assert_eq!(page().await, page().await);
    assert_eq!(links(&service).await.len(), 3);
}

async fn twenty_taps_at_once_are_one_share(backend: Backend) {
    let service = Service::start(backend).await;
    let taps = (0..20).map(|_| sent(tap(&service, "whatsapp", &[("url", PAGE)])));
    let codes: BTreeSet<String> = join_all(taps).await.iter().map(code).collect();
    assert_eq!(codes.len(), 1, "{codes:?}");
    assert_eq!(links(&service).await.len(), 1);
    assert_eq!(shares(&service).await, [("whatsapp".to_owned(), 1)]);
}

async fn who_or_whatever_differs_is_another_share(backend: Backend) {
    let service = Service::start(backend).await;
    let (other_site, _) = service.site("other", |_| {}).await;
    let parent = service.code().await;
    let fish = [("url", PAGE), ("title", "Fish")];
    let whatsapp = |parameters: &[(&str, &str)]| tap(&service, "whatsapp", parameters);
    let path = button(&service, "whatsapp", &fish);
    let different = [
        whatsapp(&fish),
        follow_as(&service, &path, FIREFOX, "192.0.2.2"),
        follow_as(&service, &path, PIXEL, "192.0.2.1"),
        whatsapp(&[("url", "https://example.com/other"), ("title", "Fish")]),
        whatsapp(&[("url", PAGE), ("title", "Chips")]),
        whatsapp(&[("url", PAGE), ("title", "Fish"), ("campaign", "spring")]),
        whatsapp(&[("url", PAGE), ("title", "Fish"), ("text", "Look:")]),
        whatsapp(&[("url", PAGE), ("title", "Fish"), ("parent", &parent)]),
        follow(&service, &path.replace(&service.publishable, &other_site)),
    ];
    let mut codes = BTreeSet::new();
    for request in different {
        codes.insert(code(&sent(request).await));
    }
    assert_eq!(codes.len(), 9, "{codes:?}");
    assert_eq!(sent(tap(&service, "email", &fish)).await.status(), StatusCode::FOUND);
    // What somebody glued on is not the reader's, nor is the order.
    let glued = follow(&service, &format!("{path}&utm_source=news&fbclid=x"));
    assert!(codes.contains(&code(&sent(glued).await)));
    assert!(codes.contains(&code(&sent(whatsapp(&[("title", "Fish"), ("url", PAGE)])).await)));
    // Of the other site's list nothing is known here.
    let expected = [("email".to_owned(), 1), ("whatsapp".to_owned(), 9)];
    assert_eq!(shares(&service).await.into_iter().collect::<BTreeSet<_>>(), expected.into());
}

/// A reader's address.
fn reader(number: usize) -> String {
    format!("198.18.{}.{}", number / 250, number % 250 + 1)
}

/// Sends a tap until the store has taken it: where it cannot within its time, as on a busy machine, a reader is asked to
/// come again, and comes.
async fn sent_until_taken(request: RequestBuilder) -> Response {
    let began = Instant::now();
    loop {
        let answer = sent(request.try_clone().expect("it has no body")).await;
        if answer.status() != 503 {
            return answer;
        }
        assert!(began.elapsed() < Duration::from_mins(1), "the store takes nothing");
        assert!(answer.headers().contains_key("retry-after"), "{:?}", answer.headers());
    }
}

/// A busy machine may take long to open so many connections and to say something on each.
const PATIENT: [(&str, &str); 1] = [("server.request_timeout_seconds", "60")];

async fn a_thousand_shares_of_one_page_at_once_make_a_thousand_links(backend: Backend) {
    let service = Service::start_with(backend, &PATIENT).await;
    let path = button(&service, "whatsapp", &[("url", PAGE)]);
    let readers =
        (0..1_000).map(|number| sent_until_taken(follow_as(&service, &path, FIREFOX, &reader(number))));
    let codes: BTreeSet<String> = join_all(readers).await.iter().map(code).collect();
    assert_eq!(codes.len(), 1_000);
    let made: BTreeSet<String> = links(&service).await.iter().map(crate::service::code).collect();
    assert_eq!(made, codes);
    assert_eq!(shares(&service).await, [("whatsapp".to_owned(), 1_000)]);
    let pages = service.get("/api/v1/stats?group_by=page").await;
    assert_eq!(pages["groups"].as_array().map(Vec::len), Some(1));
    assert_eq!((&pages["groups"][0]["key"], &pages["groups"][0]["shares"]), (&json!(PAGE), &json!(1_000)));
}

async fn hundreds_of_readers_who_tap_twice_at_once_make_a_link_each(backend: Backend) {
    let service = Service::start_with(backend, &PATIENT).await;
    let path = button(&service, "whatsapp", &[("url", PAGE)]);
    let taps =
        (0..600).map(|number| sent_until_taken(follow_as(&service, &path, FIREFOX, &reader(number / 2))));
    let codes: Vec<String> = join_all(taps).await.iter().map(code).collect();
    assert!(codes.chunks(2).all(|both| both[0] == both[1]));
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 300);
    assert_eq!(links(&service).await.len(), 300);
    assert_eq!(shares(&service).await, [("whatsapp".to_owned(), 300)]);
}

async fn a_reader_is_not_refused_for_what_a_template_gets_a_little_wrong(backend: Backend) {
    let service = Service::start(backend).await;
    let parent = service.code().await;
    let (_, other) = service.site("other", |_| {}).await;
    let foreign = service.link_of(&other, json!({ "url": PAGE, "channel": "sms" })).await;
    let foreign = crate::service::code(&foreign);
    let long = "ä".repeat(300);
    for (title, kept) in [
        ("  Fish\r\n\tand   chips ", json!("Fish and chips")),
        ("a\u{0}b\u{1b}c", json!("a b c")),
        (long.as_str(), json!("ä".repeat(200))),
        (" \n ", Value::Null),
        ("{url} {title}", json!("{url} {title}")),
    ] {
        let answer = sent(tap(&service, "email", &[("url", PAGE), ("title", title)])).await;
        let body = part(location(&answer), "body");
        let code = body.rsplit_once('/').expect("a short address").1;
        assert_eq!(service.get(&format!("/api/v1/links/{code}")).await["title"], kept);
        let subject = kept.as_str().unwrap_or_default();
        assert_eq!(part(location(&answer), "subject"), subject);
        assert_eq!(body.rsplit_once(' ').map_or("", |(title, _)| title), subject);
    }
    for (given, kept) in [
        (parent.as_str(), json!(parent)),
        ("gone1234", Value::Null),
        ("no code", Value::Null),
        ("", Value::Null),
        (foreign.as_str(), Value::Null),
    ] {
        let answer = sent(tap(&service, "whatsapp", &[("url", PAGE), ("parent", given)])).await;
        let link = service.get(&format!("/api/v1/links/{}", code(&answer))).await;
        assert_eq!(link["parent"], kept, "{given}");
    }
    // Words of the reader's own stand in the title's place, and are not stored.
    let words = format!("Look\nat  this: {}", "b".repeat(600));
    let answer = sent(tap(&service, "whatsapp", &[("url", PAGE), ("title", "Fish"), ("text", &words)])).await;
    let text = part(location(&answer), "text");
    assert!(text.starts_with("Look at this: bbb") && !text.contains("Fish"), "{text}");
    assert_eq!(text.rsplit_once(' ').expect("words and address").0.len(), 500);
    let link = service.get(&format!("/api/v1/links/{}", code(&answer))).await;
    assert_eq!(link["title"], "Fish");
}

async fn the_limits_hold_shares_back_and_a_second_tap_costs_nothing(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.create_per_minute", "2")]).await;
    let share = |title: &str| sent(tap(&service, "whatsapp", &[("url", PAGE), ("title", title)]));
    for _ in 0..5 {
        assert_eq!(share("one").await.status(), StatusCode::FOUND);
    }
    assert_eq!(share("two").await.status(), StatusCode::FOUND);
    let held = share("three").await;
    assert_eq!(held.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(held.headers()["retry-after"].to_str().is_ok_and(|wait| wait.parse::<u64>().is_ok()));
    assert_eq!(share("one").await.status(), StatusCode::FOUND, "that one is made");
    assert_eq!(links(&service).await.len(), 2);
}
