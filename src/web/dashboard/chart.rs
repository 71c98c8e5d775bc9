//! Days as an SVG drawing, made on the server.
//!
//! Horizontal lengths are percentages and vertical ones are pixels, so the drawing fits any width while its text keeps its
//! size. Colours come from the style sheet by class: the Content-Security-Policy allows no inline style. Whoever points at a
//! bar reads its exact words above the plot, in lines that fit a phone; a table on the page has the same numbers for everybody else.
//!
//! What is honest about small numbers is drawn: a day that is not over has a dashed bar; one that is suppressed has a small hatched
//! mark of one height, whatever hides behind it; and what stands with a whole week, because it was too few on any of its days, is
//! a bar of its own behind those of the days, as wide as all of them and read from the same axis.

use std::fmt::{self, Write as _};

use axis::{ABOVE, HEIGHT, LENGTH, bottom, percent, scale, slot, y};
pub(in crate::web) use points::Series;
use points::{Point, WeekBar};

use crate::i18n::{Language, escaped};
use crate::stats::publication::Number;

pub(crate) mod axis;
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
pub(crate) enum Kind {
    /// Clicks, with the visitors inside.
    Consented,
    /// Bare counts, a series of its own.
    Bare,
}

/// Draws a series.
#[must_use]
pub(in crate::web) fn draw(kind: Kind, series: &Series, language: Language) -> String {
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
    fn outer(&self, point: &Point) -> Number {
        match self.kind {
            Kind::Consented => point.clicks,
            Kind::Bare => point.bare,
        }
    }

    /// The mark of the period before, for clicks.
    fn before(&self, point: &Point) -> Option<u64> {
        point.before.filter(|_| self.kind == Kind::Consented)?.value()
    }

    /// What the bar of a week stands for.
    fn of_week(&self, week: &WeekBar) -> Number {
        match self.kind {
            Kind::Consented => week.clicks,
            Kind::Bare => week.bare,
        }
    }

    fn write(&self, svg: &mut String) -> fmt::Result {
        let points = self.points().iter();
        let points = points.flat_map(|point| [self.outer(point).value(), self.before(point)]);
        let weeks = self.series.weeks.iter().map(|week| self.of_week(week).value());
        let highest = points.chain(weeks).flatten().max().unwrap_or(0);
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
        for week in &self.series.weeks {
            self.write_week(svg, week, top)?;
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
            Kind::Bare => ("stats-chart-opens", "stats-chart-opens-table"),
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

    /// What stands with a whole week: a wide bar behind the days, whose words stand with each of them.
    fn write_week(&self, svg: &mut String, week: &WeekBar, top: u64) -> fmt::Result {
        let Some(number) = self.of_week(week).value().filter(|number| *number > 0) else { return Ok(()) };
        let columns = self.points().len();
        let ((left, _), (last, slot)) = (slot(week.first, columns), slot(week.last, columns));
        let (x, width) = (percent(left, LENGTH), percent(last + slot - left, LENGTH));
        let y = y(number, top);
        let height = bottom() - y;
        write!(svg, r#"<rect class="week" x="{x}" y="{y}" width="{width}" height="{height}"/>"#)?;
        write!(svg, r#"<rect class="week-top" x="{x}" y="{y}" width="{width}" height="1.5"/>"#)
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
        match self.outer(point).value() {
            Some(0) => {}
            Some(number) => {
                rect("outer", number)?;
                let inner = Some(point.visitors).filter(|_| self.kind == Kind::Consented);
                if let Some(inner) = inner.and_then(Number::value).filter(|inner| *inner > 0) {
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
        for (line, words) in (0..).zip(self.words(point, place)) {
            let y = TIP + line * TIP_LINE;
            write!(svg, r#"<tspan x="100%" y="{y}">{}</tspan>"#, escaped(&words))?;
        }
        svg.write_str("</text></g>")
    }

    /// The exact words of a point: when it is, what was counted, and what else there is to say.
    fn words(&self, point: &Point, place: usize) -> Vec<String> {
        let language = self.language;
        let said = |id: &str, number: Number| {
            let message = language.say(id).number("number", number.value().unwrap_or(0));
            message.text("count", language.count(number)).to_string()
        };
        let visits = |clicks, visitors| {
            format!("{}, {}", said("stats-tip-clicks", clicks), said("stats-tip-visitors", visitors))
        };
        let counted = match self.kind {
            _ if self.outer(point) == Number::Suppressed && point.open => {
                language.say("stats-when-closed").to_string()
            }
            // Visitors are too few wherever clicks are.
            _ if self.outer(point) == Number::Suppressed => language.count(Number::Suppressed),
            Kind::Consented => visits(point.clicks, point.visitors),
            Kind::Bare => said("stats-tip-opens", point.bare),
        };
        let mut lines = vec![point.words(self.series.grain, language), counted];
        let week = self.series.week_of(place).filter(|week| self.of_week(week).says_something());
        if let Some(week) = week {
            let counted = match self.kind {
                Kind::Consented => visits(week.clicks, week.visitors),
                Kind::Bare => said("stats-tip-opens", week.bare),
            };
            lines.push(language.say("stats-tip-week").text("counted", counted).to_string());
        }
        if let Some(before) = point.before.filter(|_| self.kind == Kind::Consented) {
            lines.push(language.say("stats-tip-before").text("clicks", language.count(before)).to_string());
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
        let suppressed = self.points().iter().any(|point| self.outer(point) == Number::Suppressed);
        let words =
            if suppressed { self.language.say("stats-no-day") } else { self.language.say("stats-no-clicks") };
        let middle = ABOVE + HEIGHT / 2;
        write!(svg, r#"<text x="50%" y="{middle}" text-anchor="middle">{words}</text>"#)
    }
}
