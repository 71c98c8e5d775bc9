"""The command line: which cases are run, and what becomes of the figures."""

import argparse
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import clicks
import creation
import growth
import machine
import reading
import report
import rest
from lab import Lab
from processes import Failed, Nginx
from sharing import page

ROOT = Path(__file__).resolve().parent.parent
#: What a whole run writes: of everything about clicks and links, and of the marketer's pages.
RESULTS = ROOT / "bench" / "RESULTS.md"
READING = ROOT / "bench" / "READING.md"
CLICKS = [case.name for case in clicks.CASES]
USUAL = [*CLICKS, "creation", "growth", "rest"]
CASES = [*USUAL, "reading"]
STORES = ["sqlite", "redis"]
ROUNDS, SECONDS = 9, 1
#: So few rounds still give a median.
FEWEST = 3
ABOUT = """\
Measures Entrenous next to nginx on this machine. It installs what it needs where it is missing (Debian),
builds the service, and takes about half an hour, and about as long for the case reading. Leave the machine alone meanwhile.
There must be two cores, one for the server and one for the load."""
ENDING = """\
A full run writes bench/RESULTS.md, and one of the case reading alone bench/READING.md. Another choice of cases, stores
or connections, shorter or fewer than three rounds, another program and --quick only print. Exit codes: 0 measured (whatever the figures are), 1 it did not work."""
QUICK = "**QUICK MODE: short runs, to see that everything works. These are no results.**"
PARTIAL = "**Not a full run: some cases, fewer than three or shorter rounds, or a program of unknown origin.**"
#: Above this part of the machine's time, somebody else is at work.
BUSY = 0.03


def arguments():
    """What the command line asks for."""
    parser = argparse.ArgumentParser(
        prog="bench/run",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        description=ABOUT,
        epilog=ENDING,
    )
    parser.add_argument("cases", nargs="*", metavar="CASE", help=f"any of {', '.join(CASES)}; default: all but reading")
    parser.add_argument(
        "--quick",
        action="store_true",
        help="one round of 1 s and few links: shows that it works; its figures are no results",
    )
    parser.add_argument("--store", choices=STORES, action="append", help="only this store")
    parser.add_argument(
        "--connections", type=int, action="append", help="for the click cases; default: 64 and 256"
    )
    parser.add_argument(
        "--server-core", type=int, help="default: the last; the load gets the first other one"
    )
    parser.add_argument("--rounds", type=int, help=f"default: {ROUNDS}")
    parser.add_argument("--seconds", type=int, help=f"the length of a run; default: {SECONDS}")
    parser.add_argument(
        "--binary", type=Path, help="measure this program instead of building it (never for results)"
    )
    parser.add_argument("--built", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    unknown = [case for case in asked.cases if case not in CASES]
    if unknown:
        parser.error(f"no such case: {', '.join(unknown)}")
    if not (asked.binary or asked.built):
        parser.error("start bench/run, which builds the service, or name a --binary")
    return asked


def main():
    """Runs what was asked for; returns the exit code."""
    asked = arguments()
    cores = sorted(os.sched_getaffinity(0))
    server_core = cores[-1] if asked.server_core is None else asked.server_core
    others = [core for core in cores if core != server_core]
    if server_core not in cores or not others:
        print(f"bench: needs core {server_core} and another one; there are {cores}", file=sys.stderr)
        return 1
    quick = asked.quick
    rounds, seconds = asked.rounds or (1 if quick else ROUNDS), asked.seconds or (1 if quick else SECONDS)
    written = {(): RESULTS, ("reading",): READING}.get(tuple(asked.cases))
    full = written and not (quick or asked.store or asked.connections or asked.binary)
    full = full and rounds >= FEWEST and seconds >= SECONDS
    # A signal ends what was started, as an error does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    # Not a temporary folder: that may be in memory, where a sync costs nothing.
    below = ROOT / "target"
    below.mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="bench-", dir=below))
    binary = (asked.binary or asked.built).resolve()
    lab = Lab(folder, binary, asked.store or STORES, server_core, others[0], rounds, seconds)
    try:
        facts, results = measured(lab, asked)
    except Failed as failure:
        print(f"bench: FAILED: {failure}", *getattr(failure, "__notes__", []), sep="\n", file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    text = report.document(results, lab, facts, "" if full else QUICK if quick else PARTIAL)
    print(text)
    if full:
        written.write_text(text)
        lab.say(f"written: bench/{written.name}")
    else:
        lab.say("this was not a full run: nothing is written")
    return 0


def measured(lab, asked):
    """The facts about the machine, and the figures by part."""
    busy = busy_before(lab)
    facts = machine.facts(lab, ROOT, "a given program" if asked.binary else commit())
    facts.append(("date", time.strftime("%Y-%m-%d", time.gmtime())))
    facts.append(("busy with something else before the start", busy))
    began = machine.processor_times()
    connections = asked.connections or clicks.CONNECTIONS
    results = measure(lab, asked.cases or USUAL, connections, asked.quick)
    facts.append(("stolen by other machines", stolen(began)))
    return facts, results


def measure(lab, chosen, connections, quick):
    """The parts by name."""
    results = {}
    cases = [case for case in clicks.CASES if case.name in chosen]
    if cases:
        with Nginx(lab.folder, page(0), lab.server_core) as nginx:
            results["clicks"] = clicks.measure(lab, nginx, cases, connections)
    if "creation" in chosen:
        results["creation"] = creation.measure(lab)
    if "growth" in chosen:
        results["growth"] = growth.measure(lab, growth.QUICK_SIZES if quick else growth.SIZES)
    if "reading" in chosen:
        results["reading"] = reading.measure(lab, reading.QUICK_SIZES if quick else reading.SIZES)
    if "rest" in chosen:
        results["rest"] = rest.measure(lab)
    return results


def busy_before(lab):
    """What part of the machine's time others take while nothing is measured."""
    (before, _), idle = machine.processor_times(), machine.idle_time()
    time.sleep(2)
    (after, _), idle = machine.processor_times(), machine.idle_time() - idle
    busy = 1 - idle / (after - before)
    if busy > BUSY:
        lab.say(f"WARNING: the machine is {busy:.0%} busy with something else; the figures will be wrong")
    return f"{busy:.0%} of the time"


def stolen(began):
    """What part of the machine's time others had, on a virtual machine."""
    (all_before, stolen_before), (all_after, stolen_after) = began, machine.processor_times()
    return f"{(stolen_after - stolen_before) / (all_after - all_before):.1%} of the time"


def commit():
    """The commit that was built, and whether something was changed since, results aside."""
    git = lambda *what: subprocess.run(
        ["git", "-C", str(ROOT), *what], capture_output=True, text=True, check=False
    )
    named = git("describe", "--always", "--tags")
    changed = git("status", "--porcelain", "--", ".", ":!bench/RESULTS.md", ":!bench/READING.md").stdout.strip()
    if named.returncode != 0:
        return "commit unknown"
    return f"commit {named.stdout.strip()}{' with changes' if changed else ''}"


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
    sys.exit(1)
