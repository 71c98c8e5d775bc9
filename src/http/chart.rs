//! Days as an SVG drawing, made on the server.
//!
//! Horizontal lengths are percentages and vertical ones are pixels, so the drawing fits any width while its text keeps its
//! size. Colours come from the style sheet by class: the Content-Security-Policy allows no inline style. Whoever points at a
//! bar reads its exact words above the plot, in lines that fit a phone; a table on the page has the same numbers for everybody else.
//!
//! What is honest about small numbers is drawn: a day that is not closed has a dashed bar, because it goes up in steps; one
//! that is suppressed has a small hatched mark of one height, whatever hides behind it.

use std::fmt::{self, Write as _};

use axis::{ABOVE, HEIGHT, LENGTH, bottom, percent, scale, slot, y};
use points::Point;
pub(super) use points::{Grain, Series};

use crate::language::{Count, Language, escaped};

pub(super) mod axis;
mod points;
#[cfg(test)]
mod tests;

/// Room below the plot, for the days.
const BELOW: u64 = 28;
/// Height of a suppressed day's mark.
const MARK: u64 = 9;
/// Where the words of a bar begin, and how far apart their lines are.
const TIP: u64 = 10;
const TIP_LINE: u64 = 13;
/// The most names of days below the plot.
const NAMES: usize = 7;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Clicks, with the visitors inside.
    Consented,
    /// Bare counts, a series of its own.
    Bare,
}

/// Draws a series.
#[must_use]
pub(super) fn draw(kind: Kind, series: &Series, language: Language) -> String {
    let mut svg = String::with_capacity(1_024 + 480 * series.points.len());
    // Writing into a String cannot fail.
    let _ = Drawing { kind, series, language }.write(&mut svg);
    svg
}

struct Drawing<'a> {
    kind: Kind,
    series: &'a Series,
    language: Language,
}

impl Drawing<'_> {
    /// Prefix of the ids inside; unique on the page.
    fn id(&self) -> &'static str {
        match self.kind {
            Kind::Consented => "clicks",
            Kind::Bare => "bare",
        }
    }

    fn points(&self) -> &[Point] {
        &self.series.points
    }

    /// What the bar of a point stands for.
    fn outer(&self, point: &Point) -> Count {
        match self.kind {
            Kind::Consented => point.clicks,
            Kind::Bare => point.bare,
        }
    }

    /// The mark of the period before, for clicks.
    fn before(&self, point: &Point) -> Option<u64> {
        point.before.filter(|_| self.kind == Kind::Consented)?.number()
    }

    fn write(&self, svg: &mut String) -> fmt::Result {
        let all = self.points().iter();
        let highest = all.flat_map(|point| [self.outer(point).number(), self.before(point)]);
        let highest = highest.flatten().max().unwrap_or(0);
        let (step, steps) = scale(highest);
        let top = step.saturating_mul(steps);

        self.write_head(svg)?;
        let lines = if highest == 0 { 0 } else { steps };
        for line in (0..=lines).map(|lines| step.saturating_mul(lines)) {
            let (y, class) = (y(line, top), if line == 0 { "base" } else { "grid" });
            write!(svg, r#"<line class="{class}" x1="0" x2="100%" y1="{y}" y2="{y}"/>"#)?;
            let words = self.language.compact(line);
            write!(svg, r#"<text x="-8" y="{y}" dy="4" text-anchor="end">{words}</text>"#)?;
        }
        for (place, point) in self.points().iter().enumerate() {
            self.write_bar(svg, point, place, top)?;
        }
        self.write_names(svg)?;
        if highest == 0 {
            self.write_nothing(svg)?;
        }
        svg.write_str("</svg>")
    }

    fn write_head(&self, svg: &mut String) -> fmt::Result {
        let (id, height) = (self.id(), ABOVE + HEIGHT + BELOW);
        write!(svg, r#"<svg class="chart {id}" width="100%" height="{height}" role="img" "#)?;
        let (name, table) = match self.kind {
            Kind::Consented => ("stats-chart", "stats-chart-table"),
            Kind::Bare => ("stats-chart-bare", "stats-chart-bare-table"),
        };
        let [from, to] = self.series.ends().map(|day| self.language.day(day));
        let name = self.language.say(name).text("from", from).text("to", to).to_string();
        // A title would be shown over whatever somebody points at.
        write!(svg, r#"aria-label="{}" aria-describedby="{id}-desc">"#, escaped(&name))?;
        let grain = self.language.say("stats-chart-desc").text("grain", self.series.grain.name());
        write!(svg, r#"<desc id="{id}-desc">{grain} {}</desc>"#, self.language.say(table))?;
        write!(svg, r#"<defs><pattern id="{id}-hatch" width="5" height="5" "#)?;
        svg.write_str(r#"patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="hatch" "#)?;
        svg.write_str(r#"width="1.6" height="5"/></pattern></defs>"#)
    }

    /// One point: its bar (or mark), and behind it the whole column to point at, with the exact words.
    fn write_bar(&self, svg: &mut String, point: &Point, place: usize, top: u64) -> fmt::Result {
        let (left, slot) = slot(place, self.points().len());
        // Few days would make slabs: a bar is never wider than a twentieth of the drawing.
        let width = (slot * 7 / 10).min(LENGTH / 20);
        let x = percent(left + (slot - width) / 2, LENGTH);
        let (left, slot, width) = (percent(left, LENGTH), percent(slot, LENGTH), percent(width, LENGTH));

        let open = if point.open { " today" } else { "" };
        write!(svg, r#"<g class="day{open}"><rect class="column" x="{left}" "#)?;
        write!(svg, r#"y="0" width="{slot}" height="{}"/>"#, bottom())?;
        let mut rect = |class: &str, number: u64| {
            let y = y(number, top);
            let height = bottom() - y;
            write!(svg, r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{height}" rx="2"/>"#)
        };
        match self.outer(point).number() {
            Some(0) => {}
            Some(number) => {
                rect("outer", number)?;
                let inner = Some(point.visitors).filter(|_| self.kind == Kind::Consented);
                if let Some(inner) = inner.and_then(Count::number).filter(|inner| *inner > 0) {
                    rect("inner", inner.min(number))?;
                }
            }
            None => {
                let y = bottom() - MARK;
                write!(svg, r#"<rect class="few" x="{x}" y="{y}" width="{width}" height="{MARK}" "#)?;
                write!(svg, r#"fill="url(#{}-hatch)"/>"#, self.id())?;
            }
        }
        if let Some(before) = self.before(point).filter(|before| *before > 0) {
            let y = y(before, top);
            write!(svg, r#"<rect class="before" x="{left}" y="{y}" width="{slot}" height="1.5"/>"#)?;
        }
        svg.write_str(r#"<text class="tip" text-anchor="end">"#)?;
        for (line, words) in (0..).zip(self.words(point)) {
            let y = TIP + line * TIP_LINE;
            write!(svg, r#"<tspan x="100%" y="{y}">{}</tspan>"#, escaped(&words))?;
        }
        svg.write_str("</text></g>")
    }

    /// The exact words of a point: when it is, what was counted, and what else there is to say.
    fn words(&self, point: &Point) -> Vec<String> {
        let language = self.language;
        let said = |id: &str, count: Count| {
            let number = language.say(id).number("number", count.number().unwrap_or(0));
            number.text("count", count.words(language)).to_string()
        };
        let counted = match self.kind {
            // Visitors are too few wherever clicks are.
            _ if self.outer(point).number().is_none() => self.outer(point).words(language),
            Kind::Consented => {
                let (clicks, visitors) = ("stats-tip-clicks", "stats-tip-visitors");
                format!("{}, {}", said(clicks, point.clicks), said(visitors, point.visitors))
            }
            Kind::Bare => said("stats-tip-bare", point.bare),
        };
        let mut lines = vec![point.words(self.series.grain, language), counted];
        if let Some(before) = point.before.filter(|_| self.kind == Kind::Consented) {
            lines.push(language.say("stats-tip-before").text("clicks", before.words(language)).to_string());
        }
        if point.left_out > 0 && self.series.grain != Grain::Day && self.kind == Kind::Consented {
            lines.push(language.say("stats-tip-few-days").number("days", point.left_out).to_string());
        }
        lines
    }

    /// Names of up to seven points, spread evenly; today is called so. On a phone the style sheet drops every other one.
    fn write_names(&self, svg: &mut String) -> fmt::Result {
        let points = self.points();
        let last = points.len().saturating_sub(1);
        let names = last.min(NAMES - 1);
        let y = bottom() + 20;
        for name in 0..=names {
            let place = (last * name).checked_div(names).unwrap_or(0);
            let Some(point) = points.get(place) else { return Ok(()) };
            let (left, slot) = slot(place, points.len());
            // With many points the outermost names would leave the drawing, so they lean inwards.
            let (x, anchor) = match name {
                0 if points.len() > NAMES => (left, "start"),
                _ if name == names && points.len() > NAMES => (left + slot, "end"),
                _ => (left + slot / 2, "middle"),
            };
            let words = escaped(&point.name(self.series.grain, self.language));
            let (x, extra) = (percent(x, LENGTH), if name % 2 == 1 { r#" class="extra""# } else { "" });
            write!(svg, r#"<text{extra} x="{x}" y="{y}" text-anchor="{anchor}">{words}</text>"#)?;
        }
        Ok(())
    }

    /// Why there is no bar.
    fn write_nothing(&self, svg: &mut String) -> fmt::Result {
        let suppressed = self.points().iter().any(|point| self.outer(point).number().is_none());
        let words =
            if suppressed { self.language.say("stats-no-day") } else { self.language.say("stats-no-clicks") };
        let middle = ABOVE + HEIGHT / 2;
        write!(svg, r#"<text x="50%" y="{middle}" text-anchor="middle">{words}</text>"#)
    }
}
