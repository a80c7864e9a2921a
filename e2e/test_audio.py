"""Two telephones talk: each plays a tone of its own and must find the other's in what it recorded."""
import pytest

from support.baresip import talk


@pytest.mark.parametrize("caller_transport, callee_transport", [("udp", "udp"), ("tls", "tls"), ("tcp", "udp"), ("udp", "tls")])
def test_both_hear_the_other(phones, server, caller_transport, callee_transport):
    """partly: MV-CALL-01, MV-CALL-12, MV-SEC-01, AL-102"""
    people = server.users()
    caller = phones(server, people[0], 440, transport=caller_transport)
    callee = phones(server, people[1], 1000, transport=callee_transport)
    talk(caller, callee)
    records = server.cli("cdr", "--format", "csv").stdout
    assert people[0].extension in records and people[1].extension in records
