"""SIGTERM: no new calls (503), the call that is up lives on to its end, then the server ends with 0."""
import signal

from support.process import wait_for


def test_a_call_outlives_sigterm_and_new_calls_are_refused(own_server, calls_on):
    server = own_server(users=10)
    calls = calls_on(server)
    callee = calls.callee(1002, "uas_call")
    idle = calls.callee(1004, "uas_call", local="127.0.0.14")
    caller = calls.caller(1001, 1002, "uac_call", hold_ms=6000)
    wait_for(lambda: any(m.method == "ACK" for m in callee.received()), 10, "the call is up")
    server.child.signal(signal.SIGTERM)
    wait_for(lambda: server.http("/health/ready")[0] != 200, 5, "the server says that it is not ready any more")
    calls.caller(1003, 1004, "uac_refused_at_once", local="127.0.0.13", parameters={"status": 503}).succeed(15)
    assert not idle.received()
    assert server.child.running() and not any(m.method == "BYE" for m in callee.received())
    calls.both_end_well(caller, callee)
    assert server.child.wait(15) == 0
    assert "1002" in server.cli("cdr", "--format", "csv").stdout


def test_an_idle_server_ends_at_once(own_server):
    server = own_server(users=2)
    server.stop(within=5)
