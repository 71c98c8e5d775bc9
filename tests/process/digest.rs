//! The weekly digest: looked at on the command line, and refused by a mail server that says too much.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Instant;

use entrenous::clock::Clock;
use entrenous::domain::site::Site;
use entrenous::store;
use entrenous::store::StoreUrl;
use jiff::SignedDuration;

use crate::program::{DEADLINE, Home, PAUSE};

/// Makes a site that has been there for a month.
async fn site(home: &Home, name: &str) {
    home.site(name);
    let url = format!("sqlite:{}", home.path().join("data/entrenous.db").display());
    let store = store::open(&StoreUrl::parse(&url).expect("an address"), None).await.expect("the store");
    let old = store.sites().await.expect("sites").remove(0);
    let created_at = Clock::system().now() - SignedDuration::from_hours(30 * 24);
    assert!(store.replace_site(&old, &Site { created_at, ..old.clone() }).await.expect("replaced"));
}

#[tokio::test]
async fn the_latest_letter_can_be_looked_at() {
    let home = Home::new();
    site(&home, "press").await;
    let text = home.run(&["digest", "preview", "press"]);
    assert_eq!(text.code, Some(0), "{}", text.errors);
    assert!(text.text.starts_with("Subject: press: "), "{}", text.text);
    for part in
        ["Clicks: too few to show (the week before: too few to show)", "with consent only", "/stats?from="]
    {
        assert!(text.text.contains(part), "{part} in {}", text.text);
    }
    let html = home.run(&["digest", "preview", "press", "--html"]);
    assert_eq!(html.code, Some(0), "{}", html.errors);
    assert!(html.text.starts_with("<!doctype html>"), "{}", html.text);
    let nobody = home.run(&["digest", "preview", "nobody"]);
    assert_eq!(nobody.code, Some(1));
    assert!(nobody.errors.contains("there is no site \"nobody\""), "{}", nobody.errors);
}

/// Answers as a mail server that knows none of the recipients, and says so with their addresses.
fn refuse(listener: &TcpListener) {
    for stream in listener.incoming().flatten() {
        std::thread::spawn(move || drop(refuse_one(&stream)));
    }
}

fn refuse_one(stream: &TcpStream) -> std::io::Result<()> {
    let mut out = stream;
    out.write_all(b"220 mail.example\r\n")?;
    for line in BufReader::new(stream).lines() {
        let line = line?;
        let answer = match line.split(['<', '>']).nth(1) {
            Some(address) if line.starts_with("RCPT") => {
                format!("550 5.1.1 <{address}>: {address} is nobody here\r\n")
            }
            _ => "250 yes\r\n".to_owned(),
        };
        out.write_all(answer.as_bytes())?;
    }
    Ok(())
}

#[tokio::test]
async fn a_refused_letter_is_logged_without_the_address_and_the_service_goes_on() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || refuse(&listener));
    let home = Home::new();
    site(&home, "press").await;
    let settings = [
        format!("digest.smtp_url=smtp://127.0.0.1:{port}"),
        "digest.from=stats@go.example".to_owned(),
        "digest.recipients.press=somebody@press.example".to_owned(),
    ];
    let arguments: Vec<_> = settings.iter().flat_map(|setting| ["--set", setting.as_str()]).collect();
    let service = home.serve(&[&arguments[..], &["--set", "log.level=debug"]].concat());
    service.until("digest_failures_total", 1).await;
    let began = Instant::now();
    while !service.log().contains("the mail server refused it with 550") {
        assert!(began.elapsed() < DEADLINE, "{}", service.log());
        tokio::time::sleep(PAUSE).await;
    }
    let log = service.log();
    for hidden in ["somebody", "press.example", "nobody here", "go.example"] {
        assert!(!log.contains(hidden), "{hidden} in {log}");
    }
    assert_eq!(service.metric("digests_sent_total").await, 0);
    service.terminate();
    assert_eq!(service.end(), Some(0));
}
