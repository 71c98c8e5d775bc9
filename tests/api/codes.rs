//! Reserved codes: given out, claimed once, and nobody else's.

use std::collections::BTreeSet;

use entrenous::domain::destination::HostRule;
use entrenous::domain::site::{KeyKind, Site};
use entrenous::service::accounts::sites::Sites;
use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, Service, code, on_every_store, problem, refused, wrong_names};

on_every_store!(
    codes_are_given_to_both_keys_and_nothing_is_stored,
    a_call_for_codes_that_breaks_a_rule_is_told_so,
    a_claim_makes_the_link_of_its_code_and_a_repeated_one_finds_it,
    a_claim_for_another_destination_or_channel_is_refused_and_the_link_stays,
    an_expired_claim_is_refused_and_nothing_is_stored,
    a_forged_claim_is_refused_and_nothing_is_stored,
    a_claim_of_another_site_is_refused_and_nothing_is_stored,
    a_claim_from_a_foreign_page_or_for_a_foreign_destination_is_refused_and_stores_nothing,
    a_page_that_may_not_be_shared_is_given_no_codes,
    a_claim_stands_in_the_place_of_a_slug_and_not_beside_one,
    thirty_claims_of_one_code_at_once_make_one_link,
    of_claims_of_one_code_for_two_destinations_at_once_one_holds,
    a_bulk_claims_each_code_in_its_place,
    a_claim_holds_after_a_restart,
    a_name_and_a_claim_that_stand_for_two_links_are_refused,
    addresses_are_limited_in_calls_for_codes_long_before_the_key_is,
    a_claim_succeeds_when_the_keys_minute_is_used_up_by_somebody_else,
    a_claim_succeeds_when_the_key_was_replaced_and_the_site_has_changed,
    a_claim_leaves_out_what_only_adorns_it_where_that_is_wrong,
    an_address_over_the_limit_is_given_no_code,
    what_one_key_stores_in_a_day_is_bounded_and_one_address_has_a_small_part_of_it,
);

const PAGE: &str = "https://page.example";

/// The calls of a page that has the site's publishable key.
struct Page<'a> {
    service: &'a Service,
    key: String,
    origin: &'static str,
}

impl<'a> Page<'a> {
    fn of(service: &'a Service) -> Self {
        Self { service, key: service.publishable.clone(), origin: PAGE }
    }

    fn post(&self, path: &str, body: &Value) -> RequestBuilder {
        let request = self.service.request(Method::POST, path).bearer_auth(&self.key);
        request.header("origin", self.origin).json(body)
    }

    fn reserve(&self, body: &Value) -> RequestBuilder {
        self.post("/api/v1/codes", body)
    }

    fn create(&self, body: &Value) -> RequestBuilder {
        self.post("/api/v1/links", body)
    }

    /// So many reserved codes.
    async fn codes(&self, count: usize) -> Vec<Value> {
        let (status, body) = sent(self.reserve(&json!({ "count": count }))).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["codes"].as_array().expect("codes").clone()
    }

    /// A claim, and the code that it is for.
    async fn claim(&self) -> (String, String) {
        let [one] = self.codes(1).await.try_into().expect("one");
        (one["claim"].as_str().expect("a claim").to_owned(), code(&one))
    }
}

fn share(claim: &str) -> Value {
    json!({ "url": "https://example.com/", "channel": "whatsapp", "claim": claim })
}

fn share_with(claim: &str, name: &str, value: &str) -> Value {
    let mut body = share(claim);
    body[name] = value.into();
    body
}

async fn sent(request: RequestBuilder) -> (StatusCode, Value) {
    let answer = request.send().await.expect("an answer");
    let status = answer.status();
    (status, answer.json().await.expect("JSON"))
}

/// Everything that the store holds, but for what days and instances agree on.
async fn stored(service: &mut Service, backend: Backend) -> BTreeSet<String> {
    if backend == Backend::Sqlite {
        let file = rusqlite::Connection::open(service.dir().join("entrenous.db")).expect("the file");
        let names = "SELECT name FROM sqlite_schema WHERE type = 'table'";
        let mut names = file.prepare(names).expect("a query");
        let names = names.query_map([], |row| row.get::<_, String>(0)).expect("tables");
        let rows = |name: &String| {
            let count = format!("SELECT count(*) FROM {name}");
            file.query_row(&count, [], |row| row.get::<_, i64>(0)).expect("a number")
        };
        return names.flatten().map(|name| format!("{name}: {}", rows(&name))).collect();
    }
    let client = ::redis::Client::open(service.redis().url()).expect("an address");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let keys: Vec<String> = ::redis::cmd("KEYS").arg("*").query_async(&mut connection).await.expect("keys");
    let mut all = BTreeSet::new();
    for key in keys.into_iter().filter(|key| !["ens:k:", "ens:n:"].iter().any(|start| key.starts_with(start)))
    {
        let value: Vec<u8> =
            ::redis::cmd("DUMP").arg(&key).query_async(&mut connection).await.expect("a value");
        all.insert(format!("{key} {value:?}"));
    }
    all
}

async fn codes_are_given_to_both_keys_and_nothing_is_stored(backend: Backend) {
    let mut service = Service::start(backend).await;
    let before = stored(&mut service, backend).await;
    let page = Page::of(&service);
    let mut codes = BTreeSet::new();
    let with_secret = |body: &Value| service.api(Method::POST, "/api/v1/codes").json(body);
    for (request, count) in [
        (page.reserve(&json!({})), 8),
        (page.reserve(&json!({ "count": null })), 8),
        (page.reserve(&json!({ "count": 1 })), 1),
        (page.reserve(&json!({ "count": 20 })), 20),
        (with_secret(&json!({})), 8),
        (with_secret(&json!({ "count": 3 })), 3),
    ] {
        let answer = request.send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::OK);
        assert_eq!(answer.headers()["cache-control"], "no-store");
        let body: Value = answer.json().await.expect("JSON");
        assert_eq!(body.as_object().expect("an object").keys().collect::<Vec<_>>(), ["codes", "expires_at"]);
        assert_eq!(body["expires_at"], "2026-11-21T13:00:00Z", "an hour after noon");
        let given = body["codes"].as_array().expect("codes");
        assert_eq!(given.len(), count);
        for one in given {
            let names: Vec<_> = one.as_object().expect("an object").keys().collect();
            assert_eq!(names, ["claim", "code", "short_url"]);
            let code = code(one);
            assert!(code.len() == 10 && code.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{code}");
            assert_eq!(one["short_url"], format!("http://localhost:{}/{code}", service.port()));
            codes.insert(code);
        }
    }
    assert_eq!(codes.len(), 48, "no code is given twice");
    assert_eq!(service.get("/api/v1/links").await["links"], json!([]));
    assert_eq!(stored(&mut service, backend).await, before);
}

async fn a_call_for_codes_that_breaks_a_rule_is_told_so(backend: Backend) {
    let service = Service::start(backend).await;
    let page = Page::of(&service);
    for count in [json!(0), json!(21), json!(-1), json!(1.5), json!("8"), json!([]), json!(u64::MAX)] {
        let problem = refused(page.reserve(&json!({ "count": count })), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["count"], "{count}");
    }
    let problem = refused(page.reserve(&json!({ "channel": "sms" })), 422, "invalid_params").await;
    assert_eq!(wrong_names(&problem), ["channel"]);
    refused(page.reserve(&json!([])), 422, "invalid_params").await;
    refused(service.request(Method::POST, "/api/v1/codes").json(&json!({})), 401, "no_key").await;
    let stranger = service.request(Method::POST, "/api/v1/codes").bearer_auth("ens_pk_guess");
    refused(stranger.json(&json!({})), 401, "unknown_key").await;
    for origin in ["https://evil.example", "https://sub.page.example", "http://page.example", "null", ""] {
        let page = Page { origin, ..Page::of(&service) };
        refused(page.reserve(&json!({})), 403, "foreign_origin").await;
    }
}

async fn a_page_that_may_not_be_shared_is_given_no_codes(backend: Backend) {
    let service = Service::start(backend).await;
    let only = |site: &mut Site| site.destinations = vec![HostRule::parse("example.com").expect("a rule")];
    let (key, _) = service.site("press", only).await;
    let page = Page { key, ..Page::of(&service) };
    let (status, _) = sent(page.reserve(&json!({ "url": "https://example.com" }))).await;
    assert_eq!(status, StatusCode::OK);
    for url in ["https://elsewhere.example", "javascript:alert(1)", "https://localhost"] {
        let wrong = refused(page.reserve(&json!({ "url": url })), 422, "invalid_params").await;
        assert_eq!(wrong_names(&wrong), ["url"], "{url}");
    }
}

async fn a_claim_makes_the_link_of_its_code_and_a_repeated_one_finds_it(backend: Backend) {
    let service = Service::start(backend).await;
    let page = Page::of(&service);
    let parent = service.code().await;
    let (claim, code) = page.claim().await;
    let mut body = share_with(&claim, "title", "An article");
    body["campaign"] = "spring".into();
    body["parent"] = parent.as_str().into();
    let (status, first) = sent(page.create(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{first}");
    assert_eq!(first["code"], code.as_str());
    assert_eq!(first["short_url"], format!("http://localhost:{}/{code}", service.port()));
    assert_eq!((&first["channel"], &first["title"]), (&json!("whatsapp"), &json!("An article")));
    assert_eq!((&first["campaign"], &first["parent"]), (&json!("spring"), &json!(parent)));
    let answer = service.click(&code, "192.0.2.1").await;
    assert_eq!(answer.headers()["location"], "https://example.com/");
    // Destination and channel are what it was claimed for; of the rest the first claim decides.
    service.set_time("2026-11-21T12:30:00Z");
    for again in [body, share(&claim), share_with(&claim, "url", "HTTPS://EXAMPLE.com:443")] {
        assert_eq!(sent(page.create(&again)).await, (StatusCode::OK, first.clone()));
    }
    let (_, links) = sent(service.api(Method::GET, "/api/v1/links")).await;
    assert_eq!(links["links"].as_array().map(Vec::len), Some(2));
    // A parent that is gone stops nobody who has the address in a message already.
    let (claim, _) = page.claim().await;
    let (status, orphan) = sent(page.create(&share_with(&claim, "parent", "gone"))).await;
    assert_eq!((status, &orphan["parent"]), (StatusCode::CREATED, &json!(null)));
    // A server that has the secret key may claim too.
    let (claim, code) = page.claim().await;
    let claimed = service.link(share(&claim)).await;
    assert_eq!(claimed["code"], code);
}

async fn a_claim_for_another_destination_or_channel_is_refused_and_the_link_stays(backend: Backend) {
    let mut service = Service::start(backend).await;
    let (claim, code) = Page::of(&service).claim().await;
    let (status, first) = sent(Page::of(&service).create(&share(&claim))).await;
    assert_eq!(status, StatusCode::CREATED);
    let before = stored(&mut service, backend).await;
    for (name, value) in [("url", "https://example.com/other"), ("channel", "sms")] {
        let replayed = Page::of(&service).create(&share_with(&claim, name, value));
        refused(replayed, 409, "code_taken").await;
    }
    assert_eq!(stored(&mut service, backend).await, before);
    assert_eq!(service.get(&format!("/api/v1/links/{code}")).await, first);
    let answer = service.click(&code, "192.0.2.1").await;
    assert_eq!(answer.headers()["location"], "https://example.com/");
    // Nobody can take a code that was given out as a slug: not its own site, and no other.
    let (claim, code) = Page::of(&service).claim().await;
    let (_, other) = service.site("other", |_| {}).await;
    let slug = json!({ "url": "https://example.com/", "channel": "whatsapp", "slug": code });
    for key in [&service.secret, &other] {
        let taking = service.request(Method::POST, "/api/v1/links").bearer_auth(key).json(&slug);
        assert_eq!(wrong_names(&refused(taking, 422, "invalid_params").await), ["slug"]);
    }
    assert_eq!(sent(Page::of(&service).create(&share(&claim))).await.0, StatusCode::CREATED);
}

async fn an_expired_claim_is_refused_and_nothing_is_stored(backend: Backend) {
    let mut service = Service::start(backend).await;
    let before = stored(&mut service, backend).await;
    let codes = Page::of(&service).codes(2).await;
    let claims: Vec<_> = codes.iter().map(|one| one["claim"].as_str().expect("a claim").to_owned()).collect();
    service.set_time("2026-11-21T13:00:00Z");
    let expired = Page::of(&service).create(&share(&claims[0]));
    let problem = refused(expired, 422, "invalid_params").await;
    assert_eq!(wrong_names(&problem), ["claim"]);
    assert!(problem["invalid_params"][0]["reason"].as_str().is_some_and(|reason| reason.contains("expired")));
    assert_eq!(stored(&mut service, backend).await, before);
    service.set_time("2026-11-21T12:59:59Z");
    let (status, _) = sent(Page::of(&service).create(&share(&claims[1]))).await;
    assert_eq!(status, StatusCode::CREATED, "a second before its end");
}

async fn a_forged_claim_is_refused_and_nothing_is_stored(backend: Backend) {
    let mut service = Service::start(backend).await;
    let before = stored(&mut service, backend).await;
    let page = Page::of(&service);
    let (claim, code) = page.claim().await;
    let (_, other) = page.claim().await;
    let parts: Vec<_> = claim.split('.').collect();
    let [_, end, hash] = parts[..] else { panic!("three parts in {claim}") };
    let later = end.parse::<u64>().expect("seconds") + 3_600;
    let last = if claim.ends_with('0') { "1" } else { "0" };
    for forged in [
        code.clone(),
        String::new(),
        "..".to_owned(),
        format!("{code}.{end}"),
        format!("{other}.{end}.{hash}"),
        format!("slug.{end}.{hash}"),
        format!("stats.{end}.{hash}"),
        format!("{code}.{later}.{hash}"),
        format!("{code}.{end}.{}", "0".repeat(32)),
        format!("{}{last}", &claim[..claim.len() - 1]),
        claim[..claim.len() - 2].to_owned(),
        format!("{claim}.{hash}"),
        format!(" {claim}"),
        format!("{code}.{end}.{}", "é".repeat(16)),
        "a".repeat(60_000),
    ] {
        let problem = refused(page.create(&share(&forged)), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["claim"], "{forged}");
    }
    for wrong in [json!(7), json!(["a"]), json!({})] {
        let body = json!({ "url": "https://example.com/", "channel": "sms", "claim": wrong });
        assert_eq!(wrong_names(&refused(page.create(&body), 422, "invalid_params").await), ["claim"]);
    }
    // It is named beside whatever else is wrong.
    let all = json!({ "url": "javascript:alert(1)", "channel": "smoke", "claim": "x" });
    let problem = refused(page.create(&all), 422, "invalid_params").await;
    assert_eq!(wrong_names(&problem), ["url", "channel", "claim"]);
    assert_eq!(stored(&mut service, backend).await, before);
}

async fn a_claim_of_another_site_is_refused_and_nothing_is_stored(backend: Backend) {
    let mut service = Service::start(backend).await;
    let (key, secret) = service.site("other", |_| {}).await;
    let before = stored(&mut service, backend).await;
    let page = Page::of(&service);
    let (claim, code) = page.claim().await;
    let foreign = Page { key, ..Page::of(&service) };
    let with_secret = service.request(Method::POST, "/api/v1/links").bearer_auth(&secret);
    for request in [foreign.create(&share(&claim)), with_secret.json(&share(&claim))] {
        assert_eq!(wrong_names(&refused(request, 422, "invalid_params").await), ["claim"]);
    }
    assert_eq!(stored(&mut service, backend).await, before);
    // It is still good for its own site, and then the other hears no more than before.
    let (status, _) = sent(Page::of(&service).create(&share(&claim))).await;
    assert_eq!(status, StatusCode::CREATED);
    let (_, links) = sent(service.request(Method::GET, "/api/v1/links").bearer_auth(&secret)).await;
    assert_eq!(links["links"], json!([]));
    service.click(&code, "192.0.2.1").await;
}

async fn a_claim_from_a_foreign_page_or_for_a_foreign_destination_is_refused_and_stores_nothing(
    backend: Backend,
) {
    let mut service = Service::start(backend).await;
    let (key, _) = service
        .site("press", |site| site.destinations = vec![HostRule::parse("example.com").expect("a rule")])
        .await;
    let before = stored(&mut service, backend).await;
    let page = Page { key: key.clone(), ..Page::of(&service) };
    let (claim, _) = page.claim().await;
    for origin in ["https://evil.example", "https://sub.page.example", "null", ""] {
        let foreign = Page { key: key.clone(), service: &service, origin };
        refused(foreign.create(&share(&claim)), 403, "foreign_origin").await;
        refused(
            foreign.post("/api/v1/links/bulk", &json!({ "links": [share(&claim)] })),
            403,
            "foreign_origin",
        )
        .await;
    }
    for url in ["https://evil.example/", "https://example.com.evil.example/", "https://notexample.com/"] {
        let problem = refused(page.create(&share_with(&claim, "url", url)), 422, "invalid_params").await;
        assert_eq!(wrong_names(&problem), ["url"], "{url}");
    }
    assert_eq!(stored(&mut service, backend).await, before);
    // None of it has used the claim up.
    let page = Page { key, ..Page::of(&service) };
    assert_eq!(sent(page.create(&share(&claim))).await.0, StatusCode::CREATED);
}

async fn a_claim_stands_in_the_place_of_a_slug_and_not_beside_one(backend: Backend) {
    let mut service = Service::start(backend).await;
    let before = stored(&mut service, backend).await;
    let (claim, code) = Page::of(&service).claim().await;
    for slug in ["spring", code.as_str()] {
        let body = share_with(&claim, "slug", slug);
        let both = service.api(Method::POST, "/api/v1/links").json(&body);
        assert_eq!(wrong_names(&refused(both, 422, "invalid_params").await), ["claim"]);
        refused(Page::of(&service).create(&body), 403, "secret_key_needed").await;
    }
    assert_eq!(stored(&mut service, backend).await, before);
    let body = json!({ "url": "https://example.com/", "channel": "sms", "claim": null });
    let (status, link) = sent(Page::of(&service).create(&body)).await;
    assert_eq!((status, link["code"].as_str().map(str::len)), (StatusCode::CREATED, Some(8)));
}

async fn thirty_claims_of_one_code_at_once_make_one_link(backend: Backend) {
    let service = Service::start(backend).await;
    let page = Page::of(&service);
    let (claim, code) = page.claim().await;
    let answers = join_all((0..30).map(|_| sent(page.create(&share(&claim))))).await;
    let first = &answers[0].1;
    assert_eq!(first["code"], code);
    assert!(answers.iter().all(|(_, link)| link == first), "{answers:?}");
    let count = |wanted| answers.iter().filter(|(status, _)| *status == wanted).count();
    assert_eq!((count(StatusCode::CREATED), count(StatusCode::OK)), (1, 29));
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(1));
}

async fn of_claims_of_one_code_for_two_destinations_at_once_one_holds(backend: Backend) {
    let service = Service::start(backend).await;
    let page = Page::of(&service);
    let (claim, code) = page.claim().await;
    let body = |number: usize| share_with(&claim, "url", &format!("https://example.com/{}", number % 2));
    let answers = join_all((0..30).map(|number| sent(page.create(&body(number))))).await;
    let link = service.get(&format!("/api/v1/links/{code}")).await;
    let mut created = 0;
    for (number, (status, answer)) in answers.iter().enumerate() {
        if link["url"] == body(number)["url"] {
            created += usize::from(*status == StatusCode::CREATED);
            assert!(status.is_success() && *answer == link, "{answer}");
        } else {
            assert_eq!((*status, &answer["code"]), (StatusCode::CONFLICT, &json!("code_taken")));
        }
    }
    assert_eq!(created, 1);
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(1));
}

async fn a_bulk_claims_each_code_in_its_place(backend: Backend) {
    let service = Service::start(backend).await;
    let page = Page::of(&service);
    let codes = page.codes(2).await;
    let claim = |at: usize| codes[at]["claim"].as_str().expect("a claim");
    let bulk = json!({ "links": [
        share(claim(0)),
        share(claim(0)),
        share_with(claim(0), "channel", "sms"),
        share("forged"),
        share(claim(1)),
        { "url": "https://example.com/", "channel": "email" },
    ]});
    let (status, body) = sent(page.post("/api/v1/links/bulk", &bulk)).await;
    assert_eq!(status, StatusCode::OK);
    let results = body["results"].as_array().expect("results");
    let statuses: Vec<_> =
        results.iter().map(|result| result["status"].as_u64().expect("a status")).collect();
    assert_eq!(statuses, [201, 200, 409, 422, 201, 201]);
    assert_eq!(results[0]["link"], results[1]["link"]);
    assert_eq!(results[0]["link"]["code"], codes[0]["code"]);
    assert_eq!(results[2]["error"]["code"], "code_taken");
    assert_eq!(wrong_names(&results[3]["error"]), ["claim"]);
    assert_eq!(results[4]["link"]["code"], codes[1]["code"]);
    assert_eq!(service.get("/api/v1/links").await["links"].as_array().map(Vec::len), Some(3));
}

async fn a_claim_holds_after_a_restart(backend: Backend) {
    let mut service = Service::start(backend).await;
    let (claim, code) = Page::of(&service).claim().await;
    service.restart().await;
    assert_eq!(sent(Page::of(&service).create(&share(&claim))).await.0, StatusCode::CREATED);
    service.click(&code, "192.0.2.1").await;
}

async fn a_name_and_a_claim_that_stand_for_two_links_are_refused(backend: Backend) {
    let mut service = Service::start(backend).await;
    let codes = Page::of(&service).codes(3).await;
    let claim = |at: usize| codes[at]["claim"].as_str().expect("a claim").to_owned();
    let named = |at: usize| share_with(&claim(at), "external_id", "order/7");
    let create = |body: &Value| service.api(Method::POST, "/api/v1/links").json(body);
    let (status, first) = sent(create(&named(0))).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(sent(create(&named(0))).await, (StatusCode::OK, first));
    // Whoever shared the second code would lead people nowhere, and must hear so.
    refused(create(&named(1)), 409, "code_taken").await;
    let keyed = |at: usize| Page::of(&service).create(&share(&claim(at))).header("idempotency-key", "7");
    assert_eq!(sent(keyed(1)).await.0, StatusCode::CREATED);
    assert_eq!(sent(keyed(1)).await.0, StatusCode::OK);
    refused(keyed(2), 422, "idempotency_key_reused").await;
    let before = stored(&mut service, backend).await;
    refused(Page::of(&service).create(&share_with(&claim(1), "channel", "sms")), 409, "code_taken").await;
    assert_eq!(stored(&mut service, backend).await, before);
}

fn from(request: RequestBuilder, address: &str) -> RequestBuilder {
    request.header("x-forwarded-for", address)
}

async fn addresses_are_limited_in_calls_for_codes_long_before_the_key_is(backend: Backend) {
    let limits = [("limits.reserve_per_minute", "3"), ("limits.create_per_minute", "1")];
    let service = Service::start_with(backend, &limits).await;
    let page = Page::of(&service);
    let mut claims = Vec::new();
    for _ in 0..3 {
        let (status, body) = sent(from(page.reserve(&json!({ "count": 20 })), "192.0.2.1")).await;
        assert_eq!(status, StatusCode::OK);
        claims.push(body["codes"][0]["claim"].as_str().expect("a claim").to_owned());
    }
    let over = from(page.reserve(&json!({})), "192.0.2.1").send().await.expect("an answer");
    assert!(over.headers().contains_key("retry-after"));
    problem(over, 429, "too_many_requests").await;
    // A server's key has a limit of its own.
    let with_secret = service.api(Method::POST, "/api/v1/codes").json(&json!({}));
    assert_eq!(sent(from(with_secret, "192.0.2.1")).await.0, StatusCode::OK);
    // The address has used up what links it may make, and everything that was given out can be claimed from there.
    let minimal = json!({ "url": "https://example.com/", "channel": "copy" });
    assert_eq!(sent(from(page.create(&minimal), "192.0.2.1")).await.0, StatusCode::CREATED);
    refused(from(page.create(&minimal), "192.0.2.1"), 429, "too_many_requests").await;
    for claim in &claims {
        assert_eq!(sent(from(page.create(&share(claim)), "192.0.2.1")).await.0, StatusCode::CREATED);
    }
    // One key serves all the readers of a page.
    for reader in 2..20 {
        let request = from(page.reserve(&json!({})), &format!("192.0.2.{reader}"));
        assert_eq!(sent(request).await.0, StatusCode::OK);
    }
}

async fn a_claim_succeeds_when_the_keys_minute_is_used_up_by_somebody_else(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.create_per_minute", "1")]).await;
    let page = Page::of(&service);
    let (claim, _) = page.claim().await;
    let minimal = json!({ "url": "https://example.com/", "channel": "copy" });
    let from_each = |last: usize| from(page.create(&minimal), &format!("198.51.100.{last}"));
    for last in 0..20 {
        assert_eq!(sent(from_each(last)).await.0, StatusCode::CREATED, "{last}");
    }
    refused(from_each(20), 429, "too_many_requests").await;
    assert_eq!(sent(page.create(&share(&claim))).await.0, StatusCode::CREATED);
}

async fn a_claim_succeeds_when_the_key_was_replaced_and_the_site_has_changed(backend: Backend) {
    let service = Service::start(backend).await;
    let article = "https://example.com/article?id=5";
    let page = Page::of(&service);
    let (_, batch) = sent(page.reserve(&json!({ "count": 3, "url": article }))).await;
    let claim = |at: usize| batch["codes"][at]["claim"].as_str().expect("a claim").to_owned();
    let sites = Sites::new(service.store().await);
    sites.rotate_key("test", KeyKind::Publishable).await.expect("changed").expect("the site");
    let narrow = |site: &mut Site| {
        site.destinations = vec![HostRule::parse("example.org").expect("a rule")];
        site.origins = Vec::new();
    };
    sites.change("test", narrow).await.expect("changed").expect("the site");
    let (status, link) = sent(page.create(&share_with(&claim(0), "url", article))).await;
    assert_eq!((status, &link["url"]), (StatusCode::CREATED, &json!(article)), "{link}");
    assert_eq!(sent(page.create(&share_with(&claim(0), "url", article))).await.0, StatusCode::OK);
    // What was not judged is judged now, and the old key does nothing else.
    let other = page.create(&share_with(&claim(1), "url", "https://example.com/other"));
    assert_eq!(wrong_names(&refused(other, 422, "invalid_params").await), ["url"]);
    let evil = Page { origin: "https://evil.example", ..Page::of(&service) };
    refused(evil.create(&share_with(&claim(2), "url", article)), 401, "unknown_key").await;
    refused(page.create(&json!({ "url": article, "channel": "copy" })), 401, "unknown_key").await;
    refused(page.reserve(&json!({})), 401, "unknown_key").await;
}

async fn a_claim_leaves_out_what_only_adorns_it_where_that_is_wrong(backend: Backend) {
    let service = Service::start(backend).await;
    let page = Page::of(&service);
    let (claim, _) = page.claim().await;
    let mut body = share_with(&claim, "title", &"a".repeat(201));
    body["campaign"] = "b".repeat(101).into();
    body["expires_at"] = "2020-01-01T00:00:00Z".into();
    let (status, link) = sent(page.create(&body)).await;
    assert_eq!(status, StatusCode::CREATED, "{link}");
    assert_eq!(
        (&link["title"], &link["campaign"], &link["expires_at"]),
        (&json!(null), &json!(null), &json!(null))
    );
}

async fn an_address_over_the_limit_is_given_no_code(backend: Backend) {
    let service = Service::start(backend).await;
    let long = format!("https://example.com/?q={}", "a".repeat(4_096));
    let problem = refused(Page::of(&service).reserve(&json!({ "url": long })), 422, "invalid_params").await;
    assert_eq!(wrong_names(&problem), ["url"]);
}

async fn what_one_key_stores_in_a_day_is_bounded_and_one_address_has_a_small_part_of_it(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.store_per_day", "40")]).await;
    let page = Page::of(&service);
    let one = |last: usize| from(page.reserve(&json!({ "count": 1 })), &format!("198.51.100.{last}"));
    for last in 0..19 {
        assert_eq!(sent(one(last)).await.0, StatusCode::OK, "{last}");
        refused(one(last), 429, "too_many_requests").await;
    }
    let (_, last) = sent(one(19)).await;
    let minimal = json!({ "url": "https://example.com/", "channel": "copy" });
    refused(from(page.create(&minimal), "198.51.100.20"), 429, "too_many_requests").await;
    refused(one(21), 429, "too_many_requests").await;
    let claim = last["codes"][0]["claim"].as_str().expect("a claim");
    assert_eq!(sent(from(page.create(&share(claim)), "198.51.100.19")).await.0, StatusCode::CREATED);
    service.link(minimal).await;
}
