//! `GET /{code}/badge.svg`: how often a link was opened, or with `?of=page` all links to its page, as a picture for any page.
//! Only where the site wants badges. Nothing is counted.
//!
//! The number is a sum of closed days, in cells: it changes once a day, and stands for as many visitors as any other.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use compact_str::CompactString;
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use super::error::Problem;
use super::qr::picture;
use super::visit::{code, resolve_anew};
use super::{AppState, body};
use crate::domain::day::Day;
use crate::domain::link::{Link, LinkState};
use crate::domain::publication::Audience;
use crate::domain::report::{Period, Question};
use crate::domain::view::Scope;
use crate::language::Language;
use crate::service::links::InvalidParam;

/// How many badges are kept, and for how long: there may be one on each page of a newspaper.
const KEPT: usize = 2_000;
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Adding up a page's days takes a while: one at a time.
static TURN: Semaphore = Semaphore::const_new(1);

/// What was drawn lately.
pub(super) struct Badges(Cache<CompactString, (Timestamp, web::Bytes)>);

impl Default for Badges {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

/// `GET /{code}/badge.svg`.
pub(super) async fn svg(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let code = code(&request, &app)?;
    let query = body::query(&request, &["of"])?;
    let of_page = of_page(&query)?;
    let now = app.clock.now();
    let target = resolve_anew(request.head(), &code, &app).await?;
    if !target.site.badges {
        return Err(Problem::not_found());
    }
    if target.state(now) == LinkState::TakenDown {
        return Err(Problem::taken_down());
    }
    let code = &target.key.code;
    let key: CompactString = if of_page { format!("{code} page").into() } else { code.as_str().into() };
    let known = app.badges.0.get(&key).filter(|(drawn_at, _)| *drawn_at + FRESH > now);
    if let Some((_, drawing)) = known {
        return Ok(picture("image/svg+xml", drawing));
    }
    let link = app.links.read(code).await?.ok_or_else(Problem::not_found)?;
    let clicks = clicks(&app, &link, of_page).await?;
    let drawing = web::Bytes::from(draw(clicks, target.site.min_count.on(Day::of(now)).get()));
    app.badges.0.insert(key, (now, drawing.clone()));
    Ok(picture("image/svg+xml", drawing))
}

fn of_page(query: &BTreeMap<String, String>) -> Result<bool, Problem> {
    match query.get("of").map(String::as_str) {
        None | Some("link") => Ok(false),
        Some("page") => Ok(true),
        Some(_) => Err(Problem::invalid(vec![InvalidParam::new("of", "must be link or page")])),
    }
}

/// The clicks of a link's closed days, or of those of all links to its page.
async fn clicks(app: &AppState, link: &Link, of_page: bool) -> Result<Option<u64>, Problem> {
    let today = Day::of(app.clock.now());
    let rule = app.reports.rule(today, Audience::Public);
    let period = Period { first: app.reports.kept_from(today), last: today.plus(-1) };
    let report = if of_page {
        let _turn = TURN.acquire().await.expect("nobody closes it");
        let filter = Scope::Page(link.page().clone()).filter();
        let question = Question { period, filter, tables: Vec::new(), compared: false };
        app.reports.report(&link.site, question, rule).await?
    } else {
        app.reports.of_link(link, period, false, rule).await?
    };
    let closed = report.series.iter().filter(|day| !day.open);
    Ok(closed.filter_map(|day| day.clicks.value()).reduce(|sum, day| sum + day))
}

/// A small sign: a word, and a number.
fn draw(clicks: Option<u64>, min_count: u64) -> String {
    let (number, words) = match clicks.filter(|clicks| *clicks > 0) {
        Some(clicks) => {
            let clicks = Language::English.number(clicks);
            (clicks.clone(), format!("Opened {clicks} times, counted with consent"))
        }
        None if min_count <= 1 => ("0".to_owned(), "Not opened yet, as far as is counted".to_owned()),
        None => {
            (format!("&lt; {min_count}"), format!("Opened fewer than {min_count} times, or not counted yet"))
        }
    };
    let shown = number.replace("&lt;", "<").chars().count();
    let (word, text) = (58, 14 + 7 * shown);
    let (whole, middle, length) = (word + text, word + text / 2, 7 * shown);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{whole}\" height=\"20\" role=\"img\" aria-label=\"{words}\">\
         <title>{words}</title><rect width=\"{whole}\" height=\"20\" rx=\"4\" fill=\"#3c3443\"/>\
         <path d=\"M{word} 0h{edge}a4 4 0 0 1 4 4v12a4 4 0 0 1-4 4h-{edge}z\" fill=\"#74255a\"/>\
         <g fill=\"#fff\" font-family=\"Verdana,DejaVu Sans,Arial,sans-serif\" font-size=\"11\" text-anchor=\"middle\">\
         <text x=\"29\" y=\"14\" textLength=\"44\" lengthAdjust=\"spacingAndGlyphs\">opened</text>\
         <text x=\"{middle}\" y=\"14\" textLength=\"{length}\" lengthAdjust=\"spacingAndGlyphs\">{number}</text></g></svg>",
        edge = text - 4,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_badge_says_its_number_or_that_there_are_too_few() {
        assert!(draw(Some(12_345), 5).contains(">12,345<"));
        let few = draw(None, 5);
        assert!(few.contains(">&lt; 5<") && few.contains("fewer than 5 times"), "{few}");
        assert!(draw(Some(0), 1).contains(">0<") && draw(None, 1).contains(">0<"));
    }
}
