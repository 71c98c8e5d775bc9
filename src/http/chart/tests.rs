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
    let drawn = |language| draw(Kind::Consented, &series(vec![Exact(1_200)]), language);
    assert!(drawn(English).contains(">20 February 2025: 1,200 clicks, 1,200 visitors</text>"));
    assert!(
        drawn(French).contains(">20 février 2025\u{a0}: 1\u{202f}200 clics, 1\u{202f}200 visiteurs</text>")
    );
}

#[test]
fn a_suppressed_day_is_a_mark_that_tells_nothing_but_fewer_than_k() {
    let svg = draw(Kind::Consented, &series(vec![Fewer]), English);
    assert!(svg.contains("fewer than 5 clicks, fewer than 5 visitors"), "{svg}");
    assert!(svg.contains(r#"height="9" fill="url(#clicks-hatch)""#), "{svg}");
    assert!(!svg.contains(r#"class="outer""#) && svg.contains("No day here has 5 visitors yet"));
}

#[test]
fn today_is_drawn_apart_and_so_is_a_past_day_that_is_not_closed() {
    let report = report(vec![Exact(8), AtLeast(5), AtLeast(10)], None);
    let svg = draw(Kind::Consented, &Series::of(&report, day("2025-02-22"), None), English);
    assert_eq!(svg.matches(r#"<g class="day today">"#).count(), 2);
    assert!(svg.contains("21 February 2025, not closed yet: at least 5 clicks"), "{svg}");
    assert!(svg.contains("22 February 2025, today so far: at least 10 clicks"), "{svg}");
    assert!(svg.contains(">today</text>"));
}

#[test]
fn the_period_before_is_marked_where_it_is_known() {
    let report = report(vec![Exact(8), Exact(9)], Some(vec![Exact(7), Fewer]));
    let svg = draw(Kind::Consented, &Series::of(&report, day("2026-01-01"), None), English);
    assert_eq!(svg.matches(r#"class="before""#).count(), 1, "what is suppressed has no mark");
    assert!(svg.contains("8 clicks, 8 visitors · before: 7<"), "{svg}");
    assert!(svg.contains("9 clicks, 9 visitors · before: fewer than 5<"), "{svg}");
    let svg = draw(Kind::Bare, &Series::of(&report, day("2026-01-01"), None), English);
    assert!(!svg.contains(r#"class="before""#), "bare counts are a series of their own");
}

#[test]
fn on_days_before_a_link_was_made_there_was_nothing() {
    let report = report(vec![Fewer, Fewer], None);
    let series = Series::of(&report, day("2026-01-01"), Some(day("2025-02-21")));
    assert_eq!(series.points[0].clicks, Count::Exact(0));
    assert_eq!(series.points[1].clicks, Count::FewerThan(5));
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
    assert!(svg.contains("24 May to 30 May 2025: 70 clicks"), "{svg}");
    let months = series(vec![Exact(10); 500]);
    assert_eq!((months.grain, months.points.len(), sum(&months)), (Grain::Month, 18, 5_000));
    assert!(draw(Kind::Consented, &months, French).contains("mars 2025\u{a0}: 310 clics"));
}

#[test]
fn a_week_says_how_many_of_its_days_it_leaves_out() {
    let mut clicks = vec![Exact(10); 98];
    clicks[97] = Fewer;
    clicks[96] = Fewer;
    let svg = draw(Kind::Consented, &series(clicks), English);
    assert!(svg.contains("50 clicks, 50 visitors · 2 days of fewer than 5 left out"), "{svg}");
}

#[test]
fn the_drawing_has_a_name_no_inline_style_and_no_script() {
    let svg = draw(Kind::Consented, &series((1..=28).map(|n| Exact(n * 7)).collect()), English);
    assert!(!svg.contains("style=") && !svg.contains("<style") && !svg.contains("<script"));
    assert!(!svg.contains("NaN") && svg.contains(r#"role="img" aria-labelledby="clicks-title clicks-desc""#));
    assert!(svg.contains(">Clicks and visitors, 20 February 2025 to 19 March 2025</title>"), "{svg}");
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
