"""What supervision asks over HTTP."""
from support.sip import Endpoint, Registration


def test_live_and_ready(server):
    assert server.http("/health/live")[0] == 200
    assert server.http("/health/ready")[0] == 200


def test_an_unknown_path_is_404(server):
    assert server.http("/nothing-here")[0] == 404


def test_metrics_are_prometheus_text_and_move_with_the_work(server):
    before = server.metrics()
    assert before, "no samples"
    registration = Registration(Endpoint(server), server.user(1001))
    registration.register()
    after = server.metrics()
    moved = [name for name in after if after[name] > before.get(name, 0)]
    assert any("regist" in name.lower() for name in moved), moved
    registration.unregister()
    # No label may come from the wire: a method nobody knows is counted as "other".
    endpoint = Endpoint(server)
    endpoint.send("FROBNICATE sip:x@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKq\r\nFrom: <sip:a@b>;tag=1\r\n"
                  "To: <sip:x@127.0.0.1>\r\nCall-ID: q\r\nCSeq: 1 FROBNICATE\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n")
    endpoint.receive(1)
    assert not any("frobnicate" in name.lower() for name in server.metrics())
