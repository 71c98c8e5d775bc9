//! What the marketer's pages say, and where they lead: no more than is known, and on to what belongs together.

use entrenous::domain::min_count::{MinCount, MinCounts};
use entrenous::domain::person::Role;
use reqwest::Method;
use serde_json::{Value, json};

use crate::access::{PASSWORD, Person, add};
use crate::service::{Backend, Service, code};

const PAGE: &str = "https://example.com/a";
/// The page as it stands in an address.
const IN_ADDRESS: &str = "https%3A%2F%2Fexample.com%2Fa";

async fn link(service: &Service, channel: &str) -> String {
    code(&service.link(json!({ "url": PAGE, "channel": channel, "campaign": "spring" })).await)
}

async fn start() -> Service {
    Service::start_with(Backend::Sqlite, &[("stats.min_count", "5")]).await
}

/// The text of a figure at the top of a page.
fn figure<'a>(text: &'a str, name: &str) -> &'a str {
    let rest = text.split_once(&format!("<span>{name}</span><b>")).expect("a figure").1;
    rest.split_once('<').expect("an end").0
}

#[tokio::test]
async fn a_part_of_what_is_not_shown_is_left_out() {
    let service = start().await;
    service.crowd(&link(&service, "email").await, 30, 1).await;
    service.crowd(&link(&service, "sms").await, 3, 1).await;
    service.set_time("2026-11-22T13:00:00Z");
    service.days_closed().await;
    let (_, text) = Person::with_key(&service).await.page("/stats").await;
    assert!(text.contains("<b>50%</b> of the shares · <b>100%</b> of the clicks</span>"), "{text}");
    assert!(text.contains("<b>50%</b> of the shares</span>"), "{text}");
    assert!(!text.contains(">0%<") && !text.contains("SMS: 0%"), "{text}");
}

#[tokio::test]
async fn how_exact_the_numbers_are_is_said_once_on_each_page() {
    let service = start().await;
    let link = link(&service, "email").await;
    service.crowd(&link, 30, 1).await;
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    let owner = Person::with_key(&service).await;
    for (path, sentence) in [
        (
            "/stats".to_owned(),
            "Numbers are rounded to multiples of 5. A page, a campaign or a link has at least about as many as shown;",
        ),
        (
            "/stats?campaign=spring".to_owned(),
            "Numbers are rounded to multiples of 5, and there are at least about as many as shown:",
        ),
        (
            format!("/stats/{link}"),
            "Numbers are rounded to multiples of 5, and the link has at least about as many as shown:",
        ),
    ] {
        let (_, text) = owner.page(&path).await;
        assert_eq!(text.matches(sentence).count(), 1, "{path}: {text}");
        assert_eq!(text.matches("rounded to multiples").count(), 1, "{path}: {text}");
        // And once below, where it is explained.
        assert_eq!(text.matches("at least about").count(), 2, "{path}: {text}");
        assert_eq!(figure(&text, "Clicks"), "30", "{path}");
    }
    let (_, secret) = service.site("exact", |site| site.min_count = MinCounts::always(MinCount::EXACT)).await;
    let exact = Person::new(&service);
    assert_eq!(exact.sign_in("", &secret).await.status().as_u16(), 303);
    service.link_of(&secret, json!({ "url": PAGE, "channel": "sms" })).await;
    let (_, text) = exact.page("/stats").await;
    assert!(text.contains("Every number is exact: this site shows even a single click."), "{text}");
    assert!(!text.contains("rounded") && !text.contains("at least about"), "{text}");
    assert!(text.contains(">Today</a>"), "{text}");
}

#[tokio::test]
async fn a_page_of_which_nothing_is_shown_says_why_and_what_would_show() {
    let service = start().await;
    let link = link(&service, "email").await;
    let owner = Person::with_key(&service).await;
    let all = [
        ("/stats".to_owned(), "for a whole week of their page or their channel"),
        (format!("/stats?page={IN_ADDRESS}"), "smaller numbers may be shown for their channel"),
        (format!("/stats/{link}"), "Smaller numbers may be shown for its page, in a week."),
    ];
    // Nobody, and four people: the pages cannot tell.
    for time in ["2026-11-21T13:00:00Z", "2026-11-22T12:00:00Z"] {
        service.crowd(&link, 4, 1).await;
        service.set_time(time);
        service.days_closed().await;
        for (path, words) in &all {
            let (_, text) = owner.page(path).await;
            assert!(
                text.contains("nobody came, or too few") && text.contains(words),
                "{time} {path}: {text}"
            );
            assert!(text.contains("6 to 10, drawn anew each time"), "{text}");
            assert_eq!(figure(&text, "Clicks"), "too few to show", "{time} {path}");
        }
    }
    service.crowd(&link, 30, 1).await;
    service.set_time("2026-11-23T12:00:00Z");
    service.days_closed().await;
    for (path, _) in &all {
        assert!(!owner.page(path).await.1.contains("nobody came, or too few"), "{path}");
    }
}

#[tokio::test]
async fn what_stands_with_a_whole_week_is_drawn_and_listed() {
    let service = start().await;
    service.set_time("2026-11-23T12:00:00Z");
    let link = link(&service, "email").await;
    for day in 23..=28 {
        service.set_time(&format!("2026-11-{day}T12:00:00Z"));
        service.days_closed().await;
        service.crowd(&link, 5, 1).await;
    }
    service.set_time("2026-11-30T12:00:00Z");
    service.days_closed().await;
    let owner = Person::with_key(&service).await;
    let (_, text) = owner.page("/stats").await;
    assert_eq!(figure(&text, "Clicks"), "30");
    for part in [
        "<rect class=\"week\"",
        "and for the whole week: 30 clicks, 30 visitors",
        "Counted for a whole week: too few on each of its days",
        "<th scope=\"row\">For the whole week, 23 Nov to 29 November 2026</th><td></td><td></td><td>30</td><td>30</td>",
        "Too few to attribute to a link",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let (_, text) = owner.page(&format!("/stats/{link}")).await;
    assert!(!text.contains("class=\"week\"") && !text.contains("whole week: "), "{text}");
    // A year is drawn by weeks, which have what stands with them.
    let (_, text) = owner.page("/stats?period=12m").await;
    assert!(text.contains("Bars by week") && !text.contains("class=\"week\""), "{text}");
    assert!(
        text.contains("23 Nov to 29 November 2026</tspan><tspan x=\"100%\" y=\"23\">30 clicks, 30 visitors"),
        "{text}"
    );
}

#[tokio::test]
async fn what_still_grows_is_less_than_before_only_so_far() {
    let service = Service::start(Backend::Sqlite).await;
    let link = link(&service, "email").await;
    service.crowd(&link, 12, 1).await;
    service.set_time("2026-11-28T12:00:00Z");
    service.days_closed().await;
    service.crowd(&link, 6, 1).await;
    let owner = Person::with_key(&service).await;
    let (_, text) = owner.page("/stats?period=7d").await;
    assert!(text.contains("50% less so far (12 before)") && !text.contains("change less"), "{text}");
    service.set_time("2026-11-29T12:00:00Z");
    service.days_closed().await;
    let (_, text) = owner.page("/stats?from=2026-11-22&to=2026-11-28").await;
    assert!(text.contains("change less") && text.contains("50% less (12 before)"), "{text}");
}

#[tokio::test]
async fn an_owner_goes_from_a_page_or_a_campaign_to_sharing_it() {
    let service = start().await;
    link(&service, "email").await;
    let owner = Person::with_key(&service).await;
    for (view, share) in [
        (format!("page={IN_ADDRESS}&period=7d"), Some(format!("/stats/views?page={IN_ADDRESS}"))),
        ("campaign=spring".to_owned(), Some("/stats/views?campaign=spring".to_owned())),
        ("campaign=".to_owned(), None),
        ("campaign=spring&channel=email".to_owned(), None),
        (format!("campaign=spring&page={IN_ADDRESS}"), None),
        (String::new(), None),
    ] {
        let (_, text) = owner.page(&format!("/stats?{view}")).await;
        let button = share.as_ref().map(|share| format!("href=\"{share}\">Share this view</a>"));
        assert_eq!(text.contains("Share this view"), button.is_some(), "{view}: {text}");
        assert!(button.is_none_or(|button| text.contains(&button)), "{view}: {text}");
    }
    let (_, text) = owner.page(&format!("/stats/views?page={IN_ADDRESS}")).await;
    assert!(text.contains(&format!("value=\"{PAGE}\"")) && text.contains("value=\"page\" checked"), "{text}");
    add(&service, "Ben", Role::Reader).await;
    let (_, text) = Person::named(&service, "Ben", PASSWORD).await.page("/stats?campaign=spring").await;
    assert!(!text.contains("Share this view"), "{text}");
    // What was shared can be copied with one tap, and selected without scripts.
    let fields = [("scope", "site"), ("until", "2026-11-25")];
    let (_, text) = owner.send("/stats/views", &fields).await;
    assert!(text.contains("<p class=\"short\" id=\"view-address\">http"), "{text}");
    assert!(
        text.contains("hidden data-copy=\"view-address\"") && text.contains("/static/stats.js"),
        "{text}"
    );
}

#[tokio::test]
async fn a_links_page_is_found_by_its_code_or_its_address() {
    let service = start().await;
    let code = link(&service, "email").await;
    let owner = Person::with_key(&service).await;
    let find = async |sought: &str, more: &str| {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("find", sought).finish();
        owner.to(Method::GET, &format!("/stats?{query}{more}")).send().await.expect("an answer")
    };
    for sought in [
        code.clone(),
        format!(" /{code} "),
        format!("https://go.example/{code}"),
        format!("go.example/{code}?fbclid=1#there"),
        format!("http://localhost/{code}+"),
    ] {
        let answer = find(&sought, "&period=7d&lang=fr").await;
        assert_eq!(answer.status().as_u16(), 303, "{sought}");
        assert_eq!(answer.headers()["location"], format!("/stats/{code}?period=7d&lang=fr"), "{sought}");
    }
    let (_, other) = service.site("other", |_| {}).await;
    let foreign = service.link_of(&other, json!({ "url": PAGE, "channel": "sms" })).await;
    for sought in ["nobody", "https://go.example/", "<i>", "stats", &self::code(&foreign)] {
        let answer = find(sought, "&campaign=spring").await;
        assert_eq!(answer.status().as_u16(), 404, "{sought}");
        let text = answer.text().await.expect("text");
        assert!(text.contains("No link of this site matches “") && text.contains("aria-invalid"), "{text}");
        assert!(text.contains("<input type=\"hidden\" name=\"campaign\" value=\"spring\">"), "{text}");
        assert!(!text.contains("<i>\""), "{text}");
    }
    assert_eq!(find("", "").await.status().as_u16(), 200, "nothing was looked for");
    let (_, text) = owner.page(&format!("/stats/{code}?period=7d")).await;
    assert!(text.contains(&format!("href=\"/stats?period=7d&#38;page={IN_ADDRESS}\"")), "{text}");
}

#[tokio::test]
async fn a_refused_change_is_explained_above_its_form_and_at_its_field() {
    let service = start().await;
    let code = link(&service, "email").await;
    let owner = Person::with_key(&service).await;
    for (url, expires, field) in [("ftp://example.com/", "", "url"), (PAGE, "2026-01-01", "expires")] {
        let path = format!("/stats/{code}/change");
        let (status, text) = owner.send(&path, &[("url", url), ("expires", expires), ("switch", "")]).await;
        assert_eq!(status, 422, "{text}");
        let (before, form) = text.split_once("<form class=\"form\"").expect("a form");
        assert!(before.contains("id=\"change-error\" role=\"alert\">"), "{text}");
        let input = form.split_once(&format!("id=\"{field}\"")).expect("a field").1.split('>').next();
        let input = input.expect("its end");
        assert!(input.contains("aria-invalid=\"true\" aria-describedby=\"change-error\""), "{input}");
        assert_eq!(form.matches("aria-invalid").count(), 1, "{form}");
    }
}

#[tokio::test]
async fn an_empty_site_leads_its_owner_to_the_first_links() {
    let service = start().await;
    let (_, text) = Person::with_key(&service).await.page("/stats").await;
    assert!(text.contains("class=\"button primary\" href=\"/stats/new\""), "{text}");
    assert!(text.contains("an owner can create a new one under <b>Settings</b>"), "{text}");
    add(&service, "Ben", Role::Reader).await;
    let (_, text) = Person::named(&service, "Ben", PASSWORD).await.page("/stats").await;
    assert!(text.contains("No shares yet") && !text.contains("href=\"/stats/new\""), "{text}");
}

#[tokio::test]
async fn every_table_has_a_name_and_its_numbers_as_a_document() {
    let service = Service::start(Backend::Sqlite).await;
    let (_, secret) = service.site("telling", |site| site.lineage = true).await;
    let made = service.link_of(&secret, json!({ "url": PAGE, "channel": "sms" })).await;
    service.fetch(&code(&made), "TelegramBot (like TwitterBot)").send().await.expect("an answer");
    service.settled().await;
    service.set_time("2026-11-21T13:00:00Z");
    let owner = Person::new(&service);
    assert_eq!(owner.sign_in("", &secret).await.status().as_u16(), 303);
    let (_, text) = owner.page("/stats").await;
    assert_eq!(text.matches("<table").count(), text.matches("<caption").count(), "{text}");
    assert!(!text.contains("<h2>Campaigns</h2>"), "of none with a name there is no table: {text}");
    // The drawing, channels, pages, links, apps and lineage.
    assert_eq!(text.matches("<details class=\"take\">").count(), 6, "{text}");
    let days = "from=2026-10-23&to=2026-11-21";
    for (name, call) in [("lineage", "stats/lineage?"), ("channel", "stats?group_by=channel&")] {
        assert!(text.contains(&format!("download=\"{name}-2026-10-23-2026-11-21.json\"")), "{text}");
        let (status, exported) = owner.page(&format!("/stats/export/{name}.json?{days}")).await;
        assert_eq!(status, 200, "{exported}");
        let call = service.request(Method::GET, &format!("/api/v1/{call}{days}")).bearer_auth(&secret);
        let called: Value = call.send().await.expect("an answer").json().await.expect("JSON");
        assert_eq!(serde_json::from_str::<Value>(&exported).expect("JSON"), called);
    }
    assert_eq!(owner.page(&format!("/stats/export/lineage.csv?{days}")).await.0, 422);
}
