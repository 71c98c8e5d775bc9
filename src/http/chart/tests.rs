//! What drawings say, and what they never do.

use super::*;
use crate::domain::day::Day;
use crate::domain::publication::Number;
use crate::domain::report::{Before, Funnel, Numbers, Period, Report, SeriesDay};
use crate::language::Language::{English, French};
use Number::{AtLeast, Exact, Fewer};

fn day(text: &str) -> Day {
    text.parse().expect("a day")
}

fn numbers() -> Numbers {
    let few = Fewer;
    let funnel = Funnel { shares: few, unfurls: few, clicks: few, visitors: few, virality: None };
    let unfurls_by_app = std::collections::BTreeMap::new();
    Numbers {
        shares: few,
        unfurls: few,
        unfurls_by_app,
        clicks: few,
        visitors: few,
        aggregate_clicks: few,
        funnel,
    }
}

fn days(first: Day, clicks: impl IntoIterator<Item = Number>) -> Vec<SeriesDay> {
    let of_day = |(place, clicks): (usize, Number)| SeriesDay {
        day: first.plus(i32::try_from(place).expect("a few days")),
        shares: Exact(1),
        unfurls: Exact(2),
        unfurls_by_app: std::collections::BTreeMap::new(),
        clicks,
        visitors: clicks,
        aggregate_clicks: clicks,
        open: matches!(clicks, AtLeast(_)),
        virality: None,
    };
    clicks.into_iter().enumerate().map(of_day).collect()
}

/// A report of days from 2025-02-20 on, with a period before where that is given.
fn report(clicks: Vec<Number>, before: Option<Vec<Number>>) -> Report {
    let series = days(day("2025-02-20"), clicks);
    let period = Period { first: series[0].day, last: series[series.len() - 1].day };
    let before = before.map(|clicks| {
        let series = days(day("2025-01-20"), clicks);
        let period = Period { first: series[0].day, last: series[series.len() - 1].day };
        Before { period, totals: numbers(), series }
    });
    Report { period, totals: numbers(), series, tables: Vec::new(), before, min_count: 5 }
}

fn series(clicks: Vec<Number>) -> Series {
    Series::of(&report(clicks, None), day("2026-01-01"), None)
}

#[test]
fn every_day_has_its_exact_words() {
    let drawn = |language, clicks| draw(Kind::Consented, &series(vec![Exact(clicks)]), language);
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
    let svg = draw(Kind::Consented, &series(vec![Fewer]), English);
    assert!(svg.contains(">too few to show</tspan></text>"), "{svg}");
    assert!(svg.contains(r#"height="9" fill="url(#clicks-hatch)""#), "{svg}");
    assert!(!svg.contains(r#"class="outer""#) && svg.contains("On no day here were there enough"));
}

#[test]
fn today_is_drawn_apart_and_so_is_a_past_day_that_is_not_closed() {
    let report = report(vec![Exact(8), AtLeast(5), AtLeast(10)], None);
    let svg = draw(Kind::Consented, &Series::of(&report, day("2025-02-22"), None), English);
    assert_eq!(svg.matches(r#"<g class="day today">"#).count(), 2);
    for words in
        ["21 February 2025, not closed yet<", ">at least 5 clicks", ">22 February 2025, today so far<"]
    {
        assert!(svg.contains(words), "{words}: {svg}");
    }
    assert!(svg.contains(">today</text>"));
}

#[test]
fn the_period_before_is_marked_where_it_is_known() {
    let report = report(vec![Exact(8), Exact(9)], Some(vec![Exact(7), Fewer]));
    let svg = draw(Kind::Consented, &Series::of(&report, day("2026-01-01"), None), English);
    assert_eq!(svg.matches(r#"class="before""#).count(), 1, "what is suppressed has no mark");
    assert!(svg.contains(">before: 7<") && svg.contains(">before: too few to show<"), "{svg}");
    let svg = draw(Kind::Bare, &Series::of(&report, day("2026-01-01"), None), English);
    assert!(!svg.contains(r#"class="before""#), "bare counts are a series of their own");
}

#[test]
fn on_days_before_a_link_was_made_there_was_nothing() {
    let report = report(vec![Fewer, Fewer], None);
    let series = Series::of(&report, day("2026-01-01"), Some(day("2025-02-21")));
    assert_eq!(series.points[0].clicks, Count::Exact(0));
    assert_eq!(series.points[1].clicks, Count::TooFew);
}

#[test]
fn many_days_are_weeks_and_more_are_months_and_no_click_is_lost() {
    let weeks = series(vec![Exact(10); 100]);
    assert_eq!((weeks.grain, weeks.points.len()), (Grain::Week, 15));
    let sum = |series: &Series| series.points.iter().filter_map(|point| point.clicks.number()).sum::<u64>();
    assert_eq!(sum(&weeks), 1_000);
    let last = &weeks.points[14];
    assert_eq!((last.from.as_str(), last.to.as_str()), ("2025-05-24", "2025-05-30"));
    let svg = draw(Kind::Consented, &weeks, English);
    assert!(svg.contains(">24 May to 30 May 2025<") && svg.contains(">70 clicks, 70 visitors<"), "{svg}");
    let months = series(vec![Exact(10); 500]);
    assert_eq!((months.grain, months.points.len(), sum(&months)), (Grain::Month, 18, 5_000));
    let svg = draw(Kind::Consented, &months, French);
    assert!(svg.contains(">mars 2025<") && svg.contains(">310 clics, 310 visiteurs<"), "{svg}");
}

#[test]
fn a_week_says_how_many_of_its_days_it_leaves_out() {
    let mut clicks = vec![Exact(10); 98];
    clicks[97] = Fewer;
    clicks[96] = Fewer;
    let svg = draw(Kind::Consented, &series(clicks), English);
    assert!(
        svg.contains(">50 clicks, 50 visitors<") && svg.contains(">without 2 days of too few visitors<"),
        "{svg}"
    );
}

#[test]
fn the_drawing_has_a_name_no_inline_style_and_no_script() {
    let svg = draw(Kind::Consented, &series((1..=28).map(|n| Exact(n * 7)).collect()), English);
    assert!(!svg.contains("style=") && !svg.contains("<style") && !svg.contains("<script"));
    assert!(!svg.contains("NaN") && svg.contains(r#"role="img" aria-label="Clicks and visitors"#));
    assert!(svg.contains("20 February 2025 to 19 March 2025\" aria-describedby=\"clicks-desc\""), "{svg}");
    assert!(!svg.contains("<title"), "a title covers what somebody points at");
    assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
}

#[test]
fn no_days_and_odd_text_are_harmless() {
    let mut series = series(vec![Exact(0)]);
    assert!(draw(Kind::Consented, &series, English).contains("No clicks in this period"));
    series.points[0].from = "\"><script>".to_owned();
    assert!(!draw(Kind::Consented, &series, English).contains("<script"));
    series.points.clear();
    assert!(draw(Kind::Consented, &series, English).contains("No clicks in this period"));
}
