//! What holds for the pages' texts before a browser sees them.

use actix_web::test::TestRequest;
use askama::Template;

use super::*;
use crate::i18n::Language;
use crate::i18n::Language::English;

fn page(language: Language) -> Page {
    let request = TestRequest::with_uri(&format!("/aB3dE6g+?lang={}", language.tag())).to_http_request();
    Page::of(request.head(), "/static/style.css?v=0123456789abcdef")
}

#[test]
fn the_consent_page_is_small_and_has_three_equal_buttons_and_no_script() {
    for language in Language::ALL {
        let page = ConsentPage {
            publisher: "The <Courier>".to_owned(),
            privacy: "/privacy?site=abc12345".to_owned(),
            lineage: true,
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
        publisher: "The <Courier>".to_owned(),
        privacy: "/privacy?site=abc12345".to_owned(),
        lineage: true,
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
