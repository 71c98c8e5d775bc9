"""The click cases: what an answer costs next to nginx, and whether every answered click is counted once."""

import contextlib
import random
from dataclasses import dataclass, field

import load
from processes import Entrenous, Redis
from sharing import page, share
from subject import Case, Subject, Tally, nginx_run

LINKS = 1_000
CONNECTIONS = (64, 256)
ALPHABET = "23456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstvwxyzu"
CASES = [
    Case("counted-always", "granted", counts="clicks"),
    Case("counted-os", "granted", sync="os", counts="clicks"),
    Case("refused", "denied"),
    Case("previews", "preview", counts="unfurls"),
    Case("unknown", "granted", status=404, known=False),
]


@dataclass
class Measured:
    """All runs of one case on one store: by connections, pairs of the service's run and nginx's."""

    tally: Tally
    pairs: dict = field(default_factory=dict)


def measure(lab, nginx, cases, connections):
    """Runs the cases in interleaved rounds; returns what was measured, by case and store."""
    draws, results = load.uniform(LINKS), {}
    with contextlib.ExitStack() as running:
        subjects = [
            (case, {store: start(lab, running, case, store, draws) for store in lab.stores}) for case in cases
        ]
        for case, stores in subjects:
            for store, subject in stores.items():
                lab.say(f"{case.name} on {store}: warm-up")
                subject.run(max(connections), lab.warm_up)
                subject.tally = Tally()
                results[case.name, store] = Measured(subject.tally)
        for number in range(lab.rounds):
            for count in connections:
                for case, stores in subjects:
                    for store, subject in stores.items():
                        # Each has a run of nginx right before it: the machine's speed changes by the second.
                        theirs = nginx_run(nginx, subject.traffic, count, lab)
                        own = subject.run(count, lab.seconds)
                        results[case.name, store].pairs.setdefault(count, []).append((own, theirs))
                        lab.say(
                            f"round {number + 1}: {case.name} on {store}, {count} connections: "
                            f"{own.throughput:,.0f}/s, nginx {theirs.throughput:,.0f}/s "
                            f"(ratio {own.throughput / theirs.throughput:.2f}, "
                            f"CPU {own.cpu / theirs.cpu:.2f}, p99 {own.p99 / theirs.p99:.2f})"
                        )
    return results


def start(lab, running, case, store, draws):
    """A service for one case with its links."""
    folder = lab.folder / f"{case.name}-{store}"
    redis = running.enter_context(Redis(folder / "redis", lab.load_core)) if store == "redis" else None
    service = running.enter_context(Entrenous(lab.binary, folder, redis, lab.server_core, case.sync))
    codes = share(service, LINKS)
    pages = [page(number) for number in range(LINKS)]
    cookie = load.consent_cookie(service.port, codes[0])
    traffic = load.Traffic(folder / "load", codes if case.known else unknown_codes(), draws, case.kind, cookie)
    return Subject(case, service, redis, traffic, lab.load_core, pages)


def unknown_codes():
    """Codes of the right form; that one of them exists has a chance of one in 80 million."""
    chance = random.Random(2)
    return ["".join(chance.choices(ALPHABET, k=8)) for _ in range(LINKS)]
