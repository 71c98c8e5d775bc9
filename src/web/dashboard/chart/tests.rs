//! What drawings say, and what they never do.

use super::*;
use crate::domain::day::Day;
use crate::domain::min_count::MinCount;
use crate::i18n::Language::{English, French};
use crate::stats::publication::{Bound, Number};
use crate::stats::report::{Before, Numbers, Period, Report, SeriesDay, SeriesWeek};
use crate::web::dashboard::chart::points::Grain;
use Number::{Shown, Suppressed};

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn numbers(clicks: Number) -> Numbers {
    Numbers {
        shares: Shown(1),
        unfurls: Shown(2),
        unfurls_by_app: std::collections::BTreeMap::new(),
        clicks,
        visitors: clicks,
        opens: clicks,
        clicks_per_share: None,
    }
}

fn days(first: Day, clicks: impl IntoIterator<Item = Number>) -> Vec<SeriesDay> {
    let of_day =
        |(place, clicks)| SeriesDay { day: first.plus(place), numbers: numbers(clicks), open: false };
    (0..).zip(clicks).map(of_day).collect()
}

fn week(name: &str, clicks: Number) -> SeriesWeek {
    let week = name.parse().expect("a week");
    SeriesWeek { week, clicks, visitors: clicks, opens: clicks }
}

/// A report of days from Thursday, 2025-02-20, on, with a period before where that is given.
fn report(clicks: Vec<Number>, before: Option<Vec<Number>>) -> Report {
    let series = days(day("2025-02-20"), clicks);
    let period = Period { first: series[0].day, last: series[series.len() - 1].day };
    let before = before.map(|clicks| {
        let series = days(day("2025-01-20"), clicks);
        let period = Period { first: series[0].day, last: series[series.len() - 1].day };
        Before { period, totals: numbers(Suppressed), series, weeks: Vec::new() }
    });
    Report {
        period,
        totals: numbers(Suppressed),
        bound: Bound::About,
        series,
        weeks: Vec::new(),
        tables: Vec::new(),
        before,
        min_count: MinCount::DEFAULT,
    }
}

fn series(clicks: Vec<Number>) -> Series {
    Series::of(&report(clicks, None), day("2026-01-01"), None)
}

#[test]
fn every_day_has_its_exact_words() {
    let drawn = |language, clicks| draw(Kind::Consented, &series(vec![Shown(clicks)]), language);
    let lines = |one: &str, other: &str| {
        format!(r#"<tspan x="100%" y="10">{one}</tspan><tspan x="100%" y="23">{other}</tspan></text>"#)
    };
    assert!(drawn(English, 1_200).contains(&lines("20 February 2025", "1,200 clicks, 1,200 visitors")));
    let words = "1\u{202f}200 clics, 1\u{202f}200 visiteurs";
    assert!(drawn(French, 1_200).contains(&lines("20 février 2025", words)));
    assert!(drawn(English, 1).contains(">1 click, 1 visitor<"));
    assert!(drawn(English, 0).contains(">0 clicks, 0 visitors<"));
    assert!(drawn(French, 0).contains(">0 clic, 0 visiteur<"));
}

#[test]
fn a_suppressed_day_is_a_mark_that_tells_nothing() {
    let svg = draw(Kind::Consented, &series(vec![Suppressed]), English);
    assert!(svg.contains(">too few to show</tspan></text>"), "{svg}");
    assert!(svg.contains(r#"height="9" fill="url(#clicks-hatch)""#), "{svg}");
    assert!(!svg.contains(r#"class="outer""#) && svg.contains("No day here had enough"));
}

#[test]
fn today_is_drawn_apart_and_so_is_a_past_day_that_is_not_closed() {
    let mut report = report(vec![Shown(8), Suppressed, Shown(10)], None);
    report.series[1].open = true;
    report.series[2].open = true;
    let svg = draw(Kind::Consented, &Series::of(&report, day("2025-02-22"), None), English);
    assert_eq!(svg.matches(r#"<g class="day today">"#).count(), 2);
    for words in
        ["21 February 2025, not closed yet<", ">shown when it is closed<", ">22 February 2025, today so far<"]
    {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    assert!(svg.contains(">today</text>"));
}

#[test]
fn what_stands_with_a_whole_week_is_a_bar_as_wide_as_its_days() {
    let mut report = report(vec![Shown(10); 14], None);
    // Of the 14 days from a Thursday on, the fifth is the first of a week.
    report.weeks = vec![week("2025-W09", Shown(15))];
    let series = Series::of(&report, day("2026-01-01"), None);
    let places: Vec<_> = series.weeks.iter().map(|week| (week.first, week.last)).collect();
    assert_eq!(places, [(4, 10)]);
    let svg = draw(Kind::Consented, &series, English);
    assert_eq!(svg.matches(r#"<rect class="week" x="28.57%""#).count(), 1, "{svg}");
    assert!(svg.contains(r#"width="50.00%""#) && svg.contains(r#"text-anchor="end">15</text>"#), "{svg}");
    assert_eq!(svg.matches(">and for the whole week: 15 clicks, 15 visitors<").count(), 7);
    let lines = series.lines(English);
    let whens: Vec<_> = lines.iter().map(|line| line.when.as_str()).collect();
    assert_eq!(whens.len(), 15);
    assert_eq!(whens[3..5], ["For the whole week, 24 Feb to 2 March 2025", "2 March 2025"]);
    let sum: u64 = lines.iter().filter_map(|line| line.clicks.value()).sum();
    assert_eq!(sum, 155);
}

#[test]
fn a_week_without_anything_of_its_own_has_no_bar() {
    let mut report = report(vec![Shown(10); 14], None);
    report.weeks = vec![week("2025-W09", Suppressed)];
    assert!(!Series::of(&report, day("2026-01-01"), None).has_weeks());
}

#[test]
fn where_points_are_weeks_or_months_they_have_what_stands_with_whole_weeks() {
    for (days, grain) in [(100, Grain::Week), (500, Grain::Month)] {
        let mut report = report(vec![Shown(10); days], None);
        // Its Thursday is in February, its Sunday in March.
        report.weeks = vec![week("2025-W09", Shown(15))];
        let series = Series::of(&report, day("2027-01-01"), None);
        assert_eq!((series.grain, series.has_weeks()), (grain, false));
        let sum: u64 = series.points.iter().filter_map(|point| point.clicks.value()).sum();
        assert_eq!(sum, 10 * days as u64 + 15);
        let place = usize::from(grain == Grain::Week);
        let days_of_point = if grain == Grain::Week { 7 } else { 9 };
        assert_eq!(series.points[place].clicks, Shown(10 * days_of_point + 15));
    }
}

#[test]
fn the_period_before_is_marked_where_it_is_known() {
    let report = report(vec![Shown(8), Shown(9)], Some(vec![Shown(7), Suppressed]));
    let svg = draw(Kind::Consented, &Series::of(&report, day("2026-01-01"), None), English);
    assert_eq!(svg.matches(r#"class="before""#).count(), 1, "what is suppressed has no mark");
    assert!(svg.contains(">before: 7<") && svg.contains(">before: too few to show<"), "{svg}");
    let svg = draw(Kind::Bare, &Series::of(&report, day("2026-01-01"), None), English);
    assert!(!svg.contains(r#"class="before""#), "opens are a series of their own");
}

#[test]
fn periods_are_compared_by_week_only_where_no_week_has_anything_of_its_own() {
    let mut report = report(vec![Shown(8); 100], Some(vec![Shown(7); 100]));
    assert!(Series::of(&report, day("2026-01-01"), None).has_before());
    report.weeks = vec![week("2025-W09", Shown(15))];
    assert!(!Series::of(&report, day("2026-01-01"), None).has_before());
}

#[test]
fn on_days_before_a_link_was_made_there_was_nothing() {
    let report = report(vec![Suppressed, Suppressed], None);
    let series = Series::of(&report, day("2026-01-01"), Some(day("2025-02-21")));
    assert_eq!(series.points[0].clicks, Shown(0));
    assert_eq!(series.points[1].clicks, Suppressed);
}

#[test]
fn many_days_are_weeks_and_more_are_months_and_no_click_is_lost() {
    let weeks = series(vec![Shown(10); 100]);
    assert_eq!((weeks.grain, weeks.points.len()), (Grain::Week, 15));
    let sum = |series: &Series| series.points.iter().filter_map(|point| point.clicks.value()).sum::<u64>();
    assert_eq!(sum(&weeks), 1_000);
    let ends = [0, 1, 14].map(|place| (weeks.points[place].from.as_str(), weeks.points[place].to.as_str()));
    let expected = [("2025-02-20", "2025-02-23"), ("2025-02-24", "2025-03-02"), ("2025-05-26", "2025-05-30")];
    assert_eq!(ends, expected, "from Monday to Sunday, as far as the period goes");
    let svg = draw(Kind::Consented, &weeks, English);
    assert!(svg.contains(">24 Feb to 2 March 2025<") && svg.contains(">70 clicks, 70 visitors<"), "{svg}");
    let months = series(vec![Shown(10); 500]);
    assert_eq!((months.grain, months.points.len(), sum(&months)), (Grain::Month, 18, 5_000));
    let svg = draw(Kind::Consented, &months, French);
    assert!(svg.contains(">mars 2025<") && svg.contains(">310 clics, 310 visiteurs<"), "{svg}");
}

#[test]
fn the_drawing_has_a_name_no_inline_style_and_no_script() {
    let svg = draw(Kind::Consented, &series((1..=28).map(|n| Shown(n * 7)).collect()), English);
    assert!(!svg.contains("style=") && !svg.contains("<style") && !svg.contains("<script"));
    assert!(!svg.contains("NaN") && svg.contains(r#"role="img" aria-label="Clicks and visitors"#));
    assert!(svg.contains("20 February 2025 to 19 March 2025\" aria-describedby=\"clicks-desc\""), "{svg}");
    assert!(!svg.contains("<title"), "a title covers what somebody points at");
    assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
}

#[test]
fn no_days_and_odd_text_are_harmless() {
    let mut series = series(vec![Shown(0)]);
    assert!(draw(Kind::Consented, &series, English).contains("No clicks in this period"));
    series.points[0].from = "\"><script>".to_owned();
    assert!(!draw(Kind::Consented, &series, English).contains("<script"));
    series.points.clear();
    assert!(draw(Kind::Consented, &series, English).contains("No clicks in this period"));
}
