"""Registrations over a restart with other listeners, and `check` beside a running server."""
import os
import re
import socket

import pytest

from support.martinet import BINARY, Martinet, run_cli
from support.ports import free_port
from support.process import wait_for
from support.sip import Endpoint, Registration
from test_cli import refused


class Configured(Martinet):
    """`martinet serve` on the data folder of a demo, with listeners of its own: (transport, port) in order."""

    def __init__(self, demo, listeners):
        super().__init__(demo.folder, users=demo.users_wanted)
        self.data, self.starts, self.listeners = demo.data, demo.starts, listeners
        self.sip_port = next((p for t, p in listeners if t == "udp"), 0)
        self.config = os.path.join(str(self.folder), f"martinet-{len(os.listdir(str(self.folder)))}.yaml")
        with open(self.config, "w") as f:
            f.write(f"data: {self.data}\nhttp-port: {self.http_port}\nhttp-bind: 127.0.0.1\nsip:\n")
            f.write("".join(f"  - transport: {t}\n    bind: 127.0.0.1\n    port: {p}\n" for t, p in listeners))
            f.write(f"media:\n  - bind: 127.0.0.1\n    ports: {self.rtp_ports}\n")

    def command(self):
        return [BINARY, "serve", "--config", self.config]


@pytest.fixture
def configured(request):
    def start(demo, listeners):
        it = Configured(demo, listeners)
        request.addfinalizer(it.clean_up)
        return it.start()
    return start


def source_of_options(endpoint, seconds=15):
    """The port that a keep-alive comes from. The phone does not register meanwhile."""
    def one():
        endpoint.socket.settimeout(seconds)
        data, source = endpoint.socket.recvfrom(65535)
        return source[1] if data.startswith(b"OPTIONS ") else None
    return wait_for(one, seconds, "an OPTIONS comes", step=0)


def test_a_registration_keeps_its_listener_when_their_order_changes(own_server, configured):
    demo = own_server(users=3)
    demo.cli("tenant", "set", "demo", "keep-alive=10", "keep-alive-phones=all")
    demo.stop()
    a, b, c = free_port(), free_port(), free_port()
    server = configured(demo, [("udp", a), ("tcp", a), ("udp", b), ("tcp", c)])
    phone, stream = Endpoint(server), Endpoint(server, "tcp")
    phone.socket.settimeout(5)
    phone.remote = (server.host, b)
    assert Registration(phone, server.user(1001)).register().status == 200
    assert Registration(stream, server.user(1002)).register().status == 200
    server.kill()
    # Others before it: its number is the TCP listener's now. It is asked from where it registered, without registering anew.
    server = configured(demo, [("udp", a), ("udp", c), ("tcp", b), ("udp", b), ("tcp", a)])
    assert source_of_options(phone) == b
    listed = server.cli("registrations").stdout
    assert re.search(r"^1001 .* UDP ", listed, re.M) and "connection gone" not in re.search(r"^1001.*", listed, re.M).group()
    assert "connection gone" in re.search(r"^1002.*", listed, re.M).group(), "a restart cuts every connection"
    server.kill()
    # Its listener is gone: the other one of its transport; TCP is gone altogether, which the log tells.
    server = configured(demo, [("udp", c)])
    assert source_of_options(phone) == c
    assert re.search(r"no listener reaches their phones.*", server.log()), server.log()
    assert "TCP" in re.search(r".*no listener reaches their phones.*", server.log()).group()
    server.stop()
    phone.close()
    stream.close()


def test_check_beside_a_running_server_knows_its_ports_and_still_names_those_of_others(own_server, configured, tmp_path):
    demo = own_server(users=2)
    flags = ["--data", demo.data, "--bind", demo.bind, "--sip-port", demo.sip_port, "--tls-port", demo.tls_port,
             "--http-port", demo.http_port, "--rtp-ports", demo.rtp_ports]
    done = run_cli("check", *flags)
    held = re.findall(rf"^ok +port +.*: held by the running server \(pid {demo.child.pid}\)$", done.stdout, re.M)
    assert len(held) == 4, done.stdout      # UDP, TCP, TLS, HTTP
    assert f"in use by the running server (pid {demo.child.pid})" in done.stdout
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        flags[flags.index("--http-port") + 1] = port
        refused("check", *flags, says=[rf"fail +port +HTTP 127.0.0.1:{port}.*in use by"])
    # A second server's ports are another program's, though it is called martinet too.
    other = own_server(users=2)
    flags[flags.index("--http-port") + 1] = other.http_port
    refused("check", *flags, says=[rf"HTTP 127.0.0.1:{other.http_port}.*in use by martinet \(process {other.child.pid}\)"])
    other.stop()
    demo.stop()
    # Nobody holds the folder any more, whatever its lock file says.
    flags[flags.index("--http-port") + 1] = demo.http_port
    done = run_cli("check", *flags)
    assert "running server" not in done.stdout and f"HTTP 127.0.0.1:{demo.http_port}: free" in done.stdout
