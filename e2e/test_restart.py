"""kill -9 under load: what the server acknowledged is there when it comes back."""
import csv
import io
import threading
import time

from support.process import wait_for
from support.sip import Endpoint, Registration


class Registering(threading.Thread):
    """Registers contact after contact for its users until the server is gone; remembers what got a 200."""

    def __init__(self, server, people):
        super().__init__(daemon=True)
        self.server, self.people, self.acknowledged, self.running = server, people, {}, True

    def run(self):
        number = 0
        while self.running:
            user = self.people[number % len(self.people)]
            number += 1
            endpoint = Endpoint(self.server)
            try:
                registration = Registration(endpoint, user)
                registration.contact = f"<sip:{user.extension}@127.0.0.1:{20000 + number % 10000};n={number}>"
                answer = registration.register()
                if answer.status == 200:
                    self.acknowledged.setdefault(user.extension, []).append(registration.contact[1:-1])
            except (AssertionError, OSError):
                return
            finally:
                endpoint.close()
            if number >= 12 * len(self.people):     # below the limit of contacts per user
                return


def test_acknowledged_registrations_and_call_records_survive_kill_9(own_server, calls_on):
    server = own_server(users=40)
    people = server.users()
    calls = calls_on(server)
    # Load: calls one after the other, and registrations from two threads, until the plug is pulled.
    callee = calls.callee(1002, "uas_call", calls=1000, timeout=60)
    caller = calls.caller(1001, 1002, "uac_call", calls=1000, rate=20, hold_ms=200, timeout=60)
    long_callee = calls.callee(1004, "uas_call", local="127.0.0.14", timeout=60)
    long_caller = calls.caller(1003, 1004, "uac_call", local="127.0.0.15", hold_ms=50000, timeout=60)
    wait_for(lambda: any(m.method == "ACK" for m in long_callee.received()), 10, "the long call is up")
    threads = [Registering(server, people[10:25]), Registering(server, people[25:40])]
    for thread in threads:
        thread.start()
    time.sleep(4)       # load for a while; the moment of the kill must be arbitrary
    server.kill()
    for thread in threads:
        thread.running = False
        thread.join(10)
    for phone in (caller, callee, long_caller, long_callee):
        phone.stop()
    ended = {m.get("Call-ID") for m in callee.sent() if m.status == 200 and m.cseq_method == "BYE"}
    # What the caller was told is what was promised; an answer that the kill caught inside the server was not.
    answered = {m.get("Call-ID") for m in caller.received() if m.status == 200 and m.cseq_method == "INVITE"}
    assert len(ended) > 20, "too little load to prove anything"

    server.start()
    # Every contact that got its 200 is there.
    acknowledged = {}
    for thread in threads:
        acknowledged.update(thread.acknowledged)
    assert sum(map(len, acknowledged.values())) > 50
    for extension, wanted in acknowledged.items():
        endpoint = Endpoint(server)
        held = Registration(endpoint, server.user(extension)).fetch()
        endpoint.close()
        missing = [c for c in wanted if c not in held]
        assert not missing, f"{extension} lost {missing} of {len(wanted)}"
    # Every call that was set up has its record; what the crash left open is closed and marked so.
    rows = list(csv.DictReader(io.StringIO(server.cli("cdr", "--format", "csv").stdout)))
    of_load = [r for r in rows if r["dialled"] == "1002" and "1001@" in r["caller_uri"]]
    assert len(of_load) >= len(answered), f"{len(answered)} callers were answered, {len(of_load)} records are there"
    long_call = [r for r in rows if r["dialled"] == "1004" and "1003@" in r["caller_uri"]]
    assert len(long_call) == 1
    assert long_call[0]["outcome"] == "interrupted" and long_call[0]["ended_at"], long_call
    assert not [r for r in rows if not r["outcome"]], "no record is left open"
    assert server.cli("calls").stdout.count("1003") == 0
    server.stop()


def test_a_second_start_keeps_users_and_passwords(own_server):
    server = own_server(users=5)
    before = open(server.credentials_file()).read()
    server.stop()
    server.start()
    assert open(server.credentials_file()).read() == before
    assert Registration(Endpoint(server), server.user(1003)).register().status == 200
    server.stop()
