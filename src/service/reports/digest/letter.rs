//! The letter: a week's report in words, as plain text and as HTML. Both say the same, and load nothing.

use askama::Template;
use url::Url;

use crate::domain::channel::Channels;
use crate::domain::min_count::MinCount;
use crate::domain::own_address::own_address;
use crate::i18n::{Language, Message, without_scheme};
use crate::stats::publication::Number;
use crate::stats::report::{Filter, Group, Grouping, Numbers, Period, Question, Report};

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
    language: Language,
) -> Result<Letter, askama::Error> {
    let Period { first, last } = report.period;
    let (from, to) = (first.to_string(), last.to_string());
    let week = language.say("stats-week").text("from", language.first_day(&from, &to));
    let letter = Words {
        language,
        site,
        week: week.text("to", language.day(&to)).to_string(),
        totals: totals(report, language),
        channels: rows(report, Grouping::Channel, language, |name| {
            let channel = channels.get(name);
            channel.map_or_else(|| name.to_owned(), |(_, channel)| language.channel(name, &channel.label))
        }),
        pages: rows(report, Grouping::Page, language, |page| without_scheme(page).to_owned()),
        open: report.series.iter().any(|day| day.open),
        min_count: report.min_count,
        address: own_address(public_url, &format!("/stats?from={from}&to={to}")),
    };
    let (text, html) = (TextLetter(&letter).render()?, HtmlLetter(&letter).render()?);
    Ok(Letter { subject: letter.subject().to_string(), text, html })
}

/// What both forms say.
#[derive(Debug)]
struct Words<'a> {
    language: Language,
    site: &'a str,
    week: String,
    totals: Vec<Total>,
    channels: Vec<Row>,
    pages: Vec<Row>,
    /// Whether some of its days are not closed yet.
    open: bool,
    min_count: MinCount,
    /// The page with the same numbers and more.
    address: String,
}

impl Words<'_> {
    fn say(&self, id: &str) -> Message {
        self.language.say(id)
    }

    /// Whether its numbers are rounded.
    fn is_rounded(&self) -> bool {
        !self.min_count.is_exact()
    }

    fn subject(&self) -> Message {
        self.say("digest-subject").text("site", self.site).text("week", &self.week)
    }
}

#[derive(Template)]
#[template(path = "digest.txt", whitespace = "preserve")]
struct TextLetter<'a>(&'a Words<'a>);

impl TextLetter<'_> {
    fn numbers(&self, row: &Row) -> Message {
        let numbers = self.0.say("digest-numbers").text("shares", &row.shares);
        numbers.text("clicks", &row.clicks).text("visitors", &row.visitors)
    }
}

#[derive(Template)]
#[template(path = "digest.html", whitespace = "minimize")]
struct HtmlLetter<'a>(&'a Words<'a>);

/// A number of the whole week.
#[derive(Debug)]
struct Total {
    /// The message with its name.
    name: &'static str,
    now: String,
    before: String,
    /// How much more or less that is, where both are known.
    change: Option<String>,
}

/// A channel or a page.
#[derive(Debug)]
struct Row {
    name: String,
    shares: String,
    clicks: String,
    visitors: String,
}

/// What there is no number for.
const NONE: &str = "–";

fn totals(report: &Report, language: Language) -> Vec<Total> {
    let before = report.before.as_ref().map(|before| &before.totals);
    let total = |name, pick: fn(&Numbers) -> Number| {
        let (now, before) = (pick(&report.totals), before.map(pick));
        let words = |number| language.count(number);
        Total {
            name,
            now: words(now),
            before: before.map_or_else(|| NONE.to_owned(), words),
            change: before.and_then(|before| change(now, before, language)),
        }
    };
    let clicks_per_share =
        |numbers: &Numbers| numbers.clicks_per_share.map(|known| language.clicks_per_share(known));
    let mut totals = vec![
        total("stats-shares", |numbers| numbers.shares),
        total("stats-unfurls", |numbers| numbers.unfurls),
        total("stats-clicks", |numbers| numbers.clicks),
        total("stats-visitors", |numbers| numbers.visitors),
    ];
    totals.push(Total {
        name: "stats-clicks-per-share",
        now: clicks_per_share(&report.totals).unwrap_or_else(|| NONE.to_owned()),
        before: before.and_then(clicks_per_share).unwrap_or_else(|| NONE.to_owned()),
        change: None,
    });
    // A series of its own, of sites whose policy is, or was, to keep it.
    if report.totals.opens.value().is_some_and(|bare| bare > 0) {
        totals.push(total("stats-opens", |numbers| numbers.opens));
    }
    totals
}

/// How much more or less it is than before, where both are shown and there was something.
fn change(now: Number, before: Number, language: Language) -> Option<String> {
    match (now.value()?, before.value()?) {
        (now, before) if now == before => Some(language.say("digest-same").to_string()),
        (_, 0) => None,
        (now, before) if now > before => Some(format!("+{}", language.percent(now - before, before))),
        (now, before) => Some(format!("−{}", language.percent(before - now, before))),
    }
}

fn rows(report: &Report, by: Grouping, language: Language, name: impl Fn(&str) -> String) -> Vec<Row> {
    let words = |number| language.count(number);
    let row = |group: &Group| {
        Some(Row {
            name: name(group.key.as_deref()?),
            shares: words(group.numbers.shares),
            clicks: words(group.numbers.clicks),
            visitors: words(group.numbers.visitors),
        })
    };
    report.table(by).map_or_else(Vec::new, |table| table.groups.iter().filter_map(row).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use Language::{English, French};

    #[test]
    fn a_change_is_told_where_both_numbers_are_known() {
        let exact = Number::Shown;
        for (now, before, english, french) in [
            (exact(120), exact(100), Some("+20%"), Some("+20\u{202f}%")),
            (exact(97), exact(100), Some("−3%"), Some("−3\u{202f}%")),
            (exact(1_001), exact(1_000), Some("+<1%"), Some("+<\u{202f}1\u{202f}%")),
            (exact(0), exact(3), Some("−100%"), Some("−100\u{202f}%")),
            (exact(5), exact(1_204), Some("−99%"), Some("−99\u{202f}%")),
            (exact(12), exact(1), Some("+1,100%"), Some("+1\u{202f}100\u{202f}%")),
            (exact(7), exact(7), Some("the same"), Some("sans changement")),
            (exact(7), exact(0), None, None),
            (Number::Suppressed, exact(9), None, None),
            (exact(9), Number::Suppressed, None, None),
        ] {
            let told = [English, French].map(|language| change(now, before, language));
            assert_eq!(told.each_ref().map(Option::as_deref), [english, french], "{now:?} {before:?}");
        }
    }
}
