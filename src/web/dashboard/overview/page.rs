//! What the overview shows: one struct for its template, with plain fields, made of a report by `overview/rows.rs`.

use askama::Template;

use crate::stats::lineage::Generation;
use crate::stats::publication::Number;
use crate::web::dashboard::chart;
use crate::web::dashboard::chart::Series;
use crate::web::response::page::{Page, on_page};

/// `/stats` : a site at a glance, or one channel, page or campaign of it.
#[derive(Debug, Template)]
#[template(path = "overview.html", whitespace = "minimize")]
pub(in crate::web) struct OverviewPage {
    pub(in crate::web) page: Page,
    /// The site's name.
    pub(in crate::web) site: String,
    /// What is said of a page that is shown to others, who have no other page; nothing to the signed-in.
    pub(in crate::web) shared: Option<Shared>,
    /// Whether clicks per share are known: not where shares are in steps.
    pub(in crate::web) has_clicks_per_share: bool,
    /// Whether it shows a part only of what its reader may see, or one list.
    pub(in crate::web) is_part: bool,
    /// What the page is about, where that is not the whole site.
    pub(in crate::web) subject: Option<Subject>,
    /// The filters, each with the view without it.
    pub(in crate::web) filters: Vec<Pill>,
    /// All that its reader may see of the same period: its name and its address.
    pub(in crate::web) whole: (String, String),
    pub(in crate::web) picker: Picker,
    pub(in crate::web) totals: Vec<Total>,
    /// Bare counts of a site whose policy is, or was, to keep them; never part of the clicks.
    pub(in crate::web) bare: Option<Number>,
    /// What is shown of the open day: sentences, each with the hour up to which it was counted.
    pub(in crate::web) today: Vec<String>,
    /// How its numbers are to be read.
    pub(in crate::web) reading: HowToRead,
    pub(in crate::web) series: Series,
    /// By channel; without any on the page of one channel.
    pub(in crate::web) channels: Option<Channels>,
    pub(in crate::web) tables: Vec<TableRows>,
    /// Unfurls by app, most first.
    pub(in crate::web) apps: Vec<AppRow>,
    pub(in crate::web) of_apps: Option<Downloads>,
    /// Where shares came from; only of a site that wants to know.
    pub(in crate::web) lineage: Option<LineageRows>,
    /// The form that leads to a link's page; for who may open it.
    pub(in crate::web) search: Option<Search>,
    /// Where an owner shares what the page is about with others.
    pub(in crate::web) share: Option<String>,
    /// Whether the site has no link at all.
    pub(in crate::web) empty: bool,
    /// Where this service is reached, without a slash at the end; used in what an empty site is shown.
    pub(in crate::web) public_url: String,
    pub(in crate::web) downloads: Option<Downloads>,
}

on_page!(OverviewPage);

impl OverviewPage {
    fn title(&self) -> &str {
        self.subject.as_ref().map_or(&self.site, |subject| &subject.name)
    }

    /// Whether the form to find a link has a table of links to stand in.
    fn lists_links(&self) -> bool {
        self.tables.iter().any(|table| table.of_links)
    }

    fn chart(&self) -> String {
        chart::draw(chart::Kind::Consented, &self.series, self.page.language)
    }
}

/// How a page's numbers are to be read: said once on it.
#[derive(Clone, Debug)]
pub(in crate::web) struct HowToRead {
    /// How exact they are, in one sentence.
    pub(in crate::web) exactness: String,
    /// Why nothing of visits is shown, where that is so, and what would show.
    pub(in crate::web) nothing: Option<String>,
    /// Whether small numbers are held back, and the others rounded to multiples of `k`.
    pub(in crate::web) is_rounded: bool,
    pub(in crate::web) k: u64,
    /// Between which numbers of people the threshold lies.
    pub(in crate::web) from: u64,
    pub(in crate::web) to: u64,
}

/// A page for others than the signed-in.
#[derive(Clone, Debug)]
pub(in crate::web) enum Shared {
    /// For who has its address, until the end of this day, in words.
    Until(String),
    /// For everybody.
    Public,
}

/// What a page is about.
#[derive(Clone, Debug)]
pub(in crate::web) struct Subject {
    /// The message with what it is: a channel, a page, a campaign.
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) name: String,
    /// Where it is in the web.
    pub(in crate::web) address: Option<String>,
}

/// What leads to a link's page.
#[derive(Clone, Debug)]
pub(in crate::web) struct Search {
    /// What else the view's address says.
    pub(in crate::web) hidden: Vec<(&'static str, String)>,
    /// The code or the address that was looked for, and no link of the site has.
    pub(in crate::web) missed: Option<String>,
}

/// A filter.
#[derive(Clone, Debug)]
pub(in crate::web) struct Pill {
    pub(in crate::web) kind: &'static str,
    pub(in crate::web) name: String,
    /// The view without it.
    pub(in crate::web) without: String,
}

/// The period, and the way to others.
#[derive(Clone, Debug)]
pub(in crate::web) struct Picker {
    pub(in crate::web) presets: Vec<Choice>,
    /// Where the form for any period leads, and what else it says.
    pub(in crate::web) path: String,
    pub(in crate::web) hidden: Vec<(&'static str, String)>,
    /// The first and the last day, ISO.
    pub(in crate::web) from: String,
    pub(in crate::web) to: String,
    /// The same of the period before, where it is known.
    pub(in crate::web) before: Option<(String, String)>,
    /// The message with why the period that was asked for is not shown.
    pub(in crate::web) wrong: Option<&'static str>,
}

/// A ready-made period.
#[derive(Clone, Debug)]
pub(in crate::web) struct Choice {
    /// Its name in the message's: `stats-period-…`.
    pub(in crate::web) name: &'static str,
    pub(in crate::web) address: String,
    pub(in crate::web) current: bool,
}

impl Choice {
    pub(in crate::web) fn label(&self) -> String {
        format!("stats-period-{}", self.name)
    }
}

/// One of the numbers at the top.
#[derive(Clone, Debug)]
pub(in crate::web) struct Total {
    /// The messages with its name and with what it is.
    pub(in crate::web) name: &'static str,
    pub(in crate::web) hint: &'static str,
    pub(in crate::web) figure: Figure,
    pub(in crate::web) change: Option<Change>,
}

/// A count, or clicks per share, where they are known.
#[derive(Clone, Debug)]
pub(in crate::web) enum Figure {
    Count(Number),
    ClicksPerShare(Option<String>),
}

impl Figure {
    pub(in crate::web) fn class(&self) -> &'static str {
        match self {
            Self::Count(Number::Shown(_)) => "exact",
            Self::Count(Number::Suppressed) => "few",
            Self::ClicksPerShare(_) => "aside",
        }
    }
}

/// How a number stands to that of the period before.
#[derive(Clone, Debug)]
pub(in crate::web) struct Change {
    /// `more`, `less` or nothing of these, for the style sheet.
    pub(in crate::web) class: &'static str,
    /// An arrow.
    pub(in crate::web) mark: &'static str,
    /// In words.
    pub(in crate::web) words: String,
}

/// Channels beside each other.
#[derive(Clone, Debug)]
pub(in crate::web) struct Channels {
    /// The shares and the clicks of all channels, each as one bar of parts.
    pub(in crate::web) whole: Vec<Whole>,
    pub(in crate::web) rows: Vec<ChannelRow>,
    pub(in crate::web) downloads: Option<Downloads>,
}

/// A bar of parts.
#[derive(Clone, Debug)]
pub(in crate::web) struct Whole {
    /// The message with what it is.
    pub(in crate::web) name: &'static str,
    pub(in crate::web) parts: Vec<Part>,
}

/// A part of a bar.
#[derive(Clone, Debug)]
pub(in crate::web) struct Part {
    /// `c1` to `c6`, for the style sheet.
    pub(in crate::web) class: &'static str,
    /// Where it begins and how long it is, as SVG lengths.
    pub(in crate::web) x: String,
    pub(in crate::web) width: String,
    /// `WhatsApp: 52%`.
    pub(in crate::web) words: String,
}

/// A channel and its way from shares to visitors.
#[derive(Clone, Debug)]
pub(in crate::web) struct ChannelRow {
    pub(in crate::web) class: &'static str,
    pub(in crate::web) name: String,
    pub(in crate::web) address: Option<String>,
    /// Its parts of all shares and of all clicks, as far as they are shown: each with the message with what it is of.
    pub(in crate::web) parts: Vec<(String, &'static str)>,
    /// Shares, unfurls, clicks and visitors, each with the length of its bar.
    pub(in crate::web) funnel: Vec<Step>,
    pub(in crate::web) clicks_per_share: Option<String>,
}

/// A step of a funnel.
#[derive(Clone, Debug)]
pub(in crate::web) struct Step {
    /// The message with its name.
    pub(in crate::web) name: &'static str,
    pub(in crate::web) count: Number,
    /// Its part of the largest of all channels, as an SVG length.
    pub(in crate::web) bar: String,
}

/// A table of pages, campaigns or links.
#[derive(Clone, Debug)]
pub(in crate::web) struct TableRows {
    /// The messages with the heading and the name of the first column.
    pub(in crate::web) heading: &'static str,
    pub(in crate::web) column: &'static str,
    pub(in crate::web) rows: Vec<GroupRow>,
    /// The whole list, where there is more, and the message with its name.
    pub(in crate::web) all: Option<(String, &'static str)>,
    pub(in crate::web) downloads: Option<Downloads>,
    /// Whether the rows are of links, which have one share each.
    pub(in crate::web) of_links: bool,
}

/// A row of such a table.
#[derive(Clone, Debug)]
pub(in crate::web) struct GroupRow {
    pub(in crate::web) name: String,
    /// What else is said of it, below: where a link leads.
    pub(in crate::web) below: Option<String>,
    /// How a link was shared.
    pub(in crate::web) pill: Option<String>,
    /// Its page; none of what is several groups together.
    pub(in crate::web) address: Option<String>,
    /// Shares, unfurls, clicks and visitors; of links without the shares.
    pub(in crate::web) numbers: Vec<(&'static str, Number)>,
    pub(in crate::web) clicks_per_share: Option<String>,
    /// Its clicks as a part of the largest row's, as an SVG length.
    pub(in crate::web) bar: String,
}

/// An app in which links were unfurled.
#[derive(Clone, Debug)]
pub(in crate::web) struct AppRow {
    pub(in crate::web) app: String,
    pub(in crate::web) unfurls: u64,
}

/// The shares of a period by where they came from.
#[derive(Clone, Debug)]
pub(in crate::web) struct LineageRows {
    /// By generation, the first one first.
    pub(in crate::web) generations: Vec<Generation>,
    /// By channel, the one that led to the most shares first.
    pub(in crate::web) channels: Vec<ReshareRow>,
    pub(in crate::web) downloads: Downloads,
}

/// What came of a channel's shares.
#[derive(Clone, Debug)]
pub(in crate::web) struct ReshareRow {
    pub(in crate::web) channel: String,
    pub(in crate::web) shares: u64,
    /// Acts of sharing by people who came through this channel.
    pub(in crate::web) reshares: u64,
    pub(in crate::web) clicks_per_share: Option<String>,
}

/// The same numbers as documents.
#[derive(Clone, Debug)]
pub(in crate::web) struct Downloads {
    /// Their name, without what says how they are written.
    pub(in crate::web) name: String,
    pub(in crate::web) csv: Option<String>,
    pub(in crate::web) json: String,
    /// The call that answers the same.
    pub(in crate::web) call: String,
}
