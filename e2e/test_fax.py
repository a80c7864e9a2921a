"""Faxes between terminals of spandsp (support/fax_end.c) in real time: T.38 passed through, and bridged to sound in both directions. The
pages must arrive dot by dot."""
import json
import os
import subprocess

import pytest

from support.faxphone import FaxPhone
from support.martinet import ROOT
from support.process import wait_for

SECONDS = 90


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("fax") / "fax_end")
    subprocess.run(["cc", "-O2", "-o", path, os.path.join(ROOT, "e2e/support/fax_end.c"), "-lspandsp", "-ltiff"], check=True)
    return path


class Faxes:
    """Phones and terminals of a test, and the pages they send."""

    def __init__(self, server, program, folder):
        self.server, self.program, self.folder = server, program, folder
        self.people = {u.extension: u for u in server.users()}
        self.phones, self.terminals = [], []
        self.page = str(folder / "sent.tif")
        subprocess.run([program, "make", self.page], check=True)

    def phone(self, extension, local, speaks_t38):
        self.phones.append(FaxPhone(self.server, self.people[str(extension)], local, speaks_t38))
        return self.phones[-1]

    def terminal(self, phone, kind, sends, name):
        """A terminal on a phone's session, which must be of this kind."""
        address, port = phone.wait_for("image" if kind == "t38" else "audio")
        path = self.page if sends else str(self.folder / name)
        words = [self.program, kind, "send" if sends else "receive", path, phone.endpoint.local, phone.port, address, port, SECONDS]
        self.terminals.append(subprocess.Popen([str(w) for w in words], stdout=subprocess.PIPE, text=True))

    def arrived(self, *names):
        """All terminals end well, and the pages are those that were sent."""
        for terminal in self.terminals:
            out, _ = terminal.communicate(timeout=SECONDS + 20)
            assert out.strip() == "result 0 pages 2 rate 14400 ecm 1" and terminal.returncode == 0, out
        for name in names:
            assert subprocess.run([self.program, "same", self.page, str(self.folder / name)]).returncode == 0, name

    def stop(self):
        for terminal in self.terminals:
            if terminal.poll() is None:
                terminal.kill()
        for phone in self.phones:
            phone.stop()


@pytest.fixture
def faxes(server, program, tmp_path):
    it = Faxes(server, program, tmp_path)
    yield it
    it.stop()


def test_a_fax_goes_from_t38_to_a_machine_at_a_telephone_line_and_back(faxes, server):
    """partly: MV-CALL-06"""
    # One fax each way at the same time; the callee of the second turns to T.38, as fax servers do that are called.
    sender, machine = faxes.phone(1001, "127.0.0.51", True), faxes.phone(1002, "127.0.0.52", False)
    caller, receiver = faxes.phone(1003, "127.0.0.53", False), faxes.phone(1004, "127.0.0.54", True)
    sender.call(1002)
    assert sender.turn("image") == 200 and machine.refused == ["image"], "asked first, and bridged then"
    faxes.terminal(machine, "sound", False, "machine.tif")
    faxes.terminal(sender, "t38", True, None)
    caller.call(1004)
    assert receiver.turn("image") == 200 and caller.refused == ["image"]
    faxes.terminal(receiver, "t38", False, "server.tif")
    faxes.terminal(caller, "sound", True, None)
    faxes.arrived("machine.tif", "server.tif")
    assert sender.turn("audio") == 200 and machine.wait_for("audio"), "speech goes on after the fax"
    for phone in (sender, caller):
        phone.hang_up()
    wait_for(lambda: all(any(m.method == "BYE" for m in p.requests) for p in (machine, receiver)), 5, "both calls are over")
    records = {r["dialled"]: r["call"] for r in map(json.loads, server.cli("cdr", "--format", "json").stdout.splitlines())}
    for dialled, way in (("1002", "from T.38 to sound"), ("1004", "from sound to T.38")):
        trace = server.cli("trace", records[dialled]).stdout
        assert f"the fax is complete: 2 pages {way} at 14400 bit/s with error correction" in trace, trace


def test_between_two_that_speak_t38_a_fax_passes_through(faxes):
    """partly: MV-CALL-06"""
    sender, receiver = faxes.phone(1005, "127.0.0.55", True), faxes.phone(1006, "127.0.0.56", True)
    sender.call(1006)
    assert sender.turn("image") == 200
    faxes.terminal(receiver, "t38", False, "through.tif")
    faxes.terminal(sender, "t38", True, None)
    faxes.arrived("through.tif")
    sender.hang_up()
