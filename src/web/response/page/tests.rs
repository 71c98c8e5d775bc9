//! A page keeps its address in another language, and calls channels as people do.

use actix_web::test::TestRequest;

use super::*;
use crate::i18n::Language::{English, French};

fn page(address: &str) -> Page {
    let request = TestRequest::with_uri(address).to_http_request();
    Page::of(request.head(), "/static/style.css?v=0123456789abcdef")
}

#[test]
fn the_way_to_another_language_keeps_the_address() {
    let unsaid = page("/aB3dE6g+?from=a%26b");
    assert_eq!(unsaid.others(), [(French, "/aB3dE6g+?from=a%26b&lang=fr".to_owned())]);
    assert_eq!(unsaid.link("/privacy"), "/privacy");
    let chosen = page("/aB3dE6g+?from=a%26b&lang=fr");
    assert_eq!(chosen.others(), [(English, "/aB3dE6g+?from=a%26b&lang=en".to_owned())]);
    assert_eq!(chosen.link("/privacy"), "/privacy?lang=fr");
    assert_eq!(chosen.link("/stats?period=7d"), "/stats?period=7d&lang=fr");
}

#[test]
fn a_channel_has_its_name_in_each_language_and_the_operators_own_name_in_all() {
    let (english, french) = (page("/?lang=en"), page("/?lang=fr"));
    assert_eq!(french.channel("copy", "Copied link"), "Lien copié");
    assert_eq!(french.channel("copy", "Clipboard"), "Clipboard");
    assert_eq!(french.channel("fax", "Fax"), "Fax");
    assert_eq!(english.channel("copy", "Copied link"), "Copied link");
}
