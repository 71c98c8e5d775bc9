//! `/share.js`: the share buttons that publishers put on their pages, as one script.
//!
//! The script's text depends on the release only. It is served as it is at an address that has its hash in it, for pages
//! that name an integrity hash; there, the script reads its settings from the element that loads it. At `/share.js`, for
//! pages that always want the present release, this installation's settings are part of the text.

use std::collections::BTreeMap;

use actix_web::http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, HeaderName, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, web};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use sha2::{Digest, Sha384};
use url::Url;

use crate::domain::channel::{Channel, ChannelName, Channels};
use crate::domain::own_address::own_address;
use crate::web::AppState;
use crate::web::response::asset::{Asset, FOR_EVER};

/// The texts that stay served at the addresses with their hashes, the present release's first.
///
/// A release that changes the text keeps its predecessor's here for a year, as `static/built/share-VERSION.js`.
const RELEASES: [&str; 1] = [include_str!("../../../static/built/share.js")];
/// The end of a text: the call of its only function, with empty settings.
const NO_SETTINGS: &str = "({});\n";

const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// The script as it is served.
pub(crate) struct Component {
    latest: Asset,
    releases: Vec<Release>,
    own_channels: Option<String>,
}

/// The script of one release at the address that never changes.
struct Release {
    file: String,
    asset: Asset,
}

impl Component {
    /// Prepares the script for an installation.
    pub(crate) fn new(public_url: &Url, channels: &Channels) -> Self {
        let built_in = Channels::built_in();
        let is_own = |name: &ChannelName, channel: &Channel| {
            built_in.get(name.as_str()).is_none_or(|(_, built_in)| entry(built_in) != entry(channel))
        };
        let own: BTreeMap<_, _> = channels
            .iter()
            .filter(|(name, channel)| is_own(name, channel))
            .map(|(name, channel)| (name.as_str(), entry(channel)))
            .collect();
        // JSON is JavaScript.
        let settings = json!({ "service": own_address(public_url, ""), "channels": own });
        let script = RELEASES[0].strip_suffix(NO_SETTINGS).expect("a test holds how the script ends");
        let releases = RELEASES.map(|text| {
            let asset = Asset::new(text, MEDIA_TYPE);
            Release { file: format!("share.{}.js", asset.hash()), asset }
        });
        Self {
            latest: Asset::new(format!("{script}({settings});\n"), MEDIA_TYPE),
            releases: releases.into(),
            own_channels: (!own.is_empty()).then(|| json!(own).to_string()),
        }
    }

    /// The name of the present release's file, below `/static/`.
    pub(crate) fn file(&self) -> &str {
        &self.releases[0].file
    }

    /// The value of `integrity` with which a page loads the present release's text and no other.
    pub(crate) fn integrity(&self) -> String {
        format!("sha384-{}", STANDARD.encode(Sha384::digest(self.releases[0].asset.text())))
    }

    /// The value of `data-channels` that a page needs where it names the present release's text: the channels that this
    /// installation has added or changed, as JSON.
    pub(crate) fn own_channels(&self) -> Option<&str> {
        self.own_channels.as_deref()
    }

    /// Responds at an address that never changes, where a release has this file.
    pub(crate) fn answer_for_ever(&self, file: &str, request: &HttpRequest) -> Option<HttpResponse> {
        let release = self.releases.iter().find(|release| release.file == file)?;
        Some(for_every_page(release.asset.answer(request, FOR_EVER)))
    }
}

const MEDIA_TYPE: &str = "text/javascript; charset=utf-8";

/// The plain address is asked for a new script after five minutes; who comes within a day does not
/// wait for the answer, nor go without buttons where there is none.
const FIVE_MINUTES: &str = "public, max-age=300, stale-while-revalidate=86400";

/// `GET /share.js`.
pub(crate) async fn latest(request: HttpRequest, app: web::Data<AppState>) -> HttpResponse {
    for_every_page(app.component.latest.answer(&request, FIVE_MINUTES))
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

    fn component(public_url: &str, channels: &Channels) -> Component {
        Component::new(&Url::parse(public_url).expect("an address"), channels)
    }

    fn text(asset: &Asset) -> &str {
        std::str::from_utf8(asset.text()).expect("UTF-8")
    }

    #[test]
    fn the_script_ends_with_settings_to_fill_in_and_has_no_name_left_to_replace() {
        for script in RELEASES {
            assert!(script.ends_with(NO_SETTINGS), "{script}");
            assert!(!script.contains("BUILT_IN_CHANNELS") && !script.contains("STYLE"), "{script}");
        }
    }

    #[test]
    fn the_script_of_a_release_knows_every_built_in_channel() {
        for (name, channel) in Channels::built_in().iter() {
            let expected = format!("{name}:{}", json!(entry(channel)));
            assert!(RELEASES[0].contains(&expected), "{expected}");
        }
    }

    #[test]
    fn the_plain_address_has_the_settings_of_the_installation() {
        let component = component("https://go.example/", &Channels::built_in());
        let text = text(&component.latest);
        assert!(text.ends_with("({\"channels\":{},\"service\":\"https://go.example\"});\n"), "{text}");
        assert_eq!(component.own_channels(), None);
    }

    #[test]
    fn only_channels_that_are_added_or_changed_are_settings() {
        let file = "[email]\nlabel = \"Mail\"\n[sms]\nlabel = \"SMS\"\nshare = \"sms:?&body={text}\"\n\
            [post]\nlabel = \"Postcard\"\nshare_phone = \"post:{url}\"\n";
        let channels = Channels::with(file).expect("a file");
        let component = component("https://go.example/", &channels);
        let expected = r#"{"email":["Mail"],"post":["Postcard",null,"post:{url}"]}"#;
        assert_eq!(component.own_channels(), Some(expected));
        assert!(text(&component.latest).contains(expected));
    }

    #[test]
    fn the_address_with_the_hash_depends_on_the_release_only() {
        let changed = Channels::with("[email]\nlabel = \"Mail\"\n").expect("a file");
        let one = component("https://go.example/", &Channels::built_in());
        let other = component("https://to.example/", &changed);
        assert_eq!((one.file(), one.integrity()), (other.file(), other.integrity()));
        assert_ne!(text(&one.latest), text(&other.latest));
    }
}
