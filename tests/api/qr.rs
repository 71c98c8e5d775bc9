//! QR codes, read as a camera does.

use std::io::Cursor;
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::{Method, RequestBuilder, Response};
use serde_json::json;

use crate::service::{
    Backend, FIREFOX, Service, WHATSAPP, code, on_every_store, refused, totals, wrong_names,
};

on_every_store!(
    only_a_link_that_forwards_has_a_qr_code,
    a_link_made_for_a_qr_code_counts_for_that_channel_and_showing_it_counts_nothing,
);

/// The quiet zone that the standard asks for, in modules.
const QUIET_ZONE: usize = 4;

/// A square picture: for each pixel, row by row, whether it is dark.
pub(crate) struct Picture {
    side: usize,
    dark: Vec<bool>,
}

impl Picture {
    /// Takes a PNG that has one bit for a pixel.
    pub(crate) fn of_png(file: &[u8]) -> Self {
        let mut reader = png::Decoder::new(Cursor::new(file)).read_info().expect("a PNG");
        let mut bytes = vec![0; reader.output_buffer_size().expect("a small picture")];
        let info = reader.next_frame(&mut bytes).expect("a picture");
        assert_eq!((info.bit_depth, info.color_type), (png::BitDepth::One, png::ColorType::Grayscale));
        assert_eq!(info.width, info.height);
        let side = info.width as usize;
        let row = |row: &[u8]| (0..side).map(|x| row[x / 8] & (0x80 >> (x % 8)) == 0).collect::<Vec<_>>();
        Self { side, dark: bytes.chunks(info.line_size).flat_map(row).collect() }
    }

    /// Draws an SVG of one white square and one path of runs, so many pixels for a module.
    pub(crate) fn of_svg(text: &str, scale: usize) -> Self {
        let between = |from: &str, to: &str| {
            let rest = text.split_once(from).unwrap_or_else(|| panic!("{from} in {text}")).1;
            rest.split_once(to).expect("an end").0.to_owned()
        };
        let modules: usize = between("viewBox=\"0 0 ", " ").parse().expect("a number");
        assert!(text.contains(&format!("<rect width=\"{modules}\" height=\"{modules}\" fill=\"#fff\"/>")));
        assert_eq!(text.matches("<path").count(), 1, "{text}");
        let side = modules * scale;
        let mut dark = vec![false; side * side];
        let path = between(" d=\"", "\"");
        for run in path.split('M').skip(1) {
            let numbers: Vec<usize> =
                run.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
            let [x, y, length, 1, back] = numbers[..] else { panic!("{run}") };
            assert_eq!(run, format!("{x} {y}h{length}v1h-{back}z"));
            assert_eq!(length, back);
            for row in y * scale..(y + 1) * scale {
                dark[row * side + x * scale..row * side + (x + length) * scale].fill(true);
            }
        }
        Self { side, dark }
    }

    fn is_dark(&self, x: usize, y: usize) -> bool {
        self.dark[y * self.side + x]
    }

    /// What it says, and its level of error correction; the quiet zone must be wide enough.
    pub(crate) fn read(&self) -> (String, char) {
        // The reader is made for photographs and wants several pixels for a module.
        let larger = 1_024_usize.div_ceil(self.side).min(8);
        let side = self.side * larger;
        let brightness = |x, y| if self.is_dark(x / larger, y / larger) { 0 } else { 255 };
        let mut photograph = rqrr::PreparedImage::prepare_from_greyscale(side, side, brightness);
        let grids = photograph.detect_grids();
        assert_eq!(grids.len(), 1, "{} pixels", self.side);
        let (about, text) = grids[0].decode().expect("a QR code that can be read");
        let modules = about.version.0 * 4 + 17;
        self.has_a_quiet_zone_around(modules);
        // ISO/IEC 18004, table 12: how the four levels are written in a code.
        (text, ['m', 'l', 'h', 'q'][usize::from(about.ecc_level)])
    }

    fn has_a_quiet_zone_around(&self, modules: usize) {
        let columns = (0..self.side).filter(|x| (0..self.side).any(|y| self.is_dark(*x, y)));
        let rows = (0..self.side).filter(|y| (0..self.side).any(|x| self.is_dark(x, *y)));
        let (columns, rows): (Vec<_>, Vec<_>) = (columns.collect(), rows.collect());
        for dark in [columns, rows] {
            let (first, last) = (dark[0], dark[dark.len() - 1]);
            let width = last + 1 - first;
            assert_eq!(width % modules, 0, "modules are as wide as each other");
            let module = width / modules;
            assert!(first >= QUIET_ZONE * module, "{first} pixels before modules of {module}");
            assert!(self.side - 1 - last >= QUIET_ZONE * module, "{last} of {} pixels", self.side);
        }
    }
}

async fn got(request: RequestBuilder, media_type: &str) -> Response {
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200, "{}", answer.url());
    assert_eq!(answer.headers()["content-type"], media_type);
    answer
}

async fn png(service: &Service, path: &str) -> Picture {
    let answer = got(service.request(Method::GET, path), "image/png").await;
    Picture::of_png(&answer.bytes().await.expect("bytes"))
}

async fn svg(service: &Service, path: &str) -> String {
    got(service.request(Method::GET, path), "image/svg+xml").await.text().await.expect("text")
}

#[tokio::test]
async fn a_qr_code_is_the_short_address_in_each_size_and_level_with_its_quiet_zone() {
    let service = Service::start(Backend::Sqlite).await;
    let link = service.link(json!({ "url": "https://example.com/", "channel": "qr" })).await;
    let (code, address) = (code(&link), link["short_url"].as_str().expect("an address"));
    for level in ["l", "m", "q", "h"] {
        let expected = (address.to_owned(), level.chars().next().expect("one"));
        for size in [64, 65, 99, 512, 2_048] {
            let picture = png(&service, &format!("/{code}/qr.png?size={size}&ecc={level}")).await;
            assert_eq!(picture.side, size);
            assert_eq!(picture.read(), expected, "{size}");
            let drawing = svg(&service, &format!("/{code}/qr.svg?ecc={level}&size={size}")).await;
            assert!(drawing.contains(&format!(" width=\"{size}\" height=\"{size}\" ")), "{drawing}");
            assert_eq!(Picture::of_svg(&drawing, 4).read(), expected);
        }
    }
    let usual = png(&service, &format!("/{code}/qr.png")).await;
    assert_eq!((usual.side, usual.read()), (512, (address.to_owned(), 'm')));
    let usual = svg(&service, &format!("/{code}/qr.svg")).await;
    assert!(usual.contains(" width=\"512\" "), "{usual}");
    assert_eq!(Picture::of_svg(&usual, 4).read(), (address.to_owned(), 'm'));
}

#[tokio::test]
async fn a_code_that_does_not_fit_its_size_is_refused_and_no_smaller_than_it_can_be_read() {
    let settings = [("server.public_url", "https://links-of-a-rather-long-name.example")];
    let service = Service::start_with(Backend::Sqlite, &settings).await;
    let slug = "s".repeat(64);
    service.link(json!({ "url": "https://example.com/", "channel": "qr", "slug": slug })).await;
    let refusal = refused(
        service.request(Method::GET, &format!("/{slug}/qr.png?size=64&ecc=h")),
        422,
        "invalid_params",
    )
    .await;
    assert_eq!(wrong_names(&refusal), ["size"]);
    let reason = refusal["invalid_params"][0]["reason"].as_str().expect("a reason");
    let least: usize = reason.split(' ').find_map(|word| word.parse().ok()).expect("a number");
    let expected = (format!("https://links-of-a-rather-long-name.example/{slug}"), 'h');
    let picture = png(&service, &format!("/{slug}/qr.png?size={least}&ecc=h")).await;
    assert_eq!((picture.side, picture.read()), (least, expected.clone()));
    let drawing = svg(&service, &format!("/{slug}/qr.svg?size=64&ecc=h")).await;
    assert_eq!(Picture::of_svg(&drawing, 4).read(), expected, "a drawing has no pixels");
}

#[tokio::test]
async fn every_wrong_parameter_of_a_picture_is_named() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    for format in ["svg", "png"] {
        for (query, names) in [
            ("size=63", &["size"][..]),
            ("size=2049", &["size"]),
            ("size=", &["size"]),
            ("size=-64", &["size"]),
            ("size=512px", &["size"]),
            ("size=99999999999999999999999", &["size"]),
            ("ecc=M", &["ecc"]),
            ("ecc=", &["ecc"]),
            ("size=0&ecc=x", &["size", "ecc"]),
            ("color=red", &["color"]),
        ] {
            let request = service.request(Method::GET, &format!("/{code}/qr.{format}?{query}"));
            let problem = refused(request, 422, "invalid_params").await;
            assert_eq!(wrong_names(&problem), names, "{query}");
        }
    }
}

#[tokio::test]
async fn a_picture_is_kept_for_minutes_and_not_indexed_and_runs_nothing() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    for (format, media_type) in [("svg", "image/svg+xml"), ("png", "image/png")] {
        for method in [Method::GET, Method::HEAD] {
            let path = format!("/{code}/qr.{format}");
            let answer = got(service.request(method.clone(), &path), media_type).await;
            for (name, value) in [
                ("cache-control", "public, max-age=300"),
                ("content-security-policy", "default-src 'none'"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("x-content-type-options", "nosniff"),
                ("x-robots-tag", "noindex"),
            ] {
                assert_eq!(answer.headers()[name], value, "{method} {path}");
            }
            assert!(answer.headers().get("set-cookie").is_none());
            assert_eq!(answer.bytes().await.expect("a body").is_empty(), method == Method::HEAD);
        }
    }
}

#[tokio::test]
async fn of_two_hundred_pictures_at_once_each_is_drawn() {
    let service = Service::start(Backend::Sqlite).await;
    let link = service.link(json!({ "url": "https://example.com/", "channel": "qr" })).await;
    let (code, address) = (code(&link), link["short_url"].as_str().expect("an address"));
    let path = format!("/{code}/qr.png?size=256");
    // Who leaves before it is drawn keeps nobody's turn.
    let gone = (0..50).map(|_| service.request(Method::GET, &path).timeout(Duration::from_millis(1)).send());
    join_all(gone).await;
    let pictures = join_all((0..200).map(|_| png(&service, &path))).await;
    assert_eq!(pictures[0].read().0, address);
    assert!(pictures.iter().all(|picture| picture.dark == pictures[0].dark));
}

async fn only_a_link_that_forwards_has_a_qr_code(backend: Backend) {
    let service = Service::start_with(backend, &[("limits.miss_per_minute", "6")]).await;
    let end = service.in_seconds(60);
    for (slug, expires_at) in [("ends", Some(end)), ("off", None), ("down", None), ("gone", None)] {
        let body =
            json!({ "url": "https://example.com/", "channel": "qr", "slug": slug, "expires_at": expires_at });
        service.link(body).await;
        svg(&service, &format!("/{slug}/qr.svg")).await;
        let receipt = service.visit(&format!("{slug}+")).send().await.expect("an answer").text().await;
        assert!(receipt.expect("text").contains(&format!("href=\"/{slug}/qr.svg\"")), "{slug}");
    }
    service.set_time("2026-11-21T12:01:00Z");
    let off = service.api(Method::PATCH, "/api/v1/links/off").json(&json!({ "disabled": true })).send().await;
    assert_eq!(off.expect("an answer").status(), 200);
    service.take_down("down").await;
    let gone = service.api(Method::DELETE, "/api/v1/links/gone").send().await.expect("an answer");
    assert_eq!(gone.status(), 204);
    // Another connection took it down, so it may take a moment.
    let began = std::time::Instant::now();
    while service.request(Method::GET, "/down/qr.svg").send().await.expect("an answer").status() == 200 {
        assert!(began.elapsed().as_secs() < 20, "it is never taken down");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    for format in ["svg", "png"] {
        for (slug, status, problem) in [
            ("ends", 410, "expired"),
            ("off", 410, "disabled"),
            ("down", 451, "taken_down"),
            ("gone", 404, "not_found"),
            ("nothing1", 404, "not_found"),
            ("a.b", 404, "not_found"),
        ] {
            let path = format!("/{slug}/qr.{format}");
            // What is wrong with the question does not matter where there is nothing to ask for.
            let path = if status == 410 { path + "?size=1" } else { path };
            refused(service.request(Method::GET, &path), status, problem).await;
        }
    }
    // Whoever guesses codes gets no further here than anywhere else.
    refused(service.request(Method::GET, "/nothing2/qr.png"), 429, "too_many_requests").await;
    for slug in ["ends", "off"] {
        let receipt = service.visit(&format!("{slug}+")).send().await.expect("an answer").text().await;
        assert!(!receipt.expect("text").contains("qr.svg"), "{slug}");
    }
}

#[tokio::test]
async fn there_is_no_other_format_and_no_other_method() {
    let service = Service::start(Backend::Sqlite).await;
    let code = service.code().await;
    for path in ["qr", "qr.", "qr.gif", "qr.SVG", "qr.svg/", "qr.png.svg"] {
        refused(service.request(Method::GET, &format!("/{code}/{path}")), 404, "not_found").await;
    }
    for format in ["svg", "png"] {
        let path = format!("/{code}/qr.{format}");
        for method in [Method::POST, Method::PUT, Method::DELETE] {
            refused(service.request(method, &path), 405, "method_not_allowed").await;
        }
    }
}

async fn a_link_made_for_a_qr_code_counts_for_that_channel_and_showing_it_counts_nothing(backend: Backend) {
    let service = Service::start(backend).await;
    let code = code(&service.link(json!({ "url": "https://example.com/", "channel": "qr" })).await);
    for agent in [FIREFOX, WHATSAPP, "curl/8.5.0"] {
        for format in ["svg", "png"] {
            let request =
                service.fetch(&format!("{code}/qr.{format}"), agent).header("cookie", service.granted());
            assert_eq!(request.send().await.expect("an answer").status(), 200);
        }
    }
    assert_eq!(totals(&service.stats(&code).await), [Some(0); 4]);
    assert_eq!(service.metric("entries_recorded_total").await, 0);
    service.click(&code, "192.0.2.1").await;
    service.settled().await;
    let groups = service.get("/api/v1/stats?group_by=channel").await["groups"].clone();
    let found = ["key", "shares", "clicks"].map(|name| groups[0][name].clone());
    assert_eq!(found, [json!("qr"), json!(1), json!(1)]);
}
