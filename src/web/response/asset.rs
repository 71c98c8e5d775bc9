//! A text that pages load as a file: compressed once, and not sent again to who has it.

use std::io::Write;

use actix_web::http::header::{
    self, AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ETag, Encoding, EntityTag, Header, IfNoneMatch,
    VARY,
};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::{Digest, Sha256};

/// For an address that changes with the text.
pub(crate) const FOR_EVER: &str = "public, max-age=31536000, immutable";

/// A text, ready to be sent.
pub(crate) struct Asset {
    plain: Bytes,
    gzip: Bytes,
    media_type: &'static str,
    hash: String,
}

impl Asset {
    /// Takes a text.
    pub(crate) fn new(text: impl Into<Bytes>, media_type: &'static str) -> Self {
        let plain = text.into();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let written = encoder.write_all(&plain).and_then(|()| encoder.finish());
        let gzip = written.expect("memory takes whatever is written").into();
        let hash = base16ct::lower::encode_string(&Sha256::digest(&plain)[..8]);
        Self { plain, gzip, media_type, hash }
    }

    /// The text itself.
    pub(crate) fn text(&self) -> &[u8] {
        &self.plain
    }

    /// 16 letters and digits that change with the text.
    pub(crate) fn hash(&self) -> &str {
        &self.hash
    }

    /// Answers with it, to be kept for as long as `lifetime` says.
    pub(crate) fn answer(&self, request: &HttpRequest, lifetime: &'static str) -> HttpResponse {
        // Weak: one tag for the text, in whichever coding.
        let tag = EntityTag::new_weak(self.hash.clone());
        let known = match IfNoneMatch::parse(request) {
            Ok(IfNoneMatch::Any) => true,
            Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(&tag)),
            Err(_) => false,
        };
        let mut answer = if known { HttpResponse::NotModified() } else { HttpResponse::Ok() };
        answer
            .insert_header((CACHE_CONTROL, lifetime))
            .insert_header(ETag(tag))
            .insert_header((VARY, header::ACCEPT_ENCODING.as_str()));
        if known { answer.finish() } else { self.body(&mut answer, takes_gzip(request)) }
    }

    fn body(&self, answer: &mut HttpResponseBuilder, gzip: bool) -> HttpResponse {
        answer.content_type(self.media_type);
        if gzip {
            answer.insert_header((CONTENT_ENCODING, "gzip")).body(self.gzip.clone())
        } else {
            answer.body(self.plain.clone())
        }
    }
}

/// Whether the client says that it takes gzip; who says nothing gets the text as it is.
fn takes_gzip(request: &HttpRequest) -> bool {
    let supported = [Encoding::gzip(), Encoding::identity()];
    request.headers().contains_key(header::ACCEPT_ENCODING)
        && AcceptEncoding::parse(request)
            .is_ok_and(|accepted| accepted.negotiate(supported.iter()) == Some(Encoding::gzip()))
}
