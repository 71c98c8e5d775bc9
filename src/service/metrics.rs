//! What the service tells its operator in numbers. No label ever holds a visitor's value.

use std::borrow::Cow;
use std::fmt;

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
    /// Entries added to the store's counts.
    pub settled: Counter,
    /// Attempts to settle that the store refused.
    pub settle_failures: Counter,
    /// Bytes of the journal in which no intact record was found.
    pub damaged_bytes: Counter,
    /// Entries that were read from the journal and are not settled yet.
    pub unsettled: Gauge,
    /// Days of sites that were closed into cells; one counts again when late clicks came.
    pub days_closed: Counter,
    /// Attempts to close a day that the store refused.
    pub closing_failures: Counter,
    /// Seconds since 1970 of the midnight before which every day is closed; 0 until this process
    /// knows.
    pub closed_before: Gauge,
    /// Digests that a mail server took.
    pub digests_sent: Counter,
    /// Attempts to send a digest that failed.
    pub digest_failures: Counter,
    answers: Family<Answer, Counter>,
    /// The answer that is given most often, found without looking for it.
    forwarded: Counter,
    registry: Registry,
}

/// The labels of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answer {
    /// The pattern of the route, never the path.
    route: Cow<'static, str>,
    /// The HTTP status.
    status: u16,
}

/// The labels of a visitor who is forwarded.
const FORWARDED: Answer = Answer { route: Cow::Borrowed("/{code}"), status: 302 };

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("entrenous");
        let mut counter = |name: &str, help: &str| {
            let counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        let recorded = counter("entries_recorded", "Counts written to the journal");
        let shed = counter("entries_shed", "Counts lost because the journal could not be written");
        let settled = counter("entries_settled", "Counts added to the store");
        let settle_failures = counter("settle_failures", "Attempts to settle that the store refused");
        let damaged_bytes = counter("journal_damaged_bytes", "Journal bytes without an intact record");
        let days_closed = counter("days_closed", "Days of sites that were closed into cells");
        let closing_failures = counter("closing_failures", "Attempts to close a day that the store refused");
        let digests_sent = counter("digests_sent", "Digests that a mail server took");
        let digest_failures = counter("digest_failures", "Attempts to send a digest that failed");
        let mut gauge = |name: &str, help: &str| {
            let gauge = Gauge::default();
            registry.register(name, help, gauge.clone());
            gauge
        };
        let unsettled = gauge("entries_unsettled", "Counts read from the journal and not in the store yet");
        let closed_before =
            gauge("closed_before_timestamp_seconds", "The midnight before which every day is closed");
        let answers = Family::<Answer, Counter>::default();
        let forwarded = answers.get_or_create_owned(&FORWARDED);
        registry.register("http_answers", "Answers by route pattern and status", answers.clone());
        Self {
            recorded,
            shed,
            settled,
            settle_failures,
            damaged_bytes,
            unsettled,
            days_closed,
            closing_failures,
            closed_before,
            digests_sent,
            digest_failures,
            answers,
            forwarded,
            registry,
        }
    }
}

impl Metrics {
    /// Counts an answer by its route's pattern, never the path, and its HTTP status.
    pub fn answered(&self, route: &str, status: u16) {
        if status == FORWARDED.status && route == FORWARDED.route {
            self.forwarded.inc();
        } else {
            let answer = Answer { route: route.to_owned().into(), status };
            self.answers.get_or_create(&answer).inc();
        }
    }

    /// The metrics in the OpenMetrics text format.
    ///
    /// # Errors
    /// Never for a `String`; the encoder's signature allows it.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}
