"""baresip without a sound card: plays a tone from a file (aufile), throws the heard audio away (aubridge) and writes it
to a file on the way (sndfile). Steered by its ctrl_tcp module."""
import contextlib
import glob
import json
import os
import socket

from .netns import inside
from .ports import free_port
from .process import Child, wait_for
from .tone import write_tone

MODULES = "/usr/lib/baresip/modules"


class Baresip:
    def __init__(self, folder, server, user, tone, transport="udp", address="127.0.0.1", namespace=None, account="", settings=(),
                 codecs="PCMU/8000/1", source_rate=8000):
        self.user, self.tone, self.namespace = user, tone, namespace
        self.folder = os.path.join(str(folder), f"baresip-{user.extension}")
        os.makedirs(self.folder)
        # baresip also takes the port above its SIP port, for TLS.
        self.sip_port, _, self.control_port = free_port(), free_port(), free_port()
        write_tone(os.path.join(self.folder, "tone.wav"), tone)
        host = f"[{server.host}]" if ":" in server.host else server.host
        listen = f"[{address}]" if ":" in address else address
        port = server.tls_port if transport == "tls" else server.sip_port
        lines = [
            "poll_method epoll", f"sip_listen {listen}:{self.sip_port}", "call_local_timeout 120", "call_max_calls 4",
            "audio_player aubridge,nowhere", "audio_alert aubridge,nowhere", f"audio_source aufile,{self.folder}/tone.wav",
            f"ausrc_srate {source_rate}", "auplay_srate 8000", "ausrc_channels 1", "auplay_channels 1", f"snd_path {self.folder}",
            f"module_path {MODULES}", "module g711.so", "module g722.so", "module opus.so", "module aufile.so", "module aubridge.so", "module sndfile.so",
            "module_tmp account.so", "module_app menu.so", "module_app ctrl_tcp.so", f"ctrl_tcp_listen 127.0.0.1:{self.control_port}", *settings]
        self._write("config", "\n".join(lines) + "\n")
        self._write("accounts", f"<sip:{user.extension}@{user.domain};transport={transport}>;auth_user={user.username};auth_pass={user.password};"
                    f"outbound=\"sip:{host}:{port};transport={transport}\";regint=120;answermode=auto;audio_codecs={codecs}{account}\n")
        self._write("contacts", "")
        self.child = Child(["baresip", "-f", self.folder], os.path.join(self.folder, "log"),
                           prefix=["ip", "netns", "exec", namespace] if namespace else [])
        wait_for(self._listens, 10, f"baresip {user.extension} listens for commands")

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w") as f:
            f.write(text)

    def _listens(self):
        assert self.child.running(), self.child.tail()
        try:
            self.connection().close()
            return True
        except OSError:
            return False

    def connection(self):
        with inside(self.namespace):
            s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        s.settimeout(5)
        s.connect(("127.0.0.1", self.control_port))
        return s

    def command(self, name, parameters=""):
        """The answer's text; events that come between are passed over."""
        request = json.dumps({"command": name, "params": parameters, "token": "e2e"}).encode()
        with self.connection() as s:
            s.sendall(b"%d:%s," % (len(request), request))
            data = b""
            while True:
                length, colon, rest = data.partition(b":")
                if colon and len(rest) > int(length):
                    answer = json.loads(rest[: int(length)])
                    data = rest[int(length) + 1:]
                    if answer.get("response"):
                        return answer.get("data", "")
                    continue
                more = s.recv(65535)
                assert more, "baresip closed the control connection"
                data += more

    # ---------------------------------------------------------------- what a person would do
    def wait_registered(self, seconds=15):
        wait_for(lambda: " OK " in self.command("reginfo").replace("\x1b[32m", " ").replace("\x1b[;m", " "), seconds,
                 f"baresip {self.user.extension} is registered:\n{self.child.tail(10)}")
        return self

    def dial(self, number):
        self.command("dial", str(number))
        wait_for(self.in_call, 15, f"baresip {self.user.extension} is in a call:\n{self.child.tail(15)}")

    def in_call(self):
        return "ESTABLISHED" in self.command("listcalls")

    def hang_up(self):
        self.command("hangup")

    def heard(self, hertz):
        """Seconds of the tone in everything this telephone has received."""
        from .tone import seconds_with
        return sum(seconds_with(file, hertz) for file in glob.glob(os.path.join(self.folder, "dump-*-dec.wav")))

    def stop(self):
        self.child.stop()


def talk(caller, callee, seconds=3.0, within=20):
    """A call in which each hears the other's tone for so long, and not its own."""
    caller.wait_registered()
    callee.wait_registered()
    caller.dial(callee.user.extension)
    try:
        for listener, speaker in ((caller, callee), (callee, caller)):
            wait_for(lambda: listener.heard(speaker.tone) >= seconds, within,
                     f"{listener.user.extension} hears {speaker.tone} Hz of {speaker.user.extension} for {seconds} s", step=0.5)
            assert listener.heard(listener.tone) < 0.2, "hears its own tone"
    finally:
        caller.hang_up()
    wait_for(lambda: not callee.in_call(), 10, "the hang-up reaches the other side")


@contextlib.contextmanager
def a_call_throughout(server, folder):
    """The first two users talk while the block runs; in it and afterwards they must hear each other. Gives both telephones."""
    people = server.users()[:2]
    phones = []
    try:
        for person, tone in zip(people, (440, 1000)):
            phones.append(Baresip(folder, server, person, tone))
        for phone in phones:
            phone.wait_registered()
        phones[0].dial(people[1].extension)
        wait_for(lambda: phones[0].heard(1000) > 1 and phones[1].heard(440) > 1, 15, "both hear each other", step=0.5)
        yield phones
        before = [phones[0].heard(1000), phones[1].heard(440)]
        assert phones[0].in_call() and phones[1].in_call(), "the call was lost"
        wait_for(lambda: phones[0].heard(1000) > before[0] + 1 and phones[1].heard(440) > before[1] + 1, 10,
                 "both still hear each other", step=0.5)
        phones[0].hang_up()
    finally:
        for phone in phones:
            phone.stop()
