"""Calls to a name elsewhere (RFC 3263): a telephone answers 302 to sip:carol@peer.test, and a name server of the test says where
that is. The tenant's setting lets redirections out; the first places are dead."""
import pytest

from support.dns import NameServer
from support.far import FarPhone
from support.ports import free_port
from support.process import wait_for


@pytest.fixture
def far():
    """Where the name leads: two dead places of the first priority, a living one of the second."""
    port = free_port()
    phones = {"dead1": FarPhone("127.0.0.81", port, silent=True), "dead2": FarPhone("127.0.0.82", port, silent=True),
              "alive": FarPhone("127.0.0.83", port)}
    names = NameServer({
        ("peer.test", "NAPTR"): [(10, 10, "s", "SIP+D2U", "_sip._udp.peer.test"), (20, 10, "s", "SIP+D2T", "_sip._tcp.peer.test")],
        ("_sip._udp.peer.test", "SRV"): [(1, 60, port, "dead1.peer.test"), (1, 40, port, "dead2.peer.test"), (2, 10, port, "alive.peer.test")],
        ("_sip._tcp.peer.test", "SRV"): [(1, 1, port, "alive.peer.test")],
        ("dead1.peer.test", "A"): ["127.0.0.81"], ("dead2.peer.test", "A"): ["127.0.0.82"], ("alive.peer.test", "A"): ["127.0.0.83"],
        ("alive.peer.test", "AAAA"): ["::1"],
    })
    phones["names"] = names
    yield phones
    for it in phones.values():
        it.close()


@pytest.fixture
def office(own_server, far, calls_on):
    server = own_server(users=6)
    server.cli("tenant", "set", "demo", "redirects=anywhere")
    return calls_on(server.serve_with(f"dns:\n  servers: [{far['names'].address}]\n  deny-seconds: 30\n  candidate-ms: 1000\n"))


def redirect(office, uri="sip:carol@peer.test"):
    return office.callee(1002, "uas_refuse", local="127.0.0.12", parameters={"status": "302 Moved Temporarily", "contact": f"<{uri}>"})


def test_dead_places_are_passed_and_then_avoided(office, far):
    """The first call tries both dead places before the living one; the second goes there straight."""
    redirect(office)
    office.caller(1001, 1002, "uac_call").succeed()
    dead = [far["dead1"], far["dead2"]]
    tried = [phone.requests("INVITE") for phone in dead]
    assert all(tried), "each dead place was tried"
    (_, invite), = far["alive"].requests("INVITE")
    branches = {m.get("Via").partition("branch=")[2] for found in tried for _, m in found} | {invite.get("Via").partition("branch=")[2]}
    assert len(branches) == 3, "each place has a branch of its own"
    assert {m.get("Call-ID") for found in tried for _, m in found} == {invite.get("Call-ID")}
    assert invite.first == "INVITE sip:carol@peer.test SIP/2.0"
    wait_for(lambda: far["alive"].requests("BYE"), 5, "the BYE goes to where the call is")
    assert len(far["alive"].requests("ACK")) == 1
    seen = [len(phone.received) for phone in dead]
    asked = len(far["names"].questions)
    office.callee(1003, "uas_refuse", local="127.0.0.14", parameters={"status": "302 Moved Temporarily", "contact": "<sip:carol@peer.test>"})
    office.caller(1001, 1003, "uac_call").succeed()
    assert len(far["alive"].requests("INVITE")) == 2
    assert [len(phone.received) for phone in dead] == seen, "a dead place is not asked again within its deny time"
    assert len(far["names"].questions) == asked, "nor is DNS, within its TTL"


def test_a_cancel_follows_to_nobody_else(office, far):
    """All places dead: the caller hears 480 and nothing rings on."""
    far["alive"].silent = True
    redirect(office)
    caller = office.caller(1001, 1002, "uac_refused", parameters={"status": 480})
    caller.succeed(60)
    assert all(phone.requests("INVITE") for phone in (far["dead1"], far["dead2"], far["alive"]))
    assert not any(phone.requests("CANCEL") for phone in (far["dead1"], far["dead2"], far["alive"])), "no CANCEL without a 1xx (RFC 3261 §9.1)"


def test_a_503_leads_to_the_next_place(office, far):
    far["dead1"].silent = far["dead2"].silent = False
    far["dead1"].status = far["dead2"].status = 503
    redirect(office)
    office.caller(1001, 1002, "uac_call").succeed()
    assert far["dead1"].requests("ACK") and far["dead2"].requests("ACK")
    assert len(far["alive"].requests("INVITE")) == 1


@pytest.mark.parametrize("speaks_tcp", (True, False))
def test_a_large_invite_goes_over_tcp_or_back_over_udp(office, far, speaks_tcp):
    port = free_port()
    phone = FarPhone("127.0.0.84", port, tcp=speaks_tcp)
    far["names"].records.update({("big.test", "A"): ["127.0.0.84"]})
    try:
        redirect(office, f"sip:carol@big.test:{port}")
        office.caller(1001, 1002, "uac_call", parameters={"headers": "Subject: " + "x" * 1300}).succeed()
        assert [transport for transport, _ in phone.requests("INVITE")] == ["TCP" if speaks_tcp else "UDP"]
        (_, invite), = phone.requests("INVITE")
        assert len(invite.text) > 1300 and invite.get("Via").startswith("SIP/2.0/" + ("TCP" if speaks_tcp else "UDP"))
    finally:
        phone.close()


def test_without_dns_the_caller_hears_480(office, far):
    far["names"].silent = True
    redirect(office)
    office.caller(1001, 1002, "uac_refused", parameters={"status": 480}).succeed(60)
    assert not far["alive"].received
    assert ("peer.test", "NAPTR") in far["names"].questions, "the name server was asked"


def test_by_default_a_redirection_stays_in_the_tenant(server, calls, far):
    calls.callee(1002, "uas_refuse", local="127.0.0.12", parameters={"status": "302 Moved Temporarily", "contact": "<sip:carol@peer.test>"})
    calls.caller(1001, 1002, "uac_refused", parameters={"status": 480}).succeed()
    assert not far["names"].questions
