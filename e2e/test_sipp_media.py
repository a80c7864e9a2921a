"""SIPp with media: the caller streams a tone, the called side echoes what it hears; the server relays it, or transcodes it where the two
speak different codings. Both of SIPp's legs must have heard everything."""
import os
import re

import pytest

SECONDS = 6
# One period of 400 Hz in A-law (G.711): a square wave of half the loudness.
TONE = b"\xaa" * 10 + b"\x2a" * 10


@pytest.mark.parametrize("pair, formats, codecs", [((1001, 1002), "8", ["PCMA", "PCMA"]), ((1003, 1004), "0", ["PCMA", "PCMU"])])
def test_a_tone_that_sipp_streams_comes_back_from_one_that_echoes(calls, server, tmp_path, pair, formats, codecs):
    caller, called = pair
    file = os.path.join(tmp_path, "tone.alaw")
    with open(file, "wb") as f:
        f.write(TONE * 400)
    callee = calls.callee(called, "uas_call", parameters={"formats": formats}, extra=["-rtp_echo"])
    phone = calls.caller(caller, called, "uac_rtp", hold_ms=1000 * SECONDS, parameters={"formats": "8", "type": 8, "file": file})
    calls.both_end_well(phone, callee)
    record = server.record(called, "verdict")
    assert record["verdict"].startswith("both heard each other well"), record
    assert [leg["codec"] for leg in record["media"]] == codecs, record
    for leg in record["media"]:
        assert bool(leg.get("transcoded")) == (codecs[0] != codecs[1]), record
        assert leg["packetsIn"] > 45 * SECONDS and leg["packetsOut"] > 45 * SECONDS and leg["packetsLost"] == 0, record
    status, page = server.http("/metrics")
    assert status == 200 and not re.search(r"martinet_media_packets_dropped_total\{[^}]*\} [1-9]", page), page
