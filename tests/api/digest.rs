//! The weekly digest, as it arrives at a real mail server.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use crate::mail::{MailServer, Received};
use crate::service::{Backend, Service, WHATSAPP, code, on_every_store};

on_every_store!(two_instances_and_their_restarts_send_each_letter_once);

/// Long enough for whoever would send a letter twice.
const A_WHILE: Duration = Duration::from_secs(2);

/// The settings of a digest on Mondays at 7.
fn settings<'a>(url: &'a str, recipients: &'a str) -> [(&'a str, &'a str); 4] {
    [
        ("stats.min_count", "5"),
        ("digest.smtp_url", url),
        ("digest.from", "Entrenous <stats@go.example>"),
        ("digest.recipients.test", recipients),
    ]
}

/// The number after a name in the text.
fn told(letter: &Received, name: &str) -> String {
    let line = letter.text.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
    line.unwrap_or_else(|| panic!("no {name} in {}", letter.text)).to_owned()
}

#[tokio::test]
async fn a_weeks_numbers_arrive_once_as_text_and_as_html_and_are_those_of_the_api() {
    let server = MailServer::start();
    let url = server.url();
    let service = Service::start_with(
        Backend::Sqlite,
        &settings(&url, "ada@courier.example, Ben <ben@courier.example>"),
    )
    .await;
    let made = |channel: &str| json!({ "url": "https://news.example/soup?for=a&week", "channel": channel });
    let (wide, narrow) =
        (code(&service.link(made("whatsapp")).await), code(&service.link(made("sms")).await));
    service.crowd(&wide, 30, 1).await;
    service.crowd(&narrow, 3, 1).await;
    service.fetch(&wide, WHATSAPP).send().await.expect("an answer");
    service.settled().await;

    // The Saturday's week is over on Monday, and its letter due at 7.
    service.set_time("2026-11-23T06:59:59Z");
    service.days_closed().await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(server.letters().len(), 0);
    service.set_time("2026-11-23T07:00:00Z");
    let letters = server.took(2).await;
    let to: BTreeSet<_> = letters.iter().map(|letter| letter.to.as_str()).collect();
    assert_eq!(to, BTreeSet::from(["Ben <ben@courier.example>", "ada@courier.example"]));
    let week = "from=2026-11-16&to=2026-11-22";
    let groups = service.get(&format!("/api/v1/stats?group_by=channel&{week}")).await;
    let groups = groups["groups"].as_array().expect("groups");
    let sum = |name: &str| groups.iter().filter_map(|group| group[name].as_u64()).sum::<u64>();
    for letter in &letters {
        assert_eq!(letter.subject, "test: 16 to 22 November 2026");
        for (line, expected) in [
            ("Shares", sum("shares")),
            ("Unfurls", sum("unfurls")),
            ("Clicks", sum("clicks")),
            ("Visitors", sum("visitors")),
        ] {
            let told = told(letter, line);
            assert_eq!(told.split(' ').next(), Some(expected.to_string().as_str()), "{line}: {told}");
        }
        assert_eq!((sum("shares"), sum("clicks")), (2, 30), "{groups:?}");
        for part in [
            "- WhatsApp: shares 1, clicks 30, visitors 30",
            "- SMS: shares 1, clicks too few to show, visitors too few to show",
            "- news.example/soup?for=a&week\n  shares 2, clicks 30, visitors 30",
            "with consent only",
            "Numbers are rounded to multiples of 5.",
            &format!("/stats?{week}"),
        ] {
            assert!(letter.text.contains(part), "{part} in {}", letter.text);
        }
        for part in
            ["news.example/soup?for=a&#38;week", ">30</td>", "too few to show</td>", "with consent only"]
        {
            assert!(letter.html.contains(part), "{part} in {}", letter.html);
        }
        for loading in ["src=", "<img", "<link", "url(", "<script"] {
            assert!(!letter.html.contains(loading), "{loading} in {}", letter.html);
        }
        assert!(!letter.raw.contains("Bcc") && letter.raw.matches("@courier.example").count() <= 3);
    }

    // The week after has nothing; its letter says how it compares.
    service.set_time("2026-11-30T06:59:00Z");
    service.days_closed().await;
    service.set_time("2026-11-30T07:00:00Z");
    let letters = server.took(4).await;
    let later = letters.iter().find(|letter| letter.subject.contains("23 to 29 November 2026"));
    let later = later.expect("a letter of that week");
    assert_eq!(told(later, "Shares"), "0 (the week before: 2), −100%");
    assert_eq!(told(later, "Clicks"), "too few to show (the week before: 30)");
}

#[tokio::test]
async fn a_letter_has_what_stands_with_the_whole_week() {
    let server = MailServer::start();
    let url = server.url();
    let service = Service::start_with(Backend::Sqlite, &settings(&url, "ada@courier.example")).await;
    let code = code(&service.link(json!({ "url": "https://news.example/soup", "channel": "sms" })).await);
    for day in 24..=29 {
        service.set_time(&format!("2026-11-{day}T12:00:00Z"));
        service.days_closed().await;
        service.crowd(&code, 5, 1).await;
    }
    service.set_time("2026-11-30T06:59:59Z");
    service.days_closed().await;
    service.set_time("2026-11-30T07:00:00Z");
    let subject = "23 to 29 November 2026";
    let mut letters = server.took(1).await;
    while !letters.iter().any(|letter| letter.subject.contains(subject)) {
        letters = server.took(letters.len() + 1).await;
    }
    let letter = letters.iter().find(|letter| letter.subject.contains(subject)).expect("a letter");
    for part in
        ["- SMS: shares 0, clicks 30, visitors 30", "- news.example/soup\n  shares 0, clicks 30, visitors 30"]
    {
        assert!(letter.text.contains(part), "{part} in {}", letter.text);
    }
}

#[tokio::test]
async fn a_letter_is_in_the_language_of_the_settings() {
    let server = MailServer::start();
    let url = server.url();
    let mut settings = settings(&url, "ada@courier.example").to_vec();
    settings.push(("digest.language", "fr"));
    let service = Service::start_with(Backend::Sqlite, &settings).await;
    let code = code(&service.link(json!({ "url": "https://news.example/soup", "channel": "email" })).await);
    service.crowd(&code, 30, 1).await;
    service.set_time("2026-11-23T06:59:59Z");
    service.days_closed().await;
    service.set_time("2026-11-23T07:00:00Z");
    let letters = server.took(1).await;
    let letter = &letters[0];
    assert_eq!(letter.subject, "test\u{a0}: du 16 au 22 novembre 2026");
    for part in [
        "Semaine du 16 au 22 novembre 2026, en jours UTC",
        "Partages\u{a0}: 1 (la semaine précédente\u{a0}: 0)\n",
        "- E-mail\u{a0}: partages 1, clics 30, visiteurs 30",
        "- news.example/soup\n  partages 1, clics 30, visiteurs 30",
        "arrondis aux multiples de 5",
    ] {
        assert!(letter.text.contains(part), "{part} in {}", letter.text);
    }
    for part in ["<html lang=\"fr\">", ">30</td>", "qu’avec leur accord", ">Partages</th>"] {
        assert!(letter.html.contains(part), "{part} in {}", letter.html);
    }

    service.set_time("2026-11-30T06:59:00Z");
    service.days_closed().await;
    service.set_time("2026-11-30T07:00:00Z");
    let letters = server.took(2).await;
    let later =
        letters.iter().find(|letter| letter.subject.contains("23 au 29 novembre")).expect("a second one");
    for part in [
        "Partages\u{a0}: 0 (la semaine précédente\u{a0}: 1), −100\u{202f}%\n",
        "statistiques\u{a0}: http",
        "?from=2026-11-23&to=2026-11-29\n",
    ] {
        assert!(later.text.contains(part), "{part} in {}", later.text);
    }
}

async fn two_instances_and_their_restarts_send_each_letter_once(backend: Backend) {
    let server = MailServer::start();
    let recipients: Vec<_> = (0..8).map(|number| format!("reader{number}@courier.example")).collect();
    let (url, recipients) = (server.url(), recipients.join(","));
    let mut service = Service::start_with(backend, &settings(&url, &recipients)).await;
    let mut others = Vec::new();
    // An embedded store is one process's.
    if backend == Backend::Redis {
        others.push(service.beside().await);
        others.push(service.beside().await);
    }
    // Days that cannot be closed are not waited for longer than this.
    service.set_time("2026-11-23T13:00:00Z");
    server.took(8).await;
    tokio::time::sleep(A_WHILE).await;
    service.restart().await;
    tokio::time::sleep(A_WHILE).await;
    let letters = server.letters();
    let to: BTreeSet<_> = letters.iter().map(|letter| letter.to.as_str()).collect();
    let ids: BTreeSet<_> = letters.iter().map(|letter| letter.id.as_str()).collect();
    assert_eq!((letters.len(), to.len(), ids.len()), (8, 8, 8));
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_tried_again_and_holds_up_nothing() {
    let mut server = MailServer::not_running();
    let url = server.url();
    let service = Service::start_with(Backend::Sqlite, &settings(&url, "ada@courier.example")).await;
    let code = service.code().await;
    service.set_time("2026-11-23T06:59:00Z");
    service.days_closed().await;
    service.set_time("2026-11-23T07:00:00Z");
    let failures = async |least: u64| {
        while service.metric("digest_failures_total").await < least {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    failures(1).await;
    service.click(&code, "192.0.2.1").await;
    service.settled().await;
    // A minute later, then two minutes later, and not before.
    service.set_time("2026-11-23T07:00:59Z");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(service.metric("digest_failures_total").await, 1);
    service.set_time("2026-11-23T07:01:10Z");
    failures(2).await;
    assert!(server.run(), "the port is still free");
    service.set_time("2026-11-23T07:02:30Z");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(server.letters().len(), 0);
    service.set_time("2026-11-23T07:03:30Z");
    let letters = server.took(1).await;
    assert_eq!(letters[0].to, "ada@courier.example");
    assert_eq!(service.metric("digests_sent_total").await, 1);
    assert_eq!(service.metric("digest_failures_total").await, 2);
}

#[tokio::test]
async fn a_site_that_is_new_or_unknown_has_no_letter_until_its_first_week_is_over() {
    let server = MailServer::start();
    let url = server.url();
    let mut settings = settings(&url, "ada@courier.example").to_vec();
    settings.extend([
        ("digest.recipients.nobody", "nobody@courier.example"),
        ("digest.weekday", "saturday"),
        ("digest.hour", "0"),
    ]);
    // It is made on a Saturday at noon, when that day's letters are due.
    let service = Service::start_with(Backend::Sqlite, &settings).await;
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(server.letters().len(), 0);
    service.set_time("2026-11-28T00:00:20Z");
    service.days_closed().await;
    service.set_time("2026-11-28T00:30:00Z");
    let letters = server.took(1).await;
    // The week's cells stand with Monday to Sunday, whenever its letter is due.
    assert_eq!(letters[0].subject, "test: 16 to 22 November 2026");
    let health = service.request(Method::GET, "/readyz").send().await.expect("an answer");
    assert_eq!(health.status(), 200);
    let _: Value = service.get("/api/v1/links").await;
}
