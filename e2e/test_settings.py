"""Settings of tenants and users: a running server follows them, and a mistake says what, where and what to do and changes nothing."""
import re
import signal
import time

import pytest

from support.martinet import ROOT
from support.process import wait_for
from support.sip import Endpoint, Registration, contacts
from test_cli import refused

NAT = "<sip:{0}@10.77.0.9:5060>"     # a contact that is not where it comes from: a phone behind NAT


def followed(server, *arguments):
    """Runs a command that changes settings, and waits until the server has read them."""
    def times():
        return server.log().count("tenants and users read anew")
    before = times()
    done = server.cli(*arguments)
    wait_for(lambda: times() > before, 10, "the server has read the settings anew")
    return done.stdout


@pytest.fixture
def tenant_set(server):
    """Sets a tenant's keys, and puts them back after the test."""
    keys = []

    def change(*assignments):
        keys.extend(a.split("=")[0] for a in assignments)
        return followed(server, "tenant", "set", "demo", *assignments)
    yield change
    if keys:
        followed(server, "tenant", "set", "demo", *sorted({f"{k}=default" for k in keys}))


@pytest.fixture
def user_set(server):
    """Sets a user's keys, and puts them back after the test."""
    keys = []

    def change(extension, *assignments):
        keys.extend((extension, a.split("=")[0]) for a in assignments)
        return followed(server, "user", "set", extension, "--tenant", "demo", *assignments)
    yield change
    for extension, key in set(keys):
        followed(server, "user", "set", extension, "--tenant", "demo", f"{key}=default")


@pytest.fixture
def endpoint(server):
    made = []

    def make(transport="udp", **more):
        made.append(Endpoint(server, transport, **more))
        return made[-1]
    yield make
    for it in made:
        it.close()


def algorithms(endpoint, user):
    answer = Registration(endpoint, user)._send(60, f"<sip:{user.extension}@127.0.0.1>", None, "")
    assert answer.status == 401, answer.text
    return [re.search(r"algorithm=([\w-]+)", line).group(1) for line in answer.all("WWW-Authenticate")]


def bytes_from(endpoint, wanted, seconds):
    """Reads datagrams or a stream until `wanted` came; the seconds it took, or None. OPTIONS get no answer."""
    began = time.monotonic()
    while (left := began + seconds - time.monotonic()) > 0:
        endpoint.socket.settimeout(left)
        try:
            data = endpoint.socket.recv(65535)
        except TimeoutError:
            return None
        if data == wanted:
            return time.monotonic() - began
    return None


# ---------------------------------------------------------------- what a running server makes of them
def test_the_challenge_names_the_algorithms_of_tenant_and_user(server, tenant_set, user_set, endpoint):
    it = endpoint()
    first, second = server.user(1001), server.user(1002)
    assert algorithms(it, first) == ["MD5"]
    tenant_set("digest-algorithms=SHA-256,MD5")
    wait_for(lambda: algorithms(it, first) == ["SHA-256", "MD5"], 5, "the challenge names SHA-256 first")
    user_set(1002, "digest-algorithms=SHA-256")
    wait_for(lambda: algorithms(it, second) == ["SHA-256"], 5, "the challenge of 1002 names SHA-256 alone")
    assert algorithms(it, first) == ["SHA-256", "MD5"]
    # And the password is taken by it.
    registration = Registration(it, second)
    assert registration.register(expires=60).status == 200
    assert "SHA-256" in registration.challenge
    registration.unregister()


def test_a_keep_alive_of_line_ends_reaches_phones_over_udp_and_tcp_at_once(server, tenant_set, user_set, endpoint):
    udp, tcp = endpoint("udp"), endpoint("tcp")
    nat = Registration(udp, server.user(1003), contact=NAT.format(1003))
    stream = Registration(tcp, server.user(1004))
    assert nat.register().status == 200 and stream.register().status == 200
    # The phones are registered already: the change alone brings the keep-alives.
    tenant_set("keep-alive=10", "keep-alive-kind=crlf")
    user_set(1004, "keep-alive=10")
    assert bytes_from(udp, b"\r\n\r\n", 14) is not None
    assert bytes_from(tcp, b"\r\n\r\n", 14) is not None
    # And back to OPTIONS.
    tenant_set("keep-alive-kind=default")
    wait_for(lambda: (m := udp.receive(2)) is not None and m.method == "OPTIONS", 14, "an OPTIONS comes")
    for it in (nat, stream):
        it.unregister()


def test_registrations_shows_the_round_trip_and_the_loss_of_a_connection(server, tenant_set, endpoint):
    tenant_set("keep-alive=10", "keep-alive-phones=all")
    it = endpoint()
    phone = Registration(it, server.user(1005))
    assert phone.register().status == 200
    options = wait_for(lambda: it.receive(1), 14, "an OPTIONS comes", step=0)
    assert options.method == "OPTIONS"
    time.sleep(0.06)    # the round trip that is to be shown
    it.reply(options, 200)

    def line(extension):
        return next((x for x in server.cli("registrations").stdout.splitlines() if x.startswith(str(extension))), "")
    shown = wait_for(lambda: re.search(r"(\d+) ms", line(1005)), 5, "the round trip is shown")
    assert 60 <= int(shown.group(1)) <= 500
    assert "connection gone" not in line(1005) and "silent" not in line(1005)

    tcp = endpoint("tcp")
    assert Registration(tcp, server.user(1006)).register().status == 200
    wait_for(lambda: "TCP" in line(1006), 5, "the phone is listed")
    assert "connection gone" not in line(1006)
    tcp.close()
    wait_for(lambda: "connection gone" in line(1006), 5, "the lost connection is shown")
    # Back on another connection, with the same contact: nothing is said of the old one.
    again = Registration(endpoint("tcp"), server.user(1006))
    again.contact = f"<sip:1006@127.0.0.1:{tcp.port};transport=tcp>"
    assert again.register().status == 200
    wait_for(lambda: "connection gone" not in line(1006), 5, "the new connection is shown")
    again.unregister()
    phone.unregister()


def test_the_contact_limit_of_a_tenant_and_of_one_user(server, tenant_set, user_set, endpoint):
    it = endpoint()

    def statuses(extension, count):
        made = [Registration(it, server.user(extension), contact=f"<sip:{extension}@127.0.0.1:{7000 + n}>") for n in range(count)]
        codes = [r.register(expires=60).status for r in made]
        made[0].register(expires=0, contact="*")
        return codes
    tenant_set("contact-limit=2")
    user_set(1008, "contact-limit=3")
    wait_for(lambda: statuses(1007, 3) == [200, 200, 403], 5, "the third phone of 1007 is refused")
    wait_for(lambda: statuses(1008, 4) == [200, 200, 200, 403], 5, "the fourth phone of 1008 is refused")


def test_service_route_and_expiry_of_a_registration(server, tenant_set, endpoint):
    it = Registration(endpoint(), server.user(1009))
    assert it.register().get("Service-Route") is None
    tenant_set("service-route=sip:edge1.example;lr,<sip:edge2.example;lr>", "registration-max=10m", "registration-spread=0",
               "registration-max-nat=2m", "registration-max-stream=3m")
    wait_for(lambda: it.register().get("Service-Route") == "<sip:edge1.example;lr>, <sip:edge2.example;lr>", 5, "Service-Route is in the 200")
    assert list(contacts(it.register()).values()) == [600]
    assert it.register(expires=0, contact="*").status == 200
    assert list(contacts(it.register(contact=NAT.format(1009))).values()) == [120]
    assert it.register(expires=0, contact="*").status == 200
    stream = Registration(endpoint("tcp"), server.user(1009))
    assert list(contacts(stream.register()).values()) == [180]
    stream.unregister()


def test_a_silent_phone_is_asked_after_its_time_and_calls_that_are_up_keep_theirs(server, calls, user_set):
    def asked(sipp):
        return [m for m in sipp.received() if m.method == "OPTIONS"]
    old_callee = calls.callee(1012, "uas_call")
    old = calls.caller(1011, 1012, "uac_call", hold_ms=16000)
    wait_for(lambda: any(m.method == "ACK" for m in old_callee.received()), 10, "the first call is up")
    user_set(1013, "media-silence=10")
    user_set(1011, "media-silence=10")
    callee = calls.callee(1014, "uas_call", local="127.0.0.14")
    caller = calls.caller(1013, 1014, "uac_call", local="127.0.0.15", hold_ms=13000)
    calls.both_end_well(caller, callee)
    calls.both_end_well(old, old_callee)
    assert asked(caller), "the caller with 10 s is asked"
    assert not asked(callee), "its peer, with the tenant's 60 s, is not"
    assert not asked(old), "the call that was up before keeps its 60 s"
    # Who answers is still there: the call was as good as any.
    for called in (1012, 1014):
        record = server.record(called)
        assert (record["outcome"], record["hangupBy"]) == ("answered", "caller"), record


def test_a_silent_phone_that_knows_of_no_call_ends_it_and_the_record_says_so(server, calls, user_set):
    user_set(1017, "media-silence=10")
    callee = calls.callee(1018, "uas_call", local="127.0.0.14")
    caller = calls.caller(1017, 1018, "uac_call", local="127.0.0.15", hold_ms=30000)
    wait_for(lambda: any(m.method == "ACK" for m in callee.received()), 10, "the call is up")
    # The caller loses its power; back again, it has forgotten the call.
    caller.signal(signal.SIGKILL)
    caller.wait(5)
    rebooted = Endpoint(server, local=caller.local, port=caller.port)
    try:
        question = wait_for(lambda: rebooted.receive(1), 15, "the silent caller is asked", step=0)
        assert question.method == "OPTIONS", question.text
        rebooted.reply(question, 481, "Call/Transaction Does Not Exist")
        callee.succeed(10)
    finally:
        rebooted.close()
    record = server.record(1018)
    assert (record["outcome"], record["hangupBy"]) == ("media-lost", "server"), record
    assert "no media" in record["reason"] and 9 <= record["talkSeconds"] <= 16, record


def test_no_answer_and_session_timer_of_a_user(server, calls, user_set):
    user_set(1016, "no-answer=5", "session-timer=off")
    callee = calls.callee(1016, "uas_cancelled")
    began = time.monotonic()
    caller = calls.caller(1015, 1016, "uac_refused", parameters={"status": 480})
    wait_for(lambda: any(m.status == 480 for m in caller.received()), 12, "the caller gets 480")
    assert 4.5 <= time.monotonic() - began <= 9
    invite = next(m for m in callee.received() if m.method == "INVITE")
    assert invite.get("Session-Expires") is None and "timer" not in (invite.get("Supported") or "")


# ---------------------------------------------------------------- what is shown
def test_show_names_each_value_and_where_it_comes_from(server, tenant_set, user_set):
    said = tenant_set("no-answer=30", "registration-max=30m")
    assert "no-answer: 120 s -> 30 s" in said and "registration-max: 3600 s -> 1800 s" in said
    user_set(1001, "keep-alive=20", "latch-any-source=on")
    tenant = server.cli("tenant", "show", "demo").stdout
    assert re.search(r"^no-answer +30 s +tenant ", tenant, re.M) and re.search(r"^contact-limit +16 +default ", tenant, re.M)
    user = server.cli("user", "show", "1001", "--tenant", "demo").stdout
    assert re.search(r"^no-answer +30 s +tenant ", user, re.M) and re.search(r"^keep-alive +20 s +user ", user, re.M)
    assert re.search(r"^latch-any-source +on +user ", user, re.M) and re.search(r"^contact-limit +16 +default ", user, re.M)
    assert "no-answer: 30 s -> 120 s (the default)" in tenant_set("no-answer=default")
    assert "demo" in server.cli("tenant", "list").stdout and "1001" in server.cli("user", "list").stdout


# ---------------------------------------------------------------- mistakes
@pytest.mark.parametrize("words, says", [
    (("tenant", "set", "demo", "contact-limit=5", "no-anwser=30"), ["demo", "no-anwser", "did you mean .no-answer", "Nothing was changed"]),
    (("tenant", "set", "demo", "contact-limit=5", "no-answer=3"), ["no-answer", "5 to 600 seconds", "not .3"]),
    (("tenant", "set", "demo", "contact-limit=5", "redirects=moon"), ["redirects", "none, inside", "moon"]),
    (("tenant", "set", "demo", "contact-limit=5", "registration-min=600"), ["registration-max-nat", "registration-min"]),
    (("tenant", "set", "demo", "contact-limit=5", "latch-any-source=on"), ["latch-any-source", "martinet user set"]),
    (("tenant", "set", "demmo", "contact-limit=5"), ["demmo", "demo"]),
    (("tenant", "set", "demo"), ["key=value"]),
    (("tenant", "show", "nobody"), ["nobody", "demo"]),
    (("user", "set", "1001", "--tenant", "demo", "contact-limit=5", "emergency-numbers=1"), ["1001", "emergency-numbers", "tenant set"]),
    (("user", "set", "10001", "--tenant", "demo", "contact-limit=5"), ["10001", "did you mean 1001"]),
    (("user", "set", "1001", "--tenant", "demo", "--username", "x", "contact-limit=5"), ["username", "1001"]),
    (("user", "show", "7777", "--tenant", "demo"), ["7777"]),
])
def test_a_mistake_is_named_and_changes_nothing(server, words, says):
    refused(*words, "--data", server.data, says=says)
    assert re.search(r"^contact-limit +16 +default ", server.cli("tenant", "show", "demo").stdout, re.M)
    assert re.search(r"^contact-limit +16 +default ", server.cli("user", "show", "1001", "--tenant", "demo").stdout, re.M)


def test_the_help_names_every_key(server):
    keys = re.findall(r"^\| `([a-z-]+)` \|", open(f"{ROOT}/docs/guides/settings.md", encoding="utf-8").read(), re.M)
    assert len(keys) > 20
    text = server.cli("tenant", "set", "--help").stdout + server.cli("user", "set", "--help").stdout
    assert [k for k in keys if f"{k}=" not in text] == []
