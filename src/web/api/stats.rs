//! The API for statistics: a link's days, and a site's groups; and the same documents for the pages.

use std::collections::BTreeMap;

use actix_web::dev::RequestHead;
use actix_web::{HttpRequest, HttpResponse, web};
use url::form_urlencoded;

use crate::domain::link::Link;
use crate::domain::rule::FieldError;
use crate::domain::site::Site;
use crate::service::links::InvalidParam;
use crate::stats::publication::Audience;
use crate::stats::report::{Filter, Grouping, Question};
use crate::stats::today;
use crate::web::AppState;
use crate::web::api::links::own_link;
use crate::web::dashboard::lineage;
use crate::web::dashboard::sign_in::signed_in;
use crate::web::extract::body;
use crate::web::extract::query::{FILTERS, PERIOD, filter, period};
use crate::web::extract::request::secret_site;
use crate::web::response::export;
use crate::web::response::export::Format;
use crate::web::response::problem::Problem;

/// The most groups that are sent, and how many links where nobody says.
const MOST_GROUPS: usize = 100_000;
const DEFAULT_LINKS: usize = 1_000;

/// `GET /api/v1/links/{code}/stats`.
pub(crate) async fn link(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let (site, link) = own_link(&request, &app).await?;
    let query = body::query(&request, &["from", "to", "format"])?;
    let format = Format::of(&query, request.head()).map_err(|wrong| Problem::invalid(vec![wrong]))?;
    export_link(&app, &site, &link, &query, format).await
}

/// A link's statistics as a document.
pub(crate) async fn export_link(
    app: &AppState,
    site: &Site,
    link: &Link,
    query: &BTreeMap<String, String>,
    format: Format,
) -> Result<HttpResponse, Problem> {
    let rule = app.reports.rule(site, Audience::SignedIn);
    let period = period(query, rule.last_day()).map_err(Problem::invalid)?;
    let report = app.reports.of_link(link, period, false, &rule).await?;
    Ok(export::of_link(&link.code, report, format))
}

/// `GET /api/v1/stats`.
pub(crate) async fn site(request: HttpRequest, app: web::Data<AppState>) -> Result<HttpResponse, Problem> {
    let site = secret_site(&request, &app).await?;
    let known: Vec<&str> = ["group_by", "limit", "format"].into_iter().chain(PERIOD).chain(FILTERS).collect();
    let query = body::query(&request, &known)?;
    export_site(&app, &site, &query, request.head(), Audience::SignedIn).await
}

/// `GET /stats/export/{group_by}.{format}`, and `lineage.json`: the same for who is signed in.
pub(crate) async fn download(
    request: HttpRequest,
    app: web::Data<AppState>,
) -> Result<HttpResponse, Problem> {
    let site = signed_in(&request, &app).await?.site;
    let name = request.match_info().query("name");
    let (by, format) = name.split_once('.').ok_or(Problem::NotFound)?;
    let mut query: BTreeMap<String, String> =
        form_urlencoded::parse(request.query_string().as_bytes()).into_owned().collect();
    if name == "lineage.json" {
        return lineage::document(&app, &site, &query).await;
    }
    query.insert("group_by".to_owned(), by.to_owned());
    query.insert("format".to_owned(), format.to_owned());
    export_site(&app, &site, &query, request.head(), Audience::SignedIn).await
}

/// A site's statistics in groups as a document.
pub(crate) async fn export_site(
    app: &AppState,
    site: &Site,
    query: &BTreeMap<String, String>,
    head: &RequestHead,
    audience: Audience,
) -> Result<HttpResponse, Problem> {
    let rule = app.reports.rule(site, audience);
    let mut wrong = Vec::new();
    let by = match query.get("group_by").map(|by| by.parse::<Grouping>()) {
        Some(Ok(by)) => Some(by),
        Some(Err(error)) => {
            wrong.push(InvalidParam::new("group_by", error));
            None
        }
        None => {
            wrong.push(InvalidParam::new("group_by", FieldError::Missing));
            None
        }
    };
    let period = period(query, rule.last_day()).map_err(|more| wrong.extend(more)).ok();
    let filter = filter(query).map_err(|more| wrong.extend(more)).ok();
    let limit = limit(query, by).map_err(|more| wrong.push(more)).ok();
    let format = Format::of(query, head).map_err(|more| wrong.push(more)).ok();
    let (Some(by), Some(period), Some(filter), Some(limit), Some(format)) =
        (by, period, filter, limit, format)
    else {
        return Err(Problem::invalid(wrong));
    };
    let tables = if by == Grouping::Day { Vec::new() } else { vec![(by, limit)] };
    let question = Question { period, filter, tables, compared: false };
    let is_whole = question.filter == Filter::default() && audience == Audience::SignedIn;
    let report = app.reports.report(&site.id, question, &rule).await?;
    let today = if is_whole { app.today.of_site(site).await? } else { today::Numbers::default() };
    Ok(export::of_site(by, report, &today, format))
}

fn limit(query: &BTreeMap<String, String>, by: Option<Grouping>) -> Result<usize, InvalidParam> {
    match query.get("limit") {
        Some(limit) => {
            let number = limit.parse().ok().filter(|limit| (1..=MOST_GROUPS).contains(limit));
            number.ok_or_else(|| InvalidParam::new("limit", FieldError::OutOfRange(1, MOST_GROUPS)))
        }
        None if by == Some(Grouping::Link) => Ok(DEFAULT_LINKS),
        None => Ok(usize::MAX),
    }
}
