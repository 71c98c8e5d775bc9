//! Shared views, public numbers and badges: a part of the numbers for whoever is not signed in.

use std::time::{Duration, Instant};

use entrenous::domain::site::Site;
use entrenous::service::accounts::sites::Sites;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::access::{PASSWORD, Person, inside};
use crate::service::{Backend, Service, code, on_every_store, problem, refused, wrong_names};

on_every_store!(
    a_shared_view_shows_its_part_to_whoever_has_its_address,
    a_view_with_a_password_opens_with_it_alone,
    a_view_ends_by_its_time_and_by_being_revoked,
    views_are_shared_listed_and_revoked_over_the_api,
    what_cannot_be_shared_is_refused_with_the_reason,
    a_public_site_is_open_to_everybody_and_a_private_one_is_not_there,
    others_see_what_is_closed_with_shares_rounded_down,
    a_view_sets_no_cookie_and_tells_nobody_its_address,
    a_badge_shows_the_clicks_of_closed_days_and_weeks,
    a_badge_is_there_only_where_the_site_wants_it,
);

/// The path of a view, of which the API has told the whole address.
fn path(service: &Service, view: &Value) -> String {
    let url = view["url"].as_str().expect("an address");
    let path = &url[url.find("/stats/shared/").expect("a path of the views")..];
    assert_eq!(url.strip_suffix(path), Some(format!("http://localhost:{}", service.port()).as_str()));
    path.to_owned()
}

async fn share(service: &Service, body: Value) -> Value {
    let answer = service.api(Method::POST, "/api/v1/views").json(&body).send().await.expect("an answer");
    let status = answer.status();
    let body = answer.json().await.expect("JSON");
    assert_eq!(status, StatusCode::CREATED, "{body}");
    body
}

/// The status of a page for a browser without cookies, and its text.
async fn page(service: &Service, path: &str) -> (u16, String) {
    let response = service.request(Method::GET, path).header("accept", "text/html").send().await;
    let response = response.expect("an answer");
    (response.status().as_u16(), response.text().await.expect("text"))
}

/// Shares, unfurls, clicks and visitors of a page, and the names in its tables of channels, pages and campaigns.
fn numbers(page: &str) -> (Vec<String>, Vec<&str>) {
    let funnel = page.split_once("class=\"funnel\"").expect("a funnel").1;
    let figures = funnel.split("<b>").skip(1).take(4).map(|rest| {
        let figure = rest.split("</b>").next().expect("a number");
        figure.rsplit('>').next().expect("a number").replace("&nbsp;", "").trim().to_owned()
    });
    let names = page.split(" class=\"key\"").skip(1).map(|rest| {
        let text = rest.split_once('>').expect("an element").1;
        text.split('<').next().expect("a name")
    });
    (figures.collect(), names.collect())
}

async fn visits(service: &Service, code: &str, visitors: u32) {
    for visitor in 1..=visitors {
        service.click(code, &format!("198.51.100.{visitor}")).await;
    }
    service.settled().await;
}

const ONE: &str = "https://example.com/one";
const TWO: &str = "https://example.com/two?a=b";

/// A site with three links to two pages, in two campaigns: with 1, 2 and 4 clicks.
async fn site_with_links(service: &Service) {
    for (url, campaign, clicks) in [(ONE, Some("spring"), 1), (TWO, Some("spring"), 2), (TWO, None, 4)] {
        let link = service.link(json!({ "url": url, "channel": "sms", "campaign": campaign })).await;
        visits(service, &code(&link), clicks).await;
    }
}

async fn a_shared_view_shows_its_part_to_whoever_has_its_address(backend: Backend) {
    let service = Service::start(backend).await;
    site_with_links(&service).await;
    let (one, two, spring) = ("example.com/one", "example.com/two?a=b", "spring");
    for (body, heading, figures, names, not) in [
        (json!({}), "test", ["3", "0", "7", "7"], &["SMS", one, two, spring][..], &[][..]),
        (json!({ "page": TWO }), two, ["2", "0", "6", "6"], &["SMS", spring], &[one]),
        (json!({ "campaign": "spring" }), spring, ["2", "0", "3", "3"], &["SMS", one, two], &[]),
    ] {
        let view = share(&service, body.clone()).await;
        let path = path(&service, &view);
        // Whatever the address says besides, it shows no more.
        for query in ["", "?campaign=", "?page=https://example.com/one", "?channel=sms"] {
            let (status, text) = page(&service, &format!("{path}{query}")).await;
            assert!(status == 200, "{body}: {text}");
            assert!(!text.contains("Sign out") && !text.contains("/stats/people"), "{text}");
            assert!(not.iter().all(|name: &&str| !text.contains(name)), "{body}{query}: {text}");
            if query.is_empty() {
                assert!(text.contains(&format!("<h1>{heading}</h1>")), "{body}: {text}");
                let (found, listed) = numbers(&text);
                assert_eq!(found, figures, "{body}");
                assert!(names.iter().all(|name| listed.contains(name)), "{body}: {listed:?}");
            }
        }
        // It opens nothing else.
        assert_eq!(page(&service, "/stats").await.0, 303);
    }
    // A view of what nobody has shared is empty, and no error.
    let view = share(&service, json!({ "campaign": "autumn" })).await;
    assert_eq!(numbers(&page(&service, &path(&service, &view)).await.1).0, ["0", "0", "0", "0"]);
}

async fn a_view_with_a_password_opens_with_it_alone(backend: Backend) {
    let service = Service::start(backend).await;
    site_with_links(&service).await;
    let view = share(&service, json!({ "campaign": "spring", "password": PASSWORD })).await;
    let other = share(&service, json!({ "password": PASSWORD })).await;
    assert_eq!(view["password"], true);
    let (path, other) = (path(&service, &view), path(&service, &other));
    let browser = Person::new(&service);
    let (status, text) = browser.page(&path).await;
    assert!(status == 200 && text.contains("asks for a password") && !text.contains("spring"), "{text}");
    for wrong in ["", "wrong", &PASSWORD.to_uppercase()] {
        let answer =
            browser.to(Method::POST, &path).form(&[("password", wrong)]).send().await.expect("an answer");
        assert!(answer.status().as_u16() == 401 && answer.headers().get("set-cookie").is_none());
        assert!(answer.text().await.expect("text").contains("The password is wrong."));
    }
    // The page tells no referrer, so that its form comes from nowhere.
    for (name, value) in [("origin", "https://evil.example"), ("sec-fetch-site", "cross-site")] {
        let request = service.request(Method::POST, &path).header(name, value);
        refused(request.form(&[("password", PASSWORD)]), 403, "foreign_origin").await;
    }
    let request = browser.to(Method::POST, &path).header("origin", "null");
    let answer = request.form(&[("password", PASSWORD)]).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(answer.headers()["location"], path.as_str());
    let cookie = answer.headers()["set-cookie"].to_str().expect("text").to_owned();
    for attribute in ["view-", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.split("; ").any(|part| part.starts_with(attribute)), "{cookie}");
    }
    assert!(!cookie.contains("Max-Age") && !cookie.contains("Expires"), "it goes with the browser: {cookie}");
    assert!(browser.page(&path).await.1.contains("<h1>spring</h1>"));
    // What opens one view opens no other, though it has the same password.
    let value = cookie.split(';').next().expect("a pair");
    let request = |path: &str, value: &str| service.request(Method::GET, path).header("cookie", value);
    let text = request(&other, value).send().await.expect("an answer").text().await.expect("text");
    assert!(text.contains("asks for a password"), "{text}");
    let made_up = format!("view={}", "0".repeat(64));
    let text = request(&path, &made_up).send().await.expect("an answer").text().await.expect("text");
    assert!(text.contains("asks for a password"), "{text}");
}

async fn a_view_ends_by_its_time_and_by_being_revoked(backend: Backend) {
    let service = Service::start(backend).await;
    let usual = share(&service, json!({})).await;
    assert_eq!(usual["expires_at"], "2026-12-21T12:00:00Z", "30 days");
    let short = share(&service, json!({ "expires_at": "2026-11-22T00:00:00Z" })).await;
    let paths = [path(&service, &usual), path(&service, &short)];
    service.set_time("2026-11-21T23:59:59Z");
    assert_eq!((page(&service, &paths[0]).await.0, page(&service, &paths[1]).await.0), (200, 200));
    service.set_time("2026-11-22T00:00:00Z");
    assert_eq!((page(&service, &paths[0]).await.0, page(&service, &paths[1]).await.0), (200, 404));
    let owner = Person::with_key(&service).await;
    let id = usual["id"].as_str().expect("an id");
    assert_eq!(owner.send("/stats/views/revoke", &[("view", id)]).await.0, 303);
    assert_eq!(page(&service, &paths[0]).await.0, 404);
    assert_eq!(service.get("/api/v1/views").await, json!({ "views": [] }));
    for made_up in ["0", "%00", "..", &"a".repeat(5_000)] {
        assert_eq!(page(&service, &format!("/stats/shared/{made_up}")).await.0, 404);
    }
}

async fn views_are_shared_listed_and_revoked_over_the_api(backend: Backend) {
    let service = Service::start(backend).await;
    service.set_time("2026-11-21T12:00:00.123456789Z");
    let made = share(&service, json!({ "page": ONE, "expires_at": "2026-12-01T00:00:00.000999Z" })).await;
    let times = (made["created_at"].as_str(), made["expires_at"].as_str());
    assert_eq!(times, (Some("2026-11-21T12:00:00Z"), Some("2026-12-01T00:00:00Z")), "as links have them");
    let listed = service.get("/api/v1/views").await;
    let mut expected = made.clone();
    expected.as_object_mut().expect("an object").remove("url");
    assert_eq!(listed, json!({ "views": [expected] }), "the address is shown once");
    let token = path(&service, &made).rsplit('/').next().expect("a token").to_owned();
    let kept = json!(service.store().await.all_views().await.expect("views")).to_string();
    assert!(token.len() >= 32 && !kept.contains(&token), "{kept}");
    for (method, call) in
        [(Method::POST, "/api/v1/views"), (Method::GET, "/api/v1/views"), (Method::DELETE, "/api/v1/views/0")]
    {
        let with = |key: &str| service.request(method.clone(), call).bearer_auth(key).json(&json!({}));
        refused(with(&service.publishable), 403, "secret_key_needed").await;
        refused(with("ens_sk_wrong"), 401, "unknown_key").await;
    }
    let revoke = format!("/api/v1/views/{}", made["id"].as_str().expect("an id"));
    let (_, other) = service.site("other", |_| {}).await;
    refused(service.request(Method::DELETE, &revoke).bearer_auth(&other), 404, "not_found").await;
    assert_eq!(page(&service, &path(&service, &made)).await.0, 200);
    let answer = service.api(Method::DELETE, &revoke).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    refused(service.api(Method::DELETE, &revoke), 404, "not_found").await;
    assert_eq!(page(&service, &path(&service, &made)).await.0, 404);
}

async fn what_cannot_be_shared_is_refused_with_the_reason(backend: Backend) {
    let service = Service::start(backend).await;
    for (body, names) in [
        (json!({ "page": "nonsense" }), &["page"][..]),
        (json!({ "campaign": " " }), &["campaign"]),
        (json!({ "page": ONE, "campaign": "spring" }), &["campaign"]),
        (json!({ "expires_at": "2026-11-21T12:00:00Z" }), &["expires_at"]),
        (json!({ "expires_at": "2028-11-21T12:00:00Z", "password": "short" }), &["expires_at", "password"]),
        (json!({ "expires_at": "tomorrow" }), &["expires_at"]),
        (json!({ "scope": "site" }), &["scope"]),
    ] {
        let problem =
            refused(service.api(Method::POST, "/api/v1/views").json(&body), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), names, "{body}");
    }
    let owner = Person::with_key(&service).await;
    for (fields, words) in [
        (
            &[("scope", "page"), ("of", "nonsense"), ("until", "2026-12-01")][..],
            "The page must begin with http",
        ),
        (&[("scope", "site"), ("until", "")], "The last day must be a day"),
        (&[("scope", "site"), ("until", "2026-11-20")], "The last day must be in the future"),
        (&[("scope", "all"), ("until", "2026-12-01")], "The part must be the whole site"),
        (&[("scope", "site"), ("until", "2026-12-01"), ("password", "short")], "at least 12 characters"),
    ] {
        let (status, text) = owner.send("/stats/views", fields).await;
        assert!(status == 422 && text.contains(words), "{fields:?}: {text}");
    }
    assert_eq!(service.get("/api/v1/views").await, json!({ "views": [] }));
    // And what can be, is: open until the end of its last day.
    let fields = [("scope", "campaign"), ("of", "spring"), ("until", "2026-11-21")];
    let (status, text) = owner.send("/stats/views", &fields).await;
    assert_eq!(status, 200, "{text}");
    let address = inside(&text, "id=\"view-address\">").to_owned();
    assert_eq!(service.get("/api/v1/views").await["views"][0]["expires_at"], "2026-11-22T00:00:00Z");
    let path = &address[address.find("/stats/").expect("a path")..];
    assert_eq!(page(&service, path).await.0, 200);
    assert!(owner.page("/stats/views").await.1.contains("until 21 November 2026"));
}

async fn change(service: &Service, name: &str, change: impl Fn(&mut Site)) {
    Sites::new(service.store().await).change(name, change).await.expect("changed").expect("a site");
}

async fn a_public_site_is_open_to_everybody_and_a_private_one_is_not_there(backend: Backend) {
    let service = Service::start(backend).await;
    let name = "L’Écho / 50% + more?";
    let (_, secret) = service.site(name, |_| {}).await;
    service.link_of(&secret, json!({ "url": ONE, "channel": "sms" })).await;
    for path in ["/stats/public/test", "/stats/public/nobody"] {
        let (status, text) = page(&service, path).await;
        assert!(status == 404 && text.contains("Not found"), "{path}: {text}");
    }
    let owner = Person::new(&service);
    assert_eq!(owner.sign_in("", &secret).await.status().as_u16(), 303);
    assert_eq!(owner.send("/stats/views/publicity", &[("public", "on")]).await.0, 303);
    let (_, text) = owner.page("/stats/views").await;
    let address = text.split("/stats/public/").nth(1).expect("an address").split('"').next().expect("a name");
    let (status, text) = page(&service, &format!("/stats/public/{address}")).await;
    assert_eq!(status, 200, "{address}: {text}");
    assert_eq!(numbers(&text).0[0], "1");
    assert!(text.contains("L’Écho / 50% + more?"), "{text}");
    assert_eq!(page(&service, "/stats/public/test").await.0, 404);
    assert_eq!(owner.send("/stats/views/publicity", &[("public", "off")]).await.0, 303);
    assert_eq!(page(&service, &format!("/stats/public/{address}")).await.0, 404);
}

async fn others_see_what_is_closed_with_shares_rounded_down(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    change(&service, "test", |site| site.public = true).await;
    let shared = path(&service, &share(&service, json!({})).await);
    let mut codes = Vec::new();
    for _ in 0..8 {
        codes.push(code(&service.link(json!({ "url": ONE, "channel": "sms" })).await));
    }
    service.crowd(&codes[0], 30, 1).await;
    let few = "too few to show";
    let both = ["/stats/public/test", shared.as_str()];
    // Of today there is nothing, whoever asks for it, and at whatever hour.
    for hour in [12, 13] {
        service.set_time(&format!("2026-11-21T{hour}:00:00Z"));
        for path in both {
            for days in ["", "?from=2026-11-21&to=2026-11-21", "?period=today"] {
                let (_, text) = page(&service, &format!("{path}{days}")).await;
                let (figures, names) = numbers(&text);
                assert!(
                    [figures[0].as_str(), &figures[2], &figures[3]] == [few; 3],
                    "{path}{days}: {figures:?}"
                );
                assert!(names.is_empty() && !text.contains("Today until"), "{path}{days}: {text}");
            }
        }
    }
    service.set_time("2026-11-22T12:00:00Z");
    service.days_closed().await;
    for path in both {
        // Each page is made once a second.
        let deadline = Instant::now() + Duration::from_secs(20);
        while numbers(&page(&service, path).await.1).0[2] == few && Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let (_, text) = page(&service, path).await;
        let (figures, names) = numbers(&text);
        assert_eq!(figures, ["5", "0", "30", "30"], "{path}");
        assert!(names.contains(&"SMS"), "{path}: {names:?}");
        assert!(text.contains("Shares are rounded down to multiples of 5 for each day"), "{text}");
        assert!(!text.contains("irality"), "of shares that are not all shown it would be wrong: {text}");
    }
    // The signed-in see every share, and those of today.
    let owner = Person::with_key(&service).await;
    assert!(owner.page("/stats").await.1.contains("<span>Shares</span><b>8</b>"));
}

async fn a_view_sets_no_cookie_and_tells_nobody_its_address(backend: Backend) {
    let service = Service::start(backend).await;
    let open = path(&service, &share(&service, json!({})).await);
    let locked = path(&service, &share(&service, json!({ "password": PASSWORD })).await);
    for path in [open, locked] {
        let answer = service.request(Method::GET, &path).send().await.expect("an answer");
        let header = |name: &str| answer.headers()[name].to_str().expect("text").to_owned();
        assert_eq!(header("x-robots-tag"), "noindex, nofollow");
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("cache-control"), "no-store");
        assert!(header("content-security-policy").contains("default-src 'none'"));
        assert!(answer.headers().get("set-cookie").is_none());
        let text = answer.text().await.expect("text");
        assert!(text.contains("<meta name=\"robots\" content=\"noindex\">"), "{text}");
    }
}

async fn badge(service: &Service, path: &str) -> String {
    let answer = service.request(Method::GET, path).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::OK, "{path}");
    assert_eq!(answer.headers()["content-type"], "image/svg+xml");
    assert_eq!(answer.headers()["cross-origin-resource-policy"], "cross-origin");
    assert!(answer.headers()["cache-control"].to_str().expect("text").starts_with("public, max-age="));
    answer.text().await.expect("text")
}

async fn a_badge_shows_the_clicks_of_closed_days_and_weeks(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "5")]).await;
    change(&service, "test", |site| site.badges = true).await;
    // A Wednesday.
    service.set_time("2026-11-25T12:00:00Z");
    let mut codes = Vec::new();
    for (url, people) in [(ONE, 35), (ONE, 5), (ONE, 5), (TWO, 4)] {
        let code = code(&service.link(json!({ "url": url, "channel": "sms" })).await);
        service.crowd(&code, people, 1).await;
        codes.push(code);
    }
    let shows = async |expected: [(&String, &str, &str); 5]| {
        for (code, query, number) in expected {
            let drawing = badge(&service, &format!("/{code}/badge.svg{query}")).await;
            assert!(drawing.contains(&format!(">{number}<")), "{code}{query}: {drawing}");
            assert!(drawing.contains("<title>Opened "), "{drawing}");
        }
    };
    let [wide, narrow, _, other] = &codes[..] else { panic!("four links") };
    let nothing = [
        (wide, "", "–"),
        (wide, "?of=page", "–"),
        (narrow, "", "–"),
        (other, "", "–"),
        (other, "?of=page", "–"),
    ];
    shows(nothing).await;
    for day in [26, 27] {
        service.set_time(&format!("2026-11-{day}T12:00:00Z"));
        service.days_closed().await;
        for link in &codes[1..3] {
            service.crowd(link, 5, 1).await;
        }
    }
    shows([
        (wide, "", "35"),
        (wide, "?of=link", "35"),
        (narrow, "?of=page", "35"),
        (narrow, "", "–"),
        (other, "?of=page", "–"),
    ])
    .await;
    // What was too few for the links is their page's with the week, which is that of no link.
    service.set_time("2026-11-30T12:00:00Z");
    service.days_closed().await;
    shows([
        (wide, "", "35"),
        (wide, "?of=page", "65"),
        (narrow, "?of=page", "65"),
        (narrow, "", "–"),
        (other, "?of=page", "–"),
    ])
    .await;
    let wrong = service.request(Method::GET, &format!("/{wide}/badge.svg?of=site"));
    assert_eq!(wrong_names(&refused(wrong, 422, "invalid_params").await), ["of"]);
    assert_eq!(service.metric("entries_recorded_total").await, 69, "to look counts nothing");
}

async fn a_badge_is_there_only_where_the_site_wants_it(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let path = format!("/{code}/badge.svg");
    refused(service.request(Method::GET, &path), 404, "not_found").await;
    let owner = Person::with_key(&service).await;
    assert_eq!(owner.send("/stats/views/publicity", &[("badges", "on")]).await.0, 303);
    service.answers(&path, 200).await;
    assert!(badge(&service, &path).await.contains(">0<"));
    refused(service.request(Method::GET, "/nothing1/badge.svg"), 404, "not_found").await;
    let other = service.code().await;
    service.take_down(&other).await;
    service.answers(&format!("/{other}/badge.svg"), 451).await;
    let answer = service.request(Method::GET, &format!("/{other}/badge.svg")).send().await;
    problem(answer.expect("an answer"), 451, "taken_down").await;
    assert_eq!(owner.send("/stats/views/publicity", &[("badges", "off")]).await.0, 303);
    service.answers(&path, 404).await;
}

impl Service {
    /// Waits until a path answers so: what was changed holds within a second.
    async fn answers(&self, path: &str, expected: u16) {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let answer = self.request(Method::GET, path).send().await.expect("an answer");
            if answer.status().as_u16() == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{path}: {}", answer.status());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}
