//! The one script of the marketer's pages, `static/stats.js`: it copies addresses and keeps open pages current. They work
//! without it.
//!
//! A page that loads it says so in its security policy, and names exactly this text.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use actix_web::http::header::{CONTENT_SECURITY_POLICY, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha384};

use crate::web::response::asset::Asset;
use crate::web::response::minify;

static SCRIPT: LazyLock<Asset> = LazyLock::new(|| {
    let text = minify::script(include_str!("../../../static/stats.js"));
    Asset::new(text, "text/javascript; charset=utf-8")
});

/// What a page writes to load the script.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Script {
    /// Its address, which changes with its text.
    pub(crate) url: &'static str,
    /// The hash of its text, for `integrity`.
    pub(crate) integrity: &'static str,
}

/// The script as a page names it.
pub(crate) fn script() -> Script {
    static NAMES: LazyLock<[String; 2]> = LazyLock::new(|| {
        let url = format!("/static/stats.js?v={}", SCRIPT.hash());
        [url, format!("sha384-{}", STANDARD.encode(Sha384::digest(SCRIPT.text())))]
    });
    Script { url: &NAMES[0], integrity: &NAMES[1] }
}

/// The policy of pages in general, and that this one may run the service's own scripts and ask the service.
const SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; \
    img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Lets a page run the script.
pub(crate) fn allowed(mut page: HttpResponse) -> HttpResponse {
    page.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(SECURITY_POLICY));
    page
}

/// Returns the file that `GET /static/stats.js` delivers.
pub(crate) fn asset() -> &'static Asset {
    &SCRIPT
}
