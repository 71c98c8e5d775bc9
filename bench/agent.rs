//! Time to judge one user agent, over the whole test corpus. At most 2 µs each, so that it is never what a
//! redirect waits for.
//!
//! The figure to read is the throughput: elements are user agents. Run with `cargo bench --bench agent`.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use entrenous::domain::agent::Agent;

const CORPUS: [(&str, &str); 4] = [
    ("persons", include_str!("../tests/data/ua-corpus/humans.txt")),
    ("previews", include_str!("../tests/data/ua-corpus/preview_bots.txt")),
    ("crawlers", include_str!("../tests/data/ua-corpus/crawlers.txt")),
    ("mail scanners", include_str!("../tests/data/ua-corpus/mail_scanners.txt")),
];

fn classify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("agent");
    let whole: Vec<&str> = CORPUS.iter().flat_map(|(_, lines)| lines.lines()).collect();
    let parts = CORPUS.iter().map(|(name, lines)| (*name, lines.lines().collect()));
    for (name, user_agents) in parts.chain([("whole corpus", whole)]) {
        group.throughput(Throughput::Elements(user_agents.len() as u64));
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for user_agent in &user_agents {
                    black_box(Agent::classify(black_box(user_agent)));
                }
            });
        });
    }
    group.finish();
}

criterion_group!(benches, classify);
criterion_main!(benches);
