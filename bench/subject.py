"""One service under load: its runs, and the checks without which a figure means nothing."""

from dataclasses import dataclass

from processes import RECORDED, Failed

VISITS = "entrenous_visitor_answers_total"
#: Visits are told in tens, rounded down: two readings are off by less than this.
TENS = 10
EXTRA_HEADERS = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
}


@dataclass(frozen=True)
class Case:
    """One kind of request and how the service is set for it."""

    name: str
    kind: str
    sync: str = "always"
    status: int = 302
    #: What each answer adds one to, if to anything.
    counts: str | None = None
    #: Whether the codes exist.
    known: bool = True


@dataclass
class Sample:
    """One run against one server."""

    throughput: float
    p50: float
    p99: float
    #: Processor seconds of the server for one answer.
    cpu: float
    #: What part of its core the server used, and of theirs wrk and wrk with Redis.
    server_core: float
    wrk_core: float
    load_core: float
    rss: int
    peak_rss: int


@dataclass
class Tally:
    """Requests that wrk sent and answers that it saw, and what the service says of them afterwards."""

    sent: int = 0
    answered: int = 0
    recorded: int = 0
    lost: int = 0
    doubled: int = 0

    def add(self, other):
        """Adds another tally to this one."""
        for name, number in vars(other).items():
            setattr(self, name, getattr(self, name) + number)


class Subject:
    """A service under one kind of load. With `pages`, one for each code, each link's count is checked."""

    def __init__(self, case, service, redis, traffic, core, pages=None):
        self.case, self.service, self.redis, self.traffic = case, service, redis, traffic
        self.core, self.offset, self.tally = core, 0, Tally()
        self.pages = pages if case.counts else None
        answer = traffic.probe(service.port)
        expect(answer.status == case.status, f"{case.name}: the answer is {answer.status}, not {case.status}")
        if case.status == 302:
            expect_headers(answer.headers)
        self.length = answer.length
        service.settle()
        self.counted = self.counts_by_page()

    def run(self, connections, seconds):
        """One run and its checks."""
        try:
            return self.checked_run(connections, seconds)
        except Failed as failure:
            failure.add_note(f"in {self.case.name}, whose service said: {self.service.said()}")
            raise

    def checked_run(self, connections, seconds):
        """One run; an error where a check does not hold."""
        before, redis_used = self.service.metrics(), self.redis and self.redis.cpu()
        used = self.service.cpu()
        run = self.traffic.run(self.service.port, connections, seconds, self.offset, self.core)
        self.service.settle()
        used = self.service.cpu() - used
        redis_used = self.redis.cpu() - redis_used if self.redis else 0.0
        after = self.service.metrics()
        gained = {name: number - before.get(name, 0) for name, number in after.items()}
        self.check_answers(run, connections, gained)
        self.check_counts(run, connections, gained[RECORDED])
        self.offset += run.sent
        return sample(run, used, redis_used, self.service)

    def check_answers(self, run, connections, gained):
        """Every answer has the case's status and its length; wrk leaves some under way when it stops."""
        name, status = self.case.name, self.case.status
        expect_length(run, connections, self.length, name)
        refused = run.answered if status >= 400 else 0
        expect(run.refused == refused, f"{name}: wrk saw {run.refused} answers of 4xx or 5xx")
        given = gained[VISITS]
        expect(
            run.answered - TENS < given < run.answered + connections + TENS,
            f"{name}: wrk saw {run.answered} answers, the service gave about {given:.0f}",
        )

    def check_counts(self, run, connections, recorded):
        """What is in the journal, and link by link in the store, against what was sent and answered."""
        if not self.case.counts:
            expect(recorded == 0, f"{self.case.name}: {recorded:.0f} entries are recorded")
            return
        doubled = 0
        if self.pages:
            now, sent = self.counts_by_page(), self.traffic.times_sent(run)
            more = [after - before for after, before in zip(now, self.counted, strict=True)]
            self.counted, recorded = now, sum(more)
            doubled = sum(max(0, got - asked) for got, asked in zip(more, sent, strict=True))
        self.tally.sent += run.sent
        self.tally.answered += run.answered
        self.tally.recorded += int(recorded)
        untold = 0 if self.pages else TENS
        self.tally.lost += max(0, run.answered - int(recorded) - untold)
        self.tally.doubled += max(doubled, int(recorded) - run.sent - untold, 0)
        expect(
            recorded <= run.answered + connections + untold,
            f"{self.case.name}: {run.answered} answered, {recorded:.0f} recorded",
        )

    def counts_by_page(self):
        """What the store has for each link."""
        if not self.pages:
            return []
        groups, none = self.service.counts("page"), {self.case.counts: 0}
        return [groups.get(page, none)[self.case.counts] for page in self.pages]


def sample(run, used, redis_used, server):
    """What is kept of a run."""
    rss, peak = server.memory()
    return Sample(
        run.answered / run.seconds,
        run.p50,
        run.p99,
        used / run.answered,
        used / run.seconds,
        run.cpu / run.seconds,
        (run.cpu + redis_used) / run.seconds,
        rss,
        peak,
    )


def nginx_run(nginx, traffic, connections, lab):
    """The same requests for nginx."""
    answer, used = traffic.probe(nginx.port), nginx.cpu()
    expect(answer.status == 302, f"nginx answers {answer.status}")
    expect_headers(answer.headers)
    run = traffic.run(nginx.port, connections, lab.seconds, 0, lab.load_core)
    used = nginx.cpu() - used
    expect(run.refused == 0, f"nginx: {run.refused} answers of 4xx or 5xx")
    expect_length(run, connections, answer.length, "nginx")
    return sample(run, used, 0.0, nginx)


def expect(holds, otherwise):
    """Fails where it does not hold."""
    if not holds:
        raise Failed(otherwise)


def expect_length(run, connections, length, name):
    """All answers had the probe's length: none of them was another."""
    surplus = run.bytes - run.answered * length
    expect(
        0 <= surplus <= connections * length,
        f"{name}: {run.answered} answers of {length} bytes are not {run.bytes} bytes",
    )


def expect_headers(headers):
    """Both servers send the documented headers, and a location."""
    found = {name: headers.get(name) for name in EXTRA_HEADERS}
    expect(found == EXTRA_HEADERS and "location" in headers, f"the headers are {headers}")
