"""Telephones that share no codec hear each other: what one says is decoded and encoded for the other."""
import pytest

from support.baresip import talk

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
