//! What a report is asked for in an address: the same parameters for the API, the pages and the exports.
//!
//! `from`, `to`: days, inclusive. `channel`, `page`, `campaign`, `link`: only what meets all of these; an empty `campaign` is
//! what has none.

use std::collections::BTreeMap;

use url::form_urlencoded::Serializer;

use crate::domain::channel::ChannelName;
use crate::domain::code::Code;
use crate::domain::day::Day;
use crate::domain::rule::{CodedError, Detail};
use crate::service::links::InvalidParam;
use crate::stats::report::{Filter, Period};

/// How many days are shown where nobody says.
pub(crate) const DEFAULT_DAYS: i32 = 30;
/// The longest period in days: counts are kept at most 25 months.
pub(crate) const MAX_DAYS: i32 = 800;

/// Why days make no period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PeriodError {
    /// The first day is after the last one.
    #[error("must not be after to")]
    Reversed,
    /// The period has more than [`MAX_DAYS`].
    #[error("must be less than {MAX_DAYS} days before to")]
    TooLong,
}

impl CodedError for PeriodError {
    fn code(&self) -> &'static str {
        match self {
            Self::Reversed => "from_after_to",
            Self::TooLong => "period_too_long",
        }
    }

    fn details(&self) -> Vec<(&'static str, Detail)> {
        match self {
            Self::Reversed => Vec::new(),
            Self::TooLong => vec![("days", Detail::text(MAX_DAYS))],
        }
    }
}

/// The period of `from` and `to`; where they are not given, the 30 days up to the `latest` of which there is something to see.
pub(crate) fn period(query: &BTreeMap<String, String>, latest: Day) -> Result<Period, Vec<InvalidParam>> {
    let mut wrong = Vec::new();
    let mut day = |name: &str| {
        let day: Option<Result<Day, _>> = query.get(name).map(|text| text.parse());
        day.transpose().unwrap_or_else(|error| {
            wrong.push(InvalidParam::new(name, error));
            None
        })
    };
    let (from, to) = (day("from"), day("to"));
    let last = to.unwrap_or_else(|| from.map_or(latest, |from| from.max(latest)));
    let first = from.unwrap_or_else(|| last.plus(1 - DEFAULT_DAYS));
    if first > last {
        wrong.push(InvalidParam::new("from", PeriodError::Reversed));
    } else if last.number() - first.number() >= MAX_DAYS {
        wrong.push(InvalidParam::new("from", PeriodError::TooLong));
    }
    if wrong.is_empty() { Ok(Period { first, last }) } else { Err(wrong) }
}

/// The filter that the parameters name.
pub(crate) fn filter(query: &BTreeMap<String, String>) -> Result<Filter, Vec<InvalidParam>> {
    let mut wrong = Vec::new();
    let channel = query.get("channel").map(|name| ChannelName::parse(name));
    wrong.extend(
        channel
            .as_ref()
            .and_then(|name| name.as_ref().err().copied())
            .map(|error| InvalidParam::new("channel", error)),
    );
    let link = query.get("link").map(|code| Code::parse(code));
    wrong.extend(
        link.as_ref()
            .and_then(|code| code.as_ref().err().copied())
            .map(|error| InvalidParam::new("link", error)),
    );
    let campaign = |name: &String| (!name.is_empty()).then(|| name.as_str().into());
    if !wrong.is_empty() {
        return Err(wrong);
    }
    Ok(Filter {
        channel: channel.and_then(Result::ok),
        page: query.get("page").map(|page| page.as_str().into()),
        campaign: query.get("campaign").map(campaign),
        link: link.and_then(Result::ok),
    })
}

/// A period and a filter as they stand in an address, behind its `?`.
pub(crate) fn in_address(period: Period, filter: &Filter) -> String {
    let days = [("from", period.first.to_string()), ("to", period.last.to_string())];
    Serializer::new(String::new()).extend_pairs(days).extend_pairs(parameters(filter)).finish()
}

/// The parameters that name a filter.
pub(crate) fn parameters(filter: &Filter) -> Vec<(&'static str, String)> {
    let Filter { channel, page, campaign, link } = filter;
    let named = [
        ("channel", channel.as_ref().map(ToString::to_string)),
        ("page", page.as_ref().map(ToString::to_string)),
        ("campaign", campaign.as_ref().map(|name| name.as_deref().unwrap_or_default().to_owned())),
        ("link", link.as_ref().map(ToString::to_string)),
    ];
    named.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}

#[cfg(test)]
mod tests {
    use url::form_urlencoded;

    use super::*;

    #[test]
    fn what_stands_in_an_address_is_read_from_it_again() {
        let day = |text: &str| text.parse::<Day>().expect("a day");
        let period_asked = Period { first: day("2026-10-01"), last: day("2026-11-21") };
        for asked in [
            Filter::default(),
            Filter { campaign: Some(None), ..Filter::default() },
            Filter {
                channel: ChannelName::parse("sms").ok(),
                page: Some("https://example.com/?a=1&b=2#c".into()),
                campaign: Some(Some("spring & summer".into())),
                link: Code::parse("abc").ok(),
            },
        ] {
            let address = in_address(period_asked, &asked);
            let query = form_urlencoded::parse(address.as_bytes()).into_owned().collect();
            assert_eq!(filter(&query), Ok(asked));
            assert_eq!(period(&query, day("2026-11-30")), Ok(period_asked));
        }
    }

    #[test]
    fn a_wrong_filter_is_named() {
        let query = [("channel", "No Channel"), ("link", "stats"), ("page", "anything")];
        let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let wrong = filter(&query).expect_err("wrong");
        assert_eq!(wrong.iter().map(|param| param.name.as_str()).collect::<Vec<_>>(), ["channel", "link"]);
    }
}
