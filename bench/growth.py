"""What becomes slower, and how much room is taken, when there are many links."""

import contextlib
import sqlite3
from dataclasses import dataclass, field

import load
from processes import Entrenous, Redis
from sharing import page, share
from subject import Case, Subject, Tally

SIZES = (1_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 5_000, 20_000)
CONNECTIONS = 256
#: Seconds of a run that only warms up: nothing in memory yet, a stall of the machine leaves it without answers if
#: it is short.
WARM_UP_RUN = 10
LAWS = {"zipf": load.zipf, "uniform": load.uniform}
CASES = [Case(f"counted-{sync}", "granted", sync=sync, counts="clicks") for sync in ("always", "os")]


@dataclass
class Grown:
    """A store of some size and what was measured with it."""

    #: Bytes of the store for one link, beyond its destination.
    bytes_per_link: float
    codes: list
    redis: Redis | None
    #: Resident bytes of the service before the first click, and after the last.
    rss: int = 0
    rss_after: int = 0
    #: The runs, by case and law.
    samples: dict = field(default_factory=dict)
    tally: Tally = field(default_factory=Tally)


def measure(lab, sizes):
    """Fills stores of each size and runs on all of them in turns; returns them by kind and size."""
    with contextlib.ExitStack() as running:
        places = [(store, size) for store in lab.stores for size in sizes]
        grown = {place: fill(lab, running, *place) for place in places}
        draws = {(law, size): draw(size) for law, draw in LAWS.items() for size in sizes}
        for case in CASES:
            with contextlib.ExitStack() as serving:
                services = {
                    place: serving.enter_context(service(lab, *place, grown, case)) for place in places
                }
                for running in services.values():
                    running.take_up()
                for place in places:
                    grown[place].rss = grown[place].rss or services[place].memory()[0]
                    warm_up(lab, case, services[place], grown[place], place)
                for law in LAWS:
                    subjects = {
                        place: subject(lab, case, services[place], grown[place], draws[law, place[1]])
                        for place in places
                    }
                    run(lab, case, law, subjects, grown)
                for place in places:
                    grown[place].rss_after = services[place].memory()[0]
    return grown


def service(lab, store, size, grown, case):
    """The service of a store that is filled, with the setting of a case."""
    redis = grown[store, size].redis
    return Entrenous(lab.binary, folder(lab, store, size), redis, lab.server_core, case.sync)


def subject(lab, case, running, place, draws):
    """A running service under a drawing."""
    cookie = load.consent_cookie(running.port, place.codes[0])
    traffic = load.Traffic(running.folder / "load", place.codes, draws, case.kind, cookie)
    return Subject(case, running, place.redis, traffic, lab.load_core)


def warm_up(lab, case, running, grown, place):
    """Clicks every link once, so that all of them are known and have been clicked on that day."""
    store, size = place
    lab.say(f"{case.name}, {size:,} links on {store}: warm-up")
    every = subject(lab, case, running, grown, load.in_turn(size))
    while every.offset < size:
        every.run(CONNECTIONS, WARM_UP_RUN)
    grown.tally.add(every.tally)


def run(lab, case, law, subjects, grown):
    """The rounds, in turns."""
    for number in range(lab.rounds):
        for (store, size), subject in subjects.items():
            sample = subject.run(CONNECTIONS, lab.seconds)
            grown[store, size].samples.setdefault((case.name, law), []).append(sample)
            lab.say(
                f"round {number + 1}: {case.name}, {law}, {size:,} links on {store}: "
                f"{sample.throughput:,.0f}/s, CPU {sample.cpu * 1e6:.0f} µs, p99 {sample.p99 / 1000:.1f} ms"
            )
    for place, subject in subjects.items():
        grown[place].tally.add(subject.tally)


def folder(lab, store, size):
    """Where the service of a store of some size has its files."""
    return lab.folder / f"growth-{store}-{size}"


def fill(lab, running, store, size):
    """A store with so many links, made through the API."""
    home = folder(lab, store, size)
    redis = running.enter_context(Redis(home / "redis", lab.load_core)) if store == "redis" else None
    service = Entrenous(lab.binary, home, redis)
    taken = redis.used_memory if redis else lambda: file_size(home)
    # The site is there already, so that what it takes is no link's.
    before = taken()
    with service:
        codes = share(service, size)
    room = (taken() - before) / size - len(page(0))
    lab.say(f"{size:,} links on {store}: {room:.0f} bytes each")
    return Grown(room, codes, redis)


def file_size(home):
    """Bytes of the SQLite file when everything is in it and nothing in the write-ahead log."""
    path = home / "data" / "entrenous.db"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    return path.stat().st_size
