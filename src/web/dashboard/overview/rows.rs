//! From a report to what its page shows.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::domain::family::Family;
use crate::domain::own_address::own_address;
use crate::domain::site::Site;
use crate::i18n::without_scheme;
use crate::stats::lineage::{Lineage, Resharing};
use crate::stats::publication::{Bound, Number, Publication};
use crate::stats::report::{Before, ClicksPerShare, Filter, Grouping, Numbers, Period, Report};
use crate::stats::today::{ClicksAt, Latest, OpensAt};
use crate::web::AppState;
use crate::web::dashboard::chart::Series;
use crate::web::dashboard::overview::page::{
    AppRow, Change, Choice, Downloads, Figure, HowToRead, LineageRows, Picker, Pill, ReshareRow, Subject,
    Total,
};
use crate::web::dashboard::scope::{Preset, View};
use crate::web::extract::query::in_address;
use crate::web::response::page::Page;

mod channels;
mod tables;

/// A report, and for whom it is written out.
pub(in crate::web) struct Rows<'a> {
    pub(in crate::web) app: &'a AppState,
    pub(in crate::web) site: &'a Site,
    pub(in crate::web) page: &'a Page,
    pub(in crate::web) view: &'a View,
    pub(in crate::web) report: &'a Report,
    pub(in crate::web) rule: &'a Publication,
    /// What the reader sees nothing beyond; no part of the view's own filter.
    pub(in crate::web) bounds: &'a Filter,
}

impl Rows<'_> {
    fn clicks_per_share(&self, known: Option<ClicksPerShare>) -> Option<String> {
        known.map(|known| self.page.language.clicks_per_share(known))
    }

    /// How the numbers are to be read.
    pub(in crate::web) fn reading(&self) -> HowToRead {
        let k = self.report.min_count.get();
        let is_rounded = !self.report.min_count.is_exact();
        let (from, to) = (k + 1, 2 * k);
        let is_part = self.view.filter != Filter::default() || *self.bounds != Filter::default();
        let exactness = match self.report.bound {
            _ if !is_rounded => "stats-exact",
            Bound::AtLeastAbout if is_part => "stats-rounded-part",
            _ => "stats-rounded",
        };
        let why = if is_part { "stats-nothing-of-page" } else { "stats-nothing-of-site" };
        self.told(exactness, why, is_rounded, [k, from, to])
    }

    /// The same of a link's own page.
    pub(in crate::web) fn reading_of_link(&self) -> HowToRead {
        let k = self.report.min_count.get();
        let is_rounded = !self.report.min_count.is_exact();
        let exactness = if is_rounded { "stats-rounded-link" } else { "stats-exact" };
        self.told(exactness, "stats-nothing-of-link", is_rounded, [k, k + 1, 2 * k])
    }

    fn told(&self, exactness: &str, why: &str, is_rounded: bool, [k, from, to]: [u64; 3]) -> HowToRead {
        let nothing = self.report.totals.are_suppressed();
        let why = || self.page.say(why).number("from", from).number("to", to).to_string();
        HowToRead {
            exactness: self.page.say(exactness).number("k", k).to_string(),
            nothing: nothing.then(why),
            is_rounded,
            k,
            from,
            to,
        }
    }

    fn channel(&self, name: &str) -> String {
        let label = ChannelName::parse(name).map(|name| self.app.channel_label(&name));
        self.page.channel(name, &label.unwrap_or_else(|_| name.to_owned()))
    }

    fn campaign(&self, name: Option<&str>) -> String {
        name.map_or_else(|| self.page.say("stats-no-campaign").to_string(), str::to_owned)
    }

    /// Each part of a filter: the message with its kind, its name, and the filter without it.
    fn each(&self, filter: &Filter) -> Vec<(&'static str, String, Filter)> {
        let mut all = Vec::new();
        if let Some(channel) = &filter.channel {
            let without = Filter { channel: None, ..filter.clone() };
            all.push(("stats-channel", self.channel(channel.as_str()), without));
        }
        if let Some(page) = &filter.page {
            let without = Filter { page: None, ..filter.clone() };
            all.push(("stats-page", without_scheme(page).to_owned(), without));
        }
        if let Some(campaign) = &filter.campaign {
            let without = Filter { campaign: None, ..filter.clone() };
            all.push(("stats-campaign", self.campaign(campaign.as_deref()), without));
        }
        all
    }

    /// What the page is about, where it is one thing: the one that its reader may see, or else the only filter.
    pub(in crate::web) fn subject(&self) -> Option<Subject> {
        let bounds = self.each(self.bounds);
        let filter = if bounds.is_empty() { &self.view.filter } else { self.bounds };
        let [(kind, name, _)] = <[_; 1]>::try_from(self.each(filter)).ok()?;
        // An address may name any page: only one that the site's links may lead to becomes a link here.
        let own = |page: &&str| self.app.links.destination(self.site, page).is_ok();
        Some(Subject { kind, name, address: filter.page.as_deref().filter(own).map(str::to_owned) })
    }

    /// The filters that can be taken away, but for the one that the page is about.
    pub(in crate::web) fn filters(&self) -> Vec<Pill> {
        let subject = self.subject().map(|subject| subject.kind);
        let others = self.each(&self.view.filter).into_iter().filter(|(kind, ..)| Some(*kind) != subject);
        let pill = |(kind, name, without)| Pill { kind, name, without: self.view.only(without).address() };
        others.map(pill).collect()
    }

    /// All that the reader may see: its name and its address.
    pub(in crate::web) fn everything(&self) -> (String, String) {
        let bound = self.each(self.bounds).into_iter().next();
        let name = bound.map_or_else(|| self.site.name.clone(), |(_, name, _)| name);
        (name, self.view.only(Filter::default()).address())
    }

    /// The period, and the way to others.
    pub(in crate::web) fn picker(&self, wrong: Option<&'static str>) -> Picker {
        let view = self.view;
        let choice = |preset: Preset| Choice {
            name: preset.name(),
            address: view.of_preset(preset, self.rule.last_day()).address(),
            current: view.preset == Some(preset),
        };
        let before = self.before().map(|before| before.period);
        Picker {
            presets: Preset::offered(self.rule).iter().copied().map(choice).collect(),
            path: view.path.clone(),
            hidden: view.parameters(false),
            from: view.period.first.to_string(),
            to: view.period.last.to_string(),
            before: before.map(|days| (days.first.to_string(), days.last.to_string())),
            wrong,
        }
    }

    /// The period before, where there was anything.
    fn before(&self) -> Option<&Before> {
        let something = |before: &&Before| {
            let Numbers { shares, unfurls, clicks, .. } = before.totals;
            [shares, unfurls, clicks].into_iter().any(Number::says_something)
        };
        self.report.before.as_ref().filter(something)
    }

    /// The numbers at the top.
    pub(in crate::web) fn totals(&self) -> Vec<Total> {
        let now = &self.report.totals;
        let before = self.before();
        let total = |name, hint, of: fn(&Numbers) -> Number| Total {
            name,
            hint,
            figure: Figure::Count(of(now)),
            change: before.map(|before| self.change(of(now), of(&before.totals))),
        };
        vec![
            total("stats-shares", "stats-shares-hint", |numbers| numbers.shares),
            total("stats-unfurls", "stats-unfurls-hint", |numbers| numbers.unfurls),
            total("stats-clicks", "stats-clicks-hint", |numbers| numbers.clicks),
            total("stats-visitors", "stats-visitors-hint", |numbers| numbers.visitors),
            Total {
                name: "stats-clicks-per-share",
                hint: "stats-clicks-per-share-hint",
                figure: Figure::ClicksPerShare(self.clicks_per_share(now.clicks_per_share)),
                change: None,
            },
        ]
    }

    /// How a number stands to the one of the days before.
    fn change(&self, now: Number, before: Number) -> Change {
        let (page, words) = (self.page, self.page.language.count(before));
        let plain = |words: String| Change { class: "", mark: "", words };
        let was = |words: String| plain(page.say("stats-was").text("before", words).to_string());
        // What still grows may become more than what it is held against, and is never said to be as much.
        let grows = self.report.series.iter().any(|day| day.open);
        // A day that has only begun is not held against a whole one.
        if self.view.period.first == self.rule.today {
            return plain(page.say("stats-was-whole").text("before", words).to_string());
        }
        let (Some(now), Some(before)) = (now.value(), before.value()) else { return was(words) };
        let said = |id, percent| page.say(id).text("percent", percent).text("before", &words).to_string();
        match (now, before) {
            (now, before) if grows && now == before => was(words),
            (now, before) if now == before => plain(page.say("stats-same").to_string()),
            (_, 0) => plain(page.say("stats-new").to_string()),
            (now, before) if now > before => {
                let percent = page.language.percent(now - before, before);
                Change { class: "more", mark: "▲", words: said("stats-more", percent) }
            }
            (now, before) => {
                let (class, id) = if grows { ("", "stats-less-so-far") } else { ("less", "stats-less") };
                let percent = page.language.percent(before - now, before);
                Change { class, mark: "▼", words: said(id, percent) }
            }
        }
    }

    /// What is shown of the open day, in words.
    pub(in crate::web) fn today(&self, latest: &Latest) -> Vec<String> {
        let page = self.page;
        let counted = |id: &str, number: u64| {
            page.say(id).number("number", number).text("count", page.number(number)).to_string()
        };
        let until = |at: Timestamp, counted: String| {
            let time = at.strftime("%H:%M").to_string();
            page.say("stats-today-until").text("time", time).text("counted", counted).to_string()
        };
        let clicks = latest.clicks.map(|ClicksAt { at, clicks, visitors }| {
            let visitors = counted("stats-tip-visitors", visitors);
            until(at, format!("{}, {visitors}", counted("stats-tip-clicks", clicks)))
        });
        let opens = latest.opens.map(|OpensAt { at, opens }| until(at, counted("stats-tip-opens", opens)));
        clicks.into_iter().chain(opens).collect()
    }

    /// Bare counts, where there are any.
    pub(in crate::web) fn bare(&self) -> Option<Number> {
        Some(self.report.totals.opens).filter(|bare| bare.says_something())
    }

    /// The days. Before `made`, everybody can see that there was nothing.
    pub(in crate::web) fn series(&self, made: Option<Day>) -> Series {
        Series::of(self.report, self.rule.today, made)
    }

    /// The documents with the same numbers as a table, or as the drawing.
    pub(in crate::web) fn downloads(&self, by: Grouping) -> Option<Downloads> {
        // Shared views have none.
        (self.view.path == "/stats").then(|| {
            let (name, query) = (by.name(), in_address(self.view.period, &self.view.filter));
            let csv = format!("/stats/export/{name}.csv?{query}");
            Downloads { csv: Some(csv), ..self.json(name, &format!("stats?group_by={name}&{query}"), &query) }
        })
    }

    /// Unfurls by app are in each group of the JSON, and no column of the CSV.
    pub(in crate::web) fn of_apps(&self) -> Option<Downloads> {
        self.downloads(Grouping::Channel).map(|downloads| Downloads { csv: None, ..downloads })
    }

    fn json(&self, name: &str, call: &str, query: &str) -> Downloads {
        let Period { first, last } = self.view.period;
        Downloads {
            name: format!("{name}-{first}-{last}"),
            csv: None,
            json: format!("/stats/export/{name}.json?{query}"),
            call: format!("GET {}", own_address(&self.app.public_url, &format!("/api/v1/{call}"))),
        }
    }

    /// Shares, unfurls, clicks and visitors.
    fn four(numbers: &Numbers) -> [(&'static str, Number); 4] {
        [
            ("stats-shares", numbers.shares),
            ("stats-unfurls", numbers.unfurls),
            ("stats-clicks", numbers.clicks),
            ("stats-visitors", numbers.visitors),
        ]
    }

    /// The apps in which links were unfurled, most first; last those that nobody can tell.
    pub(in crate::web) fn apps(&self) -> Vec<AppRow> {
        apps(&self.report.totals.unfurls_by_app, self.page)
    }

    /// Where shares came from.
    pub(in crate::web) fn lineage(&self, lineage: &Lineage) -> LineageRows {
        let row = |channel: &Resharing| ReshareRow {
            channel: self.channel(channel.key.as_str()),
            shares: channel.shares,
            reshares: channel.reshares,
            clicks_per_share: self.clicks_per_share(channel.clicks_per_share),
        };
        let days = in_address(self.view.period, &Filter::default());
        LineageRows {
            generations: lineage
                .generations
                .iter()
                .copied()
                .take(crate::web::dashboard::overview::TOP)
                .collect(),
            channels: lineage.channels.iter().map(row).collect(),
            downloads: self.json("lineage", &format!("stats/lineage?{days}"), &days),
        }
    }
}

/// The apps in which links were unfurled, most first; last those that nobody can tell.
fn apps(unfurls_by_app: &BTreeMap<Family, u64>, page: &Page) -> Vec<AppRow> {
    let mut all: Vec<_> = unfurls_by_app.iter().collect();
    all.sort_by_key(|(family, unfurls)| (**family == Family::Other, Reverse(**unfurls)));
    let row = |(family, unfurls): (&Family, &u64)| AppRow { app: app(*family, page), unfurls: *unfurls };
    all.into_iter().map(row).collect()
}

/// What people call an app.
pub(in crate::web) fn app(family: Family, page: &Page) -> String {
    match family {
        Family::Other => page.say("app-other").to_string(),
        family => family.label().to_owned(),
    }
}
