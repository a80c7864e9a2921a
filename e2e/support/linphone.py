"""linphonec, linphone's console program, as a telephone over TLS. It is steered through its standard input, which must be
a terminal: only while readline waits for a key does it look after its calls."""
import os
import pty
import subprocess

from .ports import free_port
from .process import Child, wait_for


class Linphone:
    def __init__(self, folder, server, user, transport="tls"):
        self.user = user
        self.folder = os.path.join(str(folder), f"linphone-{user.extension}")
        os.makedirs(os.path.join(self.folder, ".local", "share", "linphone"))
        port = server.tls_port if transport == "tls" else server.sip_port
        own = {name: free_port() if name == transport else 0 for name in ("udp", "tcp", "tls")}
        ports = f"sip_port={own['udp']}\nsip_tcp_port={own['tcp']}\nsip_tls_port={own['tls']}\n"
        with open(os.path.join(self.folder, "rc"), "w") as f:
            f.write(f"""[sip]
{ports}verify_server_certs=0
verify_server_cn=0
default_proxy=0
guess_hostname=1
[net]
mtu=1300
[sound]
echocancellation=0
[video]
enabled=0
[auth_info_0]
username={user.username}
userid={user.username}
passwd={user.password}
realm=
domain={user.domain}
[proxy_0]
reg_proxy=<sip:{server.host}:{port};transport={transport}>
reg_route=<sip:{server.host}:{port};transport={transport};lr>
reg_identity=<sip:{user.extension}@{user.domain}>
reg_expires=120
reg_sendregister=1
publish=0
""")
        # Without a sound card it plays and records files.
        home = {**os.environ, "HOME": self.folder}
        self.terminal, inside = pty.openpty()
        self.child = Child(["linphonec", "-d", "6", "-l", os.path.join(self.folder, "debug"), "-c", os.path.join(self.folder, "rc"), "-a"],
                           os.path.join(self.folder, "log"), stdin=inside, env={**home, "TERM": "dumb"}, cwd=self.folder)
        os.close(inside)
        self.command("soundcard use files")

    def command(self, line):
        os.write(self.terminal, (line + "\n").encode())

    def wait_for_state(self, state, seconds=15):
        """Until linphone's own log names a state such as LinphoneRegistrationOk or LinphoneCallStreamsRunning."""
        def seen():
            if not os.path.exists(os.path.join(self.folder, "debug")):
                return False
            with open(os.path.join(self.folder, "debug"), encoding="utf-8", errors="replace") as f:
                return state in f.read()
        wait_for(seen, seconds, f"linphonec {self.user.extension} is in {state}:\n{self.child.tail(20)}", step=0.2)

    def wait_registered(self, seconds=15):
        self.wait_for_state("LinphoneRegistrationOk", seconds)
        return self

    def stop(self):
        if self.child.running():
            try:
                self.command("terminate all")
                self.command("quit")
                self.child.process.wait(5)
            except (OSError, subprocess.TimeoutExpired):
                pass
        self.child.stop()
        os.close(self.terminal)
