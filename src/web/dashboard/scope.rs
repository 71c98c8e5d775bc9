//! What a page of statistics shows, as its address says it: the period, the filters, one whole list, the language. So every
//! view can be kept as a bookmark, and every link of a page is another view.

use std::collections::BTreeMap;

use url::form_urlencoded;

use crate::domain::channel::ChannelName;
use crate::domain::day::Day;
use crate::i18n::Language;
use crate::stats::publication::Publication;
use crate::stats::report::{Filter, Grouping, Period};
use crate::web::extract::locale;
use crate::web::extract::query;

/// A period that ends with the last day of which there is something to see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Preset {
    Today,
    Week,
    Month,
    Quarter,
    Year,
}

impl Preset {
    /// Those that are offered, in their order. Only where visits show as they come is there anything of a day that is not over.
    pub(crate) fn offered(rule: &Publication) -> &'static [Self] {
        const ALL: [Preset; 5] = [Preset::Today, Preset::Week, Preset::Month, Preset::Quarter, Preset::Year];
        if rule.is_live() { &ALL } else { &ALL[1..] }
    }

    /// Its name in an address, and at the end of its message's name.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Today => "today",
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Quarter => "90d",
            Self::Year => "12m",
        }
    }

    /// Its days.
    pub(crate) fn period(self, last: Day) -> Period {
        let first = match self {
            Self::Today => last,
            Self::Week => last.plus(-6),
            Self::Month => last.plus(-29),
            Self::Quarter => last.plus(-89),
            Self::Year => last.months_before(12).plus(1),
        };
        Period { first, last }
    }
}

/// What a page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct View {
    /// The page's path.
    pub(crate) path: String,
    /// The days.
    pub(crate) period: Period,
    /// The same, where they are counted from the last one of which there is something to see.
    pub(crate) preset: Option<Preset>,
    /// What of them.
    pub(crate) filter: Filter,
    /// The one list that is shown whole.
    pub(crate) list: Option<Grouping>,
    /// The language, where the address names it.
    pub(crate) language: Option<Language>,
}

impl View {
    /// The view of an address, and the message with what is wrong with its period: then it is the usual one. What nothing
    /// can be filtered by is passed over.
    pub(crate) fn of(path: &str, query: &str, rule: &Publication) -> (Self, Option<&'static str>) {
        let latest = rule.last_day();
        let query: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let mut offered = Preset::offered(rule).iter().copied();
        let (period, preset, wrong) = match days(&query, latest) {
            Ok(Some(period)) => (period, offered.find(|preset| preset.period(latest) == period), None),
            Ok(None) => {
                let named = query.get("period").and_then(|name| offered.find(|preset| preset.name() == name));
                let preset = named.unwrap_or(Preset::Month);
                (preset.period(latest), Some(preset), None)
            }
            Err(wrong) => (Preset::Month.period(latest), Some(Preset::Month), Some(wrong)),
        };
        let campaign = |name: &String| Some(name.as_str()).filter(|name| !name.is_empty()).map(Box::from);
        let filter = Filter {
            channel: query.get("channel").and_then(|name| ChannelName::parse(name).ok()),
            page: query.get("page").filter(|page| !page.is_empty()).map(|page| page.as_str().into()),
            campaign: query.get("campaign").map(campaign),
            link: None,
        };
        let list = query.get("list").and_then(|name| LISTS.into_iter().find(|(_, list)| list == name));
        let language = query.get(locale::PARAMETER).and_then(|tag| tag.parse().ok());
        let list = list.map(|(by, _)| by);
        (Self { path: path.to_owned(), period, preset, filter, list, language }, wrong)
    }

    /// What the address says, without the period where `with_period` is not wanted.
    pub(crate) fn parameters(&self, with_period: bool) -> Vec<(&'static str, String)> {
        let mut all = Vec::new();
        match self.preset {
            _ if !with_period => {}
            Some(Preset::Month) => {}
            Some(preset) => all.push(("period", preset.name().to_owned())),
            None => {
                all.push(("from", self.period.first.to_string()));
                all.push(("to", self.period.last.to_string()));
            }
        }
        all.extend(query::parameters(&self.filter));
        let list = self.list.and_then(|by| LISTS.into_iter().find(|(list, _)| *list == by));
        all.extend(list.map(|(_, name)| ("list", name.to_owned())));
        all.extend(self.language.map(|language| (locale::PARAMETER, language.tag().to_owned())));
        all
    }

    /// Its address.
    pub(crate) fn address(&self) -> String {
        address(&self.path, &self.parameters(true))
    }

    /// The same with another period, which ends with that day.
    pub(crate) fn of_preset(&self, preset: Preset, last: Day) -> Self {
        Self { period: preset.period(last), preset: Some(preset), ..self.clone() }
    }

    /// The same with one whole list.
    pub(crate) fn of_list(&self, list: Option<Grouping>) -> Self {
        Self { list, ..self.clone() }
    }

    /// The same of other things.
    pub(crate) fn only(&self, filter: Filter) -> Self {
        Self { filter, list: None, ..self.clone() }
    }

    /// The view of one group of a table: the same with one filter more, or a link's page.
    pub(crate) fn of_group(&self, by: Grouping, key: Option<&str>, links: &str) -> Option<Self> {
        let mut filter = self.filter.clone();
        match (by, key) {
            (Grouping::Channel, Some(name)) => filter.channel = ChannelName::parse(name).ok(),
            (Grouping::Page, Some(page)) => filter.page = Some(page.into()),
            (Grouping::Campaign, name) => filter.campaign = Some(name.map(Box::from)),
            (Grouping::Link, Some(code)) => {
                let path = format!("{links}/{code}");
                return Some(Self { path, filter: Filter::default(), list: None, ..self.clone() });
            }
            _ => return None,
        }
        Some(self.only(filter))
    }
}

/// A path with a query.
pub(crate) fn address(path: &str, parameters: &[(&'static str, String)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.extend_pairs(parameters).finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// The lists that can be shown whole, with their names in an address.
const LISTS: [(Grouping, &str); 3] =
    [(Grouping::Page, "pages"), (Grouping::Campaign, "campaigns"), (Grouping::Link, "links")];

/// The days of `from` and `to`, or the message with what is wrong with them.
fn days(query: &BTreeMap<String, String>, latest: Day) -> Result<Option<Period>, &'static str> {
    let day = |name: &str| {
        let day = query.get(name).filter(|text| !text.is_empty()).map(|text| text.parse::<Day>());
        day.transpose().map_err(|_| "stats-period-wrong-day")
    };
    let (from, to) = (day("from")?, day("to")?);
    if from.is_none() && to.is_none() {
        return Ok(None);
    }
    let last = to.unwrap_or_else(|| from.map_or(latest, |from| from.max(latest)));
    let first = from.unwrap_or_else(|| last.plus(-29));
    if first > last {
        return Err("stats-period-wrong-order");
    }
    let fits = last.number() - first.number() < query::MAX_DAYS;
    if fits { Ok(Some(Period { first, last })) } else { Err("stats-period-too-long") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::min_count::{MinCount, MinCounts};
    use crate::stats::publication::Audience;

    const TODAY: &str = "2026-11-21";

    fn rule(min_count: MinCount) -> Publication {
        let today = TODAY.parse().expect("a day");
        Publication { min_counts: MinCounts::always(min_count), today, audience: Audience::SignedIn }
    }

    fn view(query: &str) -> (View, Option<&'static str>) {
        View::of("/stats", query, &rule(MinCount::EXACT))
    }

    #[test]
    fn a_view_is_what_its_address_says_and_says_it_again() {
        for query in [
            "",
            "?period=today",
            "?period=12m&lang=fr",
            "?from=2026-10-01&to=2026-10-05&channel=whatsapp&page=https%3A%2F%2Fexample.com%2F%3Fa%3D1%26b&campaign=a+b",
            "?campaign=&list=links",
        ] {
            let (view, wrong) = view(query.trim_start_matches('?'));
            assert_eq!((view.address(), wrong), (format!("/stats{query}"), None));
        }
    }

    #[test]
    fn days_that_a_preset_has_are_that_preset() {
        let (view, _) = view("from=2026-11-15&to=2026-11-21");
        assert_eq!((view.preset, view.address()), (Some(Preset::Week), "/stats?period=7d".to_owned()));
        let year = Preset::Year.period(TODAY.parse().expect("a day"));
        assert_eq!((year.first.to_string(), year.last.to_string()), ("2025-11-22".into(), TODAY.into()));
    }

    #[test]
    fn where_an_open_day_shows_nothing_periods_end_with_the_day_before() {
        let view = |query| View::of("/stats", query, &rule(MinCount::DEFAULT)).0;
        let period = |view: View| [view.period.first.to_string(), view.period.last.to_string()];
        assert_eq!(period(view("")), ["2026-10-22", "2026-11-20"]);
        assert_eq!(period(view("period=today")), period(view("")), "nothing of it is shown");
        assert_eq!(view("from=2026-11-14&to=2026-11-20").preset, Some(Preset::Week));
        assert_eq!(
            period(view("from=2026-11-21&to=2026-11-21")),
            [TODAY; 2],
            "whoever asks for it sees shares"
        );
    }

    #[test]
    fn a_wrong_period_is_the_usual_one_and_says_why() {
        for (query, why) in [
            ("from=yesterday", "stats-period-wrong-day"),
            ("from=2026-11-21&to=2026-11-20", "stats-period-wrong-order"),
            ("from=2020-01-01&to=2026-11-20", "stats-period-too-long"),
        ] {
            let (view, wrong) = view(query);
            assert_eq!((view.address(), wrong), ("/stats".to_owned(), Some(why)), "{query}");
        }
        assert_eq!(view("from=&to=").1, None, "empty fields are no days");
    }

    #[test]
    fn what_nothing_can_be_filtered_by_is_passed_over() {
        let (view, _) = view("channel=No%20Channel&page=&list=visitors&period=week&lang=xx");
        assert_eq!(view.address(), "/stats");
    }

    #[test]
    fn each_group_leads_to_its_own_view() {
        let (view, _) = view("period=7d&channel=email&list=links");
        let to = |by, key| view.of_group(by, key, "/stats").expect("a view").address();
        assert_eq!(to(Grouping::Campaign, Some("spring")), "/stats?period=7d&channel=email&campaign=spring");
        assert_eq!(to(Grouping::Campaign, None), "/stats?period=7d&channel=email&campaign=");
        assert_eq!(to(Grouping::Link, Some("aB3dE6g")), "/stats/aB3dE6g?period=7d");
    }
}
