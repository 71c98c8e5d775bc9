"""The load: which requests are sent, and one run of wrk that sends them."""

import array
import bisect
import http.client
import itertools
import json
import os
import random
import socket
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from processes import Failed

HERE = Path(__file__).resolve().parent
#: How many draws are made beforehand.
DRAWS = 2_000_000
#: How many of them become the requests of one run, for each second and at most; then they come again.
PREPARED, MOST_PREPARED = 100_000, 500_000

BROWSER = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:150.0) Gecko/20100101 Firefox/150.0",
    "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-US,en;q=0.5",
    "Accept-Encoding": "gzip, deflate, br, zstd",
    "Connection": "keep-alive",
    "Upgrade-Insecure-Requests": "1",
    "Sec-Fetch-Dest": "document",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-User": "?1",
    "Priority": "u=0, i",
}
PREVIEW = {
    "User-Agent": "WhatsApp/2.24.20.89 A",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate",
    "Connection": "keep-alive",
}


def headers(kind, cookie):
    """The headers of a visitor who `granted` or `denied` in the cookie of this name, or of a `preview` bot."""
    if kind == "preview":
        return PREVIEW
    return BROWSER | {"Cookie": f"{cookie}={'g1' if kind == 'granted' else 'd1'}"}


def consent_cookie(port, code):
    """The name of the consent cookie of a link's site, as the answer to the question has it; a refusal counts nothing."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as line:
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        line.request("POST", f"/{code}/consent", "choice=refuse", form)
        return line.getresponse().getheader("Set-Cookie").partition("=")[0]


@dataclass
class Answer:
    """One answer, byte for byte as it came."""

    status: int
    headers: dict
    length: int


@dataclass
class Run:
    """What one run of wrk saw. Latencies are in microseconds."""

    sent: int
    answered: int
    bytes: int
    seconds: float
    p50: float
    p99: float
    refused: int
    broken: int
    #: Processor seconds of wrk itself, without the preparation of its requests.
    cpu: float
    #: Where in the draws it began, and after how many it began again.
    offset: int
    prepared: int


class Traffic:
    """Requests for some links by 10,000 visitors, drawn beforehand; every server gets the same ones."""

    def __init__(self, folder, codes, draws, kind, cookie):
        folder.mkdir(parents=True, exist_ok=True)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers(kind, cookie).items())
        self.codes, self.draws = codes, draws
        self.template = f"GET /\0 HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: \0\r\n{lines}\r\n"
        self.files = [folder / name for name in ("template", "codes", "draws")]
        self.files[0].write_text(self.template, newline="")
        self.files[1].write_text("".join(f"{code}\n" for code in codes))
        self.files[2].write_bytes(draws.tobytes())

    def request(self, place):
        """The request for one of the codes, by a visitor of its own."""
        head, middle, tail = self.template.split("\0")
        return f"{head}{self.codes[place]}{middle}10.255.255.255{tail}".encode()

    def probe(self, port):
        """Sends one request and reads the answer."""
        with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
            line.sendall(self.request(0))
            answer = b""
            while b"\r\n\r\n" not in answer:
                answer += received(line)
            head, _, body = answer.partition(b"\r\n\r\n")
            first, *fields = head.decode().split("\r\n")
            fields = {name.lower(): value for name, value in (field.split(": ", 1) for field in fields)}
            while len(body) < int(fields.get("content-length", 0)):
                body += received(line)
        return Answer(int(first.split()[1]), fields, len(head) + 4 + len(body))

    def run(self, port, connections, seconds, offset, core):
        """Sends as much as the server takes, from a place in the draws."""
        prepared = min(PREPARED * seconds, MOST_PREPARED)
        arguments = [*map(str, self.files), str(offset % DRAWS), str(prepared)]
        run = wrk("requests.lua", port, connections, seconds, arguments, core)
        return Run(**run, offset=offset, prepared=prepared)

    def times_sent(self, run):
        """How often each link, by its place among the codes, was asked for."""
        times = [0] * len(self.codes)
        for turn in range(run.sent):
            times[self.draws[(run.offset + turn % run.prepared) % DRAWS]] += 1
        return times


def received(line):
    """Some bytes of an answer that is not over."""
    part = line.recv(65536)
    if not part:
        raise Failed("a connection ended within an answer")
    return part


def wrk(script, port, connections, seconds, arguments, core=None):
    """One run of wrk with one thread, as the dictionary that its script prints."""
    command = [
        "wrk",
        "-t",
        "1",
        "-c",
        str(connections),
        "-d",
        f"{seconds}s",
        "-s",
        str(HERE / script),
        f"http://127.0.0.1:{port}",
        "--",
        *arguments,
    ]
    pin = None if core is None else (lambda: os.sched_setaffinity(0, {core}))
    done = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=pin)
    _, found, result = done.stdout.partition("RESULT ")
    if done.returncode != 0 or not found:
        raise Failed(f"wrk: {done.stdout}{done.stderr}")
    run = json.loads(result)
    if run["broken"] or not run["answered"]:
        raise Failed(f"wrk saw broken connections or no answers: {done.stdout}{done.stderr}")
    return run


def uniform(links, seed=1):
    """Draws in which every link is as likely as every other."""
    chance = random.Random(seed)
    return array.array("I", (chance.randrange(links) for _ in range(DRAWS)))


def in_turn(links):
    """Draws one link after the other."""
    return array.array("I", (turn % links for turn in range(DRAWS)))


def zipf(links, seed=1):
    """Draws by Zipf's law with exponent 1: the n-th in rank comes 1/n times as often as the first. Ranks are
    dealt out at random, so that the popular links do not lie together in the store."""
    chance = random.Random(seed)
    ranked = list(range(links))
    chance.shuffle(ranked)
    sums = list(itertools.accumulate(1 / rank for rank in range(1, links + 1)))
    draw = lambda: ranked[min(bisect.bisect_left(sums, chance.random() * sums[-1]), links - 1)]
    return array.array("I", (draw() for _ in range(DRAWS)))
