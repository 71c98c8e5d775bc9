"""How long a marketer's pages wait for their numbers, on sites of growing size with thirteen months of clicks."""

import contextlib
import json
import subprocess
from pathlib import Path

from processes import Failed, Redis

ROOT = Path(__file__).resolve().parent.parent
SIZES = (10_000, 100_000, 1_000_000)
QUICK_SIZES = (1_000, 5_000)
BENCH = ["cargo", "bench", "--locked", "--bench", "reading"]


def measure(lab, sizes):
    """Fills a store for each size and asks its site for reports; returns the figures by store and size."""
    run([*BENCH, "--no-run"])
    return {(store, size): on(lab, store, size) for store in lab.stores for size in sizes}


def on(lab, store, size):
    """The figures of one store and size."""
    folder = lab.folder / f"reading-{store}-{size}"
    folder.mkdir(parents=True)
    with Redis(folder, lab.load_core) if store == "redis" else contextlib.nullcontext() as redis:
        address = f"redis://127.0.0.1:{redis.port}/0" if redis else f"sqlite:{folder / 'reading.db'}"
        asked = ["--", "--store", address, "--links", str(size)]
        found = json.loads(run(["taskset", "-c", str(lab.server_core), *BENCH, *asked]).splitlines()[-1])
    overview = found["figures"]["overview, 12 months"][0]
    lab.say(f"reading, {size:,} links on {store}: filled in {found['fill_s']} s, overview {overview} ms")
    return found


def run(command):
    """What a command prints."""
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise Failed(f"{' '.join(command)} ended with {done.returncode}")
    return done.stdout
