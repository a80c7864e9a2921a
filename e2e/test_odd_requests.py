"""Requests that are not for here, over real sockets; and STUN on the SIP port (RFC 5626 §3.5.2)."""
import re
import socket
import struct

import pytest

from support.process import wait_for
from support.sip import Endpoint, digest_header, token

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.11\r\ns=-\r\nc=IN IP4 127.0.0.11\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"


def request(endpoint, user, method, to="1002", call_id=None, cseq=1, to_tag="", tag=None, body="", kind="application/sdp", extra="", uri=None):
    branch = "z9hG4bK" + token()
    text = (f"{method} {uri or f'sip:{to}@{user.domain}'} SIP/2.0\r\nVia: SIP/2.0/{endpoint.transport.upper()} {endpoint.host}:{endpoint.port};branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{user.extension}@{user.domain}>;tag={tag or token()}\r\nTo: <sip:{to}@{user.domain}>{to_tag}\r\n"
            f"Call-ID: {call_id or token()}\r\nCSeq: {cseq} {method}\r\nContact: <sip:{user.extension}@{endpoint.host}:{endpoint.port}>\r\n"
            + extra + (f"Content-Type: {kind}\r\n" if body else "") + f"Content-Length: {len(body)}\r\n\r\n{body}")
    return text, branch


@pytest.fixture(params=("udp", "tcp"))
def endpoint(request, server):
    it = Endpoint(server, request.param)
    yield it
    it.close()


@pytest.mark.parametrize("method, status", (("MESSAGE", 405), ("SUBSCRIBE", 405), ("FROBNICATE", 501)))
def test_a_method_out_of_a_dialog(endpoint, server, method, status):
    answer = endpoint.exchange(*request(endpoint, server.users()[0], method))
    assert answer.status == status
    allowed = re.split(r",\s*", answer.get("Allow"))
    assert "INVITE" in allowed and method not in allowed


def test_an_invite_with_another_body(endpoint, server):
    answer = endpoint.exchange(*request(endpoint, server.users()[0], "INVITE", body="hello", kind="text/plain"))
    assert answer.status == 415 and answer.get("Accept") == "application/sdp"


@pytest.mark.parametrize("filling", ("X: y\r\n" * 300, "X: " + "y" * 70_000 + "\r\n"), ids=("300 fields", "70 kB"))
def test_a_header_that_is_too_large_over_tcp(server, filling):
    endpoint = Endpoint(server, "tcp")
    answer = endpoint.exchange(*request(endpoint, server.users()[0], "OPTIONS", extra=filling))
    assert answer.status == 513
    with pytest.raises(ConnectionError):
        endpoint.receive(5)


@pytest.mark.parametrize("transport", ("udp", "tcp"))
def test_the_limits_of_messages_are_configured(own_server, transport):
    server = own_server(users=1).serve_with("limits:\n  header-fields: 40\n  uri-bytes: 300\n")
    user = server.users()[0]
    for extra, to, status in (("X: y\r\n" * 20, "1001", 200), ("X: y\r\n" * 40, "1001", 513), ("", "9" * 400, 414)):
        endpoint = Endpoint(server, transport)
        assert endpoint.exchange(*request(endpoint, user, "OPTIONS", to=to, extra=extra)).status == status
        endpoint.close()


@pytest.mark.parametrize("method, status", (("REFER", 405), ("FROBNICATE", 501)))
def test_a_method_within_a_call(calls, server, method, status):
    callee = calls.callee(1002, "uas_call")
    user = calls.user(1001)
    endpoint = Endpoint(server, local="127.0.0.11")
    call_id, tag = token(), token()
    text, branch = request(endpoint, user, "INVITE", call_id=call_id, tag=tag, body=SDP)
    challenge = endpoint.exchange(text, branch)
    assert challenge.status == 401
    uri = f"sip:1002@{user.domain}"
    endpoint.send(text.replace("INVITE sip", "ACK sip").replace("1 INVITE", "1 ACK").replace(SDP, "").replace(f"Content-Length: {len(SDP)}", "Content-Length: 0"))
    header = digest_header(user, challenge.get("WWW-Authenticate"), "INVITE", uri) + "\r\n"
    answer = endpoint.exchange(*request(endpoint, user, "INVITE", call_id=call_id, tag=tag, cseq=2, body=SDP, extra=header), timeout=10)
    assert answer.status == 200
    dialog = dict(call_id=call_id, tag=tag, to_tag=";tag=" + answer.get("To").partition("tag=")[2],
                  uri=re.search("<(.*?)>", answer.get("Contact")).group(1))
    endpoint.send(request(endpoint, user, "ACK", cseq=2, **dialog)[0])
    odd = endpoint.exchange(*request(endpoint, user, method, cseq=3, **dialog))
    assert odd.status == status and "INVITE" in odd.get("Allow")
    assert endpoint.exchange(*request(endpoint, user, "BYE", cseq=4, **dialog)).status == 200
    callee.succeed()
    endpoint.close()


def test_stun_on_the_sip_port(server):
    """A Binding request is told where it came from; what only looks like one gets nothing and spoils nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.11", 0))
        s.settimeout(5)
        transaction = bytes(range(12))
        s.sendto(struct.pack("!HHI", 2, 0, 0x2112A442) + transaction, ("127.0.0.1", server.sip_port))
        s.sendto(b"\x00\x01garbage", ("127.0.0.1", server.sip_port))
        s.sendto(struct.pack("!HHI", 1, 0, 0x2112A442) + transaction, ("127.0.0.1", server.sip_port))
        answer = s.recv(2048)
        kind, length, cookie = struct.unpack("!HHI", answer[:8])
        assert (kind, length, cookie, answer[8:20]) == (0x0101, 12, 0x2112A442, transaction)
        attribute, size, _, family, port, address = struct.unpack("!HHBBHI", answer[20:32])
        assert (attribute, size, family) == (0x0020, 8, 1)
        assert port ^ 0x2112 == s.getsockname()[1]
        assert struct.pack("!I", address ^ 0x2112A442) == socket.inet_aton("127.0.0.11")
        s.settimeout(0.3)
        with pytest.raises(TimeoutError):
            s.recv(2048)
    wait_for(lambda: server.metrics().get("martinet_stun_answered_total", 0) >= 1, 5, "the answer is counted")
    assert server.metrics()["martinet_stun_dropped_total"] >= 2
