"""The server under test: `martinet demo` in a data folder of its own."""
import csv
import json
import os
import re
import signal
import subprocess
import urllib.error
import urllib.request

from .ports import free_port, free_range
from .process import Child, wait_for

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BINARY = os.environ.get("MARTINET", os.path.join(ROOT, ".build", "release", "martinet"))


class User:
    def __init__(self, row):
        self.extension, self.username = row["extension"], row["username"]
        self.password, self.domain = row["password"], row["domain"]

    def sipp_authentication(self, password=None, username=None):
        # SIPp expands [authentication] only when it comes whole from one field, and takes "0x..." for hexadecimal.
        password = password or self.password
        if password.startswith("0x"):
            password = "0x" + password.encode().hex()
        return f"[authentication username={username or self.username} password={password}]"


class Martinet:
    """Started with `start`, always ended by the fixture. Ports are free ones; `host` is where phones reach it."""

    def __init__(self, folder, users=10, first=1001, host="127.0.0.1", bind=None, extra=(), prefix=()):
        self.folder, self.users_wanted, self.first = folder, users, first
        self.host, self.bind, self.extra, self.prefix = host, bind or host, list(extra), list(prefix)
        self.data = os.path.join(str(folder), "data")
        self.sip_port, self.tls_port, self.http_port = free_port(), free_port(), free_port()
        start = free_range(400)
        self.rtp_ports = f"{start}-{start + 399}"
        self.child, self.starts = None, 0
        self.keys = None

    # ---------------------------------------------------------------- life
    def command(self):
        if self.keys is not None:
            return [BINARY, "serve", "--config", self.write_configuration()]
        return [BINARY, "demo", "--data", self.data, "--bind", self.bind, "--sip-port", self.sip_port,
                "--tls-port", self.tls_port, "--http-port", self.http_port, "--rtp-ports", self.rtp_ports,
                "--users", self.users_wanted, "--first-extension", self.first, *self.extra]

    def serve_with(self, keys):
        """Started again, by a configuration file: on the demo's data, with these lines of YAML besides the ports."""
        self.stop()
        self.keys = keys
        return self.start()

    def write_configuration(self):
        path = os.path.join(str(self.folder), "martinet.yaml")
        with open(path, "w") as f:
            f.write(f"data: {self.data}\nbind: {self.bind}\nsip-port: {self.sip_port}\ntls-port: {self.tls_port}\n"
                    f"http-port: {self.http_port}\nrtp-ports: {self.rtp_ports}\ndrain-seconds: 5\n{self.keys}")
        return path

    def start(self, ready_within=30):
        assert os.path.exists(BINARY), f"{BINARY} is missing: run make build"
        self.starts += 1
        self.child = Child(self.command(), os.path.join(str(self.folder), f"martinet-{self.starts}.log"), prefix=self.prefix)

        def ready():
            assert self.child.running(), f"martinet ended with {self.child.process.returncode}:\n{self.child.tail()}"
            return self.ready()
        wait_for(ready, ready_within, "GET /health/ready answers 200")
        wait_for(lambda: self.credentials_file(), 5, "demo-credentials.csv is written")
        return self

    def stop(self, within=40):
        """SIGTERM; the server drains and must exit with 0."""
        self.child.signal(signal.SIGTERM)
        code = self.child.wait(within)
        assert code == 0, f"martinet ended with {code} after SIGTERM:\n{self.child.tail()}"

    def kill(self):
        """kill -9, as a power cut to the process."""
        self.child.signal(signal.SIGKILL)
        self.child.wait(5)

    def clean_up(self):
        if self.child is not None:
            self.child.stop(10)

    def log(self):
        return self.child.text()

    # ---------------------------------------------------------------- users
    def credentials_file(self):
        for folder, _, files in os.walk(self.data):
            if "demo-credentials.csv" in files:
                path = os.path.join(folder, "demo-credentials.csv")
                if len(open(path).read().splitlines()) > self.users_wanted:
                    return path
        return None

    def users(self):
        with open(self.credentials_file(), newline="") as f:
            return [User(row) for row in csv.DictReader(f)]

    def user(self, extension):
        return next(u for u in self.users() if u.extension == str(extension))

    # ---------------------------------------------------------------- HTTP
    def http(self, path):
        """Status and text of a GET; 0 while nothing listens."""
        if self.prefix:
            done = subprocess.run([*self.prefix, "curl", "-s", "-m", "3", "-w", "\n%{http_code}", f"http://{self.host}:{self.http_port}{path}"],
                                  capture_output=True, text=True)
            text, _, status = done.stdout.rpartition("\n")
            return int(status or 0), text
        host = f"[{self.host}]" if ":" in self.host else self.host
        try:
            with urllib.request.urlopen(f"http://{host}:{self.http_port}{path}", timeout=3) as r:
                return r.status, r.read().decode()
        except urllib.error.HTTPError as e:
            return e.code, e.read().decode(errors="replace")
        except OSError:
            return 0, ""

    def ready(self):
        return self.http("/health/ready")[0] == 200

    def metrics(self):
        """Every sample of /metrics: name with labels -> value."""
        status, text = self.http("/metrics")
        assert status == 200
        found = {}
        for line in text.splitlines():
            m = re.fullmatch(r"([a-zA-Z_:][\w:]*(?:\{[^}]*\})?) (\S+)(?: \d+)?", line)
            if m and not line.startswith("#"):
                found[m.group(1)] = float(m.group(2))
        return found

    # ---------------------------------------------------------------- command line
    def cli(self, *arguments, check=True, seconds=30):
        """Runs a martinet command on this server's data folder; returns the finished process."""
        return run_cli(*arguments, "--data", self.data, check=check, seconds=seconds, prefix=self.prefix)

    def record(self, dialled, key="outcome", seconds=10):
        """The newest record of a call to this number, waited for until it says `key`: `outcome` once it is over, `verdict` once its audio is judged."""
        def written():
            records = map(json.loads, reversed(self.cli("cdr", "--format", "json").stdout.splitlines()))
            return next((r for r in records if r["dialled"] == str(dialled) and r.get(key)), None)
        return wait_for(written, seconds, f"the record of the call to {dialled} says its {key}")


def run_cli(*arguments, check=True, seconds=30, prefix=()):
    done = subprocess.run([*prefix, BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=seconds, stdin=subprocess.DEVNULL)
    if check:
        assert done.returncode == 0, f"martinet {' '.join(map(str, arguments))} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
    return done
