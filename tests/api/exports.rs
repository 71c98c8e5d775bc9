//! A site's groups in every form: filtered, limited, as JSON and as CSV, by key and by session.

use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store, refused, wrong_names};

on_every_store!(
    filters_take_what_meets_all_of_them,
    links_are_grouped_with_their_channel_page_and_campaign,
    a_limit_sums_up_the_rest,
    csv_and_json_and_a_sessions_download_have_the_same_numbers,
    no_cell_of_a_csv_is_a_formula,
    what_is_deleted_is_seen_in_the_next_answer_and_a_change_moves_nothing_of_the_past,
    a_wrong_filter_is_named,
);

/// Three links, of which one is of another channel and one of another page, with 6, 2 and 1 clicks of today.
async fn magazine(backend: Backend) -> (Service, [String; 3]) {
    let service = Service::start(backend).await;
    let mut codes = Vec::new();
    for (page, channel, campaign, clicks) in
        [("a", "sms", Some("spring"), 6), ("a", "email", None, 2), ("b", "sms", None, 1)]
    {
        let url = format!("https://example.com/{page}");
        let link = service.link(json!({ "url": url, "channel": channel, "campaign": campaign })).await;
        let code = code(&link);
        for visitor in 0..clicks {
            service.click(&code, &format!("192.0.2.{}", visitor + 1)).await;
        }
        codes.push(code);
    }
    service.settled().await;
    (service, codes.try_into().expect("three"))
}

fn clicks(answer: &Value) -> Vec<(Option<&str>, u64)> {
    let groups = answer["groups"].as_array().expect("groups");
    groups.iter().map(|group| (group["key"].as_str(), group["clicks"].as_u64().unwrap_or(0))).collect()
}

async fn filters_take_what_meets_all_of_them(backend: Backend) {
    let (service, [first, second, _]) = magazine(backend).await;
    let a = "page=https%3A%2F%2Fexample.com%2Fa";
    for (query, expected) in [
        (String::new(), vec![(Some("sms"), 7), (Some("email"), 2)]),
        ("&channel=sms".to_owned(), vec![(Some("sms"), 7)]),
        (format!("&{a}"), vec![(Some("sms"), 6), (Some("email"), 2)]),
        (format!("&{a}&channel=sms"), vec![(Some("sms"), 6)]),
        ("&campaign=spring".to_owned(), vec![(Some("sms"), 6)]),
        ("&campaign=".to_owned(), vec![(Some("email"), 2), (Some("sms"), 1)]),
        (format!("&link={first}"), vec![(Some("sms"), 6)]),
        (format!("&link={second}&channel=sms"), vec![]),
        ("&campaign=autumn".to_owned(), vec![]),
        ("&page=nowhere".to_owned(), vec![]),
    ] {
        let answer = service.get(&format!("/api/v1/stats?group_by=channel{query}")).await;
        assert_eq!(clicks(&answer), expected, "{query}");
    }
    let days = service.get("/api/v1/stats?group_by=day&channel=email").await;
    assert_eq!(clicks(&days), [(Some("2026-11-21"), 2)]);
}

async fn links_are_grouped_with_their_channel_page_and_campaign(backend: Backend) {
    let (service, [first, second, third]) = magazine(backend).await;
    let answer = service.get("/api/v1/stats?group_by=link").await;
    assert_eq!(clicks(&answer), [(Some(&*first), 6), (Some(&*second), 2), (Some(&*third), 1)]);
    let group = &answer["groups"][0];
    assert_eq!(
        *group,
        json!({ "key": first, "channel": "sms", "page": "https://example.com/a", "campaign": "spring", "shares": 1,
            "unfurls": 0, "unfurls_by_app": {}, "clicks": 6, "visitors": 6, "opens": 0,
            "clicks_per_share": 6.0, "bound": "exact" })
    );
    // The link's own answer has the same numbers.
    let own = service.stats(&first).await;
    assert_eq!((&own["totals"]["clicks"], &own["totals"]["visitors"]), (&json!(6), &json!(6)));
}

async fn a_limit_sums_up_the_rest(backend: Backend) {
    let (service, [first, ..]) = magazine(backend).await;
    let answer = service.get("/api/v1/stats?group_by=link&limit=1").await;
    assert_eq!(clicks(&answer), [(Some(&*first), 6)]);
    assert_eq!((&answer["rest"]["groups"], &answer["rest"]["numbers"]["clicks"]), (&json!(2), &json!(3)));
    let answer = service.get("/api/v1/stats?group_by=page&limit=1").await;
    assert_eq!((&answer["rest"]["groups"], &answer["rest"]["numbers"]["clicks"]), (&json!(1), &json!(1)));
    for limit in ["0", "-1", "many", "100001"] {
        let request = service.api(Method::GET, &format!("/api/v1/stats?group_by=link&limit={limit}"));
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), ["limit"]);
    }
}

async fn csv_and_json_and_a_sessions_download_have_the_same_numbers(backend: Backend) {
    let (service, _) = magazine(backend).await;
    let browser = Client::builder().cookie_store(true).build().expect("a client");
    let sign_in = browser.post(format!("{}/stats/sign-in", service.base)).header("accept", "text/html");
    sign_in.form(&[("secret_key", service.secret.as_str())]).send().await.expect("an answer");
    for by in ["channel", "page", "campaign", "link", "day"] {
        let path = format!("/api/v1/stats?group_by={by}&from=2026-11-01&to=2026-11-21&channel=sms");
        let json = service.get(&path).await;
        let answer = service.api(Method::GET, &path).header("accept", "text/csv").send().await;
        let answer = answer.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
        let disposition = answer.headers()["content-disposition"].to_str().expect("text").to_owned();
        assert_eq!(disposition, format!("attachment; filename=\"{by}-2026-11-01-2026-11-21.csv\""));
        let csv = answer.text().await.expect("text");
        let mut lines = csv.split_terminator("\r\n").map(|line| line.split(',').collect::<Vec<_>>());
        let head = lines.next().expect("a head");
        assert_eq!(head[0], by);
        let groups = json["groups"].as_array().expect("groups");
        let mut number = 0;
        for (line, group) in lines.zip(groups) {
            number += 1;
            assert_eq!(line[0], group["key"].as_str().unwrap_or_default());
            for (name, cell) in head.iter().zip(&line).skip(1) {
                let value = &group[*name];
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                let text = match (*name, value.is_null()) {
                    ("suppressed", true) => "false".to_owned(),
                    (_, true) => String::new(),
                    (_, false) => text,
                };
                assert_eq!(*cell, text, "{by} {name}");
            }
        }
        assert!(number == groups.len() && number > 0);
        for (format, expected) in [("csv", csv), ("json", json.to_string())] {
            let path = format!(
                "{}/stats/export/{by}.{format}?from=2026-11-01&to=2026-11-21&channel=sms",
                service.base
            );
            let text = browser.get(path).send().await.expect("an answer").text().await.expect("text");
            let text = if format == "csv" {
                text
            } else {
                serde_json::from_str::<Value>(&text).expect("JSON").to_string()
            };
            assert_eq!(text, expected);
        }
    }
    let away = service.request(Method::GET, "/stats/export/page.csv").send().await.expect("an answer");
    assert_eq!(away.status().as_u16(), 303, "only for who is signed in");
}

async fn no_cell_of_a_csv_is_a_formula(backend: Backend) {
    let service = Service::start(backend).await;
    for campaign in ["=HYPERLINK(\"https://evil.example\")", "+1", "-2+3", "@SUM(1)", "plain, with a comma"] {
        let body = json!({ "url": "https://example.com/", "channel": "sms", "campaign": campaign });
        service.link(body).await;
    }
    let csv = service.api(Method::GET, "/api/v1/stats?group_by=campaign&format=csv").send().await;
    let csv = csv.expect("an answer").text().await.expect("text");
    let keys: Vec<&str> =
        csv.lines().skip(1).map(|line| line.rsplitn(8, ',').last().expect("a key")).collect();
    assert_eq!(
        keys,
        [
            "'+1",
            "'-2+3",
            "\"'=HYPERLINK(\"\"https://evil.example\"\")\"",
            "'@SUM(1)",
            "\"plain, with a comma\""
        ]
    );
}

async fn what_is_deleted_is_seen_in_the_next_answer_and_a_change_moves_nothing_of_the_past(backend: Backend) {
    let (service, [first, second, _]) = magazine(backend).await;
    // The day of the shares is closed, and kept in memory by who has asked for it.
    service.set_time("2026-11-23T12:00:00Z");
    service.days_closed().await;
    let shares = async |by: &str| {
        let answer = service.get(&format!("/api/v1/stats?group_by={by}")).await;
        let groups = answer["groups"].as_array().expect("groups").clone();
        let group = |group: &Value| (group["key"].as_str().map(str::to_owned), group["shares"].as_u64());
        groups.iter().map(group).collect::<Vec<_>>()
    };
    let key = |key: &str| Some(key.to_owned());
    let (a, b) = (key("https://example.com/a"), key("https://example.com/b"));
    assert_eq!(shares("page").await, [(a.clone(), Some(2)), (b.clone(), Some(1))]);
    let change = service.api(Method::PATCH, &format!("/api/v1/links/{first}"));
    let change = change.json(&json!({ "url": "https://example.com/b", "campaign": "autumn" }));
    assert_eq!(change.send().await.expect("an answer").status().as_u16(), 200);
    assert_eq!(
        shares("page").await,
        [(a.clone(), Some(2)), (b.clone(), Some(1))],
        "it was shared under that page"
    );
    let deletion = service.api(Method::DELETE, &format!("/api/v1/links/{second}")).send().await;
    assert!(deletion.expect("an answer").status().is_success());
    assert_eq!(shares("channel").await, [(key("sms"), Some(2))]);
}

async fn a_wrong_filter_is_named(backend: Backend) {
    let service = Service::start(backend).await;
    for (query, names) in [
        ("channel=No+Channel", &["channel"][..]),
        ("link=not%20a%20code", &["link"]),
        ("channel=%21&link=stats&format=xml&limit=x", &["channel", "link", "limit", "format"]),
        ("visitor=1", &["visitor"]),
    ] {
        let request = service.api(Method::GET, &format!("/api/v1/stats?group_by=page&{query}"));
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), names, "{query}");
    }
}
