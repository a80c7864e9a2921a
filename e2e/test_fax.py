"""Faxes between terminals of spandsp (support/fax_end.c) in real time: T.38 passed through, and bridged to sound in both directions. The
pages must arrive dot by dot."""
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

    def phone(self, extension, local, speaks_t38, tells=False):
        self.phones.append(FaxPhone(self.server, self.people[str(extension)], local, speaks_t38, tells))
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
    for dialled, way in (("1002", "from T.38 to sound"), ("1004", "from sound to T.38")):
        trace = server.cli("trace", server.record(dialled)["call"]).stdout
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


def test_t38_is_offered_where_a_fax_is_heard(faxes, server):
    """partly: MV-CALL-06"""
    # The called machine's flags are heard; the caller, an adapter that waits to be asked, says in its Contact that it takes T.38. And
    # the other way round: it is the called adapter that takes it. One fax each way, at the same time.
    sender, machine = faxes.phone(1007, "127.0.0.57", True, tells=True), faxes.phone(1008, "127.0.0.58", False)
    caller, receiver = faxes.phone(1009, "127.0.0.59", False), faxes.phone(1010, "127.0.0.60", True, tells=True)
    sender.call(1008)
    caller.call(1010)
    faxes.terminal(machine, "sound", False, "heard.tif")
    faxes.terminal(sender, "t38", True, None)
    faxes.terminal(caller, "sound", False, "sent-back.tif")
    faxes.terminal(receiver, "t38", True, None)
    faxes.arrived("heard.tif", "sent-back.tif")
    assert machine.refused == [] and caller.refused == [], "only who takes T.38 is asked"
    for phone in (sender, receiver):
        assert phone.wait_for("audio"), "who offered T.38 goes back to speech"
    for phone in (sender, caller):
        phone.hang_up()
    wait_for(lambda: all(any(m.method == "BYE" for m in p.requests) for p in (machine, receiver)), 5, "both calls are over")
    record = server.record("1008")
    made = [leg["fax"] for leg in record["media"]]
    assert [f["way"] for f in made] == ["gateway", "gateway-sound"] and [f["sends"] for f in made] == [True, False]
    for fax in made:
        assert (fax["result"], fax["pages"], fax["bitRate"], fax["errorCorrection"]) == ("completed", 2, 14400, True), fax
    trace = server.cli("trace", record["call"]).stdout
    assert "a fax is heard" in trace and "is offered T.38" in trace
    assert "Fax of leg A: fax as T.38, made into sound for the other party: sent, 2 pages at 14400 bit/s with error correction" in trace, trace


def test_a_call_that_begins_as_t38_reaches_a_machine_at_a_telephone_line(faxes, server):
    """partly: MV-CALL-06"""
    sender, machine = faxes.phone(1001, "127.0.0.61", True), faxes.phone(1002, "127.0.0.62", False)
    sender.call(1002, "image")
    assert machine.refused == [], "it is offered sound at once"
    faxes.terminal(machine, "sound", False, "alone.tif")
    faxes.terminal(sender, "t38", True, None)
    faxes.arrived("alone.tif")
    sender.hang_up()


def test_where_t38_is_refused_the_fax_goes_as_sound(faxes, server):
    """partly: MV-CALL-06"""
    # It says it takes T.38, and does not when it comes to it.
    sender, machine = faxes.phone(1003, "127.0.0.63", False, tells=True), faxes.phone(1004, "127.0.0.64", False)
    sender.call(1004)
    faxes.terminal(machine, "sound", False, "sound.tif")
    faxes.terminal(sender, "sound", True, None)
    faxes.arrived("sound.tif")
    assert sender.refused == ["image"] and sender.sessions[-1][0] == "audio"
    sender.hang_up()
