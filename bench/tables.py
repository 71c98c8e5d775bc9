"""The figures as tables in Markdown."""

from statistics import median

from promises import grown_ratios, tallies

MIB = 2**20


def table(head, rows):
    """A table whose head is written as in Markdown; columns of numbers to the right."""
    rows = [[str(cell) for cell in row] for row in rows]
    lines = ["---:" if cell[:1].isdigit() else "---" for cell in rows[0]]
    return "\n".join("| " + " | ".join(row) + " |" for row in [head.split(" | "), lines, *rows])


def ms(microseconds):
    """Microseconds as milliseconds."""
    return f"{microseconds / 1000:.2f}"


def mib(size):
    """Bytes as MiB."""
    return f"{size / MIB:.1f}"


def spread(values, digits=2):
    """A median with the lowest and the highest."""
    low, middle, high = (f"{value:,.{digits}f}" for value in (min(values), median(values), max(values)))
    return f"{middle} ({low}–{high})"


def middle(samples, name):
    """The median of one figure of several runs."""
    return median(getattr(sample, name) for sample in samples)


def promises(verdicts):
    """What is promised, what was found, and whether that keeps it."""
    rows = []
    for verdict in verdicts:
        bound = f"{'≥' if verdict.at_least else '≤'} {verdict.bound:,} {verdict.unit}".strip()
        found = f"{number(verdict.figure)} {verdict.unit}".strip()
        kept = "met" if verdict.met else "**NOT met**"
        rows.append((verdict.what, verdict.store, found, bound, kept))
    return table("promise | store | found | bound | ", rows)


def number(figure):
    """A figure with as many digits as tell it from its bound."""
    return f"{figure:,.0f}" if figure == int(figure) or figure >= 100 else f"{figure:.3g}"


def clicks_table(clicks, connections):
    """Each case with nginx below it."""
    rows, cases = [], {}
    for (case, store), measured in clicks.items():
        cases.setdefault(case, []).append((store, measured.pairs[connections]))
    for case, stores in cases.items():
        for store, pairs in stores:
            ratios = {
                name: spread([getattr(own, name) / getattr(nginx, name) for own, nginx in pairs])
                for name in ("throughput", "p99", "cpu")
            }
            rows.append(clicks_row(f"{case}, {store}", [own for own, _ in pairs], ratios))
        rows.append(clicks_row(f"{case}, nginx", [nginx for _, nginx in stores[0][1]], {}))
    return table(
        "case | requests/s | of nginx | p50 ms | p99 ms | of nginx | CPU µs | of nginx"
        " | server core | wrk | wrk + Redis | RSS MiB | peak MiB",
        rows,
    )


def clicks_row(name, samples, ratios):
    """One server's medians."""
    return (
        name,
        f"{middle(samples, 'throughput'):,.0f}",
        ratios.get("throughput", ""),
        ms(middle(samples, "p50")),
        ms(middle(samples, "p99")),
        ratios.get("p99", ""),
        f"{middle(samples, 'cpu') * 1e6:.1f}",
        ratios.get("cpu", ""),
        f"{middle(samples, 'server_core'):.0%}",
        f"{middle(samples, 'wrk_core'):.0%}",
        f"{middle(samples, 'load_core'):.0%}",
        mib(middle(samples, "rss")),
        mib(max(sample.peak_rss for sample in samples)),
    )


def tally_table(clicks, growth):
    """Sent, answered, recorded."""
    rows = [
        (name, f"{tally.sent:,}", f"{tally.answered:,}", f"{tally.recorded:,}", tally.lost, tally.doubled)
        for name, _, tally in tallies(clicks, growth)
        if tally.sent
    ]
    return table("case | sent | answered | recorded | lost | counted twice", rows) if rows else ""


def creation_table(creation):
    """Links a second."""
    rows = [
        (store, spread(made.throughput, 0), ms(median(made.p50)), ms(median(made.p99)))
        for store, made in creation.items()
    ]
    return table("store | links/s | p50 ms | p99 ms", rows)


def growth_table(growth):
    """Throughput, latency and processor time by size."""
    rows = []
    for case, law in next(iter(growth.values())).samples:
        for (store, size), grown in growth.items():
            found = {
                name: middle(grown.samples[case, law], name) for name in ("throughput", "p50", "p99", "cpu")
            }
            ratios = {name: f"{grown_ratios(growth, store, size, case, law, name):.2f}" for name in found}
            row = [f"{case}, {law}, {store}", f"{size:,}"]
            row += [f"{found['throughput']:,.0f}", ratios["throughput"], ms(found["p50"]), ratios["p50"]]
            row += [ms(found["p99"]), ratios["p99"], f"{found['cpu'] * 1e6:.1f}", ratios["cpu"]]
            rows.append(row)
    head = "case | links | requests/s | of the smallest | p50 ms | of the smallest | p99 ms"
    return table(f"{head} | of the smallest | CPU µs | of the smallest", rows)


def room_table(growth):
    """Memory and disk by size."""
    rows = [
        (store, f"{size:,}", f"{grown.bytes_per_link:.0f}", mib(grown.rss), mib(grown.rss_after))
        for (store, size), grown in growth.items()
    ]
    return table("store | links | bytes for a link | RSS at the start MiB | RSS after all runs MiB", rows)


def reading_table(reading):
    """Each page by store and size, then the first one and the memory."""
    sizes = list(reading)
    rows = []
    for question in dict.fromkeys(question for read in reading.values() for question in read.pages):
        found = (reading[place].pages.get(question) for place in sizes)
        rows.append([question, *(f"{times[0]:.1f} (≤ {times[1]:.1f})" if times else "–" for times in found)])
    rows.append(["from the start to the first", *(f"{reading[place].first * 1000:,.0f}" for place in sizes)])
    rows.append(["RSS afterwards, MiB", *(mib(reading[place].rss) for place in sizes)])
    head = " | ".join(f"{store}, {size:,} links" for store, size in sizes)
    return table(f"ms | {head}", rows)


def rest_table(rest):
    """Memory and start."""
    rows = [
        (store, mib(resting.rss), spread([start * 1000 for start in resting.starts], 1))
        for store, resting in rest.items()
    ]
    return table("store | RSS MiB | start ms", rows)
