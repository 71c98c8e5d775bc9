"""The programs that are measured: started, read and stopped here, each on a free port of loopback."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import time
from contextlib import closing
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
DEADLINE = 60.0
#: Seconds for settling what an earlier run left.
LEFTOVERS = 600.0
RECORDED, SETTLED = (f"entrenous_entries_{what}_total" for what in ("recorded", "settled"))
#: A limit that holds nobody back, but is kept.
MANY = 4_000_000_000
NGINX = """
worker_processes 1;
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log warn;
worker_rlimit_nofile 16384;
events {{ worker_connections 4096; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    keepalive_requests 1000000000;
    keepalive_timeout 3600s;
    tcp_nodelay on;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        add_header Cache-Control "no-store";
        add_header Referrer-Policy "no-referrer";
        add_header X-Robots-Tag "noindex, nofollow";
        return 302 "{location}";
    }}
}}
"""


class Failed(Exception):
    """The benchmark cannot say anything: a program did not do what the measurement takes for granted."""


def free_port():
    """A port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, patience=DEADLINE):
    """Returns the first true answer of `condition`; fails after `patience` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        answer = condition()
        if answer:
            return answer
        time.sleep(0.02)
    raise Failed(f"{what}: not within {patience:.0f} s")


def accepts(port):
    """Whether somebody listens on a port."""
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Process:
    """A program in a folder of its own, with all its threads on one core or, without one, on all."""

    def __init__(self, name, command, folder, port, core=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.name, self.command, self.folder, self.port, self.core = name, command, folder, port, core
        self.log = folder / f"{name}.out"

    def __enter__(self):
        self.start()
        try:
            wait_until(lambda: self.alive() and accepts(self.port), f"{self.name} listens")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        """Starts it, and does not wait."""
        pin = None if self.core is None else (lambda: os.sched_setaffinity(0, {self.core}))
        settings = {key: text for key, text in os.environ.items() if not key.startswith("ENTRENOUS")}
        with self.log.open("ab") as log:
            self.child = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=settings,
                preexec_fn=pin,
            )

    def alive(self):
        """True, or the failure with what the program said."""
        if self.child.poll() is None:
            return True
        raise Failed(f"{self.name} ended with {self.child.returncode}: {self.said()}")

    def said(self):
        """The last of what it printed."""
        return self.log.read_text(errors="replace")[-2000:]

    def stop(self):
        """Ends it, gently first."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
            try:
                self.child.wait(DEADLINE)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()

    @property
    def working_pid(self):
        """The process that answers."""
        return self.child.pid

    def cpu(self):
        """Processor seconds of all its threads so far, in user mode and in the kernel."""
        stat = Path(f"/proc/{self.working_pid}/stat").read_text()
        fields = stat.rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def memory(self):
        """Resident bytes now and at most."""
        status = Path(f"/proc/{self.working_pid}/status").read_text()
        read = lambda name: int(re.search(rf"^{name}:\s+(\d+) kB", status, re.M)[1]) * 1024
        return read("VmRSS"), read("VmHWM")


class Nginx(Process):
    """nginx with one worker that answers everything with one 302."""

    def __init__(self, folder, location, core):
        folder, port = folder / "nginx", free_port()
        folder.mkdir(parents=True)
        config = folder / "nginx.conf"
        config.write_text(NGINX.format(folder=folder, port=port, location=location))
        command = ["nginx", "-e", str(folder / "start.log"), "-p", str(folder), "-c", str(config)]
        super().__init__("nginx", command, folder, port, core)

    @property
    def working_pid(self):
        master = self.child.pid
        return int(Path(f"/proc/{master}/task/{master}/children").read_text().split()[0])


class Redis(Process):
    """A Redis without persistence."""

    def __init__(self, folder, core=None):
        port = free_port()
        command = [
            "redis-server",
            "--bind",
            "127.0.0.1",
            "--port",
            str(port),
            "--save",
            "",
            "--appendonly",
            "no",
            "--dir",
            str(folder),
        ]
        super().__init__("redis", command, folder, port, core)

    def used_memory(self):
        """Bytes of its data."""
        with closing(socket.create_connection(("127.0.0.1", self.port))) as line:
            line.sendall(b"INFO memory\r\n")
            text = b""
            while b"used_memory_human" not in text:
                text += line.recv(65536)
        return int(re.search(rb"used_memory:(\d+)", text)[1])


class Entrenous(Process):
    """The service with a store and one site, `bench`. Starting it again in the same folder goes on there."""

    def __init__(self, binary, folder, store=None, core=None, sync="always", min_count=1):
        folder.mkdir(parents=True, exist_ok=True)
        port, self.metrics_port = free_port(), free_port()
        self.binary, self.folder = str(binary), folder
        flags = ["--listen", f"127.0.0.1:{port}"]
        self.store = ["--store", f"redis://127.0.0.1:{store.port}/0"] if store else []
        for setting in (
            f"journal.sync={sync}",
            "server.trusted_proxies=127.0.0.1",
            f"stats.min_count={min_count}",
            f"limits.create_per_minute={MANY}",
            f"limits.miss_per_minute={MANY}",
            f"metrics.listen=127.0.0.1:{self.metrics_port}",
            f"limits.count_per_minute={MANY}",
        ):
            flags += ["--set", setting]
        self.key = self.site_key()
        #: Entries of an earlier run that were settled, which this one did not record.
        self.earlier = 0
        super().__init__("entrenous", [self.binary, *self.store, *flags], folder, port, core)

    def site_key(self):
        """The secret key of the site, which is made where it is not there yet."""
        kept = self.folder / "site.json"
        if not kept.exists():
            command = [self.binary, "site", "create", "bench", "--destination", "*", "--json", *self.store]
            made = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
            if made.returncode != 0:
                raise Failed(f"no site: {made.stderr.decode(errors='replace')}")
            kept.write_bytes(made.stdout)
        return json.loads(kept.read_text())["secret_key"]

    def get(self, path, port=None):
        """The text of an address, asked for with the secret key."""
        with closing(http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=DEADLINE)) as line:
            line.request("GET", path, headers={"Authorization": f"Bearer {self.key}"})
            answer = line.getresponse()
            text = answer.read().decode()
        if answer.status != 200:
            raise Failed(f"{path} answers {answer.status}: {text[:500]}")
        return text

    def metrics(self):
        """Every line of /metrics: its name with labels, and its number; what visits change is in tens."""
        text = self.get("/metrics", self.metrics_port)
        lines = (line.rpartition(" ") for line in text.splitlines() if line[:1] != "#")
        return {name: float(number) for name, _, number in lines}

    def take_up(self):
        """Waits until what an earlier run left in the journal is settled: with Redis the last minutes
        again, in case they were lost. Nothing is recorded meanwhile."""

        def settled(metrics):
            self.earlier = metrics[SETTLED]
            return metrics["entrenous_entries_unsettled"] == 0

        self.wait_for_quiet(settled, "entries of an earlier run settle", LEFTOVERS)

    def settle(self):
        """Waits until everything that is recorded is in the store, and nothing more comes."""

        def settled(metrics):
            # Each of the three is told in tens, rounded down.
            return abs(metrics[RECORDED] + self.earlier - metrics[SETTLED]) < 20

        self.wait_for_quiet(settled, "recorded entries settle", DEADLINE)

    def wait_for_quiet(self, settled, what, patience):
        """Waits until `settled` holds of the metrics several times on end, and the numbers of entries stay as
        they are meanwhile: between two parts of the journal, too, nothing is read that is not settled."""
        seen = []

        def quiet():
            metrics = self.metrics()
            seen.append((settled(metrics), metrics[RECORDED], metrics[SETTLED]))
            time.sleep(0.1)
            return seen[-1][0] and seen[-3:] == [seen[-1]] * 3

        try:
            wait_until(quiet, what, patience)
        except Failed as failure:
            for _, recorded, counted in seen[-1:]:
                failure.add_note(f"{recorded:.0f} recorded, {counted:.0f} settled, {self.earlier:.0f} of them earlier")
            raise

    def counts(self, by):
        """What the service says was counted, by `page` or `day`: key → shares, unfurls, clicks."""
        groups = json.loads(self.get(f"/api/v1/stats?group_by={by}"))["groups"]
        return {
            group["key"]: {name: group[name] or 0 for name in ("shares", "unfurls", "clicks")}
            for group in groups
        }
