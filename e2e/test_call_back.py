"""Whom a telephone shows as the caller: by the host it was itself set up with, the server's address or a domain, so that calling back
works; and calls to hosts that are none of ours."""
import pytest

from support.baresip import Baresip
from support.martinet import User
from support.process import wait_for
from support.sip import Endpoint, Registration

DOMAIN = "demo.martinet"


def with_domain(user, domain):
    return User({"extension": user.extension, "username": user.username, "password": user.password, "domain": domain})


def test_the_callers_host_is_the_one_the_called_telephone_is_set_up_with(server, calls):
    """partly: MV-CALL-02"""
    by_address, by_domain = calls.user(1002), with_domain(calls.user(1003), DOMAIN)
    assert by_address.domain == server.host
    calls.people["1003"] = by_domain
    for callee, host in ((1002, server.host), (1003, DOMAIN)):
        called = calls.callee(callee, "uas_call")
        caller = calls.caller(1001, callee, "uac_call")
        calls.both_end_well(caller, called)
        invite = next(m for m in called.received() if m.method == "INVITE")
        for field in ("From", "P-Asserted-Identity"):
            assert f"<sip:1001@{host}>" in invite.get(field), invite.text


@pytest.mark.parametrize("domain", ["", DOMAIN], ids=["by address", "by domain"])
def test_a_telephone_calls_back_what_it_was_shown(server, tmp_path, domain):
    """partly: MV-CALL-02"""
    first, second = server.users()[4:6]
    second = with_domain(second, domain or second.domain)
    alice = Baresip(tmp_path, server, first, 440)
    bob = Baresip(tmp_path, server, second, 1000)
    try:
        alice.wait_registered()
        bob.wait_registered()
        alice.dial(second.extension)
        shown = f"sip:{first.extension}@{domain or server.host}"
        wait_for(lambda: shown in bob.command("listcalls"), 5, f"the called telephone shows {shown}: {bob.command('listcalls')}")
        alice.hang_up()
        wait_for(lambda: not bob.in_call(), 5, "the first call ends")
        bob.dial(shown)
        assert alice.in_call()
        bob.hang_up()
    finally:
        alice.stop()
        bob.stop()


@pytest.fixture
def endpoint(server):
    it = Endpoint(server)
    yield it
    it.close()


def test_a_registration_for_somebody_elses_domain_is_not_found(calls, endpoint):
    assert Registration(endpoint, with_domain(calls.user(1007), "elsewhere.example")).register().status == 404


def test_an_address_that_a_telephone_is_set_up_with_may_be_one_that_a_router_forwards(calls, endpoint):
    """The server knows no such address. Where the telephone names it as its own home it is ours; where it only asks there, it is not."""
    telephone = Registration(endpoint, with_domain(calls.user(1007), "198.51.100.77"))
    assert telephone.register().status == 200
    assert telephone.unregister().status == 200
    assert Registration(endpoint, calls.user(1007), registrar="198.51.100.77").register().status == 404
