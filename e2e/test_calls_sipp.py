"""Calls between users of a tenant, with SIPp as both telephones. Every scenario states each message it expects and
fails at any other; after each call no leg may have seen anything of the other (topology hiding, RFC 7092 §3.1)."""
import re

import pytest

from conftest import Calls

TRANSPORTS = ["udp", "tcp"]


@pytest.fixture(scope="module", autouse=True)
def long_calls(server, tmp_path_factory):
    """Two calls by each transport that only time can end are started before all others and looked at last: one rings until the server
    gives up (120 s), one runs until the server refreshes its session timer (45 s)."""
    calls = Calls(tmp_path_factory.mktemp("long"), server)
    started = {}
    for number, transport in enumerate(TRANSPORTS):
        first = 1031 + 4 * number
        local = [f"127.0.0.{31 + 4 * number + i}" for i in range(4)]
        ringing = calls.callee(first, "uas_cancelled", local=local[0], timeout=150, transport=transport)
        unanswered = calls.caller(first + 1, first, "uac_refused", local=local[1], timeout=150, transport=transport,
                                  parameters={"status": 480, "pattern": "SIP/2.0 480"})
        timed_callee = calls.callee(first + 2, "uas_timed", local=local[2], timeout=100, transport=transport)
        timed = calls.caller(first + 3, first + 2, "uac_session_timer", local=local[3], timeout=100, transport=transport)
        started[transport] = {"no answer": (unanswered, ringing), "session timer": (timed, timed_callee)}
    yield started
    calls.stop()


def media_of(message):
    """Connection address and audio port of a session description."""
    address = re.search(r"(?m)^c=IN IP[46] (\S+)", message.body).group(1)
    return address, int(re.search(r"(?m)^m=audio (\d+)", message.body).group(1))


@pytest.mark.parametrize("callee_transport", TRANSPORTS)
@pytest.mark.parametrize("caller_transport", TRANSPORTS)
def test_call_is_answered_and_hung_up_by_the_caller(calls, server, caller_transport, callee_transport):
    callee = calls.callee(1002, "uas_call", transport=callee_transport)
    caller = calls.caller(1001, 1002, "uac_call", transport=caller_transport)
    calls.both_end_well(caller, callee)
    # Media goes through the server on both sides, on ports of its range.
    low, high = map(int, server.rtp_ports.split("-"))
    offer = next(m for m in callee.received() if m.method == "INVITE")
    answer = next(m for m in caller.received() if m.status == 200 and m.cseq_method == "INVITE")
    for message in (offer, answer):
        address, port = media_of(message)
        assert address == server.host
        assert low <= port <= high and port % 2 == 0
    assert media_of(offer)[1] != media_of(answer)[1]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_call_is_hung_up_by_the_called_side(calls, transport):
    callee = calls.callee(1002, "uas_bye", transport=transport)
    calls.both_end_well(calls.caller(1001, 1002, "uac_remote_bye", transport=transport), callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_caller_cancels_while_it_rings(calls, transport):
    callee = calls.callee(1002, "uas_cancelled", transport=transport)
    calls.both_end_well(calls.caller(1001, 1002, "uac_cancel", transport=transport), callee)


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_hung_up(calls):
    callee = calls.callee(1002, "uas_crossing")
    calls.both_end_well(calls.caller(1001, 1002, "uac_cancel"), callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_busy_reaches_the_caller_as_486(calls, transport):
    callee = calls.callee(1002, "uas_refuse", transport=transport, parameters={"status": "486 Busy Here"})
    caller = calls.caller(1001, 1002, "uac_refused", transport=transport, parameters={"status": 486})
    calls.both_end_well(caller, callee)


@pytest.mark.parametrize("sent, wanted", [("600 Busy Everywhere", "(486|600)"), ("603 Decline", "603"), ("488 Not Acceptable Here", "488")])
def test_a_refusal_reaches_the_caller(calls, sent, wanted):
    callee = calls.callee(1002, "uas_refuse", parameters={"status": sent})
    first = sent.split()[0]
    caller = calls.caller(1001, 1002, "uac_refused", parameters={"status": first, "pattern": f"SIP/2.0 {wanted}"})
    calls.both_end_well(caller, callee)


def test_a_number_that_does_not_exist_gets_404(calls):
    calls.caller(1001, 7999, "uac_refused", parameters={"status": 404}).succeed()


def test_a_user_without_a_telephone_gets_480(calls):
    calls.caller(1001, 1030, "uac_refused", parameters={"status": 480}).succeed()


def test_a_caller_without_hops_left_gets_483(calls):
    calls.caller(1001, 1030, "uac_refused_at_once", parameters={"status": 483, "max_forwards": 0}).succeed()


def test_a_wrong_password_gets_no_call_and_no_hint(calls):
    """The answer to a wrong password is a new challenge or 403, the same as for a user that does not exist."""
    known = calls.caller(1003, 1002, "uac_wrong_password", password="wrong").succeed()
    nobody = calls.caller(1003, 1002, "uac_wrong_password", as_user="nobody").succeed()
    known, nobody = ([m for m in phone.received() if m.status in (401, 403)][-1] for phone in (known, nobody))
    assert known.first == nobody.first
    assert [name for name, _ in known.fields] == [name for name, _ in nobody.fields]


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_fork_rings_both_telephones_and_the_loser_hears_why(calls, transport):
    """The loser's CANCEL says that the call was completed elsewhere, so that it shows no missed call (RFC 3326).
    partly: MV-CALL-08"""
    loser = calls.callee(1002, "uas_cancelled", local="127.0.0.12", name="loser", transport=transport,
                         parameters={"cancel": 'Reason:.*SIP.*cause=200.*Call completed elsewhere'})
    winner = calls.callee(1002, "uas_call", local="127.0.0.13", name="winner", transport=transport, parameters={"ring_ms": 600})
    caller = calls.caller(1001, 1002, "uac_call", transport=transport)
    calls.both_end_well(caller, winner, loser)
    # However many telephones ring, the caller sees one early dialog.
    tags = {re.search(r"tag=([^;\s]+)", m.get("To")).group(1) for m in caller.received()
            if m.status and m.status > 100 and m.cseq_method == "INVITE" and m.status != 401}
    assert len(tags) == 1, tags


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_fork_survives_one_busy_telephone(calls, transport):
    busy = calls.callee(1002, "uas_refuse", local="127.0.0.12", name="busy", transport=transport, parameters={"status": "486 Busy Here"})
    winner = calls.callee(1002, "uas_call", local="127.0.0.13", name="winner", transport=transport, parameters={"ring_ms": 600})
    calls.both_end_well(calls.caller(1001, 1002, "uac_call", transport=transport), winner, busy)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_cancelled_fork_cancels_every_telephone(calls, transport):
    one = calls.callee(1002, "uas_cancelled", local="127.0.0.12", name="one", transport=transport)
    two = calls.callee(1002, "uas_cancelled", local="127.0.0.13", name="two", transport=transport, parameters={"ring": "100 Trying"})
    calls.both_end_well(calls.caller(1001, 1002, "uac_cancel", transport=transport), one, two)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_hold_inactive_and_resume_by_reinvite(calls, transport):
    """partly: MV-CALL-02"""
    callee = calls.callee(1002, "uas_hold", transport=transport)
    calls.both_end_well(calls.caller(1001, 1002, "uac_hold", transport=transport), callee)


def test_hold_by_the_null_address(calls):
    callee = calls.callee(1002, "uas_hold_zero")
    calls.both_end_well(calls.caller(1001, 1002, "uac_hold_zero"), callee)


def test_early_media_without_100rel(calls):
    callee = calls.callee(1002, "uas_early")
    calls.both_end_well(calls.caller(1001, 1002, "uac_early"), callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_reliable_provisional_answers_on_both_sides(calls, transport):
    callee = calls.callee(1002, "uas_prack", transport=transport)
    caller = calls.caller(1001, 1002, "uac_prack", transport=transport, parameters={"wants": "Supported"})
    calls.both_end_well(caller, callee)


def test_reliable_provisional_answers_where_the_called_side_alone_has_them(calls):
    callee = calls.callee(1002, "uas_prack")
    calls.both_end_well(calls.caller(1001, 1002, "uac_early"), callee)


def test_reliable_provisional_answers_where_the_caller_alone_requires_them(calls):
    callee = calls.callee(1002, "uas_early")
    calls.both_end_well(calls.caller(1001, 1002, "uac_prack", parameters={"wants": "Require"}), callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_update_changes_the_session(calls, transport):
    callee = calls.callee(1002, "uas_update", transport=transport)
    calls.both_end_well(calls.caller(1001, 1002, "uac_update", transport=transport), callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_invite_without_a_session_description(calls, transport):
    callee = calls.callee(1002, "uas_no_sdp", transport=transport)
    calls.both_end_well(calls.caller(1001, 1002, "uac_no_sdp", transport=transport), callee)


def test_reinvite_without_a_session_description(calls):
    callee = calls.callee(1002, "uas_reinvite_no_sdp")
    calls.both_end_well(calls.caller(1001, 1002, "uac_reinvite_no_sdp"), callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_redirection_within_the_tenant_is_followed(calls, transport):
    target = calls.user(1004)
    redirecting = calls.callee(1002, "uas_refuse", local="127.0.0.12", transport=transport, parameters={
        "status": "302 Moved Temporarily", "contact": f"<sip:{target.extension}@{target.domain}>"})
    answering = calls.callee(1004, "uas_call", local="127.0.0.13", transport=transport)
    calls.both_end_well(calls.caller(1001, 1002, "uac_call", transport=transport), answering, redirecting)


def test_a_session_interval_that_is_too_small_gets_422_with_the_smallest(calls):
    caller = calls.caller(1001, 1002, "uac_refused", parameters={
        "status": 422, "headers": "Supported: timer\\nSession-Expires: 30", "pattern": "Min-SE: *90"})
    caller.succeed()


def test_twenty_calls_at_once(calls):
    callees = [calls.callee(1005 + i, "uas_call", local=f"127.0.0.{50 + i}") for i in range(10)]
    callers = [calls.caller(1015 + i, 1005 + i, "uac_call", local=f"127.0.0.{70 + i}", hold_ms=2000) for i in range(10)]
    for caller, callee in zip(callers, callees):
        calls.both_end_well(caller, callee)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_server_refreshes_the_session_timer(calls, long_calls, transport):
    calls.both_end_well(*long_calls[transport]["session timer"], within=100)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_an_unanswered_call_ends_with_480_and_a_cancel(calls, long_calls, transport):
    calls.both_end_well(*long_calls[transport]["no answer"], within=150)
