//! Unfurls by family of app: what tells that a link was pasted somewhere, and where.

use std::time::{Duration, Instant};

use reqwest::{Client, Method, StatusCode, redirect};
use serde_json::{Value, json};

use crate::service::{Backend, FIREFOX, Service, WHATSAPP, code, on_every_store};

on_every_store!(
    each_unfurl_counts_for_the_app_that_fetched_it,
    only_the_days_asked_for_are_told,
    what_counts_no_unfurl_counts_for_no_app,
    a_site_sees_in_which_apps_the_links_of_a_channel_were_unfurled,
    a_closed_days_unfurls_are_rounded_for_each_app_and_an_open_ones_not_shown,
    the_export_has_a_column_for_each_app,
    unfurls_by_app_outlive_a_restart_and_count_once,
    the_page_says_that_a_link_travelled,
    the_page_says_nothing_of_the_kind_where_the_channel_leads_there,
);

const SLACK: &str = "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)";
const TELEGRAM: &str = "TelegramBot (like TwitterBot)";
const APPLE: &str = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) \
                     Version/9.0.1 Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0";
const NOBODYS: &str = "ExampleApp-LinkPreview/3 (+https://app.example)";

/// Lets these bots draw a preview of the link.
async fn unfurl(service: &Service, code: &str, bots: &[&str]) {
    for bot in bots {
        let answer = service.fetch(code, bot).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FOUND, "{bot}");
    }
    service.settled().await;
}

/// A link by e-mail.
async fn by_email(service: &Service) -> String {
    code(&service.link(json!({ "url": "https://example.com/", "channel": "email" })).await)
}

async fn each_unfurl_counts_for_the_app_that_fetched_it(backend: Backend) {
    let service = Service::start(backend).await;
    let code = by_email(&service).await;
    assert_eq!(service.stats(&code).await["totals"]["unfurls_by_app"], json!({}));
    for (user_agent, name) in [
        (WHATSAPP, "whatsapp"),
        ("WhatsApp/2", "signal"),
        ("facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)", "facebook"),
        (APPLE, "imessage"),
        (TELEGRAM, "telegram"),
        (SLACK, "slack"),
        ("Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)", "discord"),
        ("Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5", "teams"),
        ("LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)", "linkedin"),
        ("Twitterbot/1.0", "x"),
        ("Viber/25.1", "viber"),
        ("facebookexternalhit/1.1;line-poker/1.0", "line"),
        ("facebookexternalhit/1.1; kakaotalk-scrap/1.0; +https://devtalk.kakao.com/", "kakaotalk"),
        ("Snap URL Preview Service; bot; snapchat; https://developers.snap.com/robots", "snapchat"),
        ("Pinterest/0.2 (+http://www.pinterest.com/)", "pinterest"),
        ("Mozilla/5.0 (compatible; redditbot/1.0; +http://www.reddit.com/feedback)", "reddit"),
        ("http.rb/5.1.1 (Mastodon/4.2.0; +https://social.example/)", "mastodon"),
        (
            "Mozilla/5.0 (X11) AppleWebKit/537.36 Chrome/123.0.0.0 Safari/537.36 GoogleMessages/15.1",
            "google_messages",
        ),
        ("BlueskyPreviewBot/1.0", "bluesky"),
        (NOBODYS, "other"),
    ] {
        let code = by_email(&service).await;
        unfurl(&service, &code, &[user_agent, user_agent]).await;
        let totals = &service.stats(&code).await["totals"];
        assert_eq!((&totals["unfurls"], &totals["unfurls_by_app"]), (&json!(2), &json!({ name: 2 })));
    }
    unfurl(&service, &code, &[SLACK, WHATSAPP, NOBODYS, SLACK, NOBODYS, NOBODYS]).await;
    let totals = &service.stats(&code).await["totals"];
    assert_eq!(totals["unfurls"], 6);
    assert_eq!(totals["unfurls_by_app"], json!({ "slack": 2, "whatsapp": 1, "other": 3 }));
}

async fn only_the_days_asked_for_are_told(backend: Backend) {
    let service = Service::start(backend).await;
    let code = by_email(&service).await;
    for (day, bot) in [("19", SLACK), ("20", TELEGRAM), ("21", SLACK)] {
        service.set_time(&format!("2026-11-{day}T12:00:00Z"));
        unfurl(&service, &code, &[bot, NOBODYS]).await;
    }
    for (from, to, expected) in [
        ("19", "21", json!({ "slack": 2, "telegram": 1, "other": 3 })),
        ("20", "21", json!({ "slack": 1, "telegram": 1, "other": 2 })),
        ("19", "19", json!({ "slack": 1, "other": 1 })),
        ("22", "22", json!({})),
    ] {
        let path = format!("/api/v1/links/{code}/stats?from=2026-11-{from}&to=2026-11-{to}");
        assert_eq!(service.get(&path).await["totals"]["unfurls_by_app"], expected, "{from} to {to}");
    }
}

async fn what_counts_no_unfurl_counts_for_no_app(backend: Backend) {
    let service = Service::start(backend).await;
    let code = by_email(&service).await;
    let head = service.request(Method::HEAD, &format!("/{code}")).header("user-agent", SLACK);
    assert_eq!(head.send().await.expect("an answer").status(), StatusCode::FOUND);
    let ahead = service.fetch(&code, SLACK).header("purpose", "prefetch").send().await;
    assert_eq!(ahead.expect("an answer").status(), StatusCode::SERVICE_UNAVAILABLE);
    // Somebody in the app's own browser, and a robot.
    let in_slack = format!("{FIREFOX} Slack_SSB/4.46");
    for user_agent in [in_slack.as_str(), "curl/8.5.0"] {
        let visit = service.fetch(&code, user_agent).header("cookie", service.granted()).send().await;
        assert_eq!(visit.expect("an answer").status(), StatusCode::FOUND);
    }
    let totals = &service.stats(&code).await["totals"];
    let found = (&totals["unfurls"], &totals["unfurls_by_app"], &totals["clicks"]);
    assert_eq!(found, (&json!(0), &json!({}), &json!(1)));
}

async fn a_site_sees_in_which_apps_the_links_of_a_channel_were_unfurled(backend: Backend) {
    let service = Service::start(backend).await;
    let links = [by_email(&service).await, by_email(&service).await, service.code().await];
    for code in &links {
        unfurl(&service, code, &[SLACK, NOBODYS]).await;
    }
    unfurl(&service, &links[2], &[WHATSAPP]).await;
    let (_, secret) = service.site("other", |_| {}).await;
    let foreign = json!({ "url": "https://example.com/", "channel": "email" });
    unfurl(&service, &code(&service.link_of(&secret, foreign).await), &[TELEGRAM]).await;

    let by_app = |stats: &Value, key: &str| {
        let groups = stats["groups"].as_array().expect("groups");
        let group = groups.iter().find(|group| group["key"] == key).expect("a group");
        (group["unfurls"].clone(), group["unfurls_by_app"].clone())
    };
    let channels = service.get("/api/v1/stats?group_by=channel").await;
    assert_eq!(by_app(&channels, "email"), (json!(4), json!({ "slack": 2, "other": 2 })));
    assert_eq!(by_app(&channels, "whatsapp"), (json!(3), json!({ "slack": 1, "whatsapp": 1, "other": 1 })));
    let all = json!({ "slack": 3, "whatsapp": 1, "other": 3 });
    for (by, key) in [("page", "https://example.com/"), ("day", "2026-11-21")] {
        let stats = service.get(&format!("/api/v1/stats?group_by={by}")).await;
        assert_eq!(by_app(&stats, key), (json!(7), all.clone()), "{by}");
    }
}

async fn a_closed_days_unfurls_are_rounded_for_each_app_and_an_open_ones_not_shown(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    let code = by_email(&service).await;
    unfurl(&service, &code, &[SLACK; 10]).await;
    unfurl(&service, &code, &[TELEGRAM; 7]).await;
    let path = format!("/api/v1/links/{code}/stats?from=2026-11-21&to=2026-11-21");
    let totals = &service.get(&path).await["totals"];
    assert_eq!((&totals["unfurls"], &totals["unfurls_by_app"]), (&Value::Null, &json!({})));
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    let totals = &service.get(&path).await["totals"];
    let telegram = totals["unfurls_by_app"]["telegram"].as_u64().expect("a number");
    assert!([5, 10].contains(&telegram), "{totals}");
    assert_eq!((&totals["unfurls_by_app"]["slack"], &totals["unfurls"]), (&json!(10), &json!(10 + telegram)));
}

async fn the_export_has_a_column_for_each_app(backend: Backend) {
    let service = Service::start(backend).await;
    let code = by_email(&service).await;
    service.set_time("2026-11-20T12:00:00Z");
    unfurl(&service, &code, &[SLACK, SLACK, NOBODYS]).await;
    service.set_time("2026-11-21T12:00:00Z");
    unfurl(&service, &code, &[TELEGRAM]).await;
    let path = format!("/api/v1/links/{code}/stats?from=2026-11-19&to=2026-11-21&format=csv");
    let csv = service.api(Method::GET, &path).send().await.expect("an answer").text().await.expect("text");
    let lines: Vec<_> = csv.split_terminator("\r\n").collect();
    let columns = "day,clicks,visitors,opens,suppressed,unfurls,unfurls_telegram,unfurls_slack,unfurls_other";
    let days = [
        "2026-11-19,0,0,0,false,0,0,0,0",
        "2026-11-20,0,0,0,false,3,0,2,1",
        "2026-11-21,0,0,0,false,1,1,0,0",
    ];
    assert_eq!((lines[0], &lines[1..]), (columns, &days[..]));
}

async fn unfurls_by_app_outlive_a_restart_and_count_once(backend: Backend) {
    let mut service = Service::start(backend).await;
    let code = by_email(&service).await;
    unfurl(&service, &code, &[SLACK, TELEGRAM, SLACK]).await;
    let path = format!("/api/v1/links/{code}/stats");
    let expected = json!({ "slack": 2, "telegram": 1 });
    for _ in 0..2 {
        service.restart().await;
        // Where settled segments are kept, they are settled once more and then deleted.
        let deadline = Instant::now() + Duration::from_secs(20);
        while service.journal_bytes() > 0 {
            assert!(Instant::now() < deadline, "the journal was never done with");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert_eq!(service.get(&path).await["totals"]["unfurls_by_app"], expected);
    }
}

/// The link's page, with one space for any number of them.
async fn page(service: &Service, code: &str) -> String {
    let browser = Client::builder().redirect(redirect::Policy::none()).cookie_store(true).build();
    let browser = browser.expect("a client");
    let form = [("secret_key", service.secret.as_str())];
    let signed = browser.post(format!("{}/stats/sign-in", service.base)).form(&form).send().await;
    assert_eq!(signed.expect("an answer").status(), StatusCode::SEE_OTHER);
    let answer = browser.get(format!("{}/stats/{code}", service.base)).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK);
    let html = answer.text().await.expect("text");
    let text: String =
        html.split('<').filter_map(|part| part.split_once('>')).map(|(_, text)| text).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

async fn the_page_says_that_a_link_travelled(backend: Backend) {
    let service = Service::start(backend).await;
    let code = by_email(&service).await;
    let quiet = page(&service, &code).await;
    assert!(!quiet.contains("Unfurled in") && !quiet.contains("it was passed on"), "{quiet}");
    unfurl(&service, &code, &[SLACK, SLACK]).await;
    let slack = page(&service, &code).await;
    assert!(slack.contains("Unfurled in Slack 2 "), "{slack}");
    assert!(slack.contains("Created for E-mail, unfurled in Slack: it was passed on."), "{slack}");
    unfurl(&service, &code, &[TELEGRAM, NOBODYS, NOBODYS, NOBODYS, "Twitterbot/1.0"]).await;
    let all = page(&service, &code).await;
    assert!(all.contains("Unfurled in Slack 2 Telegram 1 X 1 other apps 3 "), "{all}");
    assert!(
        all.contains("Created for E-mail, unfurled in Telegram, Slack and X: it was passed on."),
        "{all}"
    );
}

async fn the_page_says_nothing_of_the_kind_where_the_channel_leads_there(backend: Backend) {
    let service = Service::start(backend).await;
    for (channel, bot, told) in [
        ("whatsapp", WHATSAPP, "Unfurled in WhatsApp 1 "),
        ("sms", APPLE, "Unfurled in iMessage 1 "),
        // Nobody knows which app a copied link was meant for, or which one this is.
        ("copy", SLACK, "Unfurled in Slack 1 "),
        ("whatsapp", NOBODYS, "Unfurled in other apps 1 "),
    ] {
        let code = code(&service.link(json!({ "url": "https://example.com/", "channel": channel })).await);
        unfurl(&service, &code, &[bot]).await;
        let page = page(&service, &code).await;
        assert!(page.contains(told) && !page.contains("it was passed on"), "{channel}: {page}");
    }
}
