//! What nobody should send: every row has the one answer that it deserves, or one of those that
//! the HTTP library may give. None is a 5xx, none hangs, none gets a header into the answer, and
//! nothing is counted.

use reqwest::Method;
use serde_json::json;

use crate::raw;
use crate::service::{Backend, FIREFOX, Service, on_every_store, totals};

on_every_store!(every_hostile_request_has_the_answer_that_it_deserves);

/// Stands for a connection that is closed without an answer.
const CLOSED: u16 = 0;

struct Row {
    name: String,
    request: Vec<u8>,
    expected: Vec<u16>,
}

/// The rows, with what they need to know of the service.
struct Table {
    secret: String,
    port: String,
    rows: Vec<Row>,
}

impl Table {
    fn row(&mut self, name: &str, request: impl AsRef<[u8]>, expected: &[u16]) {
        let (request, expected) = (request.as_ref().to_vec(), expected.to_vec());
        self.rows.push(Row { name: name.to_owned(), request, expected });
    }

    /// A browser's GET of a path.
    fn get(&mut self, path: &str, expected: &[u16]) {
        let name = format!("GET {}", &path[..path.floor_char_boundary(80)]);
        self.headed(&name, "GET", path, "", expected);
    }

    fn headed(&mut self, name: &str, method: &str, path: &str, headers: &str, expected: &[u16]) {
        let request = format!(
            "{method} {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {FIREFOX}\r\nAccept: text/html\r\n{headers}\r\n"
        );
        self.row(name, request, expected);
    }

    /// A GET below /api with the secret key.
    fn api(&mut self, path: &str, expected: &[u16]) {
        let key = format!("X-Api-Key: {}\r\n", self.secret);
        self.headed(&format!("GET {path}"), "GET", path, &key, expected);
    }

    /// A POST with a body, its length and further headers.
    fn post(&mut self, name: &str, path: &str, headers: &str, body: impl AsRef<[u8]>, expected: &[u16]) {
        let (body, key) = (body.as_ref(), &self.secret);
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {FIREFOX}\r\nX-Api-Key: {key}\r\n\
             Content-Length: {}\r\n{headers}\r\n",
            body.len()
        );
        self.row(name, [head.as_bytes(), body].concat(), expected);
    }

    /// A call that makes a link of this JSON text.
    fn create(&mut self, name: &str, body: impl AsRef<[u8]>, expected: &[u16]) {
        self.post(name, "/api/v1/links", "Content-Type: application/json\r\n", body, expected);
    }

    /// A call that makes a link to this destination, which stands in JSON as it is.
    fn destination(&mut self, url: &str, expected: &[u16]) {
        let name = format!("destination {}", &url[..url.floor_char_boundary(80)]);
        self.create(&name, format!("{{\"channel\":\"copy\",\"url\":\"{url}\"}}"), expected);
    }

    /// A call that makes a link with one more field, as JSON text.
    fn field(&mut self, field: &str, expected: &[u16]) {
        let name = format!("field {}", &field[..field.floor_char_boundary(80)]);
        self.create(
            &name,
            format!("{{\"channel\":\"copy\",\"url\":\"https://example.com/\",{field}}}"),
            expected,
        );
    }

    fn form(&mut self, name: &str, path: &str, headers: &str, body: &str, expected: &[u16]) {
        let headers = format!("Content-Type: application/x-www-form-urlencoded\r\n{headers}");
        self.post(name, path, &headers, body, expected);
    }
}

async fn every_hostile_request_has_the_answer_that_it_deserves(backend: Backend) {
    let settings = [("server.trusted_proxies", "10.0.0.0/8"), ("server.request_timeout_seconds", "2")];
    let service = Service::start_with(backend, &settings).await;
    service.link(json!({ "url": "https://example.com/", "channel": "sms", "slug": "target" })).await;
    let mut table =
        Table { secret: service.secret.clone(), port: service.port().to_owned(), rows: Vec::new() };
    destinations(&mut table);
    fields(&mut table);
    bodies(&mut table);
    codes(&mut table);
    keys(&mut table);
    queries(&mut table);
    forms(&mut table);
    headers(&mut table);
    protocol(&mut table);

    let mut wrong = Vec::new();
    let mut made = 0;
    for Row { name, request, expected } in &table.rows {
        let answer = raw::exchange(service.address(), request);
        let status = answer.as_ref().map_or(CLOSED, |answer| answer.status);
        if !expected.contains(&status) {
            wrong.push(format!("{name}: {status}, not {expected:?}"));
        }
        made += usize::from(status == 201);
        if let Some(answer) = answer {
            let asked_again = status == 503 && expected == &[503];
            assert!(status < 500 || asked_again, "{name}: {status}");
            assert!(answer.headers("x-injected").is_empty(), "{name}: {}", answer.head);
            if !answer.headers("set-cookie").is_empty() {
                wrong.push(format!("{name}: a cookie"));
            }
            let own = ["/api/v1/links/", "/stats/sign-in?next=%2F"];
            let leads_away = |to: &&str| !own.iter().any(|own| to.starts_with(own));
            assert_eq!(answer.headers("location").iter().find(|to| leads_away(to)), None, "{name}");
            let (text, media_types) = (answer.text(), answer.headers("content-type"));
            let page = media_types.iter().any(|media_type| media_type.starts_with("text/html"));
            assert!(!page || !(text.contains("<script") || text.contains("evil.example")), "{name}: {text}");
        }
    }
    println!("{} hostile requests", table.rows.len());
    assert!(table.rows.len() >= 60, "{} rows", table.rows.len());
    assert!(wrong.is_empty(), "{} rows were answered otherwise:\n{}", wrong.len(), wrong.join("\n"));

    // The service is as it was: it answers, nothing was counted, and only what was said to be made was.
    assert_eq!(totals(&service.stats("target").await), [0; 4].map(Some));
    assert_eq!(service.metric("entries_recorded_total").await, 0);
    let links = service.get("/api/v1/links?limit=100").await;
    let links = links["links"].as_array().expect("links");
    assert_eq!(links.len(), made + 1);
    for url in links.iter().map(|link| link["url"].as_str().expect("an address")) {
        assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url}");
    }
    let ready = service.request(Method::GET, "/readyz").send().await.expect("an answer");
    assert_eq!(ready.status().as_u16(), 200);
    service.click("target", "192.0.2.1").await;
    assert_eq!(totals(&service.stats("target").await), [0, 1, 1, 0].map(Some));
}

fn destinations(table: &mut Table) {
    let port = table.port.clone();
    for url in [
        r"https://example.com/\r\nX-Injected: 1",
        r"https://example.com/\nX-Injected: 1",
        r"https://example.com/\u0000",
        r"https://exa\tmple.com/",
        r"https://example.com\u0085/",
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        r"\u0001javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "file:///etc/passwd",
        "ftp://example.com/",
        "ws://example.com/",
        "blob:https://example.com/1",
        "mailto:x@example.com",
        "https://me:secret@example.com/",
        "https://me@example.com/",
        "https://:@example.com:x/",
        "https://example.com@evil.example/",
        "//example.com/",
        "/relative",
        "https://",
        "https:///",
        "https://exa mple.com/",
        "https://[::1",
        "https://[::1%25eth0]/",
        "https://[v1.x]/",
        "https://example.com:99999/",
        "https://256.256.256.256/",
        "https://1.2.3.4.5/",
        "https://xn--/",
        "https://xn--a/",
        "https://ex%00ample.com/",
        "https://example.com%0d%0aX-Injected:1/",
        "https://a<script>.example/",
    ] {
        table.destination(url, &[422]);
    }
    for host in [
        "localhost",
        "LOCALHOST.",
        "sub.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "ｌｏｃａｌｈｏｓｔ",
        "loc%61lhost",
    ] {
        table.destination(&format!("http://{host}:{port}/target"), &[422]);
    }
    // Odd, and a destination all the same: it is kept in ASCII.
    for url in [
        "https://bücher.example/ä?ö#ü",
        "https://аррӏе.example/",
        "https://раypal.example/",
        "https://[2001:db8::1]/",
        r"https://example.com/\u202Egpj.exe",
        r"https://example.com/\ud83d\ude00",
        "https://example.com/%0d%0aX-Injected:%201",
        r"https:\\\\example.com\\a",
        "https://example.com/?next=https://evil.test/<script>",
        " https://example.com/ ",
    ] {
        table.destination(url, &[201]);
    }
    table.destination(&format!("https://example.com/{}", "a".repeat(4_077)), &[422]);
    table.destination(&format!("https://example.com/{}", "ä".repeat(1_000)), &[422]);
    table.destination(&format!("https://{}.example/", "a.".repeat(900)), &[201, 422]);
    table.destination(&format!("https://{}.example/", "ü".repeat(900)), &[201, 422]);
}

fn fields(table: &mut Table) {
    for field in [
        r#""title":"a\r\nX-Injected: 1""#,
        r#""title":"a\u0000b""#,
        r#""campaign":"\u001b[31m""#,
        r#""slug":"../../etc/passwd""#,
        r#""slug":"api""#,
        r#""slug":"STATS""#,
        r#""slug":"robots""#,
        r#""slug":"target+""#,
        r#""slug":"tärget""#,
        r#""slug":"target\u0000""#,
        r#""slug":"%74arget""#,
        r#""slug":{"$ne":null}"#,
        r#""parent":"%00""#,
        r#""parent":"*""#,
        r#""expires_at":"99999-01-01T00:00:00Z""#,
        r#""expires_at":"-000001-01-01T00:00:00Z""#,
        r#""expires_at":1e308"#,
        r#""expires_at":"2026-11-21T12:00:00+99:99""#,
        r#""__proto__":{"site":"other"}"#,
        r#""site":"other""#,
        r#""disabled":true"#,
        r#""taken_down":false"#,
        r#""":"""#,
    ] {
        table.field(field, &[422]);
    }
    table.field(r#""slug":"target""#, &[409]);
    table.field(&format!(r#""campaign":"{}""#, "c".repeat(60_000)), &[422]);
    table.field(&format!(r#""external_id":"{}""#, "c".repeat(256)), &[422]);
    // The last of two is taken; a title may hold anything printable.
    table.field(r#""title":"a","title":"b""#, &[201]);
    table.field(r#""title":"<script>alert(1)</script>\"'`${7*7}{{7*7}}""#, &[201]);
    table.field(r#""campaign":"'; DROP TABLE link; --""#, &[201]);
    table.field(r#""campaign":"=cmd|' /C calc'!A0""#, &[201]);
    table.field(r#""external_id":"*\r\nFLUSHALL\r\n""#, &[201]);
    table.field(r#""title":"\u202e\ufeff\ud83d\ude00""#, &[201]);
}

fn bodies(table: &mut Table) {
    let good = r#"{"channel":"copy","url":"https://example.com/"}"#;
    for (name, body) in [
        ("an empty body", &b""[..]),
        ("half a body of JSON", &good.as_bytes()[..20]),
        ("JSON and more", b"{}{}"),
        ("a byte order mark", b"\xef\xbb\xbf{}"),
        ("UTF-16", b"\xff\xfe{\0}\0"),
        ("invalid UTF-8", b"{\"channel\":\"copy\",\"url\":\"https://example.com/\xff\"}"),
        ("an overlong encoding", b"{\"channel\":\"copy\",\"url\":\"https://example.com/\xc0\xaf\"}"),
        ("a lone surrogate", br#"{"channel":"copy","url":"https://example.com/\ud800"}"#),
        ("surrogates the wrong way round", br#"{"channel":"copy","url":"https://example.com/\udc00\ud800"}"#),
        ("a raw NUL", b"{\"channel\":\"copy\",\"url\":\"https://example.com/\0\"}"),
        ("a raw line break", b"{\"channel\":\"copy\",\"url\":\"https://example.com/\r\n\"}"),
        ("a number beyond all", br#"{"url":1e999999}"#),
        ("not a number", br#"{"url":NaN}"#),
        ("a comment", b"{/* */}"),
        ("single quotes", b"{'url':'x'}"),
        ("gzip that is none", b"\x1f\x8b\x08\x00\x00"),
    ] {
        table.create(name, body, &[400]);
    }
    table.create("10,000 arrays", format!("{}{}", "[".repeat(10_000), "]".repeat(10_000)), &[400]);
    table.create("10,000 objects", format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000)), &[400]);
    table.create(
        "a long number for an address",
        r#"{"channel":"copy","url":123456789012345678901234567890}"#,
        &[422],
    );
    for body in ["null", "[]", "0", "true", "\"\"", "{}"] {
        table.create(&format!("the JSON {body}"), body, &[422]);
    }
    table.create("100 KiB", format!("{{\"url\":\"{}\"}}", "a".repeat(100 << 10)), &[413]);
    table.create("100 KiB of spaces", format!("{}{good}", " ".repeat(100 << 10)), &[413]);
    table.create("5,000 fields", format!("{{{}\"x\":1}}", "\"aaaaaaa\":1,".repeat(5_000)), &[422]);
    table.create(
        "twice the same field",
        r#"{"channel":"copy","url":"file:///x","url":"https://example.com/"}"#,
        &[201],
    );
    for media_type in [
        "text/plain",
        "application/json-patch+json",
        "multipart/form-data; boundary=x",
        "application/xml",
        ",",
        "\u{7f}",
    ] {
        let headers = format!("Content-Type: {media_type}\r\n");
        table.post(&format!("the media type {media_type:?}"), "/api/v1/links", &headers, good, &[415, 400]);
    }
    table.post("no media type", "/api/v1/links", "", good, &[415]);
    table.post(
        "gzip by name only",
        "/api/v1/links",
        "Content-Type: application/json\r\nContent-Encoding: gzip\r\n",
        "\x1f gibberish",
        &[400],
    );
    let bulk = |links: &str| format!("{{\"links\":[{links}]}}");
    let json = "Content-Type: application/json\r\n";
    table.post("a bulk of 101", "/api/v1/links/bulk", json, bulk(&format!("{}1", "1,".repeat(100))), &[422]);
    table.post(
        "a bulk of nonsense",
        "/api/v1/links/bulk",
        json,
        bulk("[],null,{},\"\",[[]],{\"links\":[]}"),
        &[200],
    );
    table.post("a bulk in a bulk", "/api/v1/links/bulk", json, r#"{"links":{"links":[]}}"#, &[422]);
}

fn codes(table: &mut Table) {
    for path in [
        "/%00",
        "/%2F",
        "/%0d%0aX-Injected:%201",
        "/%ff",
        "/%c0%af",
        "/%zz",
        "/%",
        "/*",
        "/+",
        "/++",
        "/+target",
        "/%2B",
        "/./target",
        "/x/../target",
        "/%2e%2e/target",
        "/{code}",
        "/ens:l:target",
        "/target/consent/",
        "/target/consent/x",
        "/static/../../Cargo.toml",
        "/static/..%2f..%2fCargo.toml",
        "/static/%2e%2e/%2e%2e/etc/passwd",
        "/static/style.css%00.svg",
        "/static//style.css",
        "/static/./style.css",
        "/static/STYLE.css",
        "/static/",
        "/static",
        "/..",
        "/.env",
        "/.git/config",
        "/wp-login.php",
        "/cgi-bin/%2e%2e/sh",
        "/api/v1/../v1/links",
        "/api/v1/links/target/stats/x",
        "//evil.example/%2e%2e",
        "/stats/x/y",
    ] {
        table.get(path, &[404]);
    }
    // What stands around an address in a message is none of its code.
    for path in [
        "/target%00",
        "/target%2F",
        "/target%0d%0aX-Injected:%201",
        "/target%0aSet-Cookie:a=b",
        "/target%",
        "/target%20",
        "/target.",
        "/target;a",
        "/target\\",
        "/TARGET",
        "/target++",
        "/target%2B",
        "/target+/",
        "/target/",
        "//target",
    ] {
        table.get(path, &[200]);
    }
    table.get(&format!("/{}", "a".repeat(5_000)), &[404]);
    table.get(&format!("/{}", "%41".repeat(3_000)), &[404]);
    table.get(&format!("/{}", "a/".repeat(3_000)), &[404]);
    table.get(&format!("/{}", "+".repeat(3_000)), &[404]);
    table.get("/<script>alert(1)</script>", &[400, 404]);
    table.get("/target+", &[200]);
    table.get("/target+?target", &[200]);
    table.get("/%74arget", &[200]);
    table.get("/target", &[200]);
    for path in [
        "/api/v1/links/%00",
        "/api/v1/links/%2e%2e",
        "/api/v1/links/target%00",
        "/api/v1/links/%2F",
        "/api/v1/links/target%2Fstats",
        "/api/v1/links/*",
        "/api/v1/links/nothing1/stats",
        "/api/v1/links/target%0d%0a",
    ] {
        table.api(path, &[404]);
    }
}

fn keys(table: &mut Table) {
    let get = |headers: &[u8]| {
        let head = b"GET /api/v1/links HTTP/1.1\r\nHost: localhost\r\n";
        [head, headers, b"\r\n\r\n"].concat()
    };
    let secret = table.secret.clone();
    for (name, headers, expected) in [
        ("no key", String::new(), &[401][..]),
        ("an empty bearer", "Authorization: Bearer ".to_owned(), &[401]),
        ("only the scheme", "Authorization: Bearer".to_owned(), &[401]),
        ("another scheme", format!("Authorization: Basic {secret}"), &[401]),
        ("two words", format!("Authorization: Bearer x {secret}"), &[401]),
        ("a quoted key", format!("Authorization: Bearer \"{secret}\""), &[401]),
        ("an empty key", "X-Api-Key:".to_owned(), &[401]),
        ("a key with another case", format!("X-Api-Key: {}", secret.to_uppercase()), &[401]),
        ("a wildcard", "X-Api-Key: *".to_owned(), &[401]),
        ("the hash of nothing", format!("X-Api-Key: {}", "0".repeat(64)), &[401]),
        ("SQL", "X-Api-Key: ' OR 1=1 --".to_owned(), &[401]),
        ("a key of 10 KiB", format!("X-Api-Key: {}", "k".repeat(10 << 10)), &[401]),
        ("the prefix alone", "X-Api-Key: ens_sk_".to_owned(), &[401]),
        ("a key in a cookie", format!("Cookie: key={secret}; session={secret}"), &[401]),
        ("two keys, the first wrong", format!("X-Api-Key: x\r\nX-Api-Key: {secret}"), &[401]),
        ("a folded key", format!("X-Api-Key: {}\r\n {}", &secret[..10], &secret[10..]), &[400, 401]),
        ("a NUL in the key", "X-Api-Key: a\0b".to_owned(), &[400]),
    ] {
        table.row(name, get(headers.as_bytes()), expected);
    }
    table.row("a key that is not ASCII", get(b"Authorization: Bearer \xff\xfe\xc3\xa9"), &[401, 400]);
    table.row("another key that is not ASCII", get("X-Api-Key: ens_sk_ключ".as_bytes()), &[401, 400]);
    table.headed("a key in the address", "GET", &format!("/api/v1/links?key={secret}"), "", &[401]);
}

fn queries(table: &mut Table) {
    for query in [
        "limit=-1",
        "limit=1e9",
        "limit=99999999999999999999999",
        "limit=0x10",
        "limit=%00",
        "limit=1&limit=1000",
        "cursor=%00",
        "cursor=.",
        "cursor=9223372036854775807.a",
        "cursor=-9223372036854775808.a",
        "cursor=1.%2F",
        "cursor=NaN.a",
        "channel=%2A",
        "channel=a%00",
        "campaign=a%0d%0aX-Injected:1",
        "url=javascript:alert(1)",
        "url=%ff",
        "%00=%00",
        "limit[]=1",
        "__proto__=1",
        "a=b",
        "%ff%fe",
    ] {
        table.api(&format!("/api/v1/links?{query}"), &[422]);
    }
    for query in [
        "limit=100&cursor=0.0",
        "cursor=-1.5",
        "cursor=9223372036854775807.18446744073709551615",
        "cursor=-9223372036854775808.1",
        "campaign=%F0%9F%98%80",
        "&&&&",
        "campaign=' OR 1=1",
    ] {
        table.api(&format!("/api/v1/links?{}", query.replace(' ', "%20")), &[200]);
    }
    for query in [
        "",
        "group_by=day&from=0001-01-01&to=9999-12-30",
        "group_by=day&from=-2026-01-01",
        "group_by=day&from=2026-02-30",
        "group_by=day&to=999999999-01-01",
        "group_by=day%00",
        "group_by[]=day",
        "group_by=day&from=%F0%9F%98%80",
        "group_by=day;DROP",
        "group_by=day&from=2026-11-22&to=2026-11-21",
    ] {
        table.api(&format!("/api/v1/stats?{query}"), &[422]);
    }
    table.api("/api/v1/links/target/stats?format=../../etc/passwd", &[422]);
    table.api("/api/v1/links/target/stats?from=9999-12-30&to=9999-12-30", &[200]);
    table.get("/target?%ff%fe&&&===%00%0d%0aX-Injected:1", &[200]);
    table.get(&format!("/target?{}", "a=b&".repeat(5_000)), &[200]);
    table.get(&format!("/target?{}", "%".repeat(20_000)), &[200]);
    table.get(&format!("/target?{}", "x".repeat(100_000)), &[200, 400, 414, 431, CLOSED]);
    table.get("/target?code=other&choice=allow&consent-12345678=g1", &[200]);
    table.get("/stats/sign-in?next=//evil.example", &[200]);
    for path in [
        "/stats/shared/%00",
        "/stats/shared/a%0d%0aX-Injected:1",
        "/stats/public/%ff%fe",
        "/stats/public/..%2f..",
    ] {
        table.get(path, &[404]);
    }
    table.get("/stats/public/../people", &[303, 404]);
    table.get("/target/badge.svg?of=page", &[404]);
    table.get("/stats/sign-in?next=%22%3E%3Cscript%3E", &[200]);
}

fn forms(table: &mut Table) {
    for origin in [
        "https://evil.example",
        "null",
        "http://localhost.evil.example",
        "localhost",
        "http://localhost:1",
        "://",
        "\u{a0}",
    ] {
        for path in [
            "/target/consent",
            "/privacy/consent",
            "/stats/sign-in",
            "/stats/sign-out",
            "/stats/people",
            "/stats/people/remove",
            "/stats/sessions/end",
            "/stats/views",
            "/stats/views/revoke",
            "/stats/password",
            "/try",
        ] {
            let headers = format!("Origin: {origin}\r\n");
            table.form(&format!("POST {path} from {origin:?}"), path, &headers, "choice=allow", &[403, 400]);
        }
    }
    for choice in ["", "ALLOW", "allow%00", "allow%0d%0a", "%ff", "[allow]", "allow,refuse", "g1"] {
        table.form(
            &format!("the choice {choice:?}"),
            "/target/consent",
            "",
            &format!("choice={choice}"),
            &[422],
        );
        table.form(
            &format!("the change {choice:?}"),
            "/privacy/consent",
            "",
            &format!("choice={choice}"),
            &[422],
        );
    }
    table.form("two choices", "/target/consent", "", "choice=allow&choice=perhaps", &[422]);
    table.form("no choice", "/target/consent", "", "", &[422]);
    table.form(
        "100 KiB of form",
        "/target/consent",
        "",
        &format!("choice=allow&x={}", "a".repeat(100 << 10)),
        &[413],
    );
    table.post(
        "a choice as JSON",
        "/target/consent",
        "Content-Type: application/json\r\n",
        r#"{"choice":"allow"}"#,
        &[415],
    );
    table.post("a choice as text", "/target/consent", "Content-Type: text/plain\r\n", "choice=allow", &[415]);
    table.post(
        "a choice as multipart",
        "/privacy/consent",
        "Content-Type: multipart/form-data; boundary=x\r\n",
        "--x\r\nContent-Disposition: form-data; name=\"choice\"\r\n\r\nallow\r\n--x--\r\n",
        &[415],
    );
    table.form("an answer for no link", "/nothing1/consent", "", "choice=allow", &[404]);
    table.form("a wrong key", "/stats/sign-in", "", "secret_key=%00%ff&next=//evil.example", &[401]);
    table.form("a name that is none", "/stats/sign-in", "", "name=%00%ff&secret=%00", &[401]);
    table.form(
        "a password of 60 KB",
        "/stats/sign-in",
        "",
        &format!("name=a&secret={}", "a".repeat(60_000)),
        &[401],
    );
    table.form("people without a session", "/stats/people", "", "name=a&role=owner", &[303]);
    table.form("a password for no view", "/stats/shared/..%2f..", "", "password=a", &[404]);
    table.form("the trial where there is none", "/try", "", "url=https://example.com/&channel=sms", &[404]);
}

fn headers(table: &mut Table) {
    let many = |count: usize| "X-Many: 1\r\n".repeat(count);
    let forwarded = "X-Forwarded-For: 192.0.2.7\r\nForwarded: for=192.0.2.7\r\nX-Forwarded-Host: evil.example\r\nX-Forwarded-Proto: https\r\n";
    for (name, headers, expected) in [
        ("a forged forwarded-for", forwarded.to_owned(), &[200][..]),
        ("a forwarded-for of 8 KiB", format!("X-Forwarded-For: {}\r\n", "192.0.2.1, ".repeat(700)), &[200]),
        ("a header of 200 KiB", format!("X-Long: {}\r\n", "a".repeat(200 << 10)), &[400, 413, 431, CLOSED]),
        ("90 headers", many(80), &[200]),
        ("300 headers", many(300), &[200, 400, 431, CLOSED]),
        ("10,000 headers", many(10_000), &[400, 413, 431, CLOSED]),
        ("a thousand cookies", format!("Cookie: {}\r\n", "a=b; ".repeat(1_000)), &[200]),
        (
            "a cookie that is none",
            "Cookie: =;;==;consent-;consent-12345678==g1;consent-12345678=g1x\r\n".to_owned(),
            &[200],
        ),
        ("a cookie with a NUL", "Cookie: consent-12345678=g1%00\r\n".to_owned(), &[200]),
        ("a purpose of a kind", "Sec-Purpose: ;;;prefetch\r\nSec-GPC: 2\r\n".to_owned(), &[200]),
        ("a prefetch", "Sec-Purpose: prefetch\r\nCookie: consent-12345678=g1\r\n".to_owned(), &[503]),
        ("a range", "Range: bytes=0-18446744073709551615,-1\r\n".to_owned(), &[200]),
        ("conditions", "If-None-Match: *\r\nIf-Modified-Since: x\r\n".to_owned(), &[200]),
        (
            "an upgrade",
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: x\r\n".to_owned(),
            &[200],
        ),
        (
            "an upgrade to HTTP/2",
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n".to_owned(),
            &[200],
        ),
        ("another method by header", "X-HTTP-Method-Override: DELETE\r\n".to_owned(), &[200]),
        ("an odd encoding", "Accept-Encoding: gzip;q=9999, *;q=-1, \u{7}\r\n".to_owned(), &[200, 400]),
        ("a space before the colon", "X-Injected : 1\r\n".to_owned(), &[400]),
        ("no colon", "nonsense\r\n".to_owned(), &[400]),
        ("no name", ": value\r\n".to_owned(), &[400]),
        ("a bare line feed in a value", "X-A: b\nX-Injected: 1\r\n".to_owned(), &[200, 400]),
        ("a bare carriage return in a value", "X-A: b\rX-Injected: 1\r\n".to_owned(), &[400]),
        ("a NUL in a value", "X-A: b\0c\r\n".to_owned(), &[400]),
        ("a name that is not ASCII", "X-Ä: 1\r\n".to_owned(), &[400]),
    ] {
        table.headed(name, "GET", "/target", &headers, expected);
    }
    for agent in [&b"\xff\xfe\xfd"[..], b"", &[b'a'; 8_000]] {
        let request = [
            b"GET /target+ HTTP/1.1\r\nHost: localhost\r\nCookie: consent-12345678=g1\r\nUser-Agent: ",
            agent,
            b"\r\n\r\n",
        ]
        .concat();
        table.row("a user agent of another kind", request, &[200, 400]);
    }
}

fn protocol(table: &mut Table) {
    for method in ["BREW", "TRACE", "PROPFIND", "get", "G\u{45}TT", "OPTIONS", "PATCH", "PUT"] {
        table.headed(&format!("the method {method}"), method, "/target", "", &[405]);
        table.headed(&format!("the method {method} of a list"), method, "/api/v1/links", "", &[405]);
    }
    table.headed("a method of 1,000 letters", &"A".repeat(1_000), "/target", "", &[405, 400]);
    table.headed("a method that is none", "G(T", "/target", "", &[400]);
    table.row(
        "CONNECT",
        "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n",
        &[400, 404, 405, 421],
    );
    table.row("OPTIONS of everything", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400, 404, 405]);
    table.row(
        "an absolute address",
        "GET http://evil.example/nothing1 HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[421],
    );
    table.row("no path", "GET nothing1 HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400, 404, 421]);
    table.row("HTTP/1.0", "GET /healthz HTTP/1.0\r\n\r\n", &[200]);
    table.row("HTTP/0.9", "GET /healthz\r\n\r\n", &[400, CLOSED]);
    table.row("HTTP/1.1 without a host", "GET /target+ HTTP/1.1\r\n\r\n", &[200, 400]);
    table.row(
        "two hosts",
        "GET /target+ HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n",
        &[421, 400],
    );
    table.row("another host", "GET /target+ HTTP/1.1\r\nHost: evil.example\r\n\r\n", &[421]);
    table.row("a host that is none", "GET /target+ HTTP/1.1\r\nHost: <script>:x@y/\r\n\r\n", &[421, 400]);
    table.row("HTTP/2 by prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[400, 404, 405, CLOSED]);
    table.row("HTTP/3.7", "GET /healthz HTTP/3.7\r\n\r\n", &[400, CLOSED]);
    table.row("TLS", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", &[400, CLOSED]);
    table.row("noise", [0xa5; 4_096], &[400, CLOSED]);
    table.row("NULs", [0; 4_096], &[400, CLOSED]);
    table.row("an e-mail", "EHLO evil.example\r\nMAIL FROM:<x@evil.example>\r\n\r\n", &[400, CLOSED]);
    table.row("empty lines first", "\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", &[200, 400]);
    table.row("bare line feeds", "GET /healthz HTTP/1.1\nHost: localhost\n\n", &[200, 400]);
    table.row("a tab in the request line", "GET\t/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400]);
    table.row("a path that is not ASCII", b"GET /\xff\xfe HTTP/1.1\r\nHost: localhost\r\n\r\n", &[404, 400]);
    table.row("a path with a space", "GET /target /x HTTP/1.1\r\nHost: localhost\r\n\r\n", &[400]);
    table.row(
        "two requests at once",
        "GET /nothing1 HTTP/1.1\r\nHost: localhost\r\n\r\nGET /target+ HTTP/1.1\r\nHost: localhost\r\n\r\n",
        &[404],
    );
    table.row("half a head", "GET /target HTTP/1.1\r\nHost: localhost\r\nX-Half", &[408, CLOSED]);
    let key = table.secret.clone();
    let good = r#"{"channel":"copy","url":"https://example.com/"}"#;
    let mut framed = |name: &str, headers: &str, body: &str, expected: &[u16]| {
        let head = format!(
            "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {key}\r\nContent-Type: application/json\r\n"
        );
        table.row(name, format!("{head}{headers}\r\n{body}"), expected);
    };
    let chunked = "Transfer-Encoding: chunked\r\n";
    let whole = format!("{:x}\r\n{good}\r\n0\r\n\r\n", good.len());
    framed("chunks in order", chunked, &whole, &[411]);
    framed(
        "chunks of one byte",
        chunked,
        &(good.chars().flat_map(|byte| ['1', '\r', '\n', byte, '\r', '\n']).collect::<String>()
            + "0\r\n\r\n"),
        &[411],
    );
    framed(
        "a chunk's extension and a trailer",
        chunked,
        &format!("{:x};a=\"b\"\r\n{good}\r\n0\r\nX-Injected: 1\r\n\r\n", good.len()),
        &[411],
    );
    framed("chunked and a length", &format!("{chunked}Content-Length: 3\r\n"), &whole, &[411]);
    framed("a length and chunked", &format!("Content-Length: {}\r\n{chunked}", good.len()), &whole, &[411]);
    framed("chunked, and not last", "Transfer-Encoding: chunked, identity\r\n", &whole, &[411]);
    framed("chunked twice", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", &whole, &[411]);
    framed("chunked by another name", "Transfer-Encoding: xchunked\r\n", &whole, &[411]);
    framed("a chunk of no number", chunked, "zz\r\n{}\r\n0\r\n\r\n", &[411]);
    framed("a chunk of a negative number", chunked, "-2\r\n{}\r\n0\r\n\r\n", &[411]);
    framed("a chunk beyond all", chunked, "fffffffffffffffff\r\n{}\r\n", &[411]);
    framed("a chunk longer than it says", chunked, "2\r\n{}{}{}\r\n0\r\n\r\n", &[411]);
    framed("a chunk that does not end", chunked, "40\r\n{}", &[411]);
    framed(
        "100 KiB in chunks",
        chunked,
        &("2000\r\n".to_owned() + &" ".repeat(8_192) + "\r\n").repeat(13),
        &[411],
    );
    framed("two lengths", "Content-Length: 2\r\nContent-Length: 3\r\n", "{}x", &[400]);
    framed("a list of lengths", "Content-Length: 2, 2\r\n", "{}", &[400]);
    framed("a negative length", "Content-Length: -1\r\n", "{}", &[400]);
    framed("a signed length", "Content-Length: +2\r\n", "{}", &[400]);
    framed("a length that is none", "Content-Length: two\r\n", "{}", &[400]);
    framed("a length beyond all", "Content-Length: 99999999999999999999\r\n", "{}", &[400]);
    framed("a length of 4 GiB", "Content-Length: 4294967296\r\n", "{}", &[408, 413]);
    framed("half of what the length says", "Content-Length: 50\r\n", "{\"url\":", &[408]);
    framed("no length", "", "", &[400]);
    framed("another expectation", "Expect: tea\r\nContent-Length: 2\r\n", "{}", &[417, 422]);
    framed("an expectation", "Expect: 100-continue\r\nContent-Length: 2\r\n", "{}", &[422]);
}
