"""How many links are made in a second, each with a call of its own, on both cores."""

import contextlib
from dataclasses import dataclass, field

from load import wrk
from processes import Entrenous, Failed, Redis

CONNECTIONS = 64
ROUTE = 'entrenous_http_answers_total{route="/api/v1/links",status="'


@dataclass
class Made:
    """What was measured on one store, by round: links a second, and percentiles in microseconds."""

    throughput: list = field(default_factory=list)
    p50: list = field(default_factory=list)
    p99: list = field(default_factory=list)


def measure(lab):
    """Runs in turns on the stores; returns what was measured by store."""
    made = {store: Made() for store in lab.stores}
    with contextlib.ExitStack() as running:
        services = {store: start(lab, running, store) for store in lab.stores}
        for store, service in services.items():
            run(service, f"warm-up-{store}", lab.warm_up)
        for number in range(lab.rounds):
            for store, service in services.items():
                done = run(service, f"round-{number}-{store}", lab.seconds)
                made[store].throughput.append(done["answered"] / done["seconds"])
                made[store].p50.append(done["p50"])
                made[store].p99.append(done["p99"])
                lab.say(f"round {number + 1}: creation on {store}: {made[store].throughput[-1]:,.0f}/s")
    return made


def start(lab, running, store):
    """A service and its store, neither bound to a core."""
    folder = lab.folder / f"creation-{store}"
    redis = running.enter_context(Redis(folder / "redis")) if store == "redis" else None
    return running.enter_context(Entrenous(lab.binary, folder, redis))


def run(service, name, seconds):
    """One run; every answer must be 201, and every link that was answered must be in the store."""
    answers, links = created(service), shares(service)
    done = wrk("creation.lua", service.port, CONNECTIONS, seconds, [service.key, name])
    service.settle()
    answers = {status: number - answers.get(status, 0) for status, number in created(service).items()}
    others = {status: number for status, number in answers.items() if number and status != "201"}
    links = shares(service) - links
    most = done["answered"] + CONNECTIONS
    if done["refused"] or others or not done["answered"] <= answers["201"] <= most:
        raise Failed(f"{name}: wrk saw {done['answered']} answers, the service gave {answers}")
    if not done["answered"] <= links <= most:
        raise Failed(f"{name}: wrk saw {done['answered']} answers, {links} links are new")
    return done


def created(service):
    """How often the address answered with which status."""
    return {
        name[len(ROUTE) : -2]: number for name, number in service.metrics().items() if name.startswith(ROUTE)
    }


def shares(service):
    """How many links the service says it has."""
    return sum(day["shares"] for day in service.counts("day").values())
