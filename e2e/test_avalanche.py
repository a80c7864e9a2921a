"""Every telephone comes back at once, as after a power cut in a town: all are registered soon, the call that is up does
not notice, and what was acknowledged survives kill -9."""
import time

from support.baresip import a_call_throughout
from support.sipp import Sipp

PHONES = 10_000
REFUSED = 'martinet_overload_refusals_total{method="REGISTER"}'


def test_ten_thousand_phones_returning_at_once_are_registered_within_30_s(own_server, tmp_path):
    """partly: MV-SYS-01"""
    server = own_server(users=PHONES)
    people = server.users()
    # The first two talk on telephones of their own; all others, and these two with a second terminal each, return.
    rows = [(u.extension, u.sipp_authentication()) for u in people]
    with a_call_throughout(server, tmp_path) as (caller, callee):
        held = server.metrics()["martinet_bindings"]
        heard, began = [caller.heard(1000), callee.heard(440)], time.monotonic()
        returning = Sipp(tmp_path, server, "register_returning", rows=rows, calls=PHONES, rate=PHONES, timeout=45,
                         keys={"domain": people[0].domain}, extra=["-l", PHONES, "-buff_size", 8 << 20], trace=False)
        returning.succeed(45)
        took = time.monotonic() - began
        assert took < 30, f"took {took:.1f} s; refused meanwhile: {server.metrics()[REFUSED]:.0f}"
        assert server.metrics()["martinet_bindings"] - held == PHONES
        # Those who talk did not notice: but for what is still on its way into the recording, all was heard that was said.
        for phone, hertz, before in ((caller, 1000, heard[0]), (callee, 440, heard[1])):
            missing = time.monotonic() - began - (phone.heard(hertz) - before)
            assert missing < 1.5, f"{phone.user.extension} missed {missing:.1f} s of {took:.1f} s"
    settled = server.metrics()["martinet_bindings"]
    server.kill()
    server.start()
    assert server.metrics()["martinet_bindings"] == settled >= PHONES
    server.stop()
