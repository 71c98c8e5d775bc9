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
One run of the service and one of nginx are neighbours in each round; figures are medians of {rounds} rounds
of {seconds} s each, and ratios are medians of each round's own ratio (in brackets: the lowest and the
highest). The server, with all its threads, is bound to one core. wrk (one thread) and, where it is used,
Redis share another: what Redis takes there, wrk does not have. nginx has one worker, no access log,
connections that are kept for ever, and answers everything with `return 302` to one address and the headers of
Entrenous' redirect; the short page that it adds is its own way. Both get the same requests: an ordinary
Firefox's headers with the cookie of the case, or those of a preview bot, and the forwarded address of one of
10,000 visitors, for 1,000 links drawn alike. Processor time is that of the whole process in user mode and in
the kernel, settling included, by answer. Percentiles are wrk's. Every run is checked: the status and the
length of all answers, and, after everything is settled, each link's count in the service's own statistics
against the requests that were sent for it (in the section on many links, only the sum). Requests that wrk
leaves under way when it stops may be recorded, and are neither lost nor counted twice. Settings: defaults but
for `server.trusted_proxies=127.0.0.1`, `stats.min_count=1`, limits that hold nobody back, and `journal.sync`
as the case says. Redis keeps nothing on disk. {bottleneck}"""
CREATION = "64 connections, one link a call; server, wrk and Redis on all cores."
GROWTH = """\
256 connections; links drawn by Zipf's law with exponent 1, and uniformly. Before the rounds every link is
clicked once, as on a service that runs since yesterday."""
ROOM = """\
The room for a link is that of the SQLite file after a checkpoint, or of Redis' `used_memory`, before the
first click and without the length of the link's own destination."""
READING = """\
Server, Redis and the one who reads on all cores. A site with ten clicks a link over thirteen months, all days but
today closed with k = 5. Milliseconds until a whole page is there, as somebody who is signed in gets it over one
connection: totals, a chart, tables of channels, pages, campaigns and links, compared with the period before where it is
kept; medians of 25, and the longest. Numbers of the present day may be a second old; they are kept read for a minute
after somebody has asked, so whoever goes from page to page has them at once (`a second after another page`, medians of
7), and whoever comes later waits for the reading (`the first after a minute`, means of 2, on the largest site).
Thirteen months are brought into memory in the background when the service starts; `from the start to the first` is how
long that takes."""
REST = "1,000 links, on all cores. A start lasts from the fork to the first redirect."


def document(results, lab, facts, note):
    """All of it in Markdown. `results` has the parts by name; those that were not measured are missing."""
    clicks, creation = results.get("clicks", {}), results.get("creation", {})
    growth, rest = results.get("growth", {}), results.get("rest", {})
    reading = results.get("reading", {})
    title, command = ("Reading", "bench/run reading") if set(results) == {"reading"} else ("Results", "bench/run")
    parts = [f"# {title}", f"Written by `{command}`; `bench/run --help` says what it does.", note]
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
        f"{said}: there it is wrk that bounds nginx's throughput, and a stronger source of load would make "
        "the ratios of throughput lower. The ratios of processor time do not depend on it."
    )
