//! Where links may lead: addresses as people paste them, what a publishable key's lose, loops, and pages in statistics.

use std::collections::BTreeMap;

use entrenous::domain::destination::HostRule;
use entrenous::domain::site::Site;
use entrenous::domain::stripping::ParameterName;
use entrenous::service::accounts::sites::Sites;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, FIREFOX, Service, code, on_every_store, refused, wrong_names};

on_every_store!(
    what_stands_around_a_pasted_address_is_taken_off,
    an_address_of_three_thousand_letters_is_taken,
    a_publishable_keys_destination_is_stored_without_what_names_a_person,
    a_site_adds_names_and_exempts_others,
    a_destination_that_leads_back_by_any_name_is_refused,
    a_link_whose_host_was_taken_off_the_list_can_still_be_changed_and_found,
    an_expiry_at_the_end_of_time_is_taken,
    at_most_ten_parameters_are_named,
    a_publishable_key_names_no_link_of_its_site,
    a_deleted_code_never_leads_to_another_site,
    one_page_and_one_campaign_have_one_name_in_statistics,
);

async fn create(service: &Service, key: &str, body: &Value) -> (StatusCode, Value) {
    let answer = service.request(Method::POST, "/api/v1/links").bearer_auth(key).json(body).send().await;
    let answer = answer.expect("an answer");
    (answer.status(), answer.json().await.expect("JSON"))
}

fn to(url: &str) -> Value {
    json!({ "url": url, "channel": "copy" })
}

async fn what_stands_around_a_pasted_address_is_taken_off(backend: Backend) {
    let service = Service::start(backend).await;
    for around in ["\n", " \t\r\n", "\u{200b}", "\u{a0}", "\u{feff}", "\u{202a}", "\u{202b}", "\u{202c}"] {
        for key in [&service.publishable, &service.secret] {
            let (status, link) =
                create(&service, key, &to(&format!("{around}https://example.com/a{around}"))).await;
            assert_eq!(
                (status, &link["url"]),
                (StatusCode::CREATED, &json!("https://example.com/a")),
                "{around:?}"
            );
        }
    }
    let inside = create(&service, &service.secret, &to("https://example.com/a\nb")).await;
    assert_eq!(inside.0, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn an_address_of_three_thousand_letters_is_taken(backend: Backend) {
    let service = Service::start(backend).await;
    let url = format!("https://example.com/?q={}", "a".repeat(3_000));
    let (status, link) = create(&service, &service.secret, &to(&url)).await;
    assert_eq!((status, &link["url"]), (StatusCode::CREATED, &json!(url)));
    assert_eq!(service.click(&code(&link), "192.0.2.1").await.headers()["location"], url);
    let over = to(&format!("https://example.com/?q={}", "a".repeat(4_074)));
    assert_eq!(create(&service, &service.secret, &over).await.0, StatusCode::UNPROCESSABLE_ENTITY);
}

async fn a_publishable_keys_destination_is_stored_without_what_names_a_person(backend: Backend) {
    let service = Service::start(backend).await;
    let url = "https://example.com/?mc_eid=4f2a77b1c0&_hsenc=p2A&msclkid=77&igshid=abc&id=5";
    let (_, link) = create(&service, &service.publishable, &to(url)).await;
    assert_eq!(link["url"], "https://example.com/?id=5");
    assert_eq!(
        service.get(&format!("/api/v1/links/{}", code(&link))).await["url"],
        "https://example.com/?id=5"
    );
    for name in [
        "mkt_tok",
        "vero_id",
        "oly_enc_id",
        "fbclid",
        "gclid",
        "ttclid",
        "twclid",
        "yclid",
        "wickedid",
        "email",
        "user_email",
        "access_token",
        "sessionid",
    ] {
        let (_, link) =
            create(&service, &service.publishable, &to(&format!("https://example.com/?{name}=x&a=b"))).await;
        assert_eq!(link["url"], "https://example.com/?a=b", "{name}");
    }
    // In a bulk, and by a plain link; a server's own destination stays as it is.
    let bulk = service.request(Method::POST, "/api/v1/links/bulk").bearer_auth(&service.publishable);
    let body: Value =
        bulk.json(&json!({ "links": [to(url)] })).send().await.expect("sent").json().await.expect("JSON");
    assert_eq!(body["results"][0]["link"]["url"], "https://example.com/?id=5");
    let query = [("key", service.publishable.as_str()), ("url", url)];
    let query = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(query).finish();
    let tap = service.request(Method::GET, &format!("/share/copy?{query}")).header("user-agent", FIREFOX);
    let tap = tap.send().await.expect("an answer");
    let path = tap.headers()["location"].to_str().expect("text");
    let code = path.rsplit('/').next().expect("a code");
    assert_eq!(service.get(&format!("/api/v1/links/{code}")).await["url"], "https://example.com/?id=5");
    assert_eq!(create(&service, &service.secret, &to(url)).await.1["url"], url);
}

async fn a_site_adds_names_and_exempts_others(backend: Backend) {
    let service = Service::start(backend).await;
    let names =
        |names: &[&str]| names.iter().map(|name| name.parse::<ParameterName>().expect("a name")).collect();
    let change = move |site: &mut Site| {
        site.stripping.also = names(&["reader"]);
        site.stripping.except = names(&["token"]);
    };
    Sites::new(service.store().await).change("test", change).await.expect("changed").expect("the site");
    let url = "https://example.com/?Reader=7&token=article&email=a%40b&id=5";
    let (_, link) = create(&service, &service.publishable, &to(url)).await;
    assert_eq!(link["url"], "https://example.com/?token=article&id=5");
}

async fn a_destination_that_leads_back_by_any_name_is_refused(backend: Backend) {
    let settings =
        [("server.public_url", "https://go.example"), ("server.names", "links.example,München.example.")];
    let service = Service::start_with(backend, &settings).await;
    let port = service.port();
    for url in [
        "https://go.example/abc".to_owned(),
        "HTTPS://GO.EXAMPLE./abc".to_owned(),
        "http://go.example:80/abc".to_owned(),
        "http://go.example:443/abc".to_owned(),
        format!("http://go.example:{port}/abc"),
        format!("http://127.0.0.1:{port}/abc"),
        format!("http://localhost:{port}/abc"),
        format!("http://[::ffff:127.0.0.1]:{port}/abc"),
        "https://links.example/x".to_owned(),
        "https://LINKS.example.:443/x".to_owned(),
        "https://xn--mnchen-3ya.example/".to_owned(),
    ] {
        for key in [&service.publishable, &service.secret] {
            let request = service.request(Method::POST, "/api/v1/links").bearer_auth(key).json(&to(&url));
            let problem = refused(request, 422, "invalid_params").await;
            assert!(
                problem["invalid_params"][0]["reason"].as_str().is_some_and(|why| why.contains("back")),
                "{url}"
            );
        }
    }
    assert_eq!(
        create(&service, &service.secret, &to("https://sub.go.example/")).await.0,
        StatusCode::CREATED
    );
}

async fn a_link_whose_host_was_taken_off_the_list_can_still_be_changed_and_found(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, link) = create(&service, &service.secret, &json!({
        "url": "https://old.example/a?x=1", "channel": "copy", "campaign": "spring", "expires_at": service.in_seconds(60),
    })).await;
    let code = code(&link);
    let narrow = |site: &mut Site| site.destinations = vec![HostRule::parse("example.com").expect("a rule")];
    Sites::new(service.store().await).change("test", narrow).await.expect("changed").expect("the site");
    // Its time is over, too; whoever sends the whole link back changes nothing of that.
    service.set_time("2026-11-21T12:05:00Z");
    let path = format!("/api/v1/links/{code}");
    for change in [
        json!({ "disabled": true }),
        json!({ "url": link["url"], "expires_at": link["expires_at"], "campaign": "spring", "disabled": false }),
        json!({ "url": " HTTPS://OLD.example:443/a?x=1 ", "expires_at": "2027-01-01T00:00:00Z" }),
    ] {
        let answer = service.api(Method::PATCH, &path).json(&change).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK, "{change}");
    }
    let changed = service.get(&path).await;
    assert_eq!((&changed["url"], &changed["expires_at"]), (&link["url"], &json!("2027-01-01T00:00:00Z")));
    let found = service.get("/api/v1/links?page=https%3A%2F%2Fold.example%2Fa%3Fx%3D1").await;
    assert_eq!(found["links"][0]["code"], code);
    let other = service.api(Method::PATCH, &path).json(&json!({ "url": "https://old.example/b" }));
    assert_eq!(wrong_names(&refused(other, 422, "invalid_params").await), ["url"]);
}

async fn an_expiry_at_the_end_of_time_is_taken(backend: Backend) {
    let service = Service::start(backend).await;
    let mut body = to("https://example.com/");
    body["expires_at"] = "9999-12-31T23:59:59Z".into();
    let (status, link) = create(&service, &service.secret, &body).await;
    assert_eq!((status, &link["expires_at"]), (StatusCode::CREATED, &body["expires_at"]), "{link}");
    let path = format!("/api/v1/links/{}", code(&link));
    assert_eq!(service.get(&path).await["expires_at"], body["expires_at"]);
    let again = service.api(Method::PATCH, &path).json(&json!({ "expires_at": "9999-12-31T23:59:59Z" }));
    assert_eq!(again.send().await.expect("an answer").status(), StatusCode::OK);
    for wrong in ["9999-12-31", "9999-12-32T00:00:00Z", "9999-12-31T23:59:59", "10000-01-01T00:00:00Z"] {
        body["expires_at"] = wrong.into();
        assert_eq!(
            create(&service, &service.secret, &body).await.0,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{wrong}"
        );
    }
}

async fn at_most_ten_parameters_are_named(backend: Backend) {
    let service = Service::start(backend).await;
    let many: BTreeMap<String, u32> =
        (0..1_000).map(|number| (format!("{number}{}", "a".repeat(50)), number)).collect();
    let problem =
        refused(service.api(Method::POST, "/api/v1/links").json(&many), 422, "invalid_params").await;
    assert_eq!(wrong_names(&problem).len(), 10);
    let query: Vec<String> = (0..1_000).map(|number| format!("a{number}=1")).collect();
    let list = service.api(Method::GET, &format!("/api/v1/links?{}", query.join("&")));
    assert_eq!(wrong_names(&refused(list, 422, "invalid_params").await).len(), 10);
    let long = BTreeMap::from([("a".repeat(60_000), 1)]);
    let problem =
        refused(service.api(Method::POST, "/api/v1/links").json(&long), 422, "invalid_params").await;
    assert!(problem.to_string().len() < 1_000, "{}", problem.to_string().len());
}

/// With `external_id` or `Idempotency-Key`, the key of a page was answered with any link of its site; and what it had
/// made under a name decided where the publisher's own link of that name led.
async fn a_publishable_key_names_no_link_of_its_site(backend: Backend) {
    let service = Service::start(backend).await;
    let secret = |body: &Value, key: Option<&str>| {
        let request = service.api(Method::POST, "/api/v1/links").json(body);
        key.map_or_else(
            || request.try_clone().expect("no stream"),
            |key| request.try_clone().expect("no stream").header("idempotency-key", key),
        )
    };
    let page = |body: &Value| {
        service.request(Method::POST, "/api/v1/links").bearer_auth(&service.publishable).json(body)
    };
    let newsletter =
        json!({ "url": "https://example.com/hidden", "channel": "email", "external_id": "newsletter-47" });
    assert_eq!(secret(&newsletter, None).send().await.expect("sent").status(), StatusCode::CREATED);
    let read = json!({ "url": "https://example.com/", "channel": "copy", "external_id": "newsletter-47" });
    refused(page(&read), 403, "secret_key_needed").await;
    let bulk = service.request(Method::POST, "/api/v1/links/bulk").bearer_auth(&service.publishable);
    let bulk: Value =
        bulk.json(&json!({ "links": [read] })).send().await.expect("sent").json().await.expect("JSON");
    assert_eq!((&bulk["results"][0]["status"], &bulk["results"][0]["link"]), (&json!(403), &Value::Null));
    // The publisher's newsletter of next week leads where the publisher says, whatever a page has sent before.
    let evil = page(&to("https://evil.example/")).header("idempotency-key", "newsletter-48");
    assert_eq!(evil.send().await.expect("sent").status(), StatusCode::CREATED);
    let own = secret(&to("https://example.com/48"), Some("newsletter-48")).send().await.expect("sent");
    let own: Value = own.json().await.expect("JSON");
    assert_eq!(own["url"], "https://example.com/48");
}

async fn a_deleted_code_never_leads_to_another_site(backend: Backend) {
    let service = Service::start(backend).await;
    let (_, other) = service.site("other", |_| {}).await;
    let with_slug = |slug: &str| json!({ "url": "https://example.com/", "channel": "copy", "slug": slug });
    service.link(with_slug("spring-sale")).await;
    service.click("spring-sale", "192.0.2.1").await;
    service.settled().await;
    let deleted = service.api(Method::DELETE, "/api/v1/links/spring-sale").send().await.expect("an answer");
    assert_eq!(deleted.status(), StatusCode::NO_CONTENT);
    let taking = |slug: &str| {
        service.request(Method::POST, "/api/v1/links").bearer_auth(&other).json(&with_slug(slug))
    };
    refused(taking("spring-sale"), 409, "slug_taken").await;
    refused(taking("Spring-Sale"), 409, "slug_taken").await;
    // Its own site may use it again, and begins at nothing.
    service.link(with_slug("spring-sale")).await;
    assert_eq!(service.stats("spring-sale").await["totals"]["clicks"], 0);
    // The code stands nowhere in the store in clear once its link is gone.
    service.api(Method::DELETE, "/api/v1/links/spring-sale").send().await.expect("an answer");
    refused(taking("spring-sale"), 409, "slug_taken").await;
}

async fn one_page_and_one_campaign_have_one_name_in_statistics(backend: Backend) {
    let service = Service::start(backend).await;
    let urls = [
        "https://x.example/a",
        "https://x.example/a/",
        "http://x.example/a",
        "https://x.example/a#s",
        "https://x.example/a?utm_source=n",
    ];
    let campaigns = ["Spring", "spring", "SPRING", "Caf\u{e9}", "cafe\u{301}"];
    for (number, (url, campaign)) in urls.into_iter().zip(campaigns).enumerate() {
        let body = json!({ "url": url, "channel": "email", "campaign": campaign });
        let link = service.link(body).await;
        let location = service.click(&code(&link), &format!("192.0.2.{number}")).await;
        assert_eq!(location.headers()["location"], url, "a visitor goes where the link leads");
    }
    service.settled().await;
    let groups = async |by: &str| {
        let stats = service.get(&format!("/api/v1/stats?group_by={by}")).await;
        let groups = stats["groups"].as_array().expect("groups").clone();
        groups.iter().map(|group| (group["key"].clone(), group["clicks"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(groups("page").await, [(json!("https://x.example/a"), json!(5))]);
    let mut campaigns = groups("campaign").await;
    campaigns.sort_by_key(|(key, _)| key.to_string());
    assert_eq!(campaigns, [(json!("Caf\u{e9}"), json!(2)), (json!("Spring"), json!(3))]);
    for (query, clicks) in [
        ("page=http://x.example/a/%23s", 5),
        ("page=https://x.example/a%3Futm_medium=y", 5),
        ("campaign=sPRING", 3),
        ("campaign=CAFE%CC%81", 2),
    ] {
        let stats = service.get(&format!("/api/v1/stats?group_by=channel&{query}")).await;
        assert_eq!(stats["groups"][0]["clicks"], clicks, "{query}");
    }
    let listed = service.get("/api/v1/links?page=http://x.example/a&campaign=SPRING").await;
    assert_eq!(listed["links"].as_array().map(Vec::len), Some(3));
    // What nothing has any more is written anew.
    for link in listed["links"].as_array().expect("links") {
        service
            .api(Method::DELETE, &format!("/api/v1/links/{}", code(link)))
            .send()
            .await
            .expect("an answer");
    }
    let link = service.link(json!({ "url": urls[0], "channel": "email", "campaign": "sprinG" })).await;
    assert_eq!(link["campaign"], "sprinG");
}
