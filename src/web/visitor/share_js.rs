//! `/share.js`: the share buttons that publishers put on their pages, as one script.
//!
//! It is rendered once, when the service starts, with the service's address and its channels, and is
//! served at two addresses: `/share.js` for pages that shall always have the present one, and one
//! with its hash in it that never changes, for pages that name an integrity hash.

use std::collections::BTreeMap;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha384};
use url::Url;

use crate::domain::channel::{Channel, Channels};
use crate::domain::own_address::own_address;
use crate::web::AppState;
use crate::web::response::asset::{Asset, FOR_EVER};
use crate::web::response::minify;

const SCRIPT: &str = include_str!("../../../static/share.js");
const STYLE: &str = include_str!("../../../static/share.css");
/// In the place of this word the script gets what it works with.
const PLACE: &str = "ENTRENOUS";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The script as it is served.
pub(crate) struct Component {
    asset: Asset,
    file: String,
    integrity: String,
}

impl Component {
    /// Renders it.
    pub(crate) fn new(public_url: &Url, channels: &Channels) -> Self {
        let channels: BTreeMap<_, _> =
            channels.iter().map(|(name, channel)| (name.as_str(), entry(channel))).collect();
        let given = json!({
            "service": own_address(public_url, ""),
            "channels": channels,
            "css": minify::style(STYLE),
        });
        // JSON is JavaScript.
        let text = minify::script(SCRIPT).replacen(PLACE, &given.to_string(), 1);
        let asset = Asset::new(text, "text/javascript; charset=utf-8");
        let file = format!("share.{}.js", asset.hash());
        let integrity = format!("sha384-{}", STANDARD.encode(Sha384::digest(asset.text())));
        Self { asset, file, integrity }
    }

    /// The name of the file that never changes, below `/static/`.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// What a page says in `integrity` to load this text and no other.
    pub(crate) fn integrity(&self) -> &str {
        &self.integrity
    }

    /// Answers at the address that never changes.
    pub(crate) fn answer_for_ever(&self, request: &HttpRequest) -> HttpResponse {
        for_every_page(self.asset.answer(request, FOR_EVER))
    }
}

/// The plain address is asked for a new script after five minutes; who comes within a day does not
/// wait for the answer, nor go without buttons where there is none.
const FIVE_MINUTES: &str = "public, max-age=300, stale-while-revalidate=86400";

/// `GET /share.js`.
pub(crate) async fn latest(request: HttpRequest, app: web::Data<AppState>) -> HttpResponse {
    for_every_page(app.component.asset.answer(&request, FIVE_MINUTES))
}

/// Lets pages of every origin load it, also those that name its integrity or want to be isolated.
/// It is the same text for everybody.
fn for_every_page(mut answer: HttpResponse) -> HttpResponse {
    let headers = answer.headers_mut();
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(CROSS_ORIGIN_RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    answer
}

/// A channel as the script knows it: its label, the address that opens its app, and the one that does
/// so on phones, as far as there are any.
fn entry(channel: &Channel) -> Vec<Option<&str>> {
    let mut entry =
        vec![Some(channel.label.as_str()), channel.share.as_deref(), channel.share_phone.as_deref()];
    while entry.last() == Some(&None) {
        entry.pop();
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_script_holds_what_it_works_with_and_nothing_is_left_to_fill_in() {
        let url = Url::parse("https://go.example/").expect("an address");
        let component = Component::new(&url, &Channels::built_in());
        let text = std::str::from_utf8(component.asset.text()).expect("UTF-8");
        assert!(text.contains(r#""service":"https://go.example""#), "{text}");
        assert!(text.contains(r#""whatsapp":["WhatsApp","https://wa.me/?text={text}"]"#), "{text}");
        assert!(text.contains(r#""copy":["Copied link"]"#), "{text}");
        assert!(!text.contains(PLACE), "{text}");
    }

    #[test]
    fn the_address_changes_with_the_text() {
        let [one, other] = ["https://go.example/", "https://to.example/"].map(|url| {
            let url = Url::parse(url).expect("an address");
            Component::new(&url, &Channels::built_in())
        });
        assert_ne!(one.file(), other.file());
        assert_ne!(one.integrity(), other.integrity());
    }
}
