"""Telephones that share no codec hear each other: what one says is decoded and encoded for the other."""
import array
import math
import os
import wave

import pytest

from support.baresip import talk
from support.process import wait_for

PCMU, PCMA, G722, OPUS = "PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "opus/48000/2"


@pytest.mark.parametrize("caller_codec, callee_codec", [
    (PCMA, PCMU), (PCMU, G722), (G722, PCMA), (PCMA, OPUS), (OPUS, G722)])
def test_telephones_without_a_common_codec_hear_each_other(phones, server, caller_codec, callee_codec):
    """partly: MV-CALL-11"""
    people = server.users()
    caller = phones(server, people[0], 440, codecs=caller_codec)
    callee = phones(server, people[1], 1000, codecs=callee_codec)
    talk(caller, callee)


@pytest.mark.parametrize("codec", [G722, OPUS])
def test_a_common_codec_is_relayed(phones, server, codec):
    people = server.users()
    caller = phones(server, people[0], 440, codecs=f"{codec},{PCMA}")
    callee = phones(server, people[1], 1000, codecs=f"{PCMU},{codec}")
    talk(caller, callee)


def test_a_telephone_that_asks_for_dtx_is_sent_less_in_pauses_and_hears_everything(phones, server):
    """RFC 7587 §3.1.3: `usedtx=1` in its description; the other speaks PCMA for 2 s and is silent for 4 s, in turns."""
    people = server.users()
    caller = phones(server, people[2], 440, codecs=PCMA)
    callee = phones(server, people[3], 1000, codecs=OPUS, settings=["opus_dtx yes"])
    tone = array.array("h", (int(8000 * math.sin(2 * math.pi * 440 * i / 8000)) for i in range(16000)))
    with wave.open(os.path.join(caller.folder, "tone.wav"), "wb") as w:
        w.setparams((1, 2, 8000, 0, "NONE", ""))
        for _ in range(10):
            w.writeframes(tone.tobytes() + bytes(2 * 4 * 8000))
    caller.wait_registered()
    callee.wait_registered()
    caller.dial(callee.user.extension)
    wait_for(lambda: callee.heard(440) >= 4.5, 30, "the tone is heard in three turns")
    caller.hang_up()
    record = server.record(callee.user.extension, "verdict")
    spoken, heard = record["media"]
    assert heard["codec"].startswith("opus") and heard["transcoded"]
    assert heard["packetsOut"] < 0.7 * spoken["packetsIn"], record
    assert "heard nothing" not in record["verdict"], record
