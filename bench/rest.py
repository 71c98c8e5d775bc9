"""What the service takes before anybody asks: memory at rest, and the time until its first answer."""

import time
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from socket import create_connection

import load
from processes import DEADLINE, Entrenous, Failed, Redis
from sharing import share

LINKS = 1_000
STARTS = 10
#: How long a service is left alone before its memory is read.
REST = 3.0


@dataclass
class Resting:
    """What was measured on one store."""

    #: Resident bytes after a start without any request.
    rss: int = 0
    #: Seconds from the start of the process to the first redirect, by start.
    starts: list = field(default_factory=list)


def measure(lab):
    """Returns what was measured by store."""
    return {store: on(lab, store) for store in lab.stores}


def on(lab, store):
    """Makes the links, then starts the service again and again, bound to no core."""
    folder, resting = lab.folder / f"rest-{store}", Resting()
    with Redis(folder / "redis") if store == "redis" else nullcontext() as redis:
        service = Entrenous(lab.binary, folder, redis)
        with service:
            codes = share(service, LINKS)
            cookie = load.consent_cookie(service.port, codes[0])
        request = load.Traffic(folder / "load", codes, load.uniform(LINKS), "denied", cookie).request(0)
        for _ in range(STARTS):
            began = time.perf_counter()
            service.start()
            try:
                first_answer(service.port, request, began)
                resting.starts.append(time.perf_counter() - began)
            finally:
                service.stop()
        with service:
            time.sleep(REST)
            resting.rss, _ = service.memory()
    lab.say(
        f"at rest on {store}: {resting.rss / 2**20:.1f} MiB, starts {sorted(resting.starts)[0] * 1000:.0f} "
        f"to {sorted(resting.starts)[-1] * 1000:.0f} ms"
    )
    return resting


def first_answer(port, request, began):
    """Asks until there is an answer; it must be the redirect."""
    while time.perf_counter() - began < DEADLINE:
        try:
            with closing(create_connection(("127.0.0.1", port), timeout=DEADLINE)) as line:
                line.sendall(request)
                answer = line.recv(65536)
        except ConnectionRefusedError:
            continue
        if not answer.startswith(b"HTTP/1.1 302 "):
            raise Failed(f"the first answer is {answer[:200]!r}")
        return
    raise Failed("no answer after the start")
