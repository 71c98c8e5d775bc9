"""The figures as a document."""

from statistics import median

from promises import verdicts
from tables import (
    clicks_table,
    creation_table,
    growth_table,
    promises,
    reading_table,
    rest_table,
    room_table,
    table,
    tally_table,
)

#: From this part of its core on, wrk cannot do more.
FULL = 0.93
METHOD = """\
In each round, one run of the service and one of nginx follow each other. Figures are medians of {rounds} rounds
of {seconds} s each, and ratios are medians of each round's own ratio (in brackets: the lowest and the
highest). The server, with all its threads, is bound to one core. wrk (one thread) and, where it is used,
Redis share another core: what Redis uses there is missing for wrk. nginx has one worker, no access log, and
connections that are kept open. It answers everything with `return 302` to one address and the headers of
Entrenous' redirect; the short body that it adds is its own. Both get the same requests: the headers of an
ordinary Firefox with the cookie of the case, or those of a preview bot, and the forwarded address of one of
10,000 visitors, for 1,000 links with equal probability. Processor time is that of the whole process in user mode
and in the kernel, including settling, for each response. Percentiles are wrk's. Every run is checked: the status
and the length of all responses and, after everything is settled, each link's count in the service's own
statistics against the requests that were sent for it (in the section on many links, only the sum). Requests that
wrk leaves unfinished when it stops may be recorded, and count as neither lost nor counted twice. Settings are the
defaults, except for `server.trusted_proxies=127.0.0.1`, `stats.min_count=1`, limits that hold nobody back, and
`journal.sync` as the case says. Redis keeps nothing on disk. {bottleneck}"""
CREATION = "64 connections, one link for each call; server, wrk and Redis on all cores."
GROWTH = """\
There are 256 connections. Links are drawn by Zipf's law with exponent 1, and uniformly. Before the rounds every
link is clicked once, as on a service that has been running since yesterday."""
ROOM = """\
The bytes for a link are those of the SQLite file after a checkpoint, or of Redis' `used_memory`, before the
first click and without the length of the link's own destination."""
READING = """\
Server, Redis and the reading client run on all cores. The site has ten clicks for each link over thirteen months, and all
days but today are closed with k = 5. Figures are milliseconds until a whole page has arrived, for somebody who is signed in
and uses one connection: totals, a chart, tables of channels, pages, campaigns and links, and the comparison with the period
before if that is kept. They are medians of 25, with the longest in brackets. Numbers of the present day may be a second old.
They are kept for a minute after somebody has asked, so a viewer who goes from page to page gets them at once (`a second
after another page`, medians of 7), and a viewer who comes later waits for them to be read (`the first after a minute`, means
of 2, on the largest site). Thirteen months are read into memory in the background when the service starts; `from the start
to the first` is how long that takes."""
REST = "There are 1,000 links, on all cores. A start lasts from the fork to the first redirect."


def document(results, lab, facts, note):
    """All of it in Markdown. `results` has the parts by name; those that were not measured are missing."""
    clicks, creation = results.get("clicks", {}), results.get("creation", {})
    growth, rest = results.get("growth", {}), results.get("rest", {})
    reading = results.get("reading", {})
    title, command = ("Reading", "bench/run reading") if set(results) == {"reading"} else ("Results", "bench/run")
    parts = [f"# {title}", f"Written by `{command}`; `bench/run --help` describes the options.", note]
    parts += ["## Promises", promises(verdicts(clicks, creation, growth, rest, reading))]
    parts += ["## Machine", table("what | which", facts)]
    if clicks or growth:
        method = METHOD.format(rounds=lab.rounds, seconds=lab.seconds, bottleneck=bottleneck(clicks))
        parts += ["## Method", method]
    if clicks:
        for connections in next(iter(clicks.values())).pairs:
            parts += [f"## Clicks, {connections} connections", clicks_table(clicks, connections)]
    if counted := tally_table(clicks, growth):
        parts += ["## Every click once", counted]
    if creation:
        parts += ["## Making links", CREATION, creation_table(creation)]
    if growth:
        parts += ["## Many links", GROWTH, growth_table(growth), ROOM, room_table(growth)]
    if reading:
        parts += ["## Reading", READING, reading_table(reading)]
    if rest:
        parts += ["## At rest", REST, rest_table(rest)]
    return "\n\n".join(part for part in parts if part) + "\n"


def bottleneck(clicks):
    """Whether wrk itself held nginx back."""
    runs = [measured.pairs.values() for measured in clicks.values()]
    shares = [median(nginx.wrk_core for _, nginx in pairs) for counts in runs for pairs in counts]
    if not shares:
        return ""
    said = f"Against nginx, wrk used {min(shares):.0%} to {max(shares):.0%} of its core"
    if max(shares) < FULL:
        return f"{said}, so it had room left."
    return (
        f"{said}. So wrk limits nginx's throughput there, and a stronger source of load would lower "
        "the ratios of throughput. The ratios of processor time do not depend on it."
    )
