//! `GET /{code}/qr.svg` and `/{code}/qr.png`: the short address of a link that forwards, as a QR code.
//! Nothing is counted.

use std::collections::BTreeMap;

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName};
use actix_web::{HttpRequest, HttpResponse, web};
use qrcode::EcLevel;

use crate::domain::rule::{CodedError, Detail, FieldError};
use crate::service::links::InvalidParam;
use crate::web::AppState;
use crate::web::extract::body;
use crate::web::response::problem::Problem;
use crate::web::response::qr_image::{Symbol, TURN};
use crate::web::visitor::visit::{code, live_target};

/// Width and height of a picture in pixels, and what they are where nobody says.
const SMALLEST: usize = 64;
const LARGEST: usize = 2_048;
const USUAL: usize = 512;

/// Short: a link may be switched off, and its picture should not outlive it for long.
const LIFETIME: &str = "public, max-age=300";
const X_ROBOTS_TAG: HeaderName = HeaderName::from_static("x-robots-tag");
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// `GET /{code}/qr.svg`.
pub(crate) async fn svg(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let drawing = drawn(asked(&request, &app).await?, |symbol, size| Ok(symbol.svg(size))).await?;
    Ok(picture("image/svg+xml", drawing))
}

/// `GET /{code}/qr.png`.
pub(crate) async fn png(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let pixels = |symbol: &Symbol, size| {
        symbol.png(size).ok_or_else(|| {
            Problem::invalid(vec![InvalidParam::new("size", PictureError::TooSmall(symbol.side()))])
        })
    };
    Ok(picture("image/png", drawn(asked(&request, &app).await?, pixels).await?))
}

/// Why a code cannot be drawn as it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PictureError {
    /// The code of this address has so many modules on each side.
    #[error("must be at least {0} for this address")]
    TooSmall(usize),
    /// The address does not fit into a code with so much error correction.
    #[error("must be a lower level, because the short address is too long for this one")]
    LevelTooHigh,
}

impl CodedError for PictureError {
    fn code(&self) -> &'static str {
        match self {
            Self::TooSmall(_) => "too_small",
            Self::LevelTooHigh => "level_too_high",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::TooSmall(min) => vec![("min", Detail::text(min))],
            Self::LevelTooHigh => Vec::new(),
        }
    }
}

/// Of what, and how, a picture is asked for.
struct Asked {
    address: String,
    level: EcLevel,
    size: usize,
}

async fn asked(request: &HttpRequest, app: &AppState) -> Result<Asked, Problem> {
    let code = code(request, app)?;
    let target = live_target(request.head(), &code, app, app.clock.now()).await?;
    let query = body::query(request, &["size", "ecc"])?;
    let mut wrong = Vec::new();
    let size = size(&query);
    if size.is_none() {
        wrong.push(InvalidParam::new("size", FieldError::OutOfRange(SMALLEST, LARGEST)));
    }
    let level = level(&query);
    if level.is_none() {
        wrong.push(InvalidParam::new("ecc", FieldError::NotOneOf("l, m, q, h")));
    }
    let (Some(size), Some(level)) = (size, level) else { return Err(Problem::invalid(wrong)) };
    Ok(Asked { address: app.links.short_url(&target.key.code), level, size })
}

async fn drawn<P: Send + 'static>(
    asked: Asked,
    draw: impl FnOnce(&Symbol, usize) -> Result<P, Problem> + Send + 'static,
) -> Result<P, Problem> {
    // It goes along: a client that leaves does not end what was begun for it.
    let turn = TURN.acquire().await.expect("nobody closes it");
    let drawn = web::block(move || {
        let _turn = turn;
        let symbol = Symbol::of(&asked.address, asked.level)
            .map_err(|_| Problem::invalid(vec![InvalidParam::new("ecc", PictureError::LevelTooHigh)]))?;
        draw(&symbol, asked.size)
    });
    drawn.await.expect("drawing does not panic, and ends before the runtime does")
}

fn size(query: &BTreeMap<String, String>) -> Option<usize> {
    let size = query.get("size").map_or(Some(USUAL), |size| size.parse().ok());
    size.filter(|size| (SMALLEST..=LARGEST).contains(size))
}

/// How much of a code may be covered or damaged: about 7, 15, 25 or 30 % of it.
fn level(query: &BTreeMap<String, String>) -> Option<EcLevel> {
    match query.get("ecc").map_or("m", String::as_str) {
        "l" => Some(EcLevel::L),
        "m" => Some(EcLevel::M),
        "q" => Some(EcLevel::Q),
        "h" => Some(EcLevel::H),
        _ => None,
    }
}

/// Answers with a picture, which any page may show.
pub(crate) fn picture(media_type: &'static str, picture: impl Into<web::Bytes>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type(media_type)
        .insert_header((CACHE_CONTROL, LIFETIME))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'"))
        .insert_header((CROSS_ORIGIN_RESOURCE_POLICY, "cross-origin"))
        .insert_header((X_ROBOTS_TAG, "noindex"))
        .body(picture.into())
}
