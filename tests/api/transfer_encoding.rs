//! Requests with a `Transfer-Encoding` are refused with 411, whatever they ask for and however it is
//! written, and no byte behind their heads is taken for a request.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use reqwest::Method;
use serde_json::Value;

use crate::raw;
use crate::service::{Backend, FIREFOX, Service};

/// In which the service closes the connection.
const DEADLINE: Duration = Duration::from_secs(20);

/// Chunked bodies whose end some take elsewhere than others, and a body that is none.
const BODIES: [&str; 8] = [
    "0\r\n\r\n",
    "0\r\n\n",
    "0\n\r\n",
    "0\n\n",
    "0\r\n\r",
    "1\r\nx\r\n0\r\n\n",
    "2;a=b\r\nxx\r\n0\r\nX: y\r\n\n",
    "",
];

/// Ways to write it. The others of the head's headers come first.
const SPELLINGS: [&str; 16] = [
    "Transfer-Encoding: chunked\r\n",
    "transfer-encoding: chunked\r\n",
    "TRANSFER-ENCODING:chunked\r\n",
    "tRaNsFeR-eNcOdInG:\tchunked\t\r\n",
    "Transfer-Encoding: identity\r\n",
    "Transfer-Encoding: gzip, chunked\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding: \"chunked\"\r\n",
    "Transfer-Encoding:\r\n",
    "Transfer-Encoding:\r\n chunked\r\n",
    "Transfer-Encoding: gzip,\r\n\tchunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: chunked\n",
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
];

#[tokio::test]
async fn every_address_refuses_every_spelling_and_takes_nothing_behind_it() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    let smuggled = smuggled(&service);
    let paths = [
        "/",
        "/healthz",
        "/privacy",
        "/privacy/consent",
        "/stats",
        "/stats/new",
        "/api/v1/links",
        "/share/sms",
        "/static/style.css",
        "/nothing/at/all",
        "/api/v1/nothing",
    ];
    let paths = paths.iter().map(|path| (*path).to_owned());
    for path in paths.chain([format!("/{code}"), format!("/{code}+"), format!("/{code}/consent")]) {
        for (number, spelling) in SPELLINGS.iter().enumerate() {
            for method in ["GET", "POST"] {
                let body = BODIES[number % BODIES.len()];
                let sent =
                    format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{spelling}\r\n{body}{smuggled}");
                refused(&service, &[sent.as_bytes()], &[411]);
            }
        }
    }
    assert_eq!(links(&service).await, 1, "a smuggled request made a link");
}

#[tokio::test]
async fn no_end_of_a_chunked_body_lets_a_request_in_and_those_before_it_are_answered() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    let smuggled = smuggled(&service);
    let body = r#"{"channel":"sms","url":"https://example.com/","title":"Transfer-Encoding: chunked"}"#;
    let visits = format!(
        "GET /{code} HTTP/1.1\r\nHost: localhost\r\n\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    );
    let creation = format!(
        "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        service.secret,
        body.len()
    );
    let mut made = 1;
    for body in BODIES {
        let chunked = format!(
            "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n{body}{smuggled}"
        );
        let sent = format!("{visits}{creation}{chunked}");
        refused(&service, &[sent.as_bytes()], &[302, 200, 201, 411]);
        // In small pieces, which end anywhere. The framework closes a connection after any answer that it
        // gives while the body of a later request is on its way, so requests with bodies come first here.
        for (before, answered) in [(&visits, &[302, 200, 411][..]), (&creation, &[201, 411])] {
            let sent = format!("{before}{chunked}");
            let pieces: Vec<_> = sent.as_bytes().chunks(7).collect();
            refused(&service, &pieces, answered);
        }
        made += 2;
    }
    assert_eq!(links(&service).await, made, "a smuggled request made a link");
}

#[tokio::test]
async fn what_the_framework_refuses_by_itself_ends_the_connection_too() {
    let service = Service::start(Backend::Sqlite).await;
    let smuggled = smuggled(&service);
    for head in [
        " Transfer-Encoding: chunked\r\n",
        "X: y\r\n Transfer-Encoding: chunked\r\n",
        "X: y\rTransfer-Encoding: chunked\r\n",
        "\rTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding\n",
        "Transfer\0-Encoding: chunked\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\n 6\r\n",
    ] {
        let sent = format!("POST /healthz HTTP/1.1\r\nHost: localhost\r\n{head}\r\n0\r\n\n{smuggled}");
        refused(&service, &[sent.as_bytes()], &[400]);
    }
    // What only looks like it is another header, and its body is as long as the head says.
    let sent = "GET /healthz HTTP/1.1\r\nHost: localhost\r\nTransfer_Encoding: chunked\r\nX-Transfer-Encoding: chunked\r\n\r\n\
        GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(statuses(&exchange(&service, &[sent.as_bytes()])), [200, 200]);
    assert_eq!(links(&service).await, 0);
}

#[tokio::test]
async fn the_refusal_is_a_problem_for_programs_and_a_page_for_browsers() {
    let service = Service::start(Backend::Sqlite).await;
    let request = |headers: &str| {
        format!(
            "POST /api/v1/links HTTP/1.1\r\nTransfer-Encoding: chunked\r\nHost: localhost\r\n{headers}\r\n0\r\n\r\n"
        )
    };
    let answer = raw::exchange(service.address(), request("").as_bytes()).expect("an answer");
    assert_eq!(answer.headers("content-type"), ["application/problem+json"]);
    assert_eq!(answer.headers("connection"), ["close"]);
    let problem: Value = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!((problem["status"].as_u64(), problem["code"].as_str()), (Some(411), Some("length_required")));
    let browser = request(&format!("User-Agent: {FIREFOX}\r\nAccept: text/html\r\n"));
    let page = raw::exchange(service.address(), browser.replace("/api/v1/links", "/privacy").as_bytes());
    let page = page.expect("an answer");
    assert_eq!((page.status, page.headers("content-type")), (411, vec!["text/html; charset=utf-8"]));
    assert!(page.text().contains("Length required"), "{}", page.text());
}

#[tokio::test]
async fn a_client_that_sends_on_still_gets_its_answer() {
    let service = Service::start(Backend::Sqlite).await;
    let head = "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n";
    let chunk = format!("10000\r\n{}\r\n", "a".repeat(0x10000));
    let sent = [head.as_bytes(), chunk.repeat(32).as_bytes(), b"0\r\n\r\n"].concat();
    assert_eq!(statuses(&exchange(&service, &[&sent])), [411]);
}

/// A request that would make a link, if it were taken for one.
fn smuggled(service: &Service) -> String {
    let body = r#"{"channel":"sms","url":"https://example.com/smuggled"}"#;
    format!(
        "POST /api/v1/links HTTP/1.1\r\nHost: localhost\r\nX-Api-Key: {}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
        service.secret,
        body.len()
    )
}

/// Sends bytes on a connection of their own and asserts which answers come until the service closes it.
fn refused(service: &Service, pieces: &[&[u8]], expected: &[u16]) {
    let sent = String::from_utf8_lossy(&pieces.concat()).into_owned();
    let answers = exchange(service, pieces);
    assert_eq!(statuses(&answers), expected, "{sent:?}: {answers:?}");
    let last = answers.rsplit("HTTP/1.1 ").next().expect("an answer").to_ascii_lowercase();
    assert!(last.contains("connection: close\r\n"), "{sent:?}: {answers:?}");
}

/// The statuses of all answers.
fn statuses(answers: &str) -> Vec<u16> {
    answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().expect("a status")).collect()
}

/// Everything that the service answers until it closes the connection.
fn exchange(service: &Service, pieces: &[&[u8]]) -> String {
    let mut stream = TcpStream::connect(service.address()).expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    stream.set_read_timeout(Some(DEADLINE)).expect("a limit");
    for piece in pieces {
        // Who answers early may close before all of it is sent.
        let _ = stream.write_all(piece);
    }
    let mut answers = Vec::new();
    match stream.read_to_end(&mut answers) {
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        Err(error) => panic!("the connection stays open: {error}; {}", String::from_utf8_lossy(&answers)),
    }
    String::from_utf8_lossy(&answers).into_owned()
}

/// How many links there are.
async fn links(service: &Service) -> usize {
    let request = service.api(Method::GET, "/api/v1/links?limit=100");
    let found: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    found["links"].as_array().expect("a list").len()
}
