"""Overload over TCP, whose waiting no socket tells: the loop's own lag does. New calls get 503 with a spread Retry-After, a call that is
up stays up. The limit is set low, so that a bounded load is enough; nothing here is timed."""
import re
import socket
import threading

from support.baresip import a_call_throughout
from support.sip import token

CONNECTIONS, EACH = 12, 1500


def flood(server, answers):
    """Sends all its INVITEs at once and reads until each has its final answer."""
    with socket.create_connection((server.host, server.sip_port), timeout=60) as s:
        port = s.getsockname()[1]
        domain = server.users()[0].domain
        wire = "".join(
            f"INVITE sip:1003@{domain} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:{port};branch=z9hG4bK{token()}\r\nMax-Forwards: 70\r\n"
            f"From: <sip:1004@{domain}>;tag={token()}\r\nTo: <sip:1003@{domain}>\r\nCall-ID: {token()}\r\nCSeq: 1 INVITE\r\n"
            f"Contact: <sip:1004@127.0.0.1:{port}>\r\nContent-Length: 0\r\n\r\n" for _ in range(EACH)).encode()
        threading.Thread(target=s.sendall, args=(wire,), daemon=True).start()
        data = b""
        while len(re.findall(rb"SIP/2\.0 (?:401|503) ", data)) < EACH:
            more = s.recv(1 << 20)
            if not more:
                break
            data += more
        answers.append(data.decode())


def test_overload_over_tcp_refuses_new_calls_while_one_is_up(own_server, tmp_path):
    server = own_server(users=6).serve_with("overload:\n  calls-ms: 10\n  registrations-ms: 10000\n")
    answers = []
    with a_call_throughout(server, tmp_path):
        threads = [threading.Thread(target=flood, args=(server, answers)) for _ in range(CONNECTIONS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)
    text = "".join(answers)
    assert len(re.findall(r"SIP/2\.0 (?:401|503) ", text)) == CONNECTIONS * EACH, "every INVITE has its answer"
    refused = text.count("SIP/2.0 503 ")
    spread = set(re.findall(r"Retry-After: *(\d+)", text))
    assert refused and len(spread) > 3, f"{refused} refused, Retry-After {spread}"
    metrics = server.metrics()
    assert metrics['martinet_overload_refusals_total{method="INVITE"}'] == refused
    assert max(value for name, value in metrics.items() if name.startswith("martinet_sip_delay_seconds") and 'kind="loop"' in name) > 0.01
