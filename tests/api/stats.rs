//! What is published: to programs as JSON and CSV, to the marketer as pages behind a sign-in.

use entrenous::domain::site::KeyKind;
use entrenous::service::accounts::sites::Sites;
use reqwest::{Client, Method, RequestBuilder, Response, redirect};
use serde_json::{Value, json};

use crate::service::{
    Backend, Service, WHATSAPP, code, on_every_store, problem, refused, totals, wrong_names,
};

on_every_store!(
    a_links_statistics_have_exactly_the_documented_shape,
    days_are_inclusive_and_wrong_ones_are_named,
    when_everything_is_suppressed_the_totals_are_null,
    a_link_with_four_visitors_looks_like_one_with_none,
    signing_in_leads_where_the_browser_wanted_to_go,
    a_session_ends_with_signing_out_and_with_its_key,
    the_session_cookie_is_the_pages_own,
    next_cannot_leave_the_service,
    a_signed_in_site_sees_only_its_own_links,
    a_closed_day_shows_its_cell_and_an_open_one_nothing_of_its_visits,
    what_is_too_few_on_each_day_shows_with_the_week_of_its_page,
    the_usual_period_ends_with_the_day_before,
    the_day_of_a_site_is_told_at_full_hours,
    a_csv_has_the_same_numbers,
    groups_have_exactly_the_documented_shape,
);

fn keys(value: &Value) -> Vec<&String> {
    value.as_object().expect("an object").keys().collect()
}

/// Clicks on the link, so many by each of so many visitors.
async fn clicks(service: &Service, code: &str, visitors: u32, each: u32) {
    for visitor in 0..visitors {
        for _ in 0..each {
            service.click(code, &format!("192.0.2.{}", visitor + 1)).await;
        }
    }
    service.settled().await;
}

async fn a_links_statistics_have_exactly_the_documented_shape(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    clicks(&service, &code, 2, 2).await;
    service.fetch(&code, WHATSAPP).send().await.expect("an answer");
    let stats = service.stats(&code).await;
    assert_eq!(keys(&stats), ["bound", "code", "min_count", "series", "totals", "weeks"]);
    assert_eq!((&stats["code"], &stats["min_count"]), (&json!(code), &json!(1)));
    assert_eq!((&stats["bound"], &stats["weeks"]), (&json!("exact"), &json!([])));
    let names = ["clicks", "opens", "unfurls", "unfurls_by_app", "visitors"];
    assert_eq!(keys(&stats["totals"]), names);
    assert_eq!(totals(&stats), [1, 4, 2, 0].map(Some));
    let series = stats["series"].as_array().expect("a series");
    assert_eq!(series.len(), 30);
    let (today, before) = series.split_last().expect("days");
    let of_day = |day: &str, clicks: u64, visitors: u64| json!({ "day": day, "clicks": clicks, "visitors": visitors, "opens": 0 });
    let mut expected = of_day("2026-11-21", 4, 2);
    expected["open"] = json!(true);
    assert_eq!(*today, expected);
    for (day, expected) in before.iter().rev().zip(["2026-11-20", "2026-11-19", "2026-11-18"]) {
        assert_eq!(*day, of_day(expected, 0, 0));
    }
    assert_eq!(before[0]["day"], "2026-10-23");
    let answer = service.api(Method::GET, &format!("/api/v1/links/{code}/stats")).send().await;
    let answer = answer.expect("an answer");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "no-store");
}

async fn days_are_inclusive_and_wrong_ones_are_named(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    clicks(&service, &code, 1, 1).await;
    let path = format!("/api/v1/links/{code}/stats");
    for (query, first, last, days) in [
        ("from=2026-11-21&to=2026-11-21", "2026-11-21", "2026-11-21", 1),
        ("from=2026-11-19&to=2026-11-21", "2026-11-19", "2026-11-21", 3),
        ("from=2026-02-28&to=2026-03-01", "2026-02-28", "2026-03-01", 2),
        ("from=2026-11-20", "2026-11-20", "2026-11-21", 2),
        ("to=2026-11-20", "2026-10-22", "2026-11-20", 30),
        ("from=2026-11-20&to=2026-11-25", "2026-11-20", "2026-11-25", 6),
        ("from=2026-12-24", "2026-12-24", "2026-12-24", 1),
        ("from=2024-09-13&to=2026-11-21", "2024-09-13", "2026-11-21", 800),
    ] {
        let stats = service.get(&format!("{path}?{query}")).await;
        let series = stats["series"].as_array().expect("a series");
        assert_eq!(series.len(), days, "{query}");
        assert_eq!((&series[0]["day"], &series[days - 1]["day"]), (&json!(first), &json!(last)), "{query}");
        let within = first <= "2026-11-21" && "2026-11-21" <= last;
        assert_eq!(stats["totals"]["clicks"], u8::from(within), "{query}");
    }
    for site in [false, true] {
        let path = if site { "/api/v1/stats?group_by=day&".to_owned() } else { format!("{path}?") };
        for (query, names) in [
            ("from=2026-11-22&to=2026-11-21", &["from"][..]),
            ("from=2024-09-12&to=2026-11-21", &["from"]),
            ("from=0001-01-01&to=9999-12-30", &["from"]),
            ("from=2026-02-30", &["from"]),
            ("to=21.11.2026", &["to"]),
            ("from=&to=", &["from", "to"]),
            ("from=2026-11-21T00:00:00Z", &["from"]),
            ("to=9999-12-31", &["to"]),
            ("until=2026-11-21", &["until"]),
        ] {
            let request = service.api(Method::GET, &format!("{path}{query}"));
            assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), names, "{query}");
        }
    }
    let request = service.api(Method::GET, &format!("{path}?format=xml"));
    assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), ["format"]);
}

/// A service with a k of 5, and a link with 30 people on Tuesday, the 24th (60 clicks), 4 on the 25th, and 30 on the
/// open 26th, with an unfurl.
async fn three_days(backend: Backend) -> (Service, String) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    service.set_time("2026-11-24T12:00:00Z");
    let body = json!({ "url": "https://example.com/page", "channel": "sms", "campaign": "spring" });
    let code = code(&service.link(body).await);
    service.crowd(&code, 30, 2).await;
    service.set_time("2026-11-25T12:00:00Z");
    service.days_closed().await;
    service.crowd(&code, 4, 2).await;
    service.set_time("2026-11-26T12:00:00Z");
    service.days_closed().await;
    service.crowd(&code, 30, 1).await;
    service.fetch(&code, WHATSAPP).send().await.expect("an answer");
    service.settled().await;
    (service, code)
}

/// A day of a series of which nothing is shown.
fn suppressed(day: &str) -> Value {
    json!({ "day": day, "clicks": null, "visitors": null, "opens": null, "suppressed": true })
}

async fn a_closed_day_shows_its_cell_and_an_open_one_nothing_of_its_visits(backend: Backend) {
    let (service, code) = three_days(backend).await;
    let stats = service.get(&format!("/api/v1/links/{code}/stats?from=2026-11-23&to=2026-11-27")).await;
    let open = |day: &str| {
        let mut open = suppressed(day);
        open["open"] = json!(true);
        open
    };
    assert_eq!(
        stats["series"],
        json!([
            suppressed("2026-11-23"),
            { "day": "2026-11-24", "clicks": 60, "visitors": 30, "opens": 0 },
            suppressed("2026-11-25"),
            open("2026-11-26"),
            open("2026-11-27"),
        ])
    );
    assert_eq!((&stats["min_count"], &stats["bound"]), (&json!(5), &json!("at_least_about")));
    assert_eq!(totals(&stats), [Some(0), Some(60), Some(30), Some(0)], "nor of today's unfurls");
    // The day is shown exactly when it is closed.
    service.set_time("2026-11-27T00:00:00Z");
    let path = format!("/api/v1/links/{code}/stats?from=2026-11-26&to=2026-11-26");
    assert_eq!(service.get(&path).await["series"], json!([open("2026-11-26")]));
    service.set_time("2026-11-27T00:00:10.001Z");
    service.days_closed().await;
    let closed = json!([{ "day": "2026-11-26", "clicks": 30, "visitors": 30, "opens": 0 }]);
    assert_eq!(service.get(&path).await["series"], closed);
}

async fn what_is_too_few_on_each_day_shows_with_the_week_of_its_page(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    service.set_time("2026-11-23T12:00:00Z");
    let body = json!({ "url": "https://example.com/page", "channel": "sms", "campaign": "spring" });
    let few = code(&service.link(body.clone()).await);
    let other = code(&service.link(body).await);
    // Five people are never enough for a day of their own, and 15 of them on two links are for a week of their page.
    for day in 23..=25 {
        service.set_time(&format!("2026-11-{day}T12:00:00Z"));
        service.days_closed().await;
        for link in [&few, &other] {
            for person in 0..5 {
                service.click(link, &format!("198.18.{}.1", day * 5 + person)).await;
            }
        }
        service.settled().await;
    }
    service.set_time("2026-11-29T23:59:59Z");
    service.days_closed().await;
    let week = "from=2026-11-23&to=2026-11-29";
    let by = async |by: &str, days: &str| service.get(&format!("/api/v1/stats?group_by={by}&{days}")).await;
    let before = by("page", week).await;
    assert_eq!(before["groups"][0]["clicks"], Value::Null, "{before}");
    let none = json!([{ "week": "2026-W48", "clicks": null, "visitors": null, "opens": null,
        "suppressed": true }]);
    assert_eq!(before["weeks"], none);

    service.set_time("2026-11-30T12:00:00Z");
    service.days_closed().await;
    let cell = json!([{ "week": "2026-W48", "clicks": 30, "visitors": 30, "opens": 0 }]);
    for (grouping, key, bound) in [
        ("channel", "sms", "about"),
        ("page", "https://example.com/page", "at_least_about"),
        ("campaign", "spring", "at_least_about"),
    ] {
        let stats = by(grouping, week).await;
        let group = &stats["groups"][0];
        assert_eq!(
            (&group["key"], &group["clicks"], &group["visitors"]),
            (&json!(key), &json!(30), &json!(30))
        );
        assert_eq!((&group["bound"], &stats["weeks"]), (&json!(bound), &cell), "{stats}");
    }
    let links = by("link", week).await;
    for group in links["groups"].as_array().expect("groups") {
        assert_eq!((&group["clicks"], &group["suppressed"]), (&Value::Null, &json!(true)), "{links}");
    }
    assert_eq!(links["elsewhere"]["clicks"], 30, "{links}");
    let own = service.get(&format!("/api/v1/links/{few}/stats?{week}")).await;
    assert_eq!(
        (&own["totals"]["clicks"], &own["weeks"]),
        (&Value::Null, &json!([])),
        "a week's cell is of no link"
    );
    let days = by("day", week).await;
    let clicks = days["groups"].as_array().expect("days").iter().filter_map(|day| day["clicks"].as_u64());
    assert_eq!((clicks.sum::<u64>(), &days["weeks"]), (0, &cell));
    // A column of the CSV by day adds up, and a period has only what lies wholly in it.
    let csv = service.api(Method::GET, &format!("/api/v1/stats?group_by=day&{week}&format=csv")).send().await;
    let csv = csv.expect("an answer").text().await.expect("text");
    assert!(csv.ends_with("\r\n2026-W48,,,30,30,0,false,\r\n"), "{csv}");
    let part = by("channel", "from=2026-11-24&to=2026-11-29").await;
    assert_eq!((&part["weeks"], &part["groups"]), (&json!([]), &json!([])));
}

async fn the_usual_period_ends_with_the_day_before(backend: Backend) {
    let (service, code) = three_days(backend).await;
    let own = service.get(&format!("/api/v1/links/{code}/stats")).await;
    let series = own["series"].as_array().expect("a series");
    assert_eq!((series.len(), &series[29]["day"]), (30, &json!("2026-11-25")));
    let site = service.get("/api/v1/stats?group_by=channel").await;
    assert_eq!((&site["from"], &site["to"]), (&json!("2026-10-27"), &json!("2026-11-25")));
    let browser = signed_in(&service).await;
    let (_, _, text) = answer(page(&service, &browser, "/stats")).await;
    assert!(text.contains("27 October 2026 to 25 November 2026, UTC days"), "{text}");
    assert!(text.contains(">7 days</a>") && !text.contains("?period=today"), "{text}");
}

async fn the_day_of_a_site_is_told_at_full_hours(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    let code = service.code().await;
    let by = async |query: &str| service.get(&format!("/api/v1/stats?group_by=channel{query}")).await;
    assert_eq!(by("").await["today"], Value::Null);
    // At most 39 people from as many networks are asked for.
    service.crowd(&code, 80, 1).await;
    assert_eq!(by("").await["today"], Value::Null, "not before the hour is over");
    service.set_time("2026-11-21T13:00:00Z");
    let today = by("").await["today"].clone();
    let of_channel = json!({ "key": "whatsapp", "until": "2026-11-21T13:00:00Z", "clicks": 80, "visitors": 80,
        "opens_until": null, "opens": null });
    let mut of_site = of_channel.clone();
    of_site.as_object_mut().expect("an object").remove("key");
    of_site["channels"] = json!([of_channel]);
    assert_eq!(today, of_site);
    assert_eq!(by("&channel=whatsapp").await["today"], Value::Null, "of the whole site only");
    let browser = signed_in(&service).await;
    for (path, said) in [("/stats", true), ("/stats?channel=whatsapp", true), ("/stats?campaign=", false)] {
        let (_, _, text) = answer(page(&service, &browser, path)).await;
        let sentence = "Today until 13:00 UTC: about 80 clicks, 80 visitors.";
        assert_eq!(text.contains(sentence), said, "{path}: {text}");
    }
}

async fn when_everything_is_suppressed_the_totals_are_null(backend: Backend) {
    let (service, code) = three_days(backend).await;
    let stats = service.get(&format!("/api/v1/links/{code}/stats?from=2026-11-25&to=2026-11-25")).await;
    let nothing = json!({ "unfurls": 0, "unfurls_by_app": {}, "clicks": null, "visitors": null,
        "opens": null, "suppressed": true });
    assert_eq!(stats["totals"], nothing);
}

async fn a_csv_has_the_same_numbers(backend: Backend) {
    let (service, code) = three_days(backend).await;
    let path = format!("/api/v1/links/{code}/stats?from=2026-11-23&to=2026-11-26");
    let expected = "day,clicks,visitors,opens,suppressed,unfurls\r\n2026-11-23,,,,true,0\r\n\
                    2026-11-24,60,30,0,false,0\r\n2026-11-25,,,,true,0\r\n2026-11-26,,,,true,\r\n";
    for request in [
        service.api(Method::GET, &format!("{path}&format=csv")),
        service.api(Method::GET, &path).header("accept", "text/csv"),
        service.api(Method::GET, &format!("{path}&format=csv")).header("accept", "application/json"),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
        let disposition = answer.headers()["content-disposition"].to_str().expect("text").to_owned();
        assert_eq!(disposition, format!("attachment; filename=\"{code}.csv\""));
        assert_eq!(answer.text().await.expect("text"), expected);
    }
    let json = service.api(Method::GET, &format!("{path}&format=json")).header("accept", "text/csv");
    let json = json.send().await.expect("an answer");
    assert_eq!(json.headers()["content-type"], "application/json");
}

async fn groups_have_exactly_the_documented_shape(backend: Backend) {
    let (service, _) = three_days(backend).await;
    service.link(json!({ "url": "https://example.com/quiet", "channel": "email" })).await;
    service.set_time("2026-11-26T13:00:00Z");
    let group = |key: Value, visits: Option<[u64; 2]>, clicks_per_share: Option<f64>| {
        let [clicks, visitors] = visits.map_or([None, None], |numbers| numbers.map(Some));
        let mut group = json!({ "key": key, "shares": 1, "unfurls": 0, "unfurls_by_app": {}, "clicks": clicks,
            "visitors": visitors, "opens": visits.map(|_| 0), "clicks_per_share": clicks_per_share,
            "bound": "at_least_about" });
        if visits.is_none() {
            group["suppressed"] = json!(true);
        }
        group
    };
    let counted = |key: &str| group(json!(key), Some([60, 30]), Some(6_000.0));
    for (by, expected) in [
        ("channel", json!([counted("sms"), group(json!("email"), None, None)])),
        (
            "page",
            json!([
                counted("https://example.com/page"),
                group(json!("https://example.com/quiet"), None, None)
            ]),
        ),
        ("campaign", json!([counted("spring"), group(json!(null), None, None)])),
    ] {
        let stats = service.get(&format!("/api/v1/stats?group_by={by}&from=2026-11-24&to=2026-11-26")).await;
        let document = json!({ "groups": expected, "weeks": [], "from": "2026-11-24", "to": "2026-11-26",
            "min_count": 5 });
        // What is shown of today depends on what was drawn.
        let mut stats = stats;
        stats.as_object_mut().expect("an object").remove("today");
        assert_eq!(stats, document, "{by}");
    }
    let days = service.get("/api/v1/stats?group_by=day&from=2026-11-24&to=2026-11-26").await;
    let found: Vec<_> =
        days["groups"].as_array().expect("groups").iter().map(|g| (&g["key"], &g["clicks"])).collect();
    // The day between them looks like one of nothing, and today has a share.
    let (first, today) = (json!("2026-11-24"), json!("2026-11-26"));
    assert_eq!(found, [(&first, &json!(60)), (&today, &Value::Null)]);
    for query in ["", "group_by=", "group_by=hour", "group_by=visitor"] {
        let request = service.api(Method::GET, &format!("/api/v1/stats?{query}"));
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), ["group_by"], "{query}");
    }
}

/// A browser that keeps cookies and follows nothing by itself.
fn browser() -> Client {
    let client = Client::builder().redirect(redirect::Policy::none()).cookie_store(true);
    client.build().expect("a client")
}

fn page(service: &Service, browser: &Client, path: &str) -> RequestBuilder {
    browser.get(format!("{}{path}", service.base)).header("accept", "text/html")
}

fn sign_in(service: &Service, browser: &Client, key: &str, next: Option<&str>) -> RequestBuilder {
    let mut form = vec![("secret_key", key)];
    form.extend(next.map(|next| ("next", next)));
    browser.post(format!("{}/stats/sign-in", service.base)).header("accept", "text/html").form(&form)
}

/// The status of an answer, where it leads, and its text.
pub(crate) async fn answer(request: RequestBuilder) -> (u16, Option<String>, String) {
    let response = request.send().await.expect("an answer");
    let location = response.headers().get("location").map(|value| value.to_str().expect("text").to_owned());
    (response.status().as_u16(), location, response.text().await.expect("text"))
}

/// A browser that is signed in to the test's site.
pub(crate) async fn signed_in(service: &Service) -> Client {
    let browser = browser();
    let (status, location, _) = answer(sign_in(service, &browser, &service.secret, None)).await;
    assert_eq!((status, location.as_deref()), (303, Some("/stats")));
    browser
}

async fn a_link_with_four_visitors_looks_like_one_with_none(backend: Backend) {
    // Two services that differ in nothing but four visitors with 173 clicks: if all that they
    // publish is alike to the byte, then no number of these visitors stands anywhere in it.
    let settings = [("stats.min_count", "5"), ("server.public_url", "http://go.example")];
    let (visited, quiet) =
        (Service::start_with(backend, &settings).await, Service::start_with(backend, &settings).await);
    let browsers = (signed_in(&visited).await, signed_in(&quiet).await);
    for service in [&visited, &quiet] {
        service.link(json!({ "url": "https://example.com/", "channel": "whatsapp", "slug": "four" })).await;
    }
    clicks(&visited, "four", 4, 43).await;
    clicks(&visited, "four", 1, 1).await;
    for time in ["2026-11-21T12:00:00Z", "2026-11-22T12:00:00Z"] {
        for service in [&visited, &quiet] {
            service.set_time(time);
            service.days_closed().await;
        }
        let (with, without) = (published(&visited, &browsers.0).await, published(&quiet, &browsers.1).await);
        for (with, without) in with.iter().zip(&without) {
            assert_eq!(with, without, "{time}");
        }
    }
    // The comparison sees what there is to see: 30 visitors of the new day show everywhere when it is closed.
    visited.crowd("four", 30, 6).await;
    for service in [&visited, &quiet] {
        service.set_time("2026-11-23T12:00:00Z");
        service.days_closed().await;
    }
    for (with, without) in
        published(&visited, &browsers.0).await.iter().zip(published(&quiet, &browsers.1).await)
    {
        assert!(with.contains("180") && *with != without, "{with}");
    }
}

/// Everything that is published where the link counts.
async fn published(service: &Service, browser: &Client) -> Vec<String> {
    let code = "four";
    let mut all = Vec::new();
    for path in [
        format!("/api/v1/links/{code}/stats"),
        format!("/api/v1/links/{code}/stats?format=csv"),
        "/api/v1/stats?group_by=channel".to_owned(),
        "/api/v1/stats?group_by=page".to_owned(),
        "/api/v1/stats?group_by=campaign".to_owned(),
        "/api/v1/stats?group_by=day".to_owned(),
    ] {
        let response = service.api(Method::GET, &path).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200, "{path}");
        all.push(response.text().await.expect("text"));
    }
    for path in [
        "/stats".to_owned(),
        format!("/stats/{code}"),
        format!("/stats/{code}.csv"),
        format!("/stats/{code}.json"),
    ] {
        let (status, _, text) = answer(page(service, browser, &path)).await;
        assert_eq!(status, 200, "{path}: {text}");
        all.push(without_form_token(&text));
    }
    all
}

/// A page as every session has it: each has a form token of its own.
fn without_form_token(page: &str) -> String {
    const FIELD: &str = "name=\"form_token\" value=\"";
    let mut parts = page.split(FIELD);
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |page, part| page + FIELD + part.split_once('"').expect("the value's end").1)
}

async fn signing_in_leads_where_the_browser_wanted_to_go(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let browser = browser();
    let (status, location, _) = answer(page(&service, &browser, "/stats")).await;
    assert_eq!((status, location.as_deref()), (303, Some("/stats/sign-in?next=%2Fstats")));
    let wanted = format!("/stats/{code}?from=2026-11-20&to=2026-11-21");
    let (status, location, _) = answer(page(&service, &browser, &wanted)).await;
    let location = location.expect("a location");
    assert_eq!(status, 303);
    assert_eq!(
        location,
        format!("/stats/sign-in?next=%2Fstats%2F{code}%3Ffrom%3D2026-11-20%26to%3D2026-11-21")
    );
    let (status, _, text) = answer(page(&service, &browser, &location)).await;
    assert_eq!(status, 200);
    let hidden = format!("name=\"next\" value=\"{}\"", wanted.replace('&', "&#38;"));
    assert!(text.contains(&hidden), "{text}");

    let publishable = service.publishable.clone();
    for (key, words) in [
        ("", "No site has this key"),
        ("ens_sk_wrong", "No site has this key"),
        (publishable.as_str(), "publishable key"),
        ("\u{0}é\r\n", "No site has this key"),
    ] {
        let response = sign_in(&service, &browser, key, Some(&wanted)).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 401);
        assert!(response.headers().get("set-cookie").is_none());
        let text = response.text().await.expect("text");
        assert!(text.contains(words) && text.contains(&hidden), "{text}");
        assert!(key.is_empty() || !text.contains(key), "the key is never shown again");
    }
    assert_eq!(answer(page(&service, &browser, "/stats")).await.0, 303);

    let padded = format!(" {} ", service.secret);
    let (status, location, _) = answer(sign_in(&service, &browser, &padded, Some(&wanted))).await;
    assert_eq!((status, location.as_deref()), (303, Some(wanted.as_str())));
    let (status, _, text) = answer(page(&service, &browser, &wanted)).await;
    assert!(status == 200 && text.contains(&format!("/{code}")), "{text}");
    let (_, _, text) = answer(page(&service, &browser, "/stats")).await;
    assert!(text.contains("<h1>test</h1>"), "{text}");
    let (status, _, text) = answer(page(&service, &browser, &format!("/stats/{code}?from=tomorrow"))).await;
    assert!(status == 200 && text.contains("Write a day as 2026-11-21"), "{text}");
    // The session is for the pages: the API wants a key.
    let api = browser.get(format!("{}/api/v1/links", service.base));
    refused(api, 401, "no_key").await;
}

async fn a_session_ends_with_signing_out_and_with_its_key(backend: Backend) {
    let mut service = Service::start(backend).await;
    let browser = signed_in(&service).await;
    let status = |path: &'static str| answer(page(&service, &browser, path));
    assert_eq!(status("/stats").await.0, 200);
    let out = |origin: Option<&str>| {
        let request = browser.post(format!("{}/stats/sign-out", service.base));
        origin.into_iter().fold(request, |request, origin| request.header("origin", origin))
    };
    refused(out(Some("https://evil.example")), 403, "foreign_origin").await;
    assert_eq!(status("/stats").await.0, 200, "another page signs nobody out");
    let (left, location, _) = answer(out(Some(&service.base))).await;
    assert_eq!((left, location.as_deref()), (303, Some("/stats/sign-in")));
    assert_eq!(status("/stats").await.0, 303);

    let (entered, _, _) = answer(sign_in(&service, &browser, &service.secret, None)).await;
    assert_eq!((entered, status("/stats").await.0), (303, 200));
    Sites::new(service.store().await).rotate_key("test", KeyKind::Publishable).await.expect("rotated");
    assert_eq!(status("/stats").await.0, 200);
    let rotated =
        Sites::new(service.store().await).rotate_key("test", KeyKind::Secret).await.expect("rotated");
    let fresh = rotated.expect("a site").reveal().to_owned();
    assert_eq!(status("/stats").await.0, 303, "a rotated key ends its sessions");
    assert_eq!(answer(sign_in(&service, &browser, &service.secret, None)).await.0, 401);

    // A session outlives a restart: its seal is the store's.
    let sealed = session_cookie(&sign_in_response(&service, &fresh).await);
    service.restart().await;
    let again = service.request(Method::GET, "/stats").header("cookie", &sealed).send().await;
    assert_eq!(again.expect("an answer").status().as_u16(), 200);
    // What somebody made up is no session.
    for made_up in [&sealed[..sealed.len() - 4], "session=", "session=%00", "session=a=b=c"] {
        let request = service.request(Method::GET, "/stats").header("cookie", made_up).send().await;
        assert_eq!(request.expect("an answer").status().as_u16(), 303, "{made_up}");
    }
}

async fn sign_in_response(service: &Service, key: &str) -> Response {
    let request = service.request(Method::POST, "/stats/sign-in").form(&[("secret_key", key)]);
    request.send().await.expect("an answer")
}

fn session_cookie(response: &Response) -> String {
    let cookie = response.headers()["set-cookie"].to_str().expect("text");
    cookie.split(';').next().expect("a pair").to_owned()
}

async fn the_session_cookie_is_the_pages_own(backend: Backend) {
    for (public_url, name, secure) in [("", "session", false), ("https://go.example", "__Host-session", true)]
    {
        let settings = [("server.public_url", public_url)];
        let service = Service::start_with(backend, if public_url.is_empty() { &[] } else { &settings }).await;
        let response = sign_in_response(&service, &service.secret).await;
        let cookie = response.headers()["set-cookie"].to_str().expect("text").to_owned();
        let mut parts = cookie.split("; ");
        assert!(parts.next().is_some_and(|pair| pair.starts_with(&format!("{name}="))), "{cookie}");
        let mut attributes: Vec<_> = parts.collect();
        attributes.sort_unstable();
        let mut expected = vec!["HttpOnly", "Path=/", "SameSite=Lax"];
        expected.extend(secure.then_some("Secure"));
        assert_eq!(attributes, expected, "{cookie}");
        assert!(!cookie.contains(&service.secret), "the key is not in it");
        for origin in ["https://evil.example", "null"] {
            let request = service.request(Method::POST, "/stats/sign-in").header("origin", origin);
            let response = request.form(&[("secret_key", &service.secret)]).send().await.expect("an answer");
            assert!(response.headers().get("set-cookie").is_none());
            problem(response, 403, "foreign_origin").await;
        }
    }
}

async fn next_cannot_leave_the_service(backend: Backend) {
    let service = Service::start(backend).await;
    let base =
        url::Url::parse(&service.base).expect("an address").join("/stats/sign-in").expect("an address");
    for next in [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/privacy",
        "/",
        "",
        "/statsevil",
        "stats",
        "javascript:alert(1)",
        "/stats\r\nSet-Cookie: a=b",
        "/stats\tx",
        "/stats/\u{0}",
        "/stats/ä",
        "/stats/..//evil.example",
        "/stats/../..//evil.example",
        "/stats?next=//evil.example",
        "/stats@evil.example",
        "/stats/../\\evil.example",
        " /stats",
        "/stats\\..\\\\evil.example",
    ] {
        let (status, location, _) = answer(sign_in(&service, &browser(), &service.secret, Some(next))).await;
        let location = location.expect("a location");
        assert_eq!(status, 303, "{next}");
        assert!(location.starts_with("/stats") && location.is_ascii(), "{next}: {location}");
        let target = base.join(&location).expect("an address");
        assert_eq!((target.host(), target.port()), (base.host(), base.port()), "{next}: {target}");
        // The form, too, offers nothing else.
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        let (_, _, text) = answer(page(&service, &browser(), &format!("/stats/sign-in?next={query}"))).await;
        assert_eq!(text.contains("name=\"next\""), location == next, "{next}: {text}");
    }
}

async fn a_signed_in_site_sees_only_its_own_links(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, other) = service.site("other", |_| {}).await;
    let foreign = code(
        &service.link_of(&other, json!({ "url": "https://example.com/theirs", "channel": "sms" })).await,
    );
    let browser = signed_in(&service).await;
    for path in [
        format!("/stats/{foreign}"),
        format!("/stats/{foreign}.csv"),
        "/stats/nothing1".to_owned(),
        "/stats/a.b.c".to_owned(),
    ] {
        let (status, _, text) = answer(page(&service, &browser, &path)).await;
        assert!(status == 404 && text.contains("Not found"), "{path}: {text}");
    }
    let (_, _, text) = answer(page(&service, &browser, "/stats")).await;
    assert!(!text.contains("theirs") && text.contains("No shares yet"), "{text}");
}
