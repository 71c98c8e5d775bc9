//! Where a person stands with the question, and the pages that say so.

use entrenous::domain::min_count::{MinCount, MinCounts};
use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;

use crate::service::{Backend, Service, on_every_store, problem, refused, totals, wrong_names};

on_every_store!(
    the_privacy_page_says_where_this_browser_stands,
    the_privacy_page_says_what_the_publisher_sees,
    an_answer_is_a_cookie_and_forgetting_takes_it_away,
    over_https_the_cookie_belongs_to_this_host_alone,
    a_receipt_says_what_a_click_would_store_and_counts_nothing,
    a_receipt_says_when_a_link_does_not_forward,
    a_robot_that_answers_the_question_is_forwarded_and_not_counted,
    the_question_keeps_nothing_and_loads_nothing_from_elsewhere,
    the_trial_is_only_on_this_machine,
);

type Headers = &'static [(&'static str, &'static str)];

/// The cookie, the other headers, and the words of the privacy page.
const STATES: [(&str, Headers, &str); 15] = [
    ("consent-ID=g1", &[], "<b>Allowed.</b>"),
    ("a=b; consent-ID=d1; c=d", &[], "<b>Refused.</b>"),
    ("", &[], "<b>No answer yet.</b>"),
    ("consent-ID=g2", &[], "<b>No answer yet.</b>"),
    ("consent-ID=; Xconsent-ID=g1; __Host-consent-ID=g1; consent-IDx=g1", &[], "<b>No answer yet.</b>"),
    ("consent=g1; consent-=g1; consent-other123=g1", &[], "<b>No answer yet.</b>"),
    ("consent-other123=d1; consent-ID=g1", &[], "<b>Allowed.</b>"),
    // A browser has one of a name. Whoever put the others there, only a refusal is believed.
    ("consent-ID=g1; consent-ID=g1", &[], "<b>No answer yet.</b>"),
    ("consent-ID=x; consent-ID=g1", &[], "<b>No answer yet.</b>"),
    ("consent-ID=g1; consent-ID=", &[], "<b>No answer yet.</b>"),
    ("consent-ID=g1; consent-ID=d1; consent-ID=g1", &[], "<b>Refused.</b>"),
    ("consent-ID=g1", &[("cookie", "consent-ID=d1")], "<b>Refused.</b>"),
    ("consent-ID=g1", &[("sec-gpc", "1")], "<b>Your browser says no.</b>"),
    ("", &[("dnt", "1")], "<b>Your browser says no.</b>"),
    ("consent-ID=g1", &[("sec-gpc", "0"), ("dnt", "0")], "<b>Allowed.</b>"),
];

async fn text(request: RequestBuilder) -> String {
    let response = request.send().await.expect("an answer");
    assert_eq!(response.status().as_u16(), 200);
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(response.headers().get("set-cookie").is_none(), "looking changes nothing");
    response.text().await.expect("text")
}

fn headed(request: RequestBuilder, cookie: &str, headers: &[(&str, &str)]) -> RequestBuilder {
    let request = if cookie.is_empty() { request } else { request.header("cookie", cookie) };
    headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))
}

async fn the_privacy_page_says_where_this_browser_stands(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "7"), ("retention.months", "11")]).await;
    let site = service.site_id("test");
    for (cookie, headers, words) in STATES {
        let own = |text: &str| text.replace("ID", site.as_str());
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, own(value))).collect();
        let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let page = text(headed(service.visit(&format!("privacy?site={site}")), &own(cookie), &headers)).await;
        assert!(page.contains(words), "{cookie} {headers:?}: {page}");
        let others = STATES.iter().filter(|(_, _, other)| *other != words);
        assert!(others.into_iter().all(|(_, _, other)| !page.contains(other)), "{cookie} {headers:?}");
        assert!(page.contains("with k = 7") && page.contains("11 months"));
    }
}

async fn the_privacy_page_says_what_the_publisher_sees(backend: Backend) {
    let service = Service::start_with(backend, &[("stats.min_count", "7")]).await;
    let page = async |of: &str| text(service.visit(&format!("privacy{of}"))).await;
    let protected = page(&format!("?site={}", service.site_id("test"))).await;
    for part in [
        "This publisher’s numbers are protected, with k = 7.",
        "rounded to multiples of 7",
        "visitors from at least 28 more networks",
        "Somebody who controls fewer than 7 networks",
        // (1 − 1/7)³
        "a probability of at least 62%",
        "Opens, on a site that counts them, come without networks",
        "If a page has only one link, the page’s week is that link’s.",
    ] {
        assert!(protected.contains(part), "{part}: {protected}");
    }
    service.site("exact", |site| site.min_count = MinCounts::always(MinCount::EXACT)).await;
    let exact = page(&format!("?site={}", service.site_id("exact"))).await;
    assert!(exact.contains("This publisher has chosen exact numbers") && !exact.contains("protected, with"));
    let operators = page("").await;
    assert!(operators.contains("Each publisher chooses whether its numbers are exact or protected"));
    assert!(!operators.contains("This publisher"), "{operators}");
}

fn change(service: &Service, choice: &str) -> RequestBuilder {
    let path = format!("/privacy/consent?site={}", service.site_id("test"));
    service.request(Method::POST, &path).form(&[("choice", choice)])
}

fn cookies(response: &Response) -> Vec<Vec<&str>> {
    let all = response.headers().get_all("set-cookie").iter();
    all.map(|cookie| {
        let mut parts: Vec<_> = cookie.to_str().expect("text").split("; ").collect();
        parts[1..].sort_unstable();
        parts
    })
    .collect()
}

async fn an_answer_is_a_cookie_and_forgetting_takes_it_away(backend: Backend) {
    let service = Service::start(backend).await;
    let site = service.site_id("test");
    let privacy = format!("/privacy?site={site}");
    for (choice, value, age) in [
        ("allow", "g1", "Max-Age=15724800"),
        ("refuse", "d1", "Max-Age=15724800"),
        ("forget", "", "Max-Age=0"),
    ] {
        let pair = &*format!("consent-{site}={value}");
        let answer = change(&service, choice).send().await.expect("an answer");
        assert_eq!(
            (answer.status().as_u16(), &answer.headers()["location"]),
            (303, &privacy.parse().expect("text"))
        );
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(cookies(&answer), [[pair, "HttpOnly", age, "Path=/", "SameSite=Lax"]]);
        let own = change(&service, choice).header("origin", &service.base).send().await.expect("an answer");
        assert_eq!(own.status().as_u16(), 303);
        for origin in ["https://evil.example", "null", "http://127.0.0.1"] {
            let foreign = change(&service, choice).header("origin", origin).send().await.expect("an answer");
            assert!(foreign.headers().get("set-cookie").is_none(), "{origin}");
            problem(foreign, 403, "foreign_origin").await;
        }
    }
    for wrong in ["", "later", "ALLOW", "g1", "allow "] {
        let problem = refused(change(&service, wrong), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["choice"], "{wrong}");
    }
    let none = service.request(Method::POST, "/privacy/consent").form(&[("x", "y")]);
    refused(none, 422, "invalid_params").await;
}

async fn over_https_the_cookie_belongs_to_this_host_alone(backend: Backend) {
    let service = Service::start_with(backend, &[("server.public_url", "https://go.example")]).await;
    let code = service.code().await;
    let site = service.site_id("test");
    for choice in ["allow", "refuse", "forget"] {
        let answer = change(&service, choice).header("origin", "https://go.example").send().await;
        let answer = answer.expect("an answer");
        let cookies = cookies(&answer);
        let [cookie] = cookies.as_slice() else { panic!("one cookie: {cookies:?}") };
        assert!(cookie[0].starts_with(&format!("__Host-consent-{site}=")), "{cookie:?}");
        // What browsers ask of a name that begins so: Secure, the whole path, and no Domain.
        assert!(cookie.contains(&"Secure") && cookie.contains(&"Path=/"), "{cookie:?}");
        assert!(!cookie.iter().any(|part| part.starts_with("Domain")), "{cookie:?}");
    }
    // A cookie that a page over plain http, or on another subdomain, could have set is no answer.
    let plain = format!("consent-{site}=g1");
    let asked = service.visit(&code).header("cookie", plain).send().await.expect("an answer");
    assert_eq!(asked.status().as_u16(), 200);
    let both = format!("consent-{site}=d1; __Host-consent-{site}=g1");
    let counted = service.visit(&code).header("cookie", both).send().await;
    assert_eq!(counted.expect("an answer").status().as_u16(), 302);
    assert_eq!(totals(&service.stats(&code).await), [0, 1, 1, 0].map(Some));
    // The other side of the same coin: the page of the public address may answer the question.
    let form =
        service.request(Method::POST, &format!("/{code}/consent")).header("origin", "https://go.example");
    let answer = form.form(&[("choice", "refuse")]).send().await.expect("an answer");
    assert_eq!(answer.status().as_u16(), 303);
    assert_eq!(cookies(&answer)[0][0], format!("__Host-consent-{site}=d1"));
}

async fn a_receipt_says_what_a_click_would_store_and_counts_nothing(backend: Backend) {
    for (policy, unknown) in [
        ("ask", "<b>Nothing before you answer.</b>"),
        ("skip", "You have not been asked, so you are not counted."),
        ("aggregate", "<b>One more open of this link today.</b>"),
    ] {
        let service = Service::start_with(backend, &[("consent.unknown", policy)]).await;
        let body = json!({ "url": "https://example.com/a?b=1&c=<2>", "channel": "whatsapp",
            "campaign": "<b>spring</b>", "slug": "seen", "expires_at": "2027-01-31T00:00:00Z" });
        service.link(body).await;
        for (cookie, headers, words) in [
            (service.granted(), &[][..], "<b>One click on this link today</b>"),
            (service.denied(), &[], "You have refused"),
            (service.granted(), &[("sec-gpc", "1")], "Your browser sends Global Privacy Control"),
            (String::new(), &[], unknown),
        ] {
            let page = text(headed(service.visit("seen+"), &cookie, headers)).await;
            assert!(page.contains(words), "{policy} {cookie} {headers:?}: {page}");
            for words in [
                "https://example.com/a?b=1&#38;c=%3C2%3E",
                "Leads to example.com",
                "WhatsApp",
                "&#60;b&#62;spring&#60;/b&#62;",
                "21 November 2026",
                "31 January 2027",
                &format!("http://localhost:{}/seen", service.port()),
            ] {
                assert!(page.contains(words), "{words}: {page}");
            }
        }
        // A robot, too, may read it.
        text(service.fetch("seen+", crate::service::WHATSAPP)).await;
        assert_eq!(totals(&service.stats("seen").await), [0; 4].map(Some));
    }
}

async fn a_receipt_says_when_a_link_does_not_forward(backend: Backend) {
    let service = Service::start(backend).await;
    let end = service.in_seconds(60);
    for (slug, expires_at) in [("ends", Some(end)), ("off", None), ("down", None)] {
        let body = json!({ "url": "https://example.com/", "channel": "sms", "slug": slug, "expires_at": expires_at });
        service.link(body).await;
    }
    service.set_time("2026-11-21T12:01:00Z");
    let off = service.api(Method::PATCH, "/api/v1/links/off").json(&json!({ "disabled": true })).send().await;
    assert_eq!(off.expect("an answer").status().as_u16(), 200);
    for (slug, words) in [("ends", "This link has expired"), ("off", "This link is switched off")] {
        let page = text(service.visit(&format!("{slug}+")).header("cookie", service.granted())).await;
        assert!(page.contains(words) && page.contains("<b>Nothing.</b>"), "{page}");
        assert!(
            page.contains("https://example.com/") && !page.contains(&format!("href=\"/{slug}\"")),
            "{page}"
        );
    }
    service.take_down("down").await;
    let down = service.visit("down+").send().await.expect("an answer");
    assert_eq!(down.status().as_u16(), 451);
    let page = down.text().await.expect("text");
    assert!(!page.contains("example.com"), "nobody is led there: {page}");
    refused(service.request(Method::GET, "/down+"), 451, "taken_down").await;
    refused(service.request(Method::GET, "/nothing1+"), 404, "not_found").await;
    refused(service.request(Method::GET, "/+"), 404, "not_found").await;
}

async fn a_robot_that_answers_the_question_is_forwarded_and_not_counted(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let answer = |agent: &'static str| {
        let request = service.request(Method::POST, &format!("/{code}/consent")).header("user-agent", agent);
        request.form(&[("choice", "allow")]).send()
    };
    for robot in ["", "curl/8.5.0", crate::service::WHATSAPP] {
        let forwarded = answer(robot).await.expect("an answer");
        assert_eq!(
            (forwarded.status().as_u16(), &forwarded.headers()["location"]),
            (303, &"https://example.com/".parse().expect("text"))
        );
    }
    assert_eq!(totals(&service.stats(&code).await), [0; 4].map(Some));
    assert_eq!(answer(crate::service::FIREFOX).await.expect("an answer").status().as_u16(), 303);
    assert_eq!(totals(&service.stats(&code).await), [0, 1, 1, 0].map(Some));
}

async fn the_question_keeps_nothing_and_loads_nothing_from_elsewhere(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    for path in
        [code.clone(), format!("{code}+"), "privacy".to_owned(), "stats/sign-in".to_owned(), String::new()]
    {
        let response = service.visit(&path).send().await.expect("an answer");
        assert_eq!(response.status().as_u16(), 200);
        let headers = response.headers().clone();
        assert!(headers.get("set-cookie").is_none(), "{path}");
        let policy = headers["content-security-policy"].to_str().expect("text");
        assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"));
        assert_eq!(headers["x-content-type-options"], "nosniff");
        assert_eq!(headers["referrer-policy"], "same-origin");
        let cached = if path == code { "private, no-cache" } else { "no-store" };
        assert_eq!(headers["cache-control"], cached, "{path}");
        let page = response.text().await.expect("text");
        // In tags: a page may show an address, or a line to copy, as text.
        let mut tags = page.split('<').filter_map(|rest| rest.split_once('>')).map(|(tag, _)| tag);
        assert!(tags.all(|tag| !tag.starts_with("script") && !tag.contains(" src=\"http")), "{page}");
    }
    for (path, media_type) in [("style.css", "text/css; charset=utf-8"), ("icon.svg", "image/svg+xml")] {
        let file = service.visit(&format!("static/{path}")).send().await.expect("an answer");
        assert_eq!(
            (file.status().as_u16(), &file.headers()["content-type"]),
            (200, &media_type.parse().expect("text"))
        );
        assert!(!file.text().await.expect("text").contains("url(http"));
    }
    assert_eq!(totals(&service.stats(&code).await), [0; 4].map(Some));
}

async fn the_trial_is_only_on_this_machine(backend: Backend) {
    const FORM: &str = "action=\"/try\"";
    let share = |service: &Service, url: &str| {
        let request = service.request(Method::POST, "/try").header("accept", "text/html");
        request.form(&[("url", url), ("channel", "whatsapp")])
    };
    let service = Service::start(backend).await;
    assert!(!text(service.visit("")).await.contains(FORM), "there is no site for it");
    assert_eq!(
        share(&service, "https://example.com/").send().await.expect("an answer").status().as_u16(),
        404
    );
    service.site("default", |_| {}).await;
    assert!(text(service.visit("")).await.contains(FORM));
    let page = text(share(&service, "https://example.com/tried")).await;
    let (_, after) = page.split_once("href=\"/stats/").expect("a link");
    let code = after.split_once('"').expect("its end").0;
    assert!(page.contains("wa.me"), "{page}");
    for wrong in ["", "javascript:alert(1)", "https://a:b@example.com/", "\"><script>"] {
        let answer = share(&service, wrong).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 422, "{wrong}");
        let page = answer.text().await.expect("text");
        assert!(page.contains("The address ") && !page.contains("<script"), "{page}");
    }
    let foreign = service.request(Method::POST, "/try").header("origin", "https://evil.example");
    refused(foreign.form(&[("url", "https://example.com/"), ("channel", "sms")]), 403, "foreign_origin")
        .await;
    for (name, value) in
        [("x-forwarded-for", "192.0.2.1"), ("x-forwarded-for", "127.0.0.1"), ("forwarded", "for=127.0.0.1")]
    {
        let page = text(service.visit("").header(name, value)).await;
        assert!(!page.contains(FORM) && page.contains("Which private channel"), "{page}");
        let answer =
            share(&service, "https://example.com/").header(name, value).send().await.expect("an answer");
        assert_eq!(answer.status().as_u16(), 404, "{name}: {value}");
    }
    let forwarded = service.visit(code).header("cookie", service.denied()).send().await.expect("an answer");
    assert_eq!(forwarded.headers()["location"], "https://example.com/tried");
    let public = Service::start_with(backend, &[("server.public_url", "https://go.example")]).await;
    public.site("default", |_| {}).await;
    assert!(!text(public.visit("")).await.contains(FORM), "others can reach it by that name");
    assert_eq!(
        share(&public, "https://example.com/").send().await.expect("an answer").status().as_u16(),
        404
    );
}
