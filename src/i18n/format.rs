//! Numbers, days and addresses as people read them; numbers and days after the Unicode CLDR (version 48, `en` and `fr`).
//!
//! A day comes as ISO text (`2025-03-12`, or a time that begins so); any other text comes back as it is.

use crate::i18n::Language;
use crate::stats::publication::Number;
use crate::stats::report::ClicksPerShare;

/// The months of a language: in full and short.
type Months = [(&'static str, &'static str); 12];

const ENGLISH: Months = [
    ("January", "Jan"),
    ("February", "Feb"),
    ("March", "Mar"),
    ("April", "Apr"),
    ("May", "May"),
    ("June", "Jun"),
    ("July", "Jul"),
    ("August", "Aug"),
    ("September", "Sep"),
    ("October", "Oct"),
    ("November", "Nov"),
    ("December", "Dec"),
];

const FRENCH: Months = [
    ("janvier", "janv."),
    ("février", "févr."),
    ("mars", "mars"),
    ("avril", "avr."),
    ("mai", "mai"),
    ("juin", "juin"),
    ("juillet", "juil."),
    ("août", "août"),
    ("septembre", "sept."),
    ("octobre", "oct."),
    ("novembre", "nov."),
    ("décembre", "déc."),
];

/// A web address as people read it, without `https://`. Other text comes back as it is.
#[must_use]
pub(crate) fn without_scheme(address: &str) -> &str {
    let rest =
        address.strip_prefix("https://").or_else(|| address.strip_prefix("http://")).unwrap_or(address);
    rest.strip_suffix('/').filter(|host| !host.contains('/')).unwrap_or(rest)
}

impl Language {
    /// What stands between thousands; the French one is a narrow space that does not break.
    fn group(self) -> char {
        match self {
            Self::English => ',',
            Self::French => '\u{202f}',
        }
    }

    fn point(self) -> char {
        match self {
            Self::English => '.',
            Self::French => ',',
        }
    }

    /// A whole number with its thousands apart: `1,234,567`.
    pub(crate) fn number(self, number: u64) -> String {
        let digits = number.to_string();
        let mut text = String::with_capacity(digits.len() + digits.len() / 3);
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                text.push(self.group());
            }
            text.push(digit);
        }
        text
    }

    /// A published number: `1,204`, or `too few to show`.
    pub(crate) fn count(self, number: Number) -> String {
        match number {
            Number::Shown(number) => self.number(number),
            Number::Suppressed => self.say("too-few").to_string(),
        }
    }

    /// Writes the clicks for each share: `1.6`. Those of rounded clicks have one decimal.
    pub(crate) fn clicks_per_share(self, clicks_per_share: ClicksPerShare) -> String {
        self.decimal(clicks_per_share.value())
    }

    /// A round number for a narrow place: `20K`, `5M`.
    pub(crate) fn compact(self, number: u64) -> String {
        let (thousand, space) = match self {
            Self::English => ("K", ""),
            Self::French => ("k", "\u{202f}"),
        };
        match number {
            10_000.. if number.is_multiple_of(1_000_000) => {
                format!("{}{space}M", self.number(number / 1_000_000))
            }
            10_000.. if number.is_multiple_of(1_000) => {
                format!("{}{space}{thousand}", self.number(number / 1_000))
            }
            _ => self.number(number),
        }
    }

    /// Writes a number that is not negative with one or two decimals: `50.0`, `12.25`.
    fn decimal(self, number: f64) -> String {
        let text = format!("{number:.2}");
        let (whole, decimals) = text.split_once('.').unwrap_or((&text, "0"));
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), |whole| self.number(whole));
        let (first, second) = decimals.split_at(1);
        format!("{whole}{}{first}{}", self.point(), second.trim_end_matches('0'))
    }

    /// A share of a whole: `12%`, `<1%` for what is more than none, and `100%` only for all of it.
    pub(crate) fn percent(self, part: u64, whole: u64) -> String {
        let space = match self {
            Self::English => "",
            Self::French => "\u{202f}",
        };
        let whole = u128::from(whole.max(1));
        let part = u128::from(part);
        let percent = (part * 200 + whole) / (whole * 2);
        match percent {
            0 if part > 0 => format!("<{space}1{space}%"),
            100 if part < whole => format!("99{space}%"),
            _ => format!("{}{space}%", self.number(u64::try_from(percent).unwrap_or(u64::MAX))),
        }
    }

    /// `12 March 2025`.
    pub(crate) fn day(self, iso: &str) -> String {
        self.written(iso, |year, (month, _), day| format!("{day} {month} {year}"))
    }

    /// The first of two days, without what the last one says again: `12 to` 18 March 2025, `28 March to` 3 April 2025.
    pub(crate) fn first_day(self, first: &str, last: &str) -> String {
        let same = |end: usize| first.get(..end) == last.get(..end);
        self.written(first, |year, (month, _), day| match (same("2025-03".len()), same("2025".len())) {
            (true, _) => day.to_owned(),
            (false, true) => format!("{day} {month}"),
            (false, false) => format!("{day} {month} {year}"),
        })
    }

    /// `12 Mar`, for a narrow place.
    pub(crate) fn short_day(self, iso: &str) -> String {
        self.written(iso, |_, (_, month), day| format!("{day} {month}"))
    }

    /// `March 2025`.
    pub(crate) fn month(self, iso: &str) -> String {
        self.written(iso, |year, (month, _), _| format!("{month} {year}"))
    }

    /// `Mar 2025`, for a narrow place.
    pub(crate) fn short_month(self, iso: &str) -> String {
        self.written(iso, |year, (_, month), _| format!("{month} {year}"))
    }

    fn written(self, iso: &str, write: impl Fn(&str, (&str, &str), &str) -> String) -> String {
        let parts = || {
            let mut parts = iso.get(..10)?.split('-');
            let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
            let months = match self {
                Self::English => &ENGLISH,
                Self::French => &FRENCH,
            };
            let month = *months.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
            let day = match (self, day.parse::<u8>().ok()?) {
                (Self::French, 1) => "1er".to_owned(),
                (_, day) => day.to_string(),
            };
            Some(write(year, month, &day))
        };
        parts().unwrap_or_else(|| iso.to_owned())
    }
}
