//! A link's days as an SVG drawing, made on the server.
//!
//! Horizontal lengths are percentages and vertical ones are pixels, so the drawing fits any width while its text keeps its
//! size. Colours come from the style sheet by class: the Content-Security-Policy allows no inline style. A suppressed day
//! shows a small hatched mark that has the same height whatever hides behind it; the exact words are in each day's `<title>`.

use std::fmt::{self, Write as _};

use super::views::{Count, DayRow, grouped, long_day, percent, short_day};

/// Height of the plot, in pixels.
const HEIGHT: u64 = 176;
/// Room above the plot, for the highest label.
const ABOVE: u64 = 12;
/// Room below the plot, for the days.
const BELOW: u64 = 28;
/// Height of a suppressed day's mark.
const MARK: u64 = 9;
/// Width of the drawing in its own horizontal unit; every x is a share of it.
const WIDTH: u64 = 1_000_000;

/// Draws the clicks of each day, with the visitors inside. `k` is the smallest number that is shown.
#[must_use]
pub(super) fn clicks(days: &[DayRow], k: u64) -> String {
    let bars: Vec<Bar<'_>> = days
        .iter()
        .map(|row| Bar { day: &row.day, outer: row.clicks, inner: Some(row.visitors), open: row.open })
        .collect();
    let name = "Clicks and visitors by day";
    draw(&Drawing { id: "clicks", class: "consented", name, unit: "clicks", k, bars: &bars })
}

/// Draws the bare counts of each day, a series of its own.
#[must_use]
pub(super) fn aggregate(days: &[DayRow], k: u64) -> String {
    let bars: Vec<Bar<'_>> = days
        .iter()
        .filter_map(|row| {
            let outer = row.aggregate_clicks?;
            Some(Bar { day: &row.day, outer, inner: None, open: row.open })
        })
        .collect();
    let name = "Bare counts by day";
    draw(&Drawing { id: "aggregate", class: "bare", name, unit: "bare counts", k, bars: &bars })
}

struct Bar<'a> {
    day: &'a str,
    outer: Count,
    inner: Option<Count>,
    open: bool,
}

struct Drawing<'a> {
    /// Prefix of the ids inside; unique on the page.
    id: &'a str,
    class: &'a str,
    name: &'a str,
    unit: &'a str,
    k: u64,
    bars: &'a [Bar<'a>],
}

fn draw(drawing: &Drawing<'_>) -> String {
    let mut svg = String::with_capacity(512 + 420 * drawing.bars.len());
    // Writing into a String cannot fail.
    let _ = write_svg(&mut svg, drawing);
    svg
}

fn write_svg(svg: &mut String, drawing: &Drawing<'_>) -> fmt::Result {
    let Drawing { id, class, name, unit, k, bars } = drawing;
    let height = ABOVE + HEIGHT + BELOW;
    let highest = bars.iter().filter_map(|bar| bar.outer.number()).max().unwrap_or(0);
    let (step, steps) = scale(highest);
    let top = step.saturating_mul(steps);

    write!(svg, r#"<svg class="chart {class}" width="100%" height="{height}" role="img" aria-label=""#)?;
    write!(svg, "{name}")?;
    if let (Some(first), Some(last)) = (bars.first(), bars.last()) {
        write!(svg, ", {} to {}", escaped(&long_day(first.day)), escaped(&long_day(last.day)))?;
    }
    write!(
        svg,
        r#". The table has the same numbers."><defs><pattern id="{id}-hatch" width="5" height="5" "#
    )?;
    svg.write_str(r#"patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" "#)?;
    svg.write_str(r#"width="1.6" height="5"/></pattern></defs>"#)?;

    let steps = if highest == 0 { 0 } else { steps };
    for line in (0..=steps).map(|steps| step.saturating_mul(steps)) {
        let y = y(line, top);
        let class = if line == 0 { "base" } else { "grid" };
        write!(svg, r#"<line class="{class}" x1="0" x2="100%" y1="{y}" y2="{y}"/>"#)?;
        write!(svg, r#"<text x="-8" y="{y}" dy="4" text-anchor="end">{}</text>"#, grouped(line))?;
    }
    for (place, bar) in bars.iter().enumerate() {
        write_bar(svg, drawing, bar, place, top)?;
    }
    write_days(svg, bars)?;
    if highest == 0 {
        let words = if bars.iter().any(|bar| bar.outer.number().is_none()) {
            format!("No day here has {k} visitors yet")
        } else {
            format!("No {unit} in this period")
        };
        let middle = ABOVE + HEIGHT / 2;
        write!(svg, r#"<text x="50%" y="{middle}" text-anchor="middle">{words}</text>"#)?;
    }
    svg.write_str("</svg>")
}

/// One day: its bar (or mark), and behind it the whole column to point at, with the exact words.
fn write_bar(svg: &mut String, drawing: &Drawing<'_>, bar: &Bar<'_>, place: usize, top: u64) -> fmt::Result {
    let (left, slot) = slot(place, drawing.bars.len());
    // Few days would make slabs: a bar is never wider than a twentieth of the drawing.
    let width = (slot * 7 / 10).min(WIDTH / 20);
    let x = percent(left + (slot - width) / 2, WIDTH);
    let width = percent(width, WIDTH);

    let open = if bar.open { " today" } else { "" };
    write!(svg, r#"<g class="day{open}"><title>{}"#, escaped(&long_day(bar.day)))?;
    if bar.open {
        svg.write_str(", today so far")?;
    }
    write!(svg, ": {} {}", bar.outer, noun(bar.outer, drawing.unit))?;
    if let Some(inner) = bar.inner {
        write!(svg, ", {inner} {}", noun(inner, "visitors"))?;
    }
    write!(svg, r#"</title><rect class="column" x="{}" "#, percent(left, WIDTH))?;
    write!(svg, r#"y="0" width="{}" height="{}"/>"#, percent(slot, WIDTH), ABOVE + HEIGHT)?;

    let mut rect = |class: &str, number: u64| {
        let y = y(number, top);
        let height = bottom() - y;
        write!(svg, r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="1.5"/>"#)
    };
    match bar.outer.number() {
        Some(0) => {}
        Some(number) => {
            rect("outer", number)?;
            if let Some(inner) = bar.inner.and_then(Count::number).filter(|inner| *inner > 0) {
                rect("inner", inner.min(number))?;
            }
        }
        None => {
            let y = bottom() - MARK;
            write!(svg, r#"<rect class="few" x="{x}" y="{y}" width="{width}" height="{MARK}" "#)?;
            write!(svg, r#"fill="url(#{}-hatch)"/>"#, drawing.id)?;
        }
    }
    svg.write_str("</g>")
}

/// Names of up to seven days, spread evenly; today is called so. On a phone the style sheet drops every other one.
fn write_days(svg: &mut String, bars: &[Bar<'_>]) -> fmt::Result {
    let last = bars.len().saturating_sub(1);
    let labels = last.min(6);
    let y = bottom() + 20;
    for label in 0..=labels {
        let place = (last * label).checked_div(labels).unwrap_or(0);
        let Some(bar) = bars.get(place) else { return Ok(()) };
        let (left, slot) = slot(place, bars.len());
        // With many days the outermost names would leave the drawing, so they lean inwards.
        let (x, anchor) = match label {
            0 if bars.len() > 7 => (left, "start"),
            _ if label == labels && bars.len() > 7 => (left + slot, "end"),
            _ => (left + slot / 2, "middle"),
        };
        let words = if bar.open { "today".to_owned() } else { short_day(bar.day) };
        let x = percent(x, WIDTH);
        let extra = if label % 2 == 1 { r#" class="extra""# } else { "" };
        write!(svg, r#"<text{extra} x="{x}" y="{y}" text-anchor="{anchor}">{}</text>"#, escaped(&words))?;
    }
    Ok(())
}

/// Left edge and width of the column of the day at `place` of `days`.
fn slot(place: usize, days: usize) -> (u64, u64) {
    let (place, days) = (to_u64(place), to_u64(days).max(1));
    let left = WIDTH * place / days;
    (left, WIDTH * (place + 1) / days - left)
}

/// The y of the base line.
fn bottom() -> u64 {
    ABOVE + HEIGHT
}

/// The y of a number; one above 0 is at least two pixels high, so that it can be seen.
fn y(number: u64, top: u64) -> u64 {
    let scaled = u128::from(number) * u128::from(HEIGHT) / u128::from(top.max(1));
    let pixels = u64::try_from(scaled).unwrap_or(HEIGHT).min(HEIGHT);
    bottom() - if number > 0 { pixels.max(2) } else { 0 }
}

/// Size and number of the steps of the vertical axis: two to four of 1, 2 or 5 times a power of ten.
fn scale(highest: u64) -> (u64, u64) {
    let mut power: u64 = 1;
    loop {
        for factor in [1, 2, 5] {
            let step = power.saturating_mul(factor);
            if highest <= step.saturating_mul(4) {
                let steps = highest.div_ceil(step).max(2);
                return (step, steps);
            }
        }
        power = power.saturating_mul(10);
    }
}

/// The unit, in the singular after an exact one.
fn noun(count: Count, plural: &str) -> &str {
    match count {
        Count::Exact(1) => plural.strip_suffix('s').unwrap_or(plural),
        _ => plural,
    }
}

/// Days come from the domain, but nothing goes into markup on trust.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: &str, clicks: Count, visitors: Count) -> DayRow {
        DayRow { day: day.into(), clicks, visitors, aggregate_clicks: None, open: false }
    }

    #[test]
    fn every_day_has_its_exact_words() {
        let svg = clicks(&[day("2025-03-12", Count::Exact(1_200), Count::Exact(900))], 5);
        assert!(svg.contains("<title>12 March 2025: 1,200 clicks, 900 visitors</title>"), "{svg}");
    }

    #[test]
    fn a_suppressed_day_is_a_mark_that_tells_nothing_but_fewer_than_k() {
        let svg = clicks(&[day("2025-03-12", Count::FewerThan(5), Count::FewerThan(5))], 5);
        assert!(svg.contains("fewer than 5 clicks, fewer than 5 visitors"), "{svg}");
        assert!(svg.contains(r#"height="9" fill="url(#clicks-hatch)""#), "{svg}");
        assert!(!svg.contains(r#"class="outer""#) && svg.contains("No day here has 5 visitors yet"));
    }

    #[test]
    fn today_is_drawn_apart() {
        let mut today = day("2025-03-12", Count::AtLeast(10), Count::AtLeast(5));
        today.open = true;
        let svg = clicks(&[day("2025-03-11", Count::Exact(8), Count::Exact(8)), today], 5);
        assert_eq!(svg.matches(r#"<g class="day today">"#).count(), 1);
        assert!(svg.contains("today so far: at least 10 clicks, at least 5 visitors"), "{svg}");
        assert!(svg.contains(">today</text>"));
    }

    #[test]
    fn the_drawing_has_no_inline_style_and_no_script() {
        let days: Vec<_> = (1..=28)
            .map(|n| day(&format!("2025-02-{n:02}"), Count::Exact(n * 7), Count::Exact(n * 5)))
            .collect();
        let svg = clicks(&days, 5);
        assert!(!svg.contains("style=") && !svg.contains("<style") && !svg.contains("<script"));
        assert!(
            !svg.contains("NaN")
                && svg.contains(r#"role="img" aria-label="Clicks and visitors by day, 1 February"#)
        );
        assert_eq!(svg.matches("<g ").count(), svg.matches("</g>").count());
    }

    #[test]
    fn no_days_and_odd_text_are_harmless() {
        assert!(clicks(&[], 5).contains("No clicks in this period"));
        let svg = clicks(&[day("\"><script>", Count::Exact(1), Count::Exact(1))], 1);
        assert!(!svg.contains("<script") && svg.contains("1 click, 1 visitor<"), "{svg}");
    }

    #[test]
    fn bare_counts_are_drawn_alone_and_only_where_there_are_any() {
        let mut bare = day("2025-03-12", Count::Exact(9), Count::Exact(9));
        bare.aggregate_clicks = Some(Count::Exact(40));
        let svg = aggregate(&[day("2025-03-11", Count::Exact(9), Count::Exact(9)), bare], 5);
        assert_eq!(svg.matches("<title>").count(), 1);
        assert!(svg.contains("40 bare counts") && !svg.contains("visitor"), "{svg}");
    }

    #[test]
    fn the_axis_has_round_numbers_and_holds_the_highest() {
        for highest in [0, 1, 4, 5, 9, 10, 11, 99, 100, 401, 12_345, u64::MAX / 2, u64::MAX] {
            let (step, steps) = scale(highest);
            let top = step.saturating_mul(steps);
            assert!(top >= highest && step > 0, "{highest}: {step} {top}");
            assert!((2..=4).contains(&(top / step)), "{highest}: {step} {top}");
        }
    }
}
