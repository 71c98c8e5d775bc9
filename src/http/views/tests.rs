//! What holds for the pages' texts before a browser sees them.

use actix_web::test::TestRequest;
use askama::Template;

use super::*;
use crate::domain::publication::Number;
use crate::http::language::Language;
use crate::http::language::Language::{English, French};

fn page(language: Language) -> Page {
    let request = TestRequest::with_uri(&format!("/aB3dE6g+?lang={}", language.tag())).to_http_request();
    Page::of(request.head(), "/static/style.css?v=0123456789abcdef")
}

#[test]
fn a_count_never_shows_what_is_not_published() {
    let cases = [
        (Number::Exact(1_204), "1,204", "1\u{202f}204"),
        (Number::AtLeast(10), "at least 10", "au moins 10"),
        (Number::Fewer, "fewer than 5", "moins de 5"),
    ];
    for (number, english, french) in cases {
        let count = Count::of(number, 5);
        assert_eq!([count.words(English), count.words(French)], [english, french]);
    }
}

#[test]
fn what_is_suppressed_adds_nothing_to_a_sum() {
    assert_eq!(Count::FewerThan(5).and(Count::FewerThan(5)), Count::FewerThan(5));
    assert_eq!(Count::FewerThan(5).and(Count::Exact(7)), Count::Exact(7));
    assert_eq!(Count::AtLeast(5).and(Count::Exact(7)), Count::AtLeast(12));
}

#[test]
fn an_address_is_read_without_its_scheme() {
    assert_eq!(without_scheme("https://example.com/a/"), "example.com/a/");
    assert_eq!(without_scheme("http://example.com/"), "example.com");
    assert_eq!(without_scheme("spring/summer"), "spring/summer");
}

#[test]
fn the_consent_page_is_small_and_has_three_equal_buttons_and_no_script() {
    for language in Language::ALL {
        let page = ConsentPage {
            page: page(language),
            code: "aB3dE6g".into(),
            host: "news.example.com".into(),
            query: Some("a=1&b=\"2\"".into()),
        };
        let html = page.render().expect("the template is fixed and every field is text");
        assert!(html.len() < 4_096, "{} bytes", html.len());
        assert_eq!(html.matches("<button class=\"button\" name=\"choice\"").count(), 3);
        assert_eq!(html.matches("<button").count(), 3);
        assert!(!html.contains("<script") && !html.contains(" style="));
        assert!(html.contains("news.example.com"));
        assert!(html.contains("/aB3dE6g/consent?a=1") && !html.contains("b=\"2\""));
        assert!(html.contains(&format!("<html lang=\"{}\"", language.tag())));
    }
}

#[test]
fn text_from_outside_is_escaped() {
    let page = ReceiptPage {
        page: page(English),
        code: "aB3dE6g".into(),
        short_url: "https://s.example/<script>".into(),
        destination: "https://example.com/?q=<script>\"'".into(),
        host: "example.com".into(),
        channel: "copy".into(),
        campaign: Some("<b>spring</b>".into()),
        created: "2025-03-12".into(),
        expires: None,
        state: LinkState::Active,
        policy: Policy::Ask,
        answer: State::Unknown,
    };
    let html = page.render().expect("the template is fixed and every field is text");
    assert!(!html.contains("<script") && !html.contains("<b>spring"));
}
