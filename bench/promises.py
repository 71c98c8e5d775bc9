"""What is promised of speed and size, and whether the figures keep it."""

from dataclasses import dataclass
from statistics import median

#: The promises on clicks hold at so many connections.
CONNECTIONS = 256
#: Of nginx in the same round: at least so much throughput, at most so much processor time for an answer.
NEXT_TO_NGINX = {"counted-always": (0.65, 1.6), "counted-os": (0.85, 1.3), "refused": (0.90, 1.15)}
P99_NEXT_TO_NGINX = 3.0
GROWN_THROUGHPUT = 0.85
CREATIONS = {"redis": 8_000, "sqlite": 4_000}
BYTES_PER_LINK = {"redis": 400, "sqlite": 300}
MIB_AT_REST = 30
START_MILLISECONDS = 100
OVERVIEW_MILLISECONDS, DETAIL_MILLISECONDS = 150, 50


@dataclass
class Verdict:
    """A promise next to its figure."""

    what: str
    store: str
    figure: float
    bound: float
    at_least: bool
    unit: str = ""

    @property
    def met(self):
        """Whether the figure, not rounded, keeps the promise."""
        return self.figure >= self.bound if self.at_least else self.figure <= self.bound


def verdicts(clicks, creation, growth, rest, reading=None):
    """Every promise that the figures speak of; parts that were not measured are None."""
    yield from of_counts(clicks, growth)
    yield from of_clicks(clicks or {})
    yield from of_growth(growth or {})
    yield from of_creation(creation or {})
    yield from of_rest(rest or {})
    yield from of_reading(reading or {})


def of_reading(reading):
    """The promises on a marketer's pages."""
    for (store, size), found in reading.items():
        for question, (middle, _) in found.pages.items():
            bound = OVERVIEW_MILLISECONDS if question.startswith("overview") else DETAIL_MILLISECONDS
            if "12 months" in question:
                yield Verdict(f"{question}, {size:,} links", store, middle, bound, False, "ms")


def of_clicks(clicks):
    """The promises next to nginx."""
    for (case, store), measured in clicks.items():
        pairs = measured.pairs.get(CONNECTIONS)
        if pairs and case in NEXT_TO_NGINX:
            throughput, cpu = NEXT_TO_NGINX[case]
            share = median(own.throughput / nginx.throughput for own, nginx in pairs)
            yield Verdict(f"{case}: throughput, of nginx", store, share, throughput, True)
            times = median(own.cpu / nginx.cpu for own, nginx in pairs)
            yield Verdict(f"{case}: processor time per answer, of nginx", store, times, cpu, False)
        if pairs and case != "unknown":
            times = median(own.p99 / nginx.p99 for own, nginx in pairs)
            yield Verdict(f"{case}: p99, of nginx", store, times, P99_NEXT_TO_NGINX, False)


def tallies(clicks, growth):
    """By name, whatever was counted, and its store."""
    for (case, store), measured in (clicks or {}).items():
        yield f"{case}, {store}", store, measured.tally
    for (store, size), grown in (growth or {}).items():
        yield f"{size:,} links, {store}", store, grown.tally


def of_counts(clicks, growth):
    """That nothing is lost and nothing counted twice."""
    counted = [(store, tally) for _, store, tally in tallies(clicks, growth) if tally.sent]
    for store in dict.fromkeys(store for store, _ in counted):
        lost, doubled = (
            sum(getattr(tally, name) for other, tally in counted if other == store)
            for name in ("lost", "doubled")
        )
        yield Verdict("clicks and previews lost", store, lost, 0, False)
        yield Verdict("clicks and previews counted twice", store, doubled, 0, False)


def of_growth(growth):
    """The promises on many links: the largest store of each kind next to the smallest."""
    for store in dict.fromkeys(store for store, _ in growth):
        most, least = largest(growth, store), smallest(growth, store)
        grown = growth[store, most]
        for case, law in grown.samples:
            share = grown_ratios(growth, store, most, case, law, "throughput")
            what = f"{case}, {most:,} links, {law}: throughput, of that with {least:,}"
            yield Verdict(what, store, share, GROWN_THROUGHPUT, True)
        what, bound = f"room for a link beyond its destination, {most:,} links", BYTES_PER_LINK[store]
        yield Verdict(what, store, grown.bytes_per_link, bound, False, "bytes")


def largest(growth, store):
    """The most links that were measured on a store."""
    return max(size for other, size in growth if other == store)


def smallest(growth, store):
    """The fewest."""
    return min(size for other, size in growth if other == store)


def grown_ratios(growth, store, size, case, law, name):
    """The median over the rounds of a figure at one size next to that at the smallest."""
    few = growth[store, smallest(growth, store)].samples[case, law]
    pairs = zip(growth[store, size].samples[case, law], few, strict=True)
    return median(getattr(many, name) / getattr(base, name) for many, base in pairs)


def of_creation(creation):
    """The promises on making links."""
    for store, made in creation.items():
        yield Verdict("links made, one a call", store, median(made.throughput), CREATIONS[store], True, "/s")


def of_rest(rest):
    """The promises on a service that nobody asks yet."""
    for store, resting in rest.items():
        yield Verdict(
            "resident at rest with 1,000 links", store, resting.rss / 2**20, MIB_AT_REST, False, "MiB"
        )
        yield Verdict(
            "start to first answer", store, median(resting.starts) * 1000, START_MILLISECONDS, False, "ms"
        )
