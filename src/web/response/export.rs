//! Reports as documents: JSON and CSV, for programs and spreadsheets, sent piece by piece.
//!
//! Where the visits of a day, a week or a group are too few to be shown, or none, their numbers are `null` beside `"suppressed": true`
//! in JSON, and empty beside `true` in the column `suppressed` in CSV. Weeks have cells of their own, which are of no day: in
//! JSON they stand beside the list, and in the CSV by day in rows of their own behind the days, so that a column adds up. A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a
//! tab or a line break for a formula, so such a cell gets an apostrophe in front
//! (<https://owasp.org/www-community/attacks/CSV_Injection>).

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use actix_web::HttpResponse;
use actix_web::dev::RequestHead;
use actix_web::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_DISPOSITION};
use actix_web::web::Bytes;
use csv::{Terminator, Writer, WriterBuilder};
use futures_util::stream;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::link::Text;
use crate::domain::rule::FieldError;
use crate::domain::week::Week;
use crate::service::links::InvalidParam;
use crate::stats::publication::{Bound, Number};
use crate::stats::report::{ClicksPerShare, Group, Grouping, Numbers, Report, SeriesDay, SeriesWeek};
use crate::stats::today;
use crate::stats::today::Latest;
use crate::web::extract::request::header;

/// About how many bytes are sent at once.
const PIECE: usize = 16 << 10;

/// How a document is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// As JSON.
    Json,
    /// As comma-separated values.
    Csv,
}

impl Format {
    /// The format of a `format` parameter, or else of `Accept`.
    pub(crate) fn of(query: &BTreeMap<String, String>, head: &RequestHead) -> Result<Self, InvalidParam> {
        match query.get("format") {
            Some(name) => Self::named(name),
            None if header(head, &ACCEPT).is_some_and(|accept| accept.contains("text/csv")) => Ok(Self::Csv),
            None => Ok(Self::Json),
        }
    }

    /// Returns the format of this name.
    pub(crate) fn named(name: &str) -> Result<Self, InvalidParam> {
        match name {
            "csv" => Ok(Self::Csv),
            "json" => Ok(Self::Json),
            _ => Err(InvalidParam::new("format", FieldError::NotOneOf("json, csv"))),
        }
    }
}

/// What is published of some days, as the API writes it.
#[derive(Serialize)]
struct NumbersBody {
    shares: Number,
    unfurls: Number,
    unfurls_by_app: BTreeMap<Family, u64>,
    #[serde(flatten)]
    visits: VisitsBody,
    clicks_per_share: Option<ClicksPerShare>,
    bound: Bound,
}

/// What is published of visits: all of it, or nothing.
#[derive(Serialize)]
struct VisitsBody {
    clicks: Number,
    visitors: Number,
    opens: Number,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    suppressed: bool,
}

impl VisitsBody {
    fn of(clicks: Number, visitors: Number, opens: Number) -> Self {
        Self { clicks, visitors, opens, suppressed: clicks == Number::Suppressed }
    }

    /// Its cells in CSV: clicks, visitors, bare counts, and whether they are suppressed.
    fn cells(&self) -> [String; 4] {
        let Self { clicks, visitors, opens, suppressed } = self;
        [written(*clicks), written(*visitors), written(*opens), suppressed.to_string()]
    }
}

impl NumbersBody {
    fn of(numbers: Numbers, bound: Bound) -> Self {
        let Numbers { shares, unfurls, unfurls_by_app, clicks, visitors, opens, clicks_per_share } = numbers;
        let visits = VisitsBody::of(clicks, visitors, opens);
        Self { shares, unfurls, unfurls_by_app, visits, clicks_per_share, bound }
    }
}

/// One group, as the API writes it.
#[derive(Serialize)]
struct GroupBody {
    key: Option<String>,
    /// Of a link.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    kind: Option<KindBody>,
    #[serde(flatten)]
    numbers: NumbersBody,
}

#[derive(Serialize)]
struct KindBody {
    channel: String,
    page: Option<String>,
    campaign: Option<String>,
}

impl GroupBody {
    fn of(group: Group, bound: Bound) -> Self {
        let kind = group.kind.map(|kind| KindBody {
            channel: kind.channel.to_string(),
            page: kind.page.map(|page| page.to_string()),
            campaign: kind.campaign.map(|campaign| Text::as_str(&campaign).to_owned()),
        });
        Self { key: group.key, kind, numbers: NumbersBody::of(group.numbers, bound) }
    }

    fn of_day(day: SeriesDay, bound: Bound) -> Self {
        let numbers = NumbersBody::of(day.numbers, bound);
        Self { key: Some(day.day.to_string()), kind: None, numbers }
    }
}

/// A day of a link's series, as the API writes it.
#[derive(Serialize)]
struct SeriesBody {
    day: Day,
    #[serde(flatten)]
    visits: VisitsBody,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    open: bool,
}

/// A week's own cells, as the API writes them.
#[derive(Serialize)]
struct WeekBody {
    week: Week,
    #[serde(flatten)]
    visits: VisitsBody,
}

impl From<SeriesWeek> for WeekBody {
    fn from(SeriesWeek { week, clicks, visitors, opens }: SeriesWeek) -> Self {
        Self { week, visits: VisitsBody::of(clicks, visitors, opens) }
    }
}

/// What is shown of the open day, as the API writes it; each number with the hour up to which it was counted.
#[derive(Serialize)]
struct TodayBody {
    until: Option<Timestamp>,
    clicks: Option<u64>,
    visitors: Option<u64>,
    opens_until: Option<Timestamp>,
    opens: Option<u64>,
}

impl From<&Latest> for TodayBody {
    fn from(Latest { clicks, opens }: &Latest) -> Self {
        Self {
            until: clicks.map(|clicks| clicks.at),
            clicks: clicks.map(|clicks| clicks.clicks),
            visitors: clicks.map(|clicks| clicks.visitors),
            opens_until: opens.map(|opens| opens.at),
            opens: opens.map(|opens| opens.opens),
        }
    }
}

/// The open day of a site and of its channels; `None` where nothing of it is shown.
fn of_today(numbers: &today::Numbers) -> Option<serde_json::Value> {
    if *numbers == today::Numbers::default() {
        return None;
    }
    let channel = |(name, latest): (&ChannelName, &Latest)| {
        let mut body = json!(TodayBody::from(latest));
        body["key"] = json!(name);
        body
    };
    let mut body = json!(TodayBody::from(&numbers.site));
    body["channels"] = numbers.channels.iter().map(channel).collect();
    Some(body)
}

/// A link's report.
pub(crate) fn of_link(code: &Code, report: Report, format: Format) -> HttpResponse {
    let Report { totals, bound, series, weeks, min_count, .. } = report;
    let of_visits = |numbers: &Numbers| VisitsBody::of(numbers.clicks, numbers.visitors, numbers.opens);
    match format {
        Format::Json => {
            let mut of_all = json!(of_visits(&totals));
            of_all["unfurls"] = json!(totals.unfurls);
            of_all["unfurls_by_app"] = json!(totals.unfurls_by_app);
            let series = series.into_iter().map(move |SeriesDay { day, numbers, open }| SeriesBody {
                day,
                visits: of_visits(&numbers),
                open,
            });
            let weeks: Vec<_> = weeks.into_iter().map(WeekBody::from).collect();
            let rest = json!({ "code": code, "totals": of_all, "weeks": weeks, "bound": bound, "min_count": min_count });
            in_json("series", series, &rest)
        }
        Format::Csv => {
            // A column for each family of apps that fetched a preview on any of the days.
            let families: BTreeSet<(bool, Family)> =
                totals.unfurls_by_app.keys().map(|family| (*family == Family::Other, *family)).collect();
            let mut head =
                ["day", "clicks", "visitors", "opens", "suppressed", "unfurls"].map(str::to_owned).to_vec();
            head.extend(families.iter().map(|(_, family)| format!("unfurls_{family}")));
            let rows = series.into_iter().map(move |SeriesDay { day, numbers, .. }| {
                let mut row = vec![day.to_string()];
                row.extend(of_visits(&numbers).cells());
                row.push(written(numbers.unfurls));
                let by_app = &numbers.unfurls_by_app;
                row.extend(families.iter().map(|(_, family)| by_app.get(family).unwrap_or(&0).to_string()));
                row
            });
            in_csv(code.as_str(), head, rows)
        }
    }
}

/// A site's report in groups: its series, or the one table that was asked for. A limited table says what the rest
/// comes to. What is shown of the open day stands beside the list.
pub(crate) fn of_site(
    by: Grouping,
    mut report: Report,
    today: &today::Numbers,
    format: Format,
) -> HttpResponse {
    let (period, min_count, total_bound) = (report.period, report.min_count, report.bound);
    let bound = report.bound_of(by);
    let table = report.tables.pop();
    let (series, weeks) = (report.series, report.weeks);
    let days = series.into_iter().filter(move |day| by == Grouping::Day && day.numbers.say_something());
    let days = days.map(move |day| GroupBody::of_day(day, bound));
    let (groups, rest, elsewhere) =
        table.map_or_else(Default::default, |table| (table.groups, table.rest, table.elsewhere));
    let groups = days.chain(groups.into_iter().map(move |group| GroupBody::of(group, bound)));
    match format {
        Format::Json => {
            let weeks: Vec<_> = weeks.into_iter().map(WeekBody::from).collect();
            let mut about = json!({
                "weeks": weeks,
                "from": period.first,
                "to": period.last,
                "min_count": min_count,
            });
            if let Some(today) = of_today(today) {
                about["today"] = today;
            }
            if let Some(rest) = rest {
                let numbers = NumbersBody::of(rest.numbers, bound);
                about["rest"] = json!({ "groups": rest.groups, "numbers": numbers });
            }
            if let Some(elsewhere) = elsewhere {
                about["elsewhere"] = json!(NumbersBody::of(elsewhere, total_bound));
            }
            in_json("groups", groups, &about)
        }
        Format::Csv => {
            let mut head = vec![by.name().to_owned()];
            if by == Grouping::Link {
                head.extend(["channel", "page", "campaign"].map(str::to_owned));
            }
            let numbers =
                ["shares", "unfurls", "clicks", "visitors", "opens", "suppressed", "clicks_per_share"];
            head.extend(numbers.map(str::to_owned));
            let rows = groups.map(move |GroupBody { key, kind, numbers }| {
                let mut row = vec![key.unwrap_or_default()];
                if by == Grouping::Link {
                    let kind = kind.map(|kind| [Some(kind.channel), kind.page, kind.campaign]);
                    row.extend(kind.unwrap_or_default().map(Option::unwrap_or_default));
                }
                row.extend([written(numbers.shares), written(numbers.unfurls)]);
                row.extend(numbers.visits.cells());
                // As JSON writes it, with one decimal at least.
                let decimal = |known: ClicksPerShare| format!("{:?}", known.value());
                row.push(numbers.clicks_per_share.map_or_else(String::new, decimal));
                row
            });
            let weeks = weeks.into_iter().map(WeekBody::from);
            let weeks = weeks.filter(move |week| by == Grouping::Day && !week.visits.suppressed);
            let weeks = weeks.map(|week| {
                let mut row = vec![week.week.to_string(), String::new(), String::new()];
                row.extend(week.visits.cells());
                row.push(String::new());
                row
            });
            let name = format!("{}-{}-{}", by.name(), period.first, period.last);
            in_csv(&name, head, rows.chain(weeks))
        }
    }
}

/// A number in a cell; nothing where it is suppressed.
fn written(number: Number) -> String {
    number.value().map_or_else(String::new, |number| number.to_string())
}

/// An object of which one field is a list, which is written as it is sent.
fn in_json<T: Serialize>(
    name: &str,
    list: impl Iterator<Item = T> + 'static,
    rest: &serde_json::Value,
) -> HttpResponse {
    let write = |value: &T| serde_json::to_vec(value).expect("a body of numbers and texts is JSON");
    let rest = rest.to_string();
    // The object's own fields come behind the list, so its brace is the list's place.
    let (begin, end) = (format!("{{\"{name}\":["), format!("],{}", &rest[1..]));
    let items = list.enumerate().map(move |(place, value)| {
        let mut item = if place == 0 { Vec::new() } else { vec![b','] };
        item.extend(write(&value));
        item
    });
    let all = std::iter::once(begin.into_bytes()).chain(items).chain([end.into_bytes()]);
    HttpResponse::Ok()
        .content_type("application/json")
        .insert_header((CACHE_CONTROL, "no-store"))
        .streaming(stream::iter(pieces(all).map(Ok::<_, std::convert::Infallible>)))
}

/// A document for spreadsheets, with the name under which it is saved.
pub(crate) fn in_csv(
    name: &str,
    head: Vec<String>,
    rows: impl Iterator<Item = Vec<String>> + 'static,
) -> HttpResponse {
    let lines = std::iter::once(head).chain(rows).map(|cells| line(&cells));
    HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.csv\"")))
        .streaming(stream::iter(pieces(lines).map(Ok::<_, std::convert::Infallible>)))
}

fn line(cells: &[String]) -> Vec<u8> {
    let mut writer: Writer<Vec<u8>> =
        WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(cells.iter().map(|cell| defused(cell).into_owned())).expect("memory takes it");
    writer.into_inner().expect("memory takes it")
}

/// A cell that no spreadsheet takes for a formula.
fn defused(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// Brings texts together to pieces of some size, as they are wanted.
fn pieces(mut texts: impl Iterator<Item = Vec<u8>>) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let mut piece = texts.next()?;
        while piece.len() < PIECE {
            let Some(more) = texts.next() else { break };
            piece.extend(more);
        }
        Some(piece.into())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, written) in [
            ("=1+1", "'=1+1"),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("\r=1", "\"'\r=1\""),
            ("a=1", "a=1"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("", ""),
        ] {
            let line = String::from_utf8(line(&["x".to_owned(), cell.to_owned()])).expect("text");
            assert_eq!(line, format!("x,{written}\r\n"));
        }
    }

    #[test]
    fn pieces_together_are_the_whole_and_none_is_much_larger_than_it_should_be() {
        let texts = (0..5_000).map(|number| format!("{number},").into_bytes());
        let whole: Vec<u8> = texts.clone().flatten().collect();
        let pieces: Vec<Bytes> = pieces(texts).collect();
        assert!(pieces.len() > 1 && pieces.iter().all(|piece| piece.len() < PIECE + 10));
        assert_eq!(pieces.concat(), whole);
    }
}
