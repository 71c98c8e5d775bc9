//! What can be downloaded of a kit: its addresses as CSV, and the QR codes of its links as a ZIP.

use std::io::{Cursor, Write};

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::{HttpResponse, web};
use qrcode::EcLevel;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use crate::domain::device::Device;
use crate::domain::link::{Link, LinkState, Text};
use crate::web::AppState;
use crate::web::dashboard::bulk::links_of;
use crate::web::extract::address::PathSegment;
use crate::web::extract::signed_in::SignedIn;
use crate::web::response::export::in_csv;
use crate::web::response::problem::Problem;
use crate::web::response::qr_image::{Symbol, TURN};

/// Width and height of a picture, in pixels: large enough for a poster.
const SIZE: usize = 1_024;

/// `GET /stats/kit/{codes}/links.csv`.
pub(crate) async fn links(
    signed_in: SignedIn,
    codes: PathSegment,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (links, _) = links_of(&codes, &app, &signed_in.site).await?;
    let head = ["channel", "short_url", "url", "campaign", "title", "expires_at", "share_url", "code"];
    let row = |link: &Link| {
        let given = |text: &Option<Text>| text.as_ref().map_or_else(String::new, |t| t.as_str().to_owned());
        vec![
            link.channel.to_string(),
            app.links.short_url(&link.code),
            link.url.to_string(),
            given(&link.campaign),
            given(&link.title),
            link.expires_at.map_or_else(String::new, |end| end.to_string()),
            app.links.share_url(link, Device::Phone).unwrap_or_default(),
            link.code.to_string(),
        ]
    };
    let rows: Vec<_> = links.iter().map(row).collect();
    Ok(in_csv("links", head.map(str::to_owned).into(), rows.into_iter()))
}

/// `GET /stats/kit/{codes}/qr.zip`: a drawing and a picture of each link that forwards.
pub(crate) async fn pictures(
    signed_in: SignedIn,
    codes: PathSegment,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let (links, _) = links_of(&codes, &app, &signed_in.site).await?;
    let now = app.clock.now();
    let forwards = |link: &&Link| link.state(now) == LinkState::Live;
    let addresses: Vec<_> = links
        .iter()
        .filter(forwards)
        .map(|link| (format!("{}-{}", link.channel, link.code), app.links.short_url(&link.code)))
        .collect();
    // As for single pictures: beside the workers, and one at a time.
    let turn = TURN.acquire().await.expect("nobody closes it");
    let packed = web::block(move || {
        let _turn = turn;
        pack(&addresses)
    });
    let packed = packed.await.expect("drawing does not panic, and ends before the runtime does");
    Ok(HttpResponse::Ok()
        .content_type("application/zip")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, "attachment; filename=\"qr-codes.zip\""))
        .body(packed))
}

/// Packs the QR codes of addresses, each under a name. A kit has at most a hundred links, and a picture some
/// kilobytes: all of it fits into memory. Pictures are compressed already.
fn pack(addresses: &[(String, String)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut add = |name: String, bytes: &[u8]| {
        zip.start_file(name, options).expect("a new name, in memory");
        zip.write_all(bytes).expect("memory takes whatever is written");
    };
    for (name, address) in addresses {
        let symbol = Symbol::of(address, EcLevel::M).expect("a short address fits into a code");
        add(format!("{name}.svg"), symbol.svg(SIZE).as_bytes());
        add(format!("{name}.png"), &symbol.png(SIZE).expect("a short address has fewer modules"));
    }
    zip.finish().expect("memory takes whatever is written").into_inner()
}
