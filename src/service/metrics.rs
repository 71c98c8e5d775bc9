//! What the service tells its operator in numbers. No label ever holds a visitor's value.

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
    /// Answers, by route pattern and status.
    pub answers: Family<Answer, Counter>,
    registry: Registry,
}

/// The labels of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct Answer {
    /// The pattern of the route, never the path.
    pub route: String,
    /// The HTTP status.
    pub status: u16,
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
        let shed = counter("entries_shed", "Counts lost because the journal could not be written");
        let settled = counter("entries_settled", "Counts added to the store");
        let settle_failures = counter("settle_failures", "Attempts to settle that the store refused");
        let damaged_bytes = counter("journal_damaged_bytes", "Journal bytes without an intact record");
        let unsettled = Gauge::default();
        registry.register(
            "entries_unsettled",
            "Counts read from the journal and not in the store yet",
            unsettled.clone(),
        );
        let answers = Family::default();
        registry.register("http_answers", "Answers by route pattern and status", answers.clone());
        Self { recorded, shed, settled, settle_failures, damaged_bytes, unsettled, answers, registry }
    }
}

impl Metrics {
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
