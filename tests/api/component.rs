//! `/share.js` as pages of other origins load it.

use std::io::Read;

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};

use crate::service::{Backend, Service};

/// What the script may weigh on its way to a reader.
const LIMIT: usize = 4 * 1_024;

/// A browser's request for a file.
async fn load(service: &Service, path: &str, headers: &[(&str, &str)]) -> Response {
    let request = service.request(Method::GET, path).header("origin", "https://page.example");
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    request.send().await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).map_or("", |value| value.to_str().expect("ASCII"))
}

/// The text between two others on the first page.
async fn on_first_page(service: &Service, from: &str, to: &str) -> String {
    let page = load(service, "/", &[]).await.text().await.expect("text");
    let rest = page.split_once(from).unwrap_or_else(|| panic!("no {from} in {page}")).1;
    rest.split_once(to).expect("an end").0.to_owned()
}

#[tokio::test]
async fn the_script_weighs_at_most_4_kib_as_it_is_served() {
    let service = Service::start(Backend::Sqlite).await;
    let plain = load(&service, "/share.js", &[]).await;
    assert_eq!(header(&plain, "content-encoding"), "");
    let plain = plain.text().await.expect("text");
    let answer = load(&service, "/share.js", &[("accept-encoding", "gzip, deflate, br, zstd")]).await;
    assert_eq!(header(&answer, "content-encoding"), "gzip");
    let gzip = answer.bytes().await.expect("bytes");
    let mut text = String::new();
    flate2::read::GzDecoder::new(&gzip[..]).read_to_string(&mut text).expect("gzip");
    assert_eq!(text, plain);
    println!("share.js: {} bytes compressed, {LIMIT} allowed; {} bytes plain", gzip.len(), plain.len());
    assert!(gzip.len() <= LIMIT, "{} bytes compressed", gzip.len());
}

#[tokio::test]
async fn pages_of_every_origin_may_load_the_script_and_it_is_not_sent_twice() {
    let service = Service::start(Backend::Sqlite).await;
    let answer = load(&service, "/share.js", &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "content-type"), "text/javascript; charset=utf-8");
    assert_eq!(header(&answer, "cache-control"), "public, max-age=300, stale-while-revalidate=86400");
    assert_eq!(header(&answer, "vary"), "accept-encoding");
    let tag = header(&answer, "etag").to_owned();
    assert!(tag.len() > 10, "{tag}");
    let again = load(&service, "/share.js", &[("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    let other = load(&service, "/share.js", &[("if-none-match", "W/\"other\"")]).await;
    assert_eq!(other.status(), StatusCode::OK);
    for answer in [answer, again, other] {
        assert_eq!(header(&answer, "access-control-allow-origin"), "*");
        assert_eq!(header(&answer, "cross-origin-resource-policy"), "cross-origin");
        assert_eq!(header(&answer, "access-control-allow-credentials"), "");
        assert_eq!(header(&answer, "etag"), tag);
        assert_eq!(header(&answer, "set-cookie"), "");
    }
}

#[tokio::test]
async fn the_address_with_the_hash_never_changes_and_has_the_integrity_that_the_first_page_names() {
    let service = Service::first_start(&[]).await;
    let integrity = on_first_page(&service, "integrity=\"", "\"").await;
    let file = on_first_page(&service, "/static/share.", ".js").await;
    let path = format!("/static/share.{file}.js");
    let answer = load(&service, &path, &[]).await;
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
    assert_eq!(header(&answer, "access-control-allow-origin"), "*");
    assert_eq!(header(&answer, "cross-origin-resource-policy"), "cross-origin");
    let text = answer.text().await.expect("text");
    let latest = load(&service, "/share.js", &[]).await.text().await.expect("text");
    let script = latest.rsplit_once("({").expect("settings").0;
    assert_eq!(text, format!("{script}({{}});\n"), "both addresses have the same script");
    assert_eq!(sha384(&text), integrity);
    let elsewhere =
        Service::start_with(Backend::Sqlite, &[("server.public_url", "https://go.example")]).await;
    let same = load(&elsewhere, &path, &[]).await.text().await.expect("text");
    assert_eq!(same, text, "every installation of a release serves it");
    let other = load(&service, "/static/share.0123456789abcdef.js", &[]).await;
    assert_eq!(other.status(), StatusCode::NOT_FOUND);
}

/// What browsers call the integrity of a text.
fn sha384(text: &str) -> String {
    use base64::Engine;
    use sha2::Digest;
    let digest = sha2::Sha384::digest(text);
    format!("sha384-{}", base64::engine::general_purpose::STANDARD.encode(digest))
}

#[tokio::test]
async fn the_script_knows_the_service_and_its_channels_and_no_site() {
    let service = Service::start_with(Backend::Sqlite, &[("server.public_url", "https://go.example")]).await;
    let text = load(&service, "/share.js", &[]).await.text().await.expect("text");
    let settings = text.trim_end().trim_end_matches(");").rsplit_once("})(").expect("settings").1;
    let settings: Value = serde_json::from_str(settings).expect("JSON");
    assert_eq!(settings, json!({"service": "https://go.example", "channels": {}}));
    for channel in [r#"whatsapp:["WhatsApp","https://wa.me/?text={text}"]"#, r#"copy:["Copied link"]"#] {
        assert!(text.contains(channel), "{channel}");
    }
    assert!(!text.contains(&service.publishable) && !text.contains("ens_pk_"));
}
