"""What was measured on: the machine, and the versions of everything that takes part."""

import os
import platform
import re
import statistics
import subprocess
import time
from pathlib import Path

SYNCS = 300


def facts(lab, root, commit):
    """Rows of what and which."""
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.M)
    bundled = re.search(r'name = "libsqlite3-sys"\nversion = "([^"]+)"', (root / "Cargo.lock").read_text())
    memory = int(Path("/proc/meminfo").read_text().split()[1]) / 2**20
    return [
        ("processor", model[1] if model else platform.machine()),
        ("cores", f"{os.cpu_count()}: the server has number {lab.server_core}, the load {lab.load_core}"),
        ("memory", f"{memory:.0f} GiB"),
        ("kernel", f"{platform.system()} {platform.release()}"),
        ("filesystem of journal and SQLite file", filesystem(lab.folder)),
        ("`fdatasync` after 4 KiB there", f"{sync_time(lab.folder) * 1000:.2f} ms (median of {SYNCS})"),
        ("Entrenous", f"{said([str(lab.binary), '--version']).removeprefix('entrenous ')}, {commit}"),
        ("rustc", said(["rustc", "--version"]).removeprefix("rustc ")),
        ("nginx", said(["nginx", "-v"]).rpartition("/")[2]),
        ("wrk", said(["wrk", "-v"]).split()[1]),
        ("Redis", re.search(r"v=(\S+)", said(["redis-server", "--version"]))[1]),
        ("SQLite", f"bundled (libsqlite3-sys {bundled[1]})" if bundled else "bundled"),
    ]


def said(command):
    """The first line of what a program prints about itself."""
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout.splitlines()[0].strip()


def filesystem(folder):
    """The type of the filesystem that a folder is on."""
    best, kind = "", "unknown"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, _, rest = line.partition(" - ")
        mounted = place.split()[4]
        if folder.resolve().is_relative_to(mounted) and len(mounted) >= len(best):
            best, kind = mounted, rest.split()[0]
    return kind


def sync_time(folder):
    """Seconds for an appended block to reach the disk."""
    times, path = [], folder / "sync"
    with path.open("ab", buffering=0) as file:
        for _ in range(SYNCS):
            file.write(b"\1" * 4096)
            began = time.perf_counter()
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return statistics.median(times)


def processor_times():
    """Seconds since the start of the machine, over all cores: all, and stolen by other machines."""
    numbers = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return sum(numbers[:8]), numbers[7]


def idle_time():
    """The idle part of that."""
    numbers = [int(number) for number in Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
    return numbers[3] + numbers[4]
