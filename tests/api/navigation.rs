//! A click is a person's navigation: not what a browser loads for a page, and nobody's but the publisher's whom the person
//! has allowed it.

use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::json;

use crate::service::{Backend, FIREFOX, Service, code, on_every_store, totals};

on_every_store!(
    what_a_page_loads_is_forwarded_and_not_counted,
    a_user_agent_beyond_ascii_is_a_persons,
    one_publishers_yes_is_nobody_elses,
    the_pages_of_a_publisher_say_how_to_take_an_answer_back,
    the_link_is_named_to_the_destination_only_after_a_yes,
    a_query_is_passed_on_as_it_came_or_not_at_all,
    one_address_is_counted_so_often_a_minute,
);

fn location(response: &reqwest::Response) -> String {
    response.headers()["location"].to_str().expect("text").to_owned()
}

async fn what_a_page_loads_is_forwarded_and_not_counted(backend: Backend) {
    for policy in ["ask", "aggregate"] {
        let service = Service::start_with(backend, &[("consent.unknown", policy)]).await;
        let code = service.code().await;
        for (mode, dest) in [
            ("no-cors", "image"),
            ("navigate", "iframe"),
            ("navigate", "frame"),
            ("navigate", "object"),
            ("cors", "empty"),
            ("no-cors", "empty"),
            ("same-origin", "document"),
        ] {
            for cookie in [service.granted(), "x=y".to_owned()] {
                let request =
                    service.visit(&code).header("sec-fetch-mode", mode).header("sec-fetch-dest", dest);
                let answer = request.header("cookie", &cookie).send().await.expect("an answer");
                assert_eq!(answer.status(), StatusCode::FOUND, "{policy} {mode} {dest}");
                assert_eq!(location(&answer), "https://example.com/");
            }
        }
        assert_eq!(totals(&service.stats(&code).await), [Some(0); 4], "{policy}");
        let request =
            service.visit(&code).header("sec-fetch-mode", "navigate").header("sec-fetch-dest", "document");
        let counted = request.header("cookie", service.granted()).send().await.expect("an answer");
        assert_eq!(counted.status(), StatusCode::FOUND);
        assert_eq!(totals(&service.stats(&code).await), [0, 1, 1, 0].map(Some), "{policy}");
    }
}

async fn a_user_agent_beyond_ascii_is_a_persons(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let agents: [&[u8]; 4] = [
        "Mozilla/5.0 (Linux; Android 11; INCO AIR® Build/RP1A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 \
         Chrome/120.0.0.0 Mobile Safari/537.36"
            .as_bytes(),
        "Mozilla/5.0 (Linux; Android 14; 华为 Build/HUAWEI) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 \
         Mobile Safari/537.36"
            .as_bytes(),
        "Mozilla/5.0 (iPhone) AppleWebKit/605.1.15 (KHTML, like Gecko) Versão/4.0 Safari/604.1".as_bytes(),
        b"Mozilla/5.0 (Linux; Android 11; INCO AIR\xae) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Mobile Safari/537.36",
    ];
    for agent in agents {
        let agent = reqwest::header::HeaderValue::from_bytes(agent).expect("a header");
        let request = service.request(Method::GET, &format!("/{code}")).header("user-agent", agent);
        let answer = request.header("cookie", service.granted()).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::FOUND);
    }
    // Each is a visitor of its own: every byte counts for the tag.
    assert_eq!(totals(&service.stats(&code).await), [0, 4, 4, 0].map(Some));
}

async fn one_publishers_yes_is_nobody_elses(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, secret) = service.site("other", |_| {}).await;
    let body = json!({ "url": "https://example.com/", "channel": "sms" });
    let (ours, theirs) = (service.code().await, code(&service.link_of(&secret, body).await));
    let allowed = service.request(Method::POST, &format!("/{ours}/consent")).header("user-agent", FIREFOX);
    let allowed = allowed.form(&[("choice", "allow")]).send().await.expect("an answer");
    let cookie =
        allowed.headers()["set-cookie"].to_str().expect("text").split(';').next().expect("a pair").to_owned();
    assert_eq!(cookie, service.consent("test", "g1"));
    let visit = |code: &str, cookie: &str| service.visit(code).header("cookie", cookie.to_owned()).send();
    assert_eq!(visit(&ours, &cookie).await.expect("an answer").status(), StatusCode::FOUND);
    let asked = visit(&theirs, &cookie).await.expect("an answer");
    assert_eq!(asked.status(), StatusCode::OK);
    assert!(asked.text().await.expect("text").contains("other counts one click"));
    // Of several of one name, somebody else has set all but one: only a refusal among them is believed.
    let twice = format!("{cookie}; {cookie}");
    assert_eq!(visit(&ours, &twice).await.expect("an answer").status(), StatusCode::OK);
    let refused = format!("{cookie}; {}", service.consent("test", "d1"));
    assert_eq!(visit(&ours, &refused).await.expect("an answer").status(), StatusCode::FOUND);
    assert_eq!(totals(&service.stats(&ours).await), [0, 2, 1, 0].map(Some));
}

async fn the_pages_of_a_publisher_say_how_to_take_an_answer_back(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, secret) = service.site("following", |site| site.lineage = true).await;
    let body = json!({ "url": "https://example.com/", "channel": "sms" });
    let (plain, following) = (service.code().await, code(&service.link_of(&secret, body).await));
    let text = |request: RequestBuilder| async move {
        request.send().await.expect("an answer").text().await.expect("text")
    };
    for (code, name, follows) in [(&plain, "test", false), (&following, "following", true)] {
        let privacy = format!("/privacy?site={}", service.site_id(name));
        for path in [code.clone(), format!("{code}+")] {
            let page = text(service.visit(&path)).await;
            assert!(page.contains(&format!("href=\"{privacy}\"")), "{path}: {page}");
            assert_eq!(page.contains("the parameter “ens”"), follows, "{path}: {page}");
        }
        for page in [privacy, format!("/privacy?site={name}")] {
            let page = text(service.visit(page.trim_start_matches('/'))).await;
            assert!(page.contains(&format!("Your answer to {name}")), "{page}");
            assert_eq!(page.contains("the parameter “ens”"), follows, "{page}");
        }
    }
    let operators = text(service.visit("privacy")).await;
    assert!(operators.contains("Each publisher asks separately") && !operators.contains("Forget all"));
    let answered = text(service.visit("privacy").header("cookie", service.granted())).await;
    assert!(answered.contains("Forget all my answers"));
    let forget = service.request(Method::POST, "/privacy/consent").header("cookie", service.granted());
    let forgotten = forget.form(&[("choice", "forget")]).send().await.expect("an answer");
    assert_eq!(forgotten.status(), StatusCode::SEE_OTHER);
    assert_eq!(forgotten.headers().get_all("set-cookie").iter().count(), 2);
    let unclear = service.request(Method::POST, "/privacy/consent").form(&[("choice", "allow")]).send().await;
    assert_eq!(unclear.expect("an answer").status(), StatusCode::UNPROCESSABLE_ENTITY);
    for unknown in ["privacy?site=nothing1", "privacy?site=", "privacy?site=no%20such%20site"] {
        let answer = service.visit(unknown).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{unknown}");
    }
}

async fn the_link_is_named_to_the_destination_only_after_a_yes(backend: Backend) {
    for policy in ["ask", "skip", "aggregate"] {
        let service = Service::start_with(backend, &[("consent.unknown", policy)]).await;
        let (_, secret) = service.site("following", |site| site.lineage = true).await;
        let body = json!({ "url": "https://example.com/?a=1&ens=older", "channel": "sms" });
        let code = code(&service.link_of(&secret, body).await);
        let named = format!("https://example.com/?a=1&ens={code}");
        let plain = "https://example.com/?a=1";
        let granted = service.visit(&code).header("cookie", service.granted());
        assert_eq!(location(&granted.send().await.expect("an answer")), named);
        let objecting = || service.visit(&code).header("cookie", service.granted()).header("sec-gpc", "1");
        let mut others = vec![
            service.visit(&code).header("cookie", service.denied()),
            objecting(),
            service.fetch(&code, "curl/8.5.0"),
            service.fetch(&code, crate::service::WHATSAPP),
            service.request(Method::HEAD, &format!("/{code}")).header("cookie", service.granted()),
            service.visit(&code).header("cookie", service.granted()).header("sec-fetch-dest", "iframe"),
        ];
        if policy != "ask" {
            others.push(service.visit(&code));
        }
        for other in others {
            assert_eq!(location(&other.send().await.expect("an answer")), plain, "{policy}");
        }
        for (choice, expected) in [("allow", &*named), ("refuse", plain), ("later", plain)] {
            let form =
                service.request(Method::POST, &format!("/{code}/consent")).header("user-agent", FIREFOX);
            let answer = form.form(&[("choice", choice)]).send().await.expect("an answer");
            assert_eq!(location(&answer), expected, "{policy} {choice}");
        }
    }
}

async fn a_query_is_passed_on_as_it_came_or_not_at_all(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, secret) = service.site("forwarding", |site| site.forward_query = true).await;
    let link =
        service.link_of(&secret, json!({ "url": "https://example.com/?id=0#part", "channel": "sms" })).await;
    let code = code(&link);
    let forwarded = |query: &str| {
        let request = format!(
            "GET /{code}?{query} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {FIREFOX}\r\nDNT: 1\r\nConnection: close\r\n\r\n"
        );
        let answer = crate::raw::exchange(service.address(), request.as_bytes()).expect("an answer");
        answer.headers("location")[0].to_owned()
    };
    for query in [
        "id=1&id=2&id=3",
        "tag[]=1&tag[]=2",
        "some%20thing=a%20b",
        "abc",
        "q=a,b;c:d@e",
        "a=%0d%0aSet-Cookie:%20b",
        &"a".repeat(4_096),
    ] {
        assert_eq!(forwarded(query), format!("https://example.com/?id=0&{query}#part"));
    }
    assert_eq!(forwarded(&"a".repeat(4_097)), "https://example.com/?id=0#part");
    let many: Vec<_> = (0..8_000).map(|number| format!("p{number}=1")).collect();
    assert_eq!(forwarded(&many.join("&")), "https://example.com/?id=0#part");
    // The question keeps it across the answer.
    let page = service
        .visit(&format!("{code}?id=1&id=2"))
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert!(page.contains(&format!("action=\"/{code}/consent?id=1&#38;id=2\"")), "{page}");
    let form =
        service.request(Method::POST, &format!("/{code}/consent?id=1&id=2")).header("user-agent", FIREFOX);
    let answer = form.form(&[("choice", "later")]).send().await.expect("an answer");
    assert_eq!(location(&answer), "https://example.com/?id=0&id=1&id=2#part");
}

async fn one_address_is_counted_so_often_a_minute(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.count_per_minute", "3")]).await;
    let codes = [service.code().await, service.code().await];
    let sum = async || {
        let mut clicks = 0;
        for code in &codes {
            clicks += totals(&service.stats(code).await)[1].expect("a number");
        }
        clicks
    };
    // All links together, and beyond the limit everybody is forwarded.
    for code in codes.iter().cycle().take(6) {
        service.click(code, "192.0.2.1").await;
    }
    assert_eq!((sum().await, service.metric("entries_over_limit_total").await), (3, 3));
    // Whoever refuses or is asked is in no number.
    for _ in 0..3 {
        let refusing = service.visit(&codes[0]).header("x-forwarded-for", "192.0.2.1");
        refusing.header("cookie", service.denied()).send().await.expect("an answer");
        service.visit(&codes[0]).header("x-forwarded-for", "192.0.2.1").send().await.expect("an answer");
    }
    assert_eq!(service.metric("entries_over_limit_total").await, 3);
    service.click(&codes[0], "192.0.2.2").await;
    for address in ["2001:db8:1:100::1", "2001:db8:1:1ff::1", "2001:db8:1:100::2", "2001:db8:1:1aa::3"] {
        service.click(&codes[0], address).await;
    }
    assert_eq!((sum().await, service.metric("entries_over_limit_total").await), (7, 4));
    // An answer to the question counts, too.
    let form = service.request(Method::POST, &format!("/{}/consent", codes[0])).header("user-agent", FIREFOX);
    let allowed = form.header("x-forwarded-for", "192.0.2.1").form(&[("choice", "allow")]).send().await;
    assert_eq!(allowed.expect("an answer").status(), StatusCode::SEE_OTHER);
    assert_eq!((sum().await, service.metric("entries_over_limit_total").await), (7, 5));
    service.set_time("2026-11-21T12:01:00Z");
    service.click(&codes[0], "192.0.2.1").await;
    assert_eq!(sum().await, 8);
}

/// Whether memory has a link is seen when the store is away, as only a Redis can be: what memory has is forwarded, and
/// nothing else is.
#[tokio::test]
async fn what_counts_nothing_leaves_nothing_in_memory() {
    let mut service = Service::start(Backend::Redis).await;
    let (quiet, opened) = (service.code().await, service.code().await);
    for code in [&quiet, &opened] {
        service
            .request(Method::HEAD, &format!("/{code}"))
            .header("user-agent", FIREFOX)
            .send()
            .await
            .expect("an answer");
        for agent in ["curl/8.5.0", crate::service::WHATSAPP] {
            service.fetch(code, agent).send().await.expect("an answer");
        }
        for (name, value) in [("sec-gpc", "1"), ("sec-fetch-dest", "image"), ("sec-purpose", "prefetch")] {
            service.visit(code).header(name, value).send().await.expect("an answer");
        }
    }
    service.click(&opened, "192.0.2.1").await;
    service.settled().await;
    service.redis().kill();
    let head = |code: &str| service.request(Method::HEAD, &format!("/{code}")).send();
    assert_eq!(head(&quiet).await.expect("an answer").status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(head(&opened).await.expect("an answer").status(), StatusCode::FOUND);
}
