//! `GET /{code}/badge.svg`: how often a link was opened, or with `?of=page` all links to its page, as a picture for any page.
//! Only where the site wants badges. Nothing is counted.
//!
//! The number is that of the days that are over, and for a page of the weeks that are: it changes once a day, and is published as
//! any other.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, web};
use compact_str::CompactString;
use jiff::{SignedDuration, Timestamp};
use quick_cache::sync::Cache;
use tokio::sync::Semaphore;

use crate::domain::link::{Link, LinkState};
use crate::domain::rule::FieldError;
use crate::domain::site::Site;
use crate::i18n::Language;
use crate::service::links::InvalidParam;
use crate::stats::publication::{Audience, Bound, Number};
use crate::stats::report::{Period, Question};
use crate::stats::view::Scope;
use crate::web::AppState;
use crate::web::extract::body;
use crate::web::response::problem::Problem;
use crate::web::visitor::qr::picture;
use crate::web::visitor::visit::{code, resolve_anew};

/// How many badges are kept, and for how long: there may be one on each page of a newspaper.
const KEPT: usize = 2_000;
const FRESH: SignedDuration = SignedDuration::from_mins(10);

/// Adding up a page's days takes a while: one at a time.
static TURN: Semaphore = Semaphore::const_new(1);

/// What was drawn lately.
pub(crate) struct Badges(Cache<CompactString, (Timestamp, web::Bytes)>);

impl Default for Badges {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

/// `GET /{code}/badge.svg`.
pub(crate) async fn svg(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let code = code(&request, &app)?;
    let query = body::query(&request, &["of"])?;
    let of_page = of_page(&query)?;
    let now = app.clock.now();
    let target = resolve_anew(request.head(), &code, &app).await?;
    if !target.site.badges {
        return Err(Problem::NotFound);
    }
    if target.state(now) == LinkState::TakenDown {
        return Err(Problem::TakenDown);
    }
    let code = &target.key.code;
    let key: CompactString = if of_page { format!("{code} page").into() } else { code.as_str().into() };
    let known = app.badges.0.get(&key).filter(|(drawn_at, _)| *drawn_at + FRESH > now);
    if let Some((_, drawing)) = known {
        return Ok(picture("image/svg+xml", drawing));
    }
    let link = app.links.read(code).await?.ok_or(Problem::NotFound)?;
    let (clicks, bound) = clicks(&app, &target.site, &link, of_page).await?;
    let drawing = web::Bytes::from(draw(clicks, bound));
    app.badges.0.insert(key, (now, drawing.clone()));
    Ok(picture("image/svg+xml", drawing))
}

fn of_page(query: &BTreeMap<String, String>) -> Result<bool, Problem> {
    match query.get("of").map(String::as_str) {
        None | Some("link") => Ok(false),
        Some("page") => Ok(true),
        Some(_) => Err(Problem::invalid(vec![InvalidParam::new("of", FieldError::NotOneOf("link, page"))])),
    }
}

/// The clicks of a link's days that are over, or of those of all links to its page, and how they stand to the true ones.
async fn clicks(app: &AppState, site: &Site, link: &Link, of_page: bool) -> Result<(Number, Bound), Problem> {
    let rule = app.reports.rule(site, Audience::Public);
    let period = Period { first: app.reports.kept_from(rule.today), last: rule.today.plus(-1) };
    let report = if of_page {
        let _turn = TURN.acquire().await.expect("nobody closes it");
        let filter = Scope::Page(link.page().clone()).filter();
        let question = Question { period, filter, tables: Vec::new(), compared: false };
        app.reports.report(&link.site, question, &rule).await?
    } else {
        app.reports.of_link(link, period, false, &rule).await?
    };
    Ok((report.totals.clicks, report.bound))
}

/// A small sign: a word, and a number.
fn draw(clicks: Number, bound: Bound) -> String {
    let (number, words) = match clicks {
        Number::Shown(0) => ("0".to_owned(), "Not opened yet, as far as is counted".to_owned()),
        Number::Shown(clicks) => {
            let clicks = Language::English.number(clicks);
            let about = if bound == Bound::Exact { "" } else { "at least about " };
            (clicks.clone(), format!("Opened {about}{clicks} times, counted with consent"))
        }
        Number::Suppressed => ("–".to_owned(), "Opened too few times to show, or not yet".to_owned()),
    };
    let shown = number.chars().count();
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
        let about = draw(Number::Shown(12_345), Bound::AtLeastAbout);
        assert!(
            about.contains(">12,345<") && about.contains("Opened at least about 12,345 times"),
            "{about}"
        );
        assert!(draw(Number::Shown(12_345), Bound::Exact).contains("Opened 12,345 times"));
        let few = draw(Number::Suppressed, Bound::AtLeastAbout);
        assert!(few.contains(">–<") && few.contains("too few times to show, or not yet"), "{few}");
        assert!(draw(Number::Shown(0), Bound::Exact).contains(">0<"));
    }
}
