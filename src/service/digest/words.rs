//! Numbers and days as a letter writes them.

use crate::domain::publication::Number;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// A number with its thousands separated: `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A published number, `k` being the fewest visitors that one stands for.
pub(super) fn number(number: Number, k: u64) -> String {
    match number {
        Number::Exact(number) => grouped(number),
        Number::AtLeast(number) => format!("at least {}", grouped(number)),
        Number::Fewer => format!("fewer than {}", grouped(k)),
    }
}

/// How much more or less it is than before, where both are known exactly.
pub(super) fn change(now: Number, before: Number) -> String {
    match (now, before) {
        (Number::Exact(now), Number::Exact(before)) if now == before => "the same".to_owned(),
        (Number::Exact(now), Number::Exact(before)) if before > 0 => {
            let part = |more: u64| u128::from(more) * 100 / u128::from(before);
            let (sign, percent) =
                if now > before { ('+', part(now - before)) } else { ('−', part(before - now)) };
            match percent {
                0 => format!("{sign}<1 %"),
                percent => format!("{sign}{} %", grouped(u64::try_from(percent).unwrap_or(u64::MAX))),
            }
        }
        _ => String::new(),
    }
}

/// A number with one decimal, or a dash.
pub(super) fn percent(number: Option<f64>) -> String {
    number.map_or_else(|| "–".to_owned(), |number| format!("{number:.1}"))
}

/// Two ISO days in words: `16 to 22 November 2026`.
pub(super) fn range(first: &str, last: &str) -> String {
    let (Some((year, month, day)), Some((last_year, last_month, last_day))) = (parts(first), parts(last))
    else {
        return format!("{first} to {last}");
    };
    let from = match (year == last_year, month == last_month) {
        (true, true) => day.to_string(),
        (true, false) => format!("{day} {month}"),
        (false, _) => format!("{day} {month} {year}"),
    };
    format!("{from} to {last_day} {last_month} {last_year}")
}

fn parts(iso: &str) -> Option<(&str, &'static str, u8)> {
    let mut parts = iso.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let month = MONTHS.get(month.parse::<usize>().ok()?.checked_sub(1)?)?;
    Some((year, month, day.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_say_whether_they_are_all_of_it() {
        assert_eq!(number(Number::Exact(1_234_567), 5), "1,234,567");
        assert_eq!(number(Number::AtLeast(1_000), 5), "at least 1,000");
        assert_eq!(number(Number::Fewer, 5), "fewer than 5");
        assert_eq!((percent(Some(266.66)).as_str(), percent(None).as_str()), ("266.7", "–"));
    }

    #[test]
    fn a_change_is_told_where_both_numbers_are_known() {
        let exact = Number::Exact;
        for (now, before, words) in [
            (exact(120), exact(100), "+20 %"),
            (exact(97), exact(100), "−3 %"),
            (exact(1_001), exact(1_000), "+<1 %"),
            (exact(0), exact(3), "−100 %"),
            (exact(12), exact(1), "+1,100 %"),
            (exact(7), exact(7), "the same"),
            (exact(7), exact(0), ""),
            (Number::Fewer, exact(9), ""),
            (exact(9), Number::Fewer, ""),
            (Number::AtLeast(10), exact(5), ""),
        ] {
            assert_eq!(change(now, before), words, "{now:?} {before:?}");
        }
    }

    #[test]
    fn a_week_is_written_as_short_as_it_can_be() {
        assert_eq!(range("2026-11-16", "2026-11-22"), "16 to 22 November 2026");
        assert_eq!(range("2026-11-28", "2026-12-04"), "28 November to 4 December 2026");
        assert_eq!(range("2026-12-28", "2027-01-03"), "28 December 2026 to 3 January 2027");
    }
}
