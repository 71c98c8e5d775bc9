"""How long a marketer waits for pages of numbers, on sites of growing size with thirteen months of clicks."""

import contextlib
import http.client
import json
import subprocess
import time
import urllib.parse
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from processes import DEADLINE, Entrenous, Failed, Redis

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
#: From this size on, the first page after a minute is measured, too: it takes minutes.
LARGE = SIZES[-1]
QUICK_SIZES = (1_000, 5_000)
GENERATOR = ["cargo", "bench", "--locked", "--bench", "history"]
MIN_COUNT = 5
PERIODS = {"today": "today", "30 days": "30d", "90 days": "90d", "12 months": "12m"}
#: How often each page is asked for.
TIMES = 25
#: Who goes from page to page: pauses so long, so often.
NEXT, NEXT_TIMES = 1.1, 7
#: Who comes back when nobody has read for a minute, after which nothing of the present day is kept read.
LATER, LATER_TIMES = 62, 2
#: The pages that are asked for so: the overview, and the detail page with the most rows.
AGAIN = ("overview, 12 months", "channel, 12 months")
#: How long the first reading may take.
PATIENCE = 120


@dataclass
class Read:
    """What was measured on one store and size."""

    #: Seconds that it took to make the links and the clicks.
    fill: int
    #: Seconds from the start of the process until the first page of twelve months has its numbers.
    first: float = 0.0
    #: Resident bytes afterwards.
    rss: int = 0
    #: Milliseconds by page: the median, and the longest.
    pages: dict = field(default_factory=dict)


def measure(lab, sizes):
    """Fills a store for each size and asks its site's pages; returns what was measured by store and size."""
    run([*GENERATOR, "--no-run"])
    return {(store, size): on(lab, store, size) for store in lab.stores for size in sizes}


def on(lab, store, size):
    """One store and size."""
    folder = lab.folder / f"reading-{store}-{size}"
    folder.mkdir(parents=True)
    with Redis(folder) if store == "redis" else contextlib.nullcontext() as redis:
        service = Entrenous(lab.binary, folder, redis, min_count=MIN_COUNT)
        address = f"redis://127.0.0.1:{redis.port}/0" if redis else f"sqlite:{folder}/data/entrenous.db"
        asked = ["--", "--store", address, "--site", "bench", "--links", str(size)]
        found = Read(json.loads(run([*GENERATOR, *asked]).splitlines()[-1])["fill_s"])
        began = time.monotonic()
        with service:
            pages = Pages(service)
            pages.wait_for("/stats?period=12m", PATIENCE)
            found.first = time.monotonic() - began
            asked = questions(service)
            for name, path in asked.items():
                found.pages[name] = pages.times(path, TIMES, 0)
            for name in AGAIN:
                found.pages[f"{name}, a second after another page"] = pages.times(asked[name], NEXT_TIMES, NEXT)
            for name in AGAIN if size >= LARGE else ():
                found.pages[f"{name}, the first after a minute"] = pages.times(asked[name], LATER_TIMES, LATER)
            found.rss = service.memory()[0]
    overview = found.pages["overview, 12 months"][0]
    lab.say(f"reading, {size:,} links on {store}: filled in {found.fill} s, overview {overview:.1f} ms")
    return found


def questions(service):
    """The pages by what they are called: the overview, and those of the first page, campaign, channel and link."""
    first = {by: top(service, by) for by in ("page", "campaign", "channel", "link")}
    paths = {"overview": "/stats?"}
    paths |= {by: f"/stats?{urllib.parse.urlencode({by: first[by]})}&" for by in ("page", "campaign", "channel")}
    paths["link"] = f"/stats/{first['link']}?"
    return {
        f"{name}, {period}": f"{path}period={word}"
        for name, path in paths.items()
        for period, word in PERIODS.items()
    }


def top(service, by):
    """The first group that has a name."""
    groups = json.loads(service.get(f"/api/v1/stats?group_by={by}&limit=10"))["groups"]
    return next(group["key"] for group in groups if group["key"])


class Pages:
    """Somebody who is signed in, on one connection."""

    def __init__(self, service):
        self.line = http.client.HTTPConnection("127.0.0.1", service.port, timeout=DEADLINE)
        form = urllib.parse.urlencode({"secret_key": service.key})
        self.line.request("POST", "/stats/sign-in", form, {"content-type": "application/x-www-form-urlencoded"})
        answer = self.line.getresponse()
        answer.read()
        if answer.status != 303:
            raise Failed(f"signing in answers {answer.status}")
        self.headers = {"cookie": answer.headers["set-cookie"].partition(";")[0], "accept": "text/html"}

    def get(self, path):
        """The seconds until a page is there, and whether it has its numbers yet."""
        began = time.perf_counter()
        self.line.request("GET", path, headers=self.headers)
        answer = self.line.getresponse()
        text = answer.read()
        took = time.perf_counter() - began
        if answer.status != 200:
            raise Failed(f"{path} answers {answer.status}")
        return took, b'class="funnel"' in text

    def wait_for(self, path, patience):
        """Asks until the page has its numbers."""
        ends = time.monotonic() + patience
        while not self.get(path)[1]:
            if time.monotonic() > ends:
                raise Failed(f"{path} has no numbers after {patience} s")
            time.sleep(0.05)

    def times(self, path, times, pause):
        """Milliseconds: the median of so many, and the longest."""
        self.wait_for(path, DEADLINE)
        taken = []
        for _ in range(times):
            time.sleep(pause)
            took, there = self.get(path)
            if not there:
                raise Failed(f"{path} has lost its numbers")
            taken.append(took * 1000)
        return median(taken), max(taken)


def run(command):
    """What a command prints."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}")
    return done.stdout
