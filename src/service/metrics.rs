//! What the service tells its operator in numbers. No label ever holds a visitor's value.
//!
//! Nobody who reads the numbers again and again sees a single visit: what visits change is told in tens, rounded down, and
//! the routes that visitors open are one series that has no status. So no number tells who refused.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// All metrics, and the registry that writes them out.
pub struct Metrics {
    /// Entries in the journal.
    pub recorded: Counter,
    /// Entries that the journal could not take.
    pub shed: Counter,
    /// Entries left out because one address was counted too often.
    pub over_limit: Counter,
    /// Entries added to the store's counts.
    pub settled: Counter,
    /// Entries that the store had dealt with before.
    pub passed_over: Counter,
    /// Entries of links that are gone.
    pub gone: Counter,
    /// Entries that were set aside because of damaged records.
    pub set_aside: Counter,
    /// Attempts to settle that the store refused.
    pub settle_failures: Counter,
    /// 1 while visitors do not wait for the journal, because a write to it does not return.
    pub journal_stalled: Gauge,
    /// Bytes of the journal in which no intact record was found.
    pub damaged_bytes: Counter,
    /// Entries in the journal that are not settled yet, with what earlier runs left.
    pub unsettled: Gauge,
    /// Entries that have left the journal for good.
    dealt_with: AtomicU64,
    /// Days of sites that were closed into cells.
    pub days_closed: Counter,
    /// Weeks of sites that were closed into cells.
    pub weeks_closed: Counter,
    /// Attempts to close a day or a week that the store refused.
    pub closing_failures: Counter,
    /// Seconds since 1970 of the midnight before which every day is closed; 0 until this process
    /// knows.
    pub closed_before: Gauge,
    /// Digests that a mail server took.
    pub digests_sent: Counter,
    /// Attempts to send a digest that failed.
    pub digest_failures: Counter,
    answers: Family<Answer, Counter>,
    /// Answers at the routes that visitors open, whatever they were.
    visitor_answers: Counter,
    registry: Registry,
}

/// The metrics that a single visit changes, as they are written out.
const OF_VISITS: [&str; 8] = [
    "entrenous_visitor_answers_total",
    "entrenous_entries_recorded_total",
    "entrenous_entries_shed_total",
    "entrenous_entries_settled_total",
    "entrenous_entries_passed_over_total",
    "entrenous_entries_gone_total",
    "entrenous_entries_set_aside_total",
    "entrenous_entries_unsettled",
];

/// The routes that visitors open, by their patterns. What begins like the first ones belongs to them.
const VISITORS_ROUTES: [&str; 2] = ["/{code}", "/privacy"];

/// Returns whether a route is one that visitors open.
fn is_for_visitors(route: &str) -> bool {
    VISITORS_ROUTES.iter().any(|beginning| route.starts_with(beginning))
}

/// The labels of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    /// The pattern of the route, never the path.
    route: String,
    /// The HTTP status.
    status: u16,
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("entrenous");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let recorded = counter("entries_recorded", "Counts written to the journal");
        let shed =
            counter("entries_shed", "Counts lost because the journal could not be written, or not in time");
        let over_limit = counter(
            "entries_over_limit",
            "Counts left out because one address had so many in a minute (limits.count_per_minute)",
        );
        let settled = counter("entries_settled", "Counts added to the store");
        let passed_over =
            counter("entries_passed_over", "Counts read again that the store had dealt with before");
        let gone = counter("entries_gone", "Counts of links that were deleted before they were settled");
        let set_aside =
            counter("entries_set_aside", "Counts kept apart because records in the store are damaged");
        let settle_failures = counter("settle_failures", "Attempts to settle that the store refused");
        let damaged_bytes = counter("journal_damaged_bytes", "Journal bytes without an intact record");
        let days_closed = counter("days_closed", "Days of sites that were closed into cells");
        let weeks_closed = counter("weeks_closed", "Weeks of sites that were closed into cells");
        let closing_failures =
            counter("closing_failures", "Attempts to close a day or a week that the store refused");
        let visitor_answers = counter("visitor_answers", "Answers at the routes that visitors open");
        let digests_sent = counter("digests_sent", "Digests that a mail server took");
        let digest_failures = counter("digest_failures", "Attempts to send a digest that failed");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let unsettled = gauge("entries_unsettled", "Counts in the journal and not in the store yet");
        let journal_stalled =
            gauge("journal_stalled", "1 while visitors are forwarded without waiting for the journal");
        let closed_before =
            gauge("closed_before_timestamp_seconds", "The midnight before which every day is closed");
        let answers = Family::<Answer, Counter>::default();
        registry.register("http_answers", "Answers by route pattern and status", answers.clone());
        Self {
            recorded,
            shed,
            over_limit,
            settled,
            passed_over,
            gone,
            set_aside,
            settle_failures,
            journal_stalled,
            damaged_bytes,
            unsettled,
            dealt_with: AtomicU64::new(0),
            days_closed,
            weeks_closed,
            closing_failures,
            closed_before,
            digests_sent,
            digest_failures,
            answers,
            visitor_answers,
            registry,
        }
    }
}

impl Metrics {
    /// Counts an answer by its route's pattern, never the path, and its HTTP status. At the routes that visitors open, only
    /// that there was one: the status would tell who was asked, and the route who answered.
    pub fn answered(&self, route: &str, status: u16) {
        if is_for_visitors(route) {
            self.visitor_answers.inc();
        } else {
            self.answers.get_or_create(&Answer { route: route.to_owned(), status }).inc();
        }
    }

    /// Notes entries that the journal has taken.
    pub fn recorded(&self, entries: u64) {
        self.unsettled.inc_by(signed(entries));
        self.recorded.inc_by(entries);
    }

    /// Notes entries that an earlier run left in the journal.
    pub fn found(&self, entries: u64) {
        self.unsettled.inc_by(signed(entries));
    }

    /// Notes entries that have left the journal for good, whatever became of them.
    pub fn dealt_with(&self, entries: u64) {
        self.unsettled.dec_by(signed(entries));
        self.dealt_with.fetch_add(entries, Ordering::Relaxed);
    }

    /// Returns how many entries have left the journal for good since the start.
    #[must_use]
    pub fn total_dealt_with(&self) -> u64 {
        self.dealt_with.load(Ordering::Relaxed)
    }

    /// Returns the metrics in the OpenMetrics text format, as they may be told: visits in tens.
    ///
    /// # Errors
    /// Never for a `String`; the encoder's signature allows it.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        Ok(self.encode_exactly()?.lines().map(|line| in_tens(line) + "\n").collect())
    }

    /// Returns the same with the exact numbers, for tests. Nothing writes these out.
    ///
    /// # Errors
    /// Never for a `String`; the encoder's signature allows it.
    pub fn encode_exactly(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// Rounds the number of a line down to tens, where visits change it.
fn in_tens(line: &str) -> String {
    match line.split_once(' ') {
        Some((name, number)) if OF_VISITS.contains(&name) => {
            // What is no whole number is told as none.
            let number: u64 = number.parse().unwrap_or(0);
            format!("{name} {}", number / 10 * 10)
        }
        _ => line.to_owned(),
    }
}

fn signed(entries: u64) -> i64 {
    i64::try_from(entries).unwrap_or(i64::MAX)
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The lines that are not about the form.
    fn numbers(metrics: &Metrics) -> Vec<String> {
        let text = metrics.encode().expect("text");
        text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    #[test]
    fn a_single_visit_changes_no_number_that_is_told() {
        let metrics = Metrics::default();
        metrics.recorded(10);
        metrics.settled.inc_by(10);
        let before = numbers(&metrics);
        metrics.recorded(9);
        metrics.dealt_with(9);
        for counter in
            [&metrics.shed, &metrics.settled, &metrics.gone, &metrics.passed_over, &metrics.set_aside]
        {
            counter.inc_by(9);
        }
        for (route, status) in
            [("/{code}", 302), ("/{code}", 200), ("/{code}+", 200), ("/{code}/consent", 303)]
        {
            metrics.answered(route, status);
        }
        assert_eq!(numbers(&metrics), before);
        metrics.recorded(1);
        assert!(numbers(&metrics).contains(&"entrenous_entries_recorded_total 20".to_owned()));
        let exact = metrics.encode_exactly().expect("text");
        assert!(exact.contains("\nentrenous_entries_recorded_total 20\n"), "{exact}");
    }

    #[test]
    fn the_routes_that_visitors_open_are_one_series_without_a_status() {
        let metrics = Metrics::default();
        let visits =
            [("/{code}", 302), ("/{code}", 200), ("/{code}/consent", 303), ("/privacy/consent", 303)];
        for _ in 0..10 {
            for (route, status) in visits {
                metrics.answered(route, status);
            }
        }
        metrics.answered("/api/v1/links", 201);
        let told = numbers(&metrics);
        let answers: Vec<_> = told.iter().filter(|line| line.contains("answers")).collect();
        assert_eq!(
            answers,
            [
                "entrenous_visitor_answers_total 40",
                "entrenous_http_answers_total{route=\"/api/v1/links\",status=\"201\"} 1"
            ]
        );
    }
}
