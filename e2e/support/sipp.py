"""SIPp as calling and called telephone. Scenarios are the XML files of e2e/sipp; <include part="x" name="value"/>
in one of them stands for e2e/sipp/parts/x.xml with {{name}} replaced ({{name|default}} where it may be missing)."""
import os
import re
import socket
import threading

from .ports import free_port
from .process import Child, wait_for
from .sip import Endpoint, Message, Registration

FOLDER = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "sipp")


def expand(name, parameters=None):
    """The scenario's text with its parameters and its parts put in. A line that is nothing but a placeholder without
    a value is left out, so that no empty line cuts a message's head."""
    text = _fill(_read(name), parameters or {}, name)
    count = 1
    while count:
        text, count = re.subn(r'(?m)^[ \t]*<include((?:\s+\w+="[^"]*")+)\s*/>\n?', lambda m: _part(m.group(1), name), text)
    assert "<include" not in text, f"{name}.xml: an include cannot be read: {re.search('<include.*', text).group()}"
    return text


def _read(*path):
    return open(os.path.join(FOLDER, *path) + ".xml", encoding="utf-8").read()


def _part(attributes, name):
    values = dict(re.findall(r'(\w+)="([^"]*)"', attributes))
    text = re.sub(r"\s*<!--.*?-->\n", "", _read("parts", values.pop("part")), count=1, flags=re.S)
    return _fill(text, values, name)


def _fill(text, values, name):
    def value(match):
        key, has_default, default = match.group(1).partition("|")
        if key not in values and not has_default:
            raise KeyError(f"{name}.xml: {key} is not given")
        given = values.get(key, "")
        return default if given == "" else str(given)

    lines = []
    for line in text.split("\n"):
        filled = re.sub(r"\{\{([^{}]*)\}\}", value, line)
        if filled.strip() or not re.search(r"\{\{", line):
            lines += [filled] if "<include" in filled else filled.split("\\n")
    return "\n".join(lines)


class Sipp(Child):
    """One SIPp process. `wait()` gives its exit code: 0 when every call went as the scenario says."""

    def __init__(self, folder, server, scenario, rows=(), local="127.0.0.11", port=None, transport="udp", calls=1, rate=10,
                 keys=None, hold_ms=500, timeout=40, extra=(), remote=True, name=None, prefix=(), parameters=None,
                 trace=True):
        self.scenario, self.local, self.port = scenario, local, port or free_port()
        self.name = name or f"{scenario}-{self.port}"
        base = os.path.join(str(folder), self.name)
        self.messages_file = base + ".messages"
        self.errors_file = base + ".errors"
        with open(base + ".xml", "w", encoding="utf-8") as f:
            f.write(expand(scenario, parameters))
        host = f"[{server.host}]" if ":" in server.host else server.host
        command = ["sipp"] + ([f"{host}:{server.sip_port}"] if remote else []) + [
            "-sf", base + ".xml", "-i", local, "-p", self.port, "-t", {"udp": "u1", "tcp": "t1"}[transport], "-nostdin", "-m", calls,
            "-r", rate, "-recv_timeout", timeout * 1000 - 5000, "-timeout", timeout, "-timeout_error", "-aa", "-mp", free_port(), "-mi", local,
            "-cid_str", f"secret-{self.name}-%u-%p@%s",
            "-trace_err", "-error_file", self.errors_file, "-max_retrans", 10]
        if trace:
            command += ["-trace_msg", "-message_file", self.messages_file]
        if rows:
            with open(base + ".csv", "w", encoding="utf-8") as f:
                f.write("SEQUENTIAL\n" + "".join(";".join(map(str, row)) + "\n" for row in rows))
            command += ["-inf", base + ".csv"]
        for key, value in (keys or {}).items():
            command += ["-key", key, value]
        super().__init__(command + ["-d", hold_ms] + list(extra), base + ".log", cwd=str(folder), prefix=prefix)

    def messages(self):
        """What crossed this telephone's socket: list of (direction "in" or "out", Message)."""
        try:
            text = open(self.messages_file, encoding="utf-8", errors="replace", newline="").read()
        except OSError:
            return []
        text = text.replace("\r\n", "\n")
        found = []
        for chunk in re.split(r"(?m)^-{20,}[^\n]*\n", text):
            m = re.match(r"\w+ message (sent|received)[^\n]*\n\n?(.*)", chunk, re.S)
            if m:
                found.append(("in" if m.group(1) == "received" else "out", Message(m.group(2).lstrip("\n").replace("\n", "\r\n"))))
        return found

    def received(self):
        return [m for d, m in self.messages() if d == "in"]

    def sent(self):
        return [m for d, m in self.messages() if d == "out"]

    def errors(self):
        try:
            return open(self.errors_file, encoding="utf-8", errors="replace").read()[-3000:]
        except OSError:
            return ""

    def succeed(self, within=45):
        """The scenario must end well."""
        code = self.wait(within)
        assert code == 0, f"SIPp {self.name} ended with {code}:\n{self.errors()}\n{self.flow()}"
        return self

    def flow(self):
        return "\n".join(f"  {'<-' if d == 'in' else '->'} {m.first}" for d, m in self.messages())


class Pipe:
    """Keeps the TCP connection of a registered telephone and passes its bytes to and from SIPp's listening port,
    because SIPp's called side cannot register on the connection that it is then called over."""

    def __init__(self, endpoint, host, port):
        self.phone = endpoint.socket
        self.phone.settimeout(None)
        self.sipp = socket.create_connection((host, port))
        self.threads = [threading.Thread(target=self._pass, args=pair, daemon=True)
                        for pair in ((self.phone, self.sipp), (self.sipp, self.phone))]
        for thread in self.threads:
            thread.start()

    @staticmethod
    def _pass(source, sink):
        try:
            while data := source.recv(65535):
                sink.sendall(data)
        except OSError:
            pass

    def close(self):
        for s in (self.phone, self.sipp):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()


class Callee:
    """A registered telephone: registers `user` from `local`, then SIPp plays `scenario` on that address."""

    def __init__(self, folder, server, user, scenario, local="127.0.0.12", transport="udp", name=None, contact_parameters="", **more):
        self.port = free_port()
        self.pipe = None
        endpoint = Endpoint(server, transport, local, self.port)
        self.server, self.registration = server, Registration(endpoint, user, parameters=contact_parameters)
        answer = self.registration.register()
        assert answer.status == 200, f"{user.extension} could not register:\n{answer.text}"
        if transport == "udp":
            endpoint.close()
            self.sipp = Sipp(folder, server, scenario, local=local, port=self.port, remote=False, name=name, **more)
        else:
            inner = free_port()
            self.sipp = Sipp(folder, server, scenario, local="127.0.0.1", port=inner, transport="tcp", remote=False,
                             name=name, **more)
            wait_for(lambda: self._bound("tcp"), 5, f"SIPp listens on port {inner}")
            self.pipe = Pipe(endpoint, "127.0.0.1", inner)
        wait_for(lambda: self._bound(transport), 5, f"SIPp is bound to port {self.sipp.port}")

    def _bound(self, transport):
        """Read from /proc, because trying to bind the port could take it from SIPp."""
        assert self.sipp.running(), f"SIPp ended:\n{self.sipp.tail()}"
        files = [f"/proc/{self.sipp.pid}/net/{transport}{suffix}" for suffix in ("", "6")]
        return any(f":{self.sipp.port:04X} " in open(file).read() for file in files if os.path.exists(file))

    def stop(self):
        """Ends SIPp and takes the contact back, so that the next test does not ring it."""
        if self.pipe:
            self.pipe.close()
        self.sipp.stop()
        if self.server.child.running():
            self.registration.endpoint = Endpoint(self.server, "udp", "::1" if ":" in self.server.host else "127.0.0.1")
            self.registration.unregister()
            self.registration.endpoint.close()
