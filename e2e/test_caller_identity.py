"""Who the called telephone is told is calling: name and number by the directory, whatever the caller's own From says; nobody
where the caller asks for it (RFC 3325, RFC 3323)."""
import re

import pytest

from support.martinet import User
from support.process import wait_for
from support.sip import Endpoint, Registration

NAME = "Zoë Müller-Łęcka"


@pytest.fixture
def office(own_server, calls_on, tmp_path):
    """A server that knows 3001 by a name beyond ASCII; and its telephones."""
    server = own_server(users=4)
    people = tmp_path / "people.csv"
    people.write_text(f"extension,name,password\n3001,{NAME},Swift-3001-pw\n", encoding="utf-8")
    server.cli("user", "import", people, "--tenant", "demo")
    calls = calls_on(server)
    calls.people["3001"] = User({"extension": "3001", "username": "3001", "password": "Swift-3001-pw", "domain": server.users()[0].domain})
    endpoint = Endpoint(server)
    registration = Registration(endpoint, calls.people["3001"])
    wait_for(lambda: registration.register().status == 200, 10, "the imported user can register", step=0.3)
    endpoint.close()
    yield calls
    server.stop()


def invite_seen(calls, headers=""):
    callee = calls.callee(1002, "uas_call")
    caller = calls.caller(3001, 1002, "uac_call", parameters={"headers": headers})
    calls.both_end_well(caller, callee)
    return next(m for m in callee.received() if m.method == "INVITE")


def test_the_called_side_sees_name_and_number_of_the_directory(office):
    """partly: MV-CALL-02, MV-CALL-04"""
    invite = invite_seen(office)
    for field in ("From", "P-Asserted-Identity"):
        assert re.match(rf'"{NAME}" *<sip:3001@', invite.get(field)), invite.text
    assert "Caller" not in invite.get("From")
    assert invite.get("Privacy") is None


def test_a_caller_that_asks_for_privacy_is_nobody(office):
    """partly: MV-CALL-04"""
    invite = invite_seen(office, "Privacy: id")
    assert "anonymous.invalid" in invite.get("From")
    assert invite.get("P-Asserted-Identity") is None
    for told in (NAME, "Müller", "3001"):
        assert told not in invite.text, f"{told} shows in:\n{invite.text}"
