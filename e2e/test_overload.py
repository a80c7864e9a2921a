"""Overload over TCP, whose waiting no socket tells: the loop's own lag does. New calls get 503 with a spread Retry-After, emergency
calls are taken and a call that is up stays up; later new registrations are refused too, and refreshes are not. The limits are set low, so that
a bounded load is enough; nothing here is timed."""
import contextlib
import re
import socket
import threading

from support.baresip import a_call_throughout
from support.process import wait_for
from support.sip import Endpoint, Registration, token

CONNECTIONS, EACH = 12, 1500
# An emergency call in the middle of each connection's calls: one that is read with many others before and after it.
EMERGENCY = EACH // 2


def flood(server, number, answers):
    """Sends all its INVITEs at once and reads until each has its final answer."""
    with socket.create_connection((server.host, server.sip_port), timeout=60) as s:
        port = s.getsockname()[1]
        domain = server.users()[0].domain

        def invite(index):
            called = "112" if index == EMERGENCY else "1003"
            return (f"INVITE sip:{called}@{domain} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:{port};branch=z9hG4bK{token()}\r\nMax-Forwards: 70\r\n"
                    f"From: <sip:1004@{domain}>;tag={token()}\r\nTo: <sip:{called}@{domain}>\r\nCall-ID: flood-{number}-{index}\r\n"
                    f"CSeq: 1 INVITE\r\nContact: <sip:1004@127.0.0.1:{port}>\r\nContent-Length: 0\r\n\r\n")
        wire = "".join(map(invite, range(EACH))).encode()
        threading.Thread(target=s.sendall, args=(wire,), daemon=True).start()
        data = b""
        while len(re.findall(rb"SIP/2\.0 (?:401|503) ", data)) < EACH:
            more = s.recv(1 << 20)
            if not more:
                break
            data += more
        answers.append(data.decode())


@contextlib.contextmanager
def flooded(server):
    """The floods run while the block does, which gets their threads; at its end all are over. What they were answered comes in `answers`."""
    answers = []
    threads = [threading.Thread(target=flood, args=(server, number, answers)) for number in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    try:
        yield threads, answers
    finally:
        for thread in threads:
            thread.join(90)


def test_overload_over_tcp_refuses_new_calls_while_one_is_up_but_no_emergency_call(own_server, tmp_path):
    server = own_server(users=6).serve_with("overload:\n  calls-ms: 10\n  registrations-ms: 10000\n")
    with a_call_throughout(server, tmp_path), flooded(server) as (_, answers):
        pass
    text = "".join(answers)
    assert len(re.findall(r"SIP/2\.0 (?:401|503) ", text)) == CONNECTIONS * EACH, "every INVITE has its answer"
    refused = text.count("SIP/2.0 503 ")
    spread = set(re.findall(r"Retry-After: *(\d+)", text))
    assert refused and len(spread) > 3, f"{refused} refused, Retry-After {spread}"
    metrics = server.metrics()
    assert metrics['martinet_overload_refusals_total{method="INVITE"}'] == refused
    assert max(value for name, value in metrics.items() if name.startswith("martinet_sip_delay_seconds") and 'kind="loop"' in name) > 0.01
    # Calls to 112 are asked for a password like any other; where those before and after are refused, too.
    found = re.findall(r"SIP/2\.0 (\d+) (?:.+\r\n)+?Call-ID: flood-(\d+)-(\d+)\r\n", text)
    status = {(int(connection), int(index)): int(code) for code, connection, index in found}
    assert len(status) == CONNECTIONS * EACH
    assert [status[number, EMERGENCY] for number in range(CONNECTIONS)] == [401] * CONNECTIONS
    assert any(status[number, EMERGENCY - 1] == status[number, EMERGENCY + 1] == 503 for number in range(CONNECTIONS)), "no 112 was in the overload"


def test_overload_refuses_new_registrations_and_serves_refreshes(own_server):
    """Between two strangers, all in one segment, a telephone that is registered asks again: when both are refused it is not."""
    server = own_server(users=6).serve_with("overload:\n  calls-ms: 10\n  registrations-ms: 10\n")
    endpoint = Endpoint(server, "tcp")
    known = Registration(endpoint, server.user(1005))
    assert known.register().status == 200
    refused, rounds = [], []
    with flooded(server) as (threads, _):
        while any(thread.is_alive() for thread in threads):
            strangers = [Registration(endpoint, server.user(1006)) for _ in range(2)]
            (before, _), (after, _) = (stranger.request(3600, stranger.contact) for stranger in strangers)
            refresh, _ = known.request(3600, known.contact, known.credentials())
            endpoint.send(before + refresh + after)
            answers = {}
            while len(answers) < 3:
                answer = endpoint.receive(60)
                assert answer is not None, f"only {len(answers)} of 3 are answered"
                answers[answer.get("Call-ID")] = answer
            around = [answers[stranger.call_id] for stranger in strangers]
            assert answers[known.call_id].status == 200, answers[known.call_id].text
            assert all(answer.status in (401, 503) for answer in around)
            refused += [answer for answer in around if answer.status == 503]
            rounds.append([answer.status for answer in around])
    assert [503, 503] in rounds, f"no refresh was in the overload: {rounds}"
    assert all(2 <= int(answer.get("Retry-After")) <= 12 for answer in refused)
    assert server.metrics()['martinet_overload_refusals_total{method="REGISTER"}'] == len(refused)
    wait_for(
        lambda: Registration(endpoint, server.user(1006)).register().status == 200, 15, "new registrations are taken again", step=1)
    endpoint.close()
