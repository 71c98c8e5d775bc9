//! The letter: a week's report in words, as plain text and as HTML. Both say the same, and load nothing.

use askama::Template;
use url::Url;

use super::words::{change, grouped, number, percent, range};
use crate::domain::channel::Channels;
use crate::domain::own_address::own_address;
use crate::domain::report::{Filter, Period};
use crate::domain::report::{Group, Grouping, Numbers, Question, Report};

/// How many channels and pages a letter has.
const CHANNELS: usize = 20;
const PAGES: usize = 10;

/// A digest, ready to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// What it is about.
    pub subject: String,
    /// For who reads plain text.
    pub text: String,
    /// For who reads HTML.
    pub html: String,
}

/// What a letter about a week asks for.
pub(super) fn question(week: Period) -> Question {
    let tables = vec![(Grouping::Channel, CHANNELS), (Grouping::Page, PAGES)];
    Question { period: week, filter: Filter::default(), tables, compared: true }
}

/// Writes the letter of a site's week.
pub(super) fn write(
    site: &str,
    report: &Report,
    channels: &Channels,
    public_url: &Url,
) -> Result<Letter, askama::Error> {
    let Period { first, last } = report.period;
    let words = Words {
        site,
        week: range(&first.to_string(), &last.to_string()),
        totals: totals(report),
        channels: rows(report, Grouping::Channel, |key| {
            channels.get(key).map_or_else(|| key.to_owned(), |(_, channel)| channel.label.clone())
        }),
        pages: rows(report, Grouping::Page, |page| without_scheme(page).to_owned()),
        open: report.series.iter().any(|day| day.open),
        min_count: report.min_count,
        address: own_address(public_url, &format!("/stats?from={first}&to={last}")),
    };
    let subject = format!("{site}: {}", words.week);
    Ok(Letter { subject, text: TextLetter(&words).render()?, html: HtmlLetter(&words).render()? })
}

/// What both forms say.
#[derive(Debug)]
struct Words<'a> {
    site: &'a str,
    week: String,
    totals: Vec<Total>,
    channels: Vec<Row>,
    pages: Vec<Row>,
    /// Whether some of its days are not closed yet.
    open: bool,
    min_count: u64,
    /// The page with the same numbers and more.
    address: String,
}

#[derive(Template)]
#[template(path = "digest.txt", whitespace = "preserve")]
struct TextLetter<'a>(&'a Words<'a>);

#[derive(Template)]
#[template(path = "digest.html", whitespace = "minimize")]
struct HtmlLetter<'a>(&'a Words<'a>);

/// A number of the whole week.
#[derive(Debug)]
struct Total {
    name: &'static str,
    now: String,
    before: String,
    change: String,
}

/// A channel or a page.
#[derive(Debug)]
struct Row {
    name: String,
    shares: String,
    clicks: String,
    visitors: String,
}

fn totals(report: &Report) -> Vec<Total> {
    let k = report.min_count;
    let of = |name: &'static str, pick: fn(&Numbers) -> crate::domain::publication::Number| {
        let now = pick(&report.totals);
        let before = report.before.as_ref().map(|before| pick(&before.totals));
        Total {
            name,
            now: number(now, k),
            before: before.map_or_else(|| "–".to_owned(), |before| number(before, k)),
            change: before.map_or_else(String::new, |before| change(now, before)),
        }
    };
    let virality = |numbers: &Numbers| percent(numbers.funnel.virality);
    let mut totals = vec![
        of("Shares", |numbers| numbers.shares),
        of("Unfurls", |numbers| numbers.unfurls),
        of("Clicks", |numbers| numbers.clicks),
        of("Visitors", |numbers| numbers.visitors),
    ];
    totals.push(Total {
        name: "Clicks per 100 shares",
        now: virality(&report.totals),
        before: report.before.as_ref().map_or_else(|| "–".to_owned(), |before| virality(&before.totals)),
        change: String::new(),
    });
    // A series of its own, of sites whose policy is, or was, to keep it.
    if report.totals.aggregate_clicks.value().is_some_and(|bare| bare > 0) {
        totals.push(of("Bare counts, without an answer", |numbers| numbers.aggregate_clicks));
    }
    totals
}

fn rows(report: &Report, by: Grouping, name: impl Fn(&str) -> String) -> Vec<Row> {
    let row = |group: &Group| {
        let k = report.min_count;
        Some(Row {
            name: name(group.key.as_deref()?),
            shares: number(group.numbers.shares, k),
            clicks: number(group.numbers.clicks, k),
            visitors: number(group.numbers.visitors, k),
        })
    };
    report.table(by).map_or_else(Vec::new, |table| table.groups.iter().filter_map(row).collect())
}

fn without_scheme(address: &str) -> &str {
    address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address)
}

impl Words<'_> {
    fn k(&self) -> String {
        grouped(self.min_count)
    }
}
