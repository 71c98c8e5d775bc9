//! What one request can cost: 64 kB of whatever a client makes up, at every address of the service.

use std::net::SocketAddr;

use crate::hostile_clients::exchange;
use crate::program::{BEHIND_A_PROXY, Home, Service};

/// How much each request brings.
const BYTES: usize = 64_000;
/// How many small ones a request may cost. Reading it alone costs some dozens; one whose work grows with the square of what
/// it brings costs ten thousand and more.
const MOST: u64 = 1_000;

/// What is made up: its name, and the path, the headers and the form that it makes of a path.
type Hostile = (&'static str, fn(&str) -> (String, String, String));

const HOSTILE: [Hostile; 8] = [
    ("many parameters", |path| (format!("{path}?{}", pairs("&")), String::new(), String::new())),
    ("one parameter many times", |path| {
        (format!("{path}?{}", "id=1&".repeat(BYTES / 5)), String::new(), String::new())
    }),
    ("a long name", |path| (format!("{path}?{}=1", "n".repeat(BYTES)), String::new(), String::new())),
    ("many cookies", |path| (path.to_owned(), format!("Cookie: {}\r\n", pairs("; ")), String::new())),
    ("one cookie many times", |path| {
        (
            path.to_owned(),
            format!("Cookie: {}\r\n", "consent-abcd1234=g1; ".repeat(BYTES / 21)),
            String::new(),
        )
    }),
    ("a long path", |path| (format!("{path}{}", "%20".repeat(BYTES / 3)), String::new(), String::new())),
    ("long headers", |path| {
        let long = |name: &str| format!("{name}: {}\r\n", "bot;,=\"/".repeat(BYTES / 64));
        let names = [
            "User-Agent",
            "Accept",
            "Accept-Language",
            "X-Forwarded-For",
            "Referer",
            "If-None-Match",
            "Origin",
        ];
        (path.to_owned(), names.map(long).concat(), String::new())
    }),
    ("a form of many fields", |path| (path.to_owned(), String::new(), pairs("&"))),
];

/// Different names with a value each.
fn pairs(joint: &str) -> String {
    let pairs: Vec<_> = (0..BYTES / 9).map(|number| format!("p{number}=1")).collect();
    pairs.join(joint)
}

#[tokio::test]
async fn no_request_costs_much_more_than_a_small_one_whatever_it_brings() {
    let home = Home::new();
    let limits = ["--set", "limits.miss_per_minute=0", "--set", "limits.sign_in_per_minute=0"];
    let service = home.serve(&[&BEHIND_A_PROXY[..], &limits].concat());
    let secret = service.printed_key("ens_sk_").expect("a key");
    let publishable = service.printed_key("ens_pk_").expect("a key");
    let code = service.code(&secret).await;
    let small = cost(&service, 400, || request("GET", "/healthz", "", "")).await / 400;
    let mut dearest = Vec::new();
    for (pattern, methods) in entrenous::app::route_table() {
        let path = pattern
            .replace("{code}", &code)
            .replace("{codes}", &code)
            .replace("{channel}", "sms")
            .replace("{site}", "default")
            .replace("{file}", "style.css")
            .replace("{name}", "days.csv");
        assert!(pattern != "/stats/{code}" || path.ends_with(&code));
        for method in methods.split(", ") {
            for (name, make) in HOSTILE {
                let (path, headers, form) = make(&path);
                let key = if path.starts_with("/share/") { &publishable } else { &secret };
                let headers = format!("{headers}Authorization: Bearer {key}\r\n");
                let spent = cost(&service, 1, || request(method, &path, &headers, &form)).await;
                dearest.push((spent / small.max(1), format!("{method} {pattern} with {name}")));
            }
        }
    }
    dearest.sort_unstable_by(|one, other| other.cmp(one));
    dearest.truncate(5);
    println!("the dearest requests, in small ones of {small} ns: {dearest:#?}");
    assert!(dearest[0].0 <= MOST, "{dearest:#?}");
}

fn request(method: &str, path: &str, headers: &str, form: &str) -> String {
    let length = form.len();
    let form_type = if form.is_empty() { "" } else { "Content-Type: application/x-www-form-urlencoded\r\n" };
    format!(
        "{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\n{headers}{form_type}\
         Content-Length: {length}\r\nConnection: close\r\n\r\n{form}"
    )
}

/// The processor time that so many requests cost, one after the other.
async fn cost(service: &Service, times: usize, request: impl Fn() -> String) -> u64 {
    let address: SocketAddr = service.socket();
    let before = service.processor_time();
    for _ in 0..times {
        exchange(address, request().as_bytes()).await;
    }
    service.processor_time() - before
}
