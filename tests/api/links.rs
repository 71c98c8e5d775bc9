//! Links by the API: made, listed, read, changed, deleted.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store, refused, totals, wrong_names};

on_every_store!(
    a_link_comes_back_with_every_field_that_was_given,
    a_link_of_which_little_was_said_has_a_random_code_and_nulls,
    a_slug_needs_the_secret_key_and_is_taken_once,
    what_is_named_by_the_client_is_made_once,
    an_idempotency_key_holds_for_24_hours_for_one_key_and_one_body,
    a_bulk_that_is_sent_again_makes_nothing_twice,
    thirty_calls_at_once_with_one_name_make_one_link,
    a_parent_is_a_link_of_the_same_site,
    every_field_has_its_limit_and_every_wrong_one_is_named,
    a_bulk_answers_each_link_in_its_place,
    a_list_goes_through_all_links_without_gap_or_repeat,
    a_list_is_filtered_by_channel_campaign_and_page,
    a_change_changes_the_named_fields_and_null_clears,
    a_change_that_breaks_a_rule_changes_nothing,
    a_link_is_changed_and_deleted_only_as_if_match_expects_it,
    a_change_is_a_merge_patch_by_either_media_type,
    deleting_forgets_the_counts_and_frees_the_slug,
    a_link_of_another_site_is_not_there,
);

/// Every field of a link in an answer: those of the contract, and `title` and `disabled`.
const FIELDS: [&str; 11] = [
    "campaign",
    "channel",
    "code",
    "created_at",
    "disabled",
    "expires_at",
    "parent",
    "share_url",
    "short_url",
    "title",
    "url",
];

fn create(service: &Service, body: &Value) -> RequestBuilder {
    service.api(Method::POST, "/api/v1/links").json(body)
}

fn minimal() -> Value {
    json!({ "url": "https://example.com/", "channel": "copy" })
}

fn with(name: &str, value: impl Into<Value>) -> Value {
    let mut body = minimal();
    body[name] = value.into();
    body
}

fn names(value: &Value) -> Vec<&String> {
    value.as_object().expect("an object").keys().collect()
}

async fn sent(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    (status, answer.json().await.expect("JSON"))
}

async fn a_link_comes_back_with_every_field_that_was_given(backend: Backend) {
    let service = Service::start(backend).await;
    let parent = service.code().await;
    let body = json!({
        "url": "HTTPS://Example.COM:443/ä?x=1#part", "channel": "email", "campaign": "  spring sale ",
        "title": "Fish & chips?", "parent": parent, "slug": "my-Slug_1",
        "expires_at": "2027-01-31T12:00:00.5+01:00", "external_id": "order/7",
    });
    let answer = create(&service, &body).send().await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::CREATED);
    assert_eq!(answer.headers()["location"], "/api/v1/links/my-Slug_1");
    assert_eq!(answer.headers()["content-type"], "application/json");
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let link: Value = answer.json().await.expect("JSON");
    assert_eq!(names(&link), FIELDS.each_ref());
    let short_url = format!("http://localhost:{}/my-Slug_1", service.port());
    assert_eq!(
        link,
        json!({
            "code": "my-Slug_1", "short_url": short_url, "url": "https://example.com/%C3%A4?x=1#part",
            "channel": "email", "campaign": "spring sale", "title": "Fish & chips?", "parent": parent,
            "share_url": link["share_url"], "created_at": "2026-11-21T12:00:00Z",
            "expires_at": "2027-01-31T11:00:00.5Z", "disabled": false,
        })
    );
    let share_url = url::Url::parse(link["share_url"].as_str().expect("an address")).expect("an address");
    assert_eq!(share_url.scheme(), "mailto");
    let parts: Vec<_> = share_url.query_pairs().map(|(_, value)| value.into_owned()).collect();
    assert!(parts.contains(&"Fish & chips?".to_owned()), "{parts:?}");
    assert!(parts.iter().any(|part| part.contains(&short_url)), "{parts:?}");
    assert_eq!(service.get("/api/v1/links/my-Slug_1").await, link);
}

async fn a_link_of_which_little_was_said_has_a_random_code_and_nulls(backend: Backend) {
    let service = Service::start(backend).await;
    let channels =
        "whatsapp email sms copy messenger telegram signal viber wechat native qr other".split(' ');
    for channel in channels {
        let link = service.link(json!({ "url": "https://example.com", "channel": channel })).await;
        assert_eq!(names(&link), FIELDS.each_ref());
        assert_eq!((&link["channel"], &link["url"]), (&json!(channel), &json!("https://example.com/")));
        for name in ["campaign", "title", "parent", "expires_at"] {
            assert_eq!(link[name], Value::Null, "{channel}: {name}");
        }
        let code = code(&link);
        assert!(code.len() == 8 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{code}");
        let share_url = &link["share_url"];
        assert!(share_url.is_null() || url::Url::parse(share_url.as_str().expect("text")).is_ok());
        assert_eq!(share_url.is_null(), service.link(with("channel", channel)).await["share_url"].is_null());
    }
    assert_eq!(service.link(minimal()).await["share_url"], Value::Null, "a copied link opens no app");
    // Null is the same as not given, and an empty text too.
    let nulls = json!({ "campaign": null, "title": "", "parent": null, "slug": null, "expires_at": null, "external_id": null });
    let mut body = minimal();
    body.as_object_mut().expect("an object").extend(nulls.as_object().expect("an object").clone());
    let link = service.link(body).await;
    assert_eq!((&link["campaign"], &link["title"]), (&Value::Null, &Value::Null));
}

async fn a_slug_needs_the_secret_key_and_is_taken_once(backend: Backend) {
    let service = Service::start(backend).await;
    let body = with("slug", "spring");
    let publishable = service.request(Method::POST, "/api/v1/links").bearer_auth(&service.publishable);
    refused(publishable.json(&body), 403, "secret_key_needed").await;
    service.link(body.clone()).await;
    refused(create(&service, &body), 409, "slug_taken").await;
    // Another site hears the same, and nothing of whose it is.
    let (_, other) = service.site("other", |_| {}).await;
    let again = service.request(Method::POST, "/api/v1/links").bearer_auth(&other).json(&body);
    refused(again, 409, "slug_taken").await;
    // Slugs do not tell capital letters from small ones.
    refused(create(&service, &with("slug", "Spring")), 409, "slug_taken").await;
    for slug in ["", "a b", "a+", "a/b", "a.b", "ä", "api", "Stats", "share", "privacy", &"a".repeat(65)] {
        let problem = refused(create(&service, &with("slug", slug)), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["slug"], "{slug}");
    }
    assert_eq!(code(&service.link(with("slug", "a".repeat(64))).await), "a".repeat(64));
}

async fn what_is_named_by_the_client_is_made_once(backend: Backend) {
    let service = Service::start(backend).await;
    let once = |body: &Value, key: &str| create(&service, body).header("idempotency-key", key);
    let (status, first) = sent(once(&with("slug", "first"), "7")).await;
    assert_eq!(status, StatusCode::CREATED);
    // The same request is answered with the first link, whatever has become of the site since.
    service.set_time("2026-11-21T12:30:00Z");
    assert_eq!(sent(once(&with("slug", "first"), "7")).await, (StatusCode::OK, first.clone()));
    for body in [with("url", "https://example.com/other"), minimal(), with("slug", "second")] {
        refused(once(&body, "7"), 422, "idempotency_key_reused").await;
    }
    let (status, named) = sent(create(&service, &with("external_id", "7"))).await;
    assert_eq!(status, StatusCode::CREATED, "a header and a field are two names");
    let repeated = with("external_id", "7");
    assert_eq!(sent(create(&service, &repeated)).await, (StatusCode::OK, named.clone()));
    // The same url and channel is the same link, whatever else is said of it; another url or channel is not.
    let mut titled = with("external_id", "7");
    titled["title"] = "Other words".into();
    assert_eq!(sent(create(&service, &titled)).await, (StatusCode::OK, named.clone()));
    for (name, value) in [("url", "https://example.com/other"), ("channel", "sms")] {
        let mut other = with("external_id", "7");
        other[name] = value.into();
        refused(create(&service, &other), 409, "external_id_taken").await;
    }
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(2));
    // Names are a site's own.
    let (_, other) = service.site("other", |_| {}).await;
    let foreign = service.link_of(&other, repeated.clone()).await;
    assert_ne!(foreign["code"], named["code"]);
    // A name ends with its link.
    let deleted = service.api(Method::DELETE, &format!("/api/v1/links/{}", code(&named))).send().await;
    assert_eq!(deleted.expect("an answer").status(), StatusCode::NO_CONTENT);
    let (status, again) = sent(create(&service, &repeated)).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_ne!(again["code"], named["code"]);
    for (name, value) in [("external_id", ""), ("external_id", &"x".repeat(256))] {
        let problem = refused(create(&service, &with(name, value)), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["external_id"]);
    }
    for value in [&b""[..], &[b'x'; 256], "é".as_bytes()] {
        let request = create(&service, &minimal()).header("idempotency-key", value);
        let problem = refused(request, 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["Idempotency-Key"]);
    }
    assert_eq!(sent(create(&service, &with("external_id", "x".repeat(255)))).await.0, StatusCode::CREATED);
}

async fn an_idempotency_key_holds_for_24_hours_for_one_key_and_one_body(backend: Backend) {
    let service = Service::start(backend).await;
    let (other_publishable, other_secret) = service.site("other", |_| {}).await;
    let send = |key: &str, body: &Value| {
        let request = service.request(Method::POST, "/api/v1/links").bearer_auth(key);
        sent(request.header("idempotency-key", "newsletter").json(body))
    };
    let keys = [&service.secret, &service.publishable, &other_publishable, &other_secret];
    let mut codes = BTreeSet::new();
    // No key's request is answered with another key's link.
    for (number, key) in keys.into_iter().enumerate() {
        let (status, link) = send(key, &with("url", format!("https://example.com/{number}"))).await;
        assert_eq!(status, StatusCode::CREATED, "{link}");
        codes.insert(code(&link));
    }
    assert_eq!(codes.len(), 4);
    let first = with("url", "https://example.com/1");
    service.set_time("2026-11-22T11:59:59Z");
    assert_eq!(send(&service.publishable, &first).await.0, StatusCode::OK);
    let (status, problem) = send(&service.publishable, &minimal()).await;
    assert_eq!((status.as_u16(), &problem["code"]), (422, &json!("idempotency_key_reused")));
    service.set_time("2026-11-22T12:00:00Z");
    let (status, second) = send(&service.publishable, &minimal()).await;
    assert_eq!(status, StatusCode::CREATED, "the day is over");
    assert!(!codes.contains(&code(&second)));
    assert_eq!(send(&service.publishable, &minimal()).await, (StatusCode::OK, second));
}

async fn a_bulk_that_is_sent_again_makes_nothing_twice(backend: Backend) {
    let service = Service::start(backend).await;
    let send = |links: &Value| {
        let request = service.api(Method::POST, "/api/v1/links/bulk").header("idempotency-key", "import");
        request.json(&json!({ "links": links }))
    };
    let links = json!([minimal(), minimal(), with("channel", "pigeon"), with("slug", "spring")]);
    let statuses = |body: &Value| {
        let results = body["results"].as_array().expect("results").clone();
        results.iter().map(|result| result["status"].as_u64().expect("a status")).collect::<Vec<_>>()
    };
    let (_, first) = sent(send(&links)).await;
    assert_eq!(statuses(&first), [201, 201, 422, 201]);
    let (_, again) = sent(send(&links)).await;
    assert_eq!(statuses(&again), [200, 200, 422, 200]);
    for place in [0, 1, 3] {
        assert_eq!(first["results"][place]["link"], again["results"][place]["link"]);
    }
    refused(send(&json!([with("channel", "sms"), minimal()])), 422, "idempotency_key_reused").await;
    assert_eq!(listed(&service, "").await.1.len(), 3);
    // One link by itself with the same key is another request, too.
    let single = create(&service, &minimal()).header("idempotency-key", "import");
    refused(single, 422, "idempotency_key_reused").await;
}

async fn thirty_calls_at_once_with_one_name_make_one_link(backend: Backend) {
    let service = Service::start(backend).await;
    for field in [true, false] {
        let body = if field { with("external_id", "one") } else { minimal() };
        let calls = (0..30).map(|_| {
            let request = create(&service, &body);
            sent(if field { request } else { request.header("idempotency-key", "one") })
        });
        let answers = join_all(calls).await;
        let codes: BTreeSet<_> = answers.iter().map(|(_, link)| code(link)).collect();
        assert_eq!(codes.len(), 1, "{codes:?}");
        let created = answers.iter().filter(|(status, _)| *status == StatusCode::CREATED).count();
        let repeated = answers.iter().filter(|(status, _)| *status == StatusCode::OK).count();
        assert_eq!((created, repeated), (1, 29));
    }
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(2));
    // The same race for a slug has one winner.
    let statuses = join_all((0..30).map(|_| sent(create(&service, &with("slug", "race"))))).await;
    let count = |wanted| statuses.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(StatusCode::CREATED), count(StatusCode::CONFLICT)), (1, 29));
}

async fn a_parent_is_a_link_of_the_same_site(backend: Backend) {
    let service = Service::start(backend).await;
    let parent = service.code().await;
    assert_eq!(service.link(with("parent", parent.as_str())).await["parent"], json!(parent));
    let (_, other) = service.site("other", |_| {}).await;
    let foreign = code(&service.link_of(&other, minimal()).await);
    for wrong in [foreign.as_str(), "nothing1", "", "a b", "stats"] {
        let problem = refused(create(&service, &with("parent", wrong)), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["parent"], "{wrong}");
    }
}

async fn every_field_has_its_limit_and_every_wrong_one_is_named(backend: Backend) {
    let service = Service::start(backend).await;
    let base = "https://example.com/";
    let address = |length: usize| format!("{base}{}", "a".repeat(length - base.len()));
    for (name, value) in [
        ("url", address(4_096)),
        ("campaign", "é".repeat(100)),
        ("title", "é".repeat(200)),
        ("expires_at", service.in_seconds(1)),
    ] {
        service.link(with(name, value)).await;
    }
    for (name, value) in [
        ("url", json!(address(4_097))),
        ("url", json!("")),
        ("url", json!("example.com")),
        ("url", json!(7)),
        ("url", json!(null)),
        ("channel", json!("carrier-pigeon")),
        ("channel", json!("WhatsApp")),
        ("channel", json!(null)),
        ("campaign", json!("é".repeat(101))),
        ("campaign", json!("a\nb")),
        ("campaign", json!(["a"])),
        ("title", json!("é".repeat(201))),
        ("title", json!("a\u{0}b")),
        ("title", json!(1)),
        ("expires_at", json!("2026-11-21T12:00:00Z")),
        ("expires_at", json!("2020-01-01T00:00:00Z")),
        ("expires_at", json!("tomorrow")),
        ("expires_at", json!("2027-01-31")),
        ("expires_at", json!(1_800_000_000)),
        ("external_id", json!({})),
        ("channels", json!("sms")),
    ] {
        let problem = refused(create(&service, &with(name, value.clone())), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), [name], "{name}: {value}");
    }
    let problem = refused(create(&service, &with("channel", "pigeon")), 422, "invalid_params").await;
    let reason = problem["invalid_params"][0]["reason"].as_str().expect("a reason");
    assert!(reason.contains("whatsapp") && reason.contains("qr"), "{reason}");
    let several = json!({ "url": "ftp://example.com/", "channel": "x", "campaign": "é".repeat(101),
        "title": "\u{7}", "slug": "a b", "parent": "?", "expires_at": "2020-01-01T00:00:00Z" });
    let problem = refused(create(&service, &several), 422, "invalid_params").await;
    let mut found = wrong_names(&problem);
    found.sort_unstable();
    assert_eq!(found, ["campaign", "channel", "expires_at", "parent", "slug", "title", "url"]);
    let problem = refused(create(&service, &json!({})), 422, "invalid_params").await;
    assert_eq!(wrong_names(&problem), ["url", "channel"]);
    // A site's own hosts, with their subdomains, and no look-alike.
    let (publishable, _) = service
        .site("narrow", |site| {
            site.destinations =
                vec![entrenous::domain::destination::HostRule::parse("example.com").expect("a rule")];
        })
        .await;
    service.link_of(&publishable, with("url", "https://www.example.com/")).await;
    for url in ["https://example.org/", "https://notexample.com/", "https://example.com.evil.test/"] {
        let request = service.request(Method::POST, "/api/v1/links").bearer_auth(&publishable);
        let problem = refused(request.json(&with("url", url)), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["url"], "{url}");
    }
}

async fn a_bulk_answers_each_link_in_its_place(backend: Backend) {
    let service = Service::start(backend).await;
    service.link(with("slug", "taken")).await;
    let bulk =
        |links: Value| service.api(Method::POST, "/api/v1/links/bulk").json(&json!({ "links": links }));
    let links = json!([
        with("external_id", "a"),
        with("channel", "pigeon"),
        with("slug", "taken"),
        7,
        with("slug", "free"),
        with("external_id", "a"),
        {}
    ]);
    let (status, body) = sent(bulk(links)).await;
    assert_eq!((status, names(&body)), (StatusCode::OK, vec![&"results".to_owned()]));
    let results = body["results"].as_array().expect("results");
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64()).collect();
    assert_eq!(statuses, [201, 422, 409, 422, 201, 200, 422].map(Some));
    for result in results {
        if let Some(200 | 201) = result["status"].as_u64() {
            assert_eq!(names(result), ["link", "status"]);
            assert_eq!(names(&result["link"]), FIELDS.each_ref());
        } else {
            assert_eq!(names(result), ["error", "status"]);
            assert_eq!(result["error"]["status"], result["status"]);
        }
    }
    assert_eq!(results[0]["link"], results[5]["link"]);
    assert_eq!(results[4]["link"]["code"], "free");
    assert_eq!(results[2]["error"]["code"], "slug_taken");
    assert_eq!(wrong_names(&results[1]["error"]), ["channel"]);
    assert_eq!(wrong_names(&results[6]["error"]), ["url", "channel"]);
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(3));
    // A link may be the parent of those behind it.
    let family = json!([
        with("slug", "mother"),
        { "url": "https://example.com/", "channel": "sms", "slug": "daughter", "parent": "mother" },
        { "url": "https://example.com/", "channel": "sms", "parent": "daughter" },
        { "url": "https://example.com/", "channel": "sms", "parent": "niece" },
        with("slug", "niece"),
    ]);
    let (_, body) = sent(bulk(family)).await;
    let results = body["results"].as_array().expect("results");
    let statuses: Vec<_> = results.iter().map(|result| result["status"].as_u64()).collect();
    assert_eq!(statuses, [201, 201, 201, 422, 201].map(Some));
    assert_eq!(results[2]["link"]["parent"], "daughter");

    // A publishable key may, but not with a slug.
    let request = service.request(Method::POST, "/api/v1/links/bulk").bearer_auth(&service.publishable);
    let (_, body) = sent(request.json(&json!({ "links": [minimal(), with("slug", "mine")] }))).await;
    assert_eq!((&body["results"][0]["status"], &body["results"][1]["status"]), (&json!(201), &json!(403)));

    assert_eq!(sent(bulk(json!([]))).await, (StatusCode::OK, json!({ "results": [] })));
    let (_, body) = sent(bulk(json!(vec![minimal(); 100]))).await;
    assert_eq!(body["results"].as_array().map(Vec::len), Some(100));
    for wrong in [json!(vec![minimal(); 101]), json!("all"), json!(null)] {
        assert_eq!(wrong_names(&refused(bulk(wrong), 422, "invalid_params").await), ["links"]);
    }
    let more = service.api(Method::POST, "/api/v1/links/bulk").json(&json!({ "links": [], "dry_run": true }));
    assert_eq!(wrong_names(&refused(more, 422, "invalid_params").await), ["dry_run"]);
    assert_eq!(listed(&service, "?limit=100").await.1.len(), 100);
}

/// The next cursor and the codes of one page of a list.
async fn listed(service: &Service, query: &str) -> (Option<String>, Vec<String>) {
    let page = service.get(&format!("/api/v1/links{query}")).await;
    assert_eq!(names(&page), ["links", "next_cursor"]);
    let links = page["links"].as_array().expect("links");
    (page["next_cursor"].as_str().map(str::to_owned), links.iter().map(code).collect())
}

async fn a_list_goes_through_all_links_without_gap_or_repeat(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, other) = service.site("other", |_| {}).await;
    service.link_of(&other, minimal()).await;
    // All of one hour, in which the order of their making decides; nothing of that may get lost.
    let mut made = Vec::new();
    for (minute, count) in [(0, 90), (1, 100), (2, 60)] {
        service.set_time(&format!("2026-11-21T12:0{minute}:00Z"));
        let body = json!({ "links": vec![minimal(); count] });
        let (_, body) = sent(service.api(Method::POST, "/api/v1/links/bulk").json(&body)).await;
        let codes = body["results"].as_array().expect("results").iter().map(|result| code(&result["link"]));
        made.extend(codes);
    }
    made.reverse();
    let expected = made;
    for limit in [100, 37, 50] {
        let (mut found, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
        loop {
            let (next, codes) = listed(&service, &format!("?limit={limit}{cursor}")).await;
            assert!(codes.len() == limit || next.is_none(), "only the last page is short");
            found.extend(codes);
            pages += 1;
            match next {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
            if limit == 37 && pages == 2 {
                // A new link is the first of a list that begins now, and disturbs no other.
                service.set_time("2026-11-21T12:09:00Z");
                let newest = service.code().await;
                assert_eq!(listed(&service, "?limit=1").await.1, [newest.as_str()]);
                let deleted = service.api(Method::DELETE, &format!("/api/v1/links/{newest}")).send().await;
                assert_eq!(deleted.expect("an answer").status(), StatusCode::NO_CONTENT);
            }
        }
        assert_eq!(found, expected, "limit {limit}");
        assert_eq!(pages, expected.len().div_ceil(limit));
    }
    assert_eq!(listed(&service, "").await.1, expected[..50]);
    for (query, name) in [
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=", "limit"),
        ("cursor=", "cursor"),
        ("cursor=abc", "cursor"),
        ("cursor=1.a%20b", "cursor"),
        ("cursor=99999999999999999999.abc", "cursor"),
        ("page=2", "page"),
        ("url=https://example.com/", "url"),
    ] {
        let request = service.api(Method::GET, &format!("/api/v1/links?{query}"));
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), [name], "{query}");
    }
}

async fn a_list_is_filtered_by_channel_campaign_and_page(backend: Backend) {
    let service = Service::start(backend).await;
    for (channel, campaign, url) in [
        ("sms", json!("spring"), "https://example.com/a"),
        ("sms", json!(null), "https://example.com/b"),
        ("email", json!("spring"), "https://example.com/a"),
        ("email", json!("spring & more"), "https://example.com/a?x=1"),
    ] {
        service.link(json!({ "url": url, "channel": channel, "campaign": campaign })).await;
    }
    for (query, count) in [
        ("channel=sms", 2),
        ("channel=whatsapp", 0),
        ("campaign=spring", 2),
        ("campaign=spring+%26+more", 1),
        ("campaign=Spring", 2),
        ("page=http://example.com/a/%3Futm_source=n%23s", 2),
        ("page=https://example.com/a", 2),
        ("page=HTTPS://EXAMPLE.com/a", 2),
        ("page=https%3A%2F%2Fexample.com%2Fa%3Fx%3D1", 1),
        ("channel=email&campaign=spring", 1),
        ("channel=email&campaign=spring&page=https://example.com/b", 0),
    ] {
        assert_eq!(listed(&service, &format!("?{query}")).await.1.len(), count, "{query}");
    }
    // A filtered list has its cursor too.
    let (next, first) = listed(&service, "?channel=sms&limit=1").await;
    let (end, second) =
        listed(&service, &format!("?channel=sms&limit=1&cursor={}", next.expect("more"))).await;
    assert!(first != second && second.len() == 1 && end.is_none());
    for (query, name) in
        [("channel=a%20b", "channel"), ("campaign=a%0Ab", "campaign"), ("page=nowhere", "page")]
    {
        let request = service.api(Method::GET, &format!("/api/v1/links?{query}"));
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), [name], "{query}");
    }
}

fn patch(service: &Service, code: &str, body: &Value) -> RequestBuilder {
    service.api(Method::PATCH, &format!("/api/v1/links/{code}")).json(body)
}

async fn a_change_changes_the_named_fields_and_null_clears(backend: Backend) {
    let service = Service::start(backend).await;
    let mut expected = service
        .link(json!({ "url": "https://example.com/", "channel": "sms", "campaign": "spring", "title": "A",
            "expires_at": service.in_seconds(60) }))
        .await;
    let code = code(&expected);
    for (name, value) in [
        ("url", json!("https://example.com/other")),
        ("campaign", json!("summer")),
        ("expires_at", json!("2027-01-01T00:00:00Z")),
        ("disabled", json!(true)),
        ("disabled", json!(false)),
        ("campaign", json!(null)),
        ("expires_at", json!(null)),
    ] {
        expected[name] = value.clone();
        let changed = sent(patch(&service, &code, &json!({ name: value }))).await;
        assert_eq!(changed, (StatusCode::OK, expected.clone()), "{name}");
        assert_eq!(service.get(&format!("/api/v1/links/{code}")).await, expected, "{name}");
    }
    assert_eq!(sent(patch(&service, &code, &json!({}))).await, (StatusCode::OK, expected.clone()));
    // What was changed holds for the next visitor and the next list.
    let answer = service.click(&code, "192.0.2.1").await;
    assert_eq!(answer.headers()["location"], "https://example.com/other");
    assert_eq!(listed(&service, "?campaign=spring").await.1, [""; 0]);
    assert_eq!(listed(&service, "?page=https://example.com/other").await.1, [code]);
}

async fn a_change_that_breaks_a_rule_changes_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    let link = service.link(with("campaign", "spring")).await;
    let code = code(&link);
    for (name, value) in [
        ("url", json!("javascript:alert(1)")),
        ("url", json!(null)),
        ("url", json!(7)),
        ("campaign", json!("é".repeat(101))),
        ("campaign", json!(7)),
        ("expires_at", json!("2026-11-21T12:00:00Z")),
        ("expires_at", json!("soon")),
        ("disabled", json!("yes")),
        ("disabled", json!(null)),
        ("channel", json!("sms")),
        ("title", json!("New")),
        ("code", json!("new")),
        ("taken_down", json!(false)),
    ] {
        let body = json!({ name: value, "campaign": if name == "campaign" { value.clone() } else { json!("summer") } });
        let problem = refused(patch(&service, &code, &body), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), [name], "{name}: {value}");
    }
    assert_eq!(service.get(&format!("/api/v1/links/{code}")).await, link);
    refused(patch(&service, "nothing1", &json!({})), 404, "not_found").await;
}

async fn a_link_is_changed_and_deleted_only_as_if_match_expects_it(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let path = format!("/api/v1/links/{code}");
    let tag = async || {
        let response = service.api(Method::GET, &path).send().await.expect("a response");
        response.headers()["etag"].to_str().expect("ASCII").to_owned()
    };
    let first = tag().await;
    assert!(first.starts_with('"'), "{first} is not a strong tag");
    assert_eq!(tag().await, first);
    let change = async |expected: &str, disabled: bool| {
        let request = service.api(Method::PATCH, &path).header("if-match", expected);
        request.json(&json!({ "disabled": disabled })).send().await.expect("a response")
    };
    let changed = change(&first, true).await;
    assert_eq!(changed.status(), StatusCode::OK);
    let second = tag().await;
    assert_ne!(second, first);
    assert_eq!(changed.headers()["etag"], second);
    for expected in [first.as_str(), "\"other\"", &format!("W/{second}"), "not a tag", ""] {
        let response = change(expected, false).await;
        assert_eq!(response.status(), StatusCode::PRECONDITION_FAILED, "{expected}");
        let problem: Value = response.json().await.expect("JSON");
        assert_eq!(problem["code"], "precondition_failed");
        let delete = service.api(Method::DELETE, &path).header("if-match", expected);
        assert_eq!(delete.send().await.expect("a response").status(), StatusCode::PRECONDITION_FAILED);
    }
    assert_eq!(tag().await, second);
    for (expected, disabled) in [("*".to_owned(), false), (format!("{first}, {second}"), true)] {
        assert_eq!(change(&expected, disabled).await.status(), StatusCode::OK, "{expected}");
    }
    assert_eq!(tag().await, second);
    let (status, _) = sent(service.api(Method::GET, "/api/v1/links/nothing").header("if-match", "*")).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
    let delete = service.api(Method::DELETE, &path).header("if-match", &second);
    assert_eq!(delete.send().await.expect("a response").status(), StatusCode::NO_CONTENT);
}

async fn a_change_is_a_merge_patch_by_either_media_type(backend: Backend) {
    let service = Service::start(backend).await;
    let code = service.code().await;
    let path = format!("/api/v1/links/{code}");
    let send = async |method: Method, path: &str, media_type: &str| {
        let request = service.api(method, path).header("content-type", media_type);
        request.body(r#"{"campaign":null}"#).send().await.expect("a response").status()
    };
    for media_type in ["application/json", "application/merge-patch+json"] {
        assert_eq!(send(Method::PATCH, &path, media_type).await, StatusCode::OK);
    }
    let refused = send(Method::POST, "/api/v1/links", "application/merge-patch+json").await;
    assert_eq!(refused, StatusCode::UNSUPPORTED_MEDIA_TYPE);
}

async fn deleting_forgets_the_counts_and_frees_the_slug(backend: Backend) {
    let service = Service::start(backend).await;
    let body = json!({ "url": "https://example.com/", "channel": "sms", "slug": "again" });
    service.link(body.clone()).await;
    for address in ["192.0.2.1", "192.0.2.2"] {
        service.click("again", address).await;
    }
    assert_eq!(totals(&service.stats("again").await), [0, 2, 2, 0].map(Some));
    let delete = || service.api(Method::DELETE, "/api/v1/links/again");
    let deleted = delete().send().await.expect("an answer");
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    assert_eq!(deleted.bytes().await.expect("a body").len(), 0);
    refused(delete(), 404, "not_found").await;
    refused(service.api(Method::GET, "/api/v1/links/again"), 404, "not_found").await;
    refused(service.api(Method::GET, "/api/v1/links/again/stats"), 404, "not_found").await;
    assert_eq!(listed(&service, "").await.1, [""; 0]);
    let groups = service.get("/api/v1/stats?group_by=channel").await;
    assert_eq!(groups["groups"], json!([]), "nothing of it is left in the site's numbers");
    service.link(body).await;
    assert_eq!(totals(&service.stats("again").await), [0; 4].map(Some));
    service.click("again", "192.0.2.1").await;
    assert_eq!(totals(&service.stats("again").await), [0, 1, 1, 0].map(Some), "and its visitors are new");
}

async fn a_link_of_another_site_is_not_there(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, other) = service.site("other", |_| {}).await;
    let code = code(&service.link_of(&other, minimal()).await);
    for (method, path) in [
        (Method::GET, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::GET, "/stats"),
        (Method::GET, "/stats?format=csv"),
    ] {
        // The same answer as for a code that does not exist.
        let ask = |code: &str| {
            let request = service.api(method.clone(), &format!("/api/v1/links/{code}{path}"));
            refused(request.json(&json!({})), 404, "not_found")
        };
        assert_eq!(ask(&code).await, ask("nothing1").await);
    }
    assert_eq!(listed(&service, "").await.1, [""; 0]);
    assert_eq!(service.click(&code, "192.0.2.1").await.status(), StatusCode::FOUND);
}
