"""G.729 with the silence frames of its Annex B in real calls: frames of bcg729, sent as telephones pack them (RFC 3551 §4.5.6)."""
import array
import random

import pytest

from support.codecs import Reference, score
from support.process import wait_for
from support.talker import Codec, Talker

ANNEX_B = Codec(18, "G729/8000", "annexb=yes")
PLAIN = Codec(18, "G729/8000", "annexb=no")
PCMA = Codec(8, "PCMA/8000")


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def speech(reference):
    """Sentences with two seconds of faint noise before, between and behind them, and their frames: 10 bytes of speech, 2 of silence, none
    while the noise is the same."""
    chance = random.Random(1)
    noise = array.array("h", (int(chance.gauss(0, 8)) for _ in range(16000))).tobytes()
    with open(reference.voice("en")[8000], "rb") as samples:
        voice = samples.read()
    path = reference.path()
    with open(path, "wb") as out:
        out.write(noise + voice[:96000] + noise + voice[96000:] + noise)
    return path, reference.encode("g729b", path, ms=10)


def packed(frames):
    """Packets of 20 ms at most as (ms, payload): a frame of silence is the last of its packet, and what is left out begins none."""
    packets, place = [], 0
    while place < len(frames):
        payload = frames[place]
        if len(payload) == 10 and place + 1 < len(frames):
            payload += frames[place + 1]
            packets.append((10 * place, payload))
            place += 2
            continue
        if payload:
            packets.append((10 * place, payload))
        place += 1
    return packets


@pytest.fixture
def talkers(server):
    made = []

    def make(*codecs):
        people = server.users()
        made.extend(Talker(server, people[i], codec) for i, codec in enumerate(codecs))
        made[1].serve()
        made[0].call(made[1])
        return made
    yield make
    for talker in made:
        talker.stop()


def say(talker, packets, listener):
    talker.speak(packets).join()
    wait_for(lambda: len(listener.heard) > 0, 5, "something is heard")
    # The last packet is under way.
    count = -1
    while count != len(listener.heard):
        count = len(listener.heard)
        talker.ending.wait(0.2)


def test_what_is_packed_has_all_kinds_of_packets(speech):
    sizes = {len(payload) for _, payload in packed(speech[1])}
    assert sizes == {2, 12, 20}


def test_between_telephones_of_g729_frames_are_relayed_untouched(talkers, speech):
    """Annex B: silence frames and the time left out between packets too."""
    caller, callee = talkers(ANNEX_B, ANNEX_B)
    assert "annexb=no" not in caller.their_codecs + callee.their_codecs
    packets = packed(speech[1])
    say(caller, packets, callee)
    heard = callee.heard
    assert [p.payload for p in heard] == [payload for _, payload in packets]
    assert [(p.timestamp - heard[0].timestamp) % 2**32 for p in heard] == [8 * (ms - packets[0][0]) for ms, _ in packets]
    assert [(p.sequence - heard[0].sequence) % 65536 for p in heard] == list(range(len(packets)))
    assert {p.ssrc for p in heard} != {77}
    caller.hang_up()


def test_a_telephone_without_annex_b_has_the_other_told(talkers):
    """RFC 4856 §2.1.9: where one side says annexb=no, no side sends silence frames."""
    caller, _ = talkers(ANNEX_B, PLAIN)
    assert "annexb=no" in caller.their_codecs
    caller.hang_up()


def test_frames_of_speech_and_silence_are_heard_by_a_telephone_of_g711(talkers, reference, speech, capsys):
    caller, callee = talkers(ANNEX_B, PCMA)
    # A telephone that sends silence frames all the same is understood.
    assert "annexb=no" in caller.their_codecs
    original, frames = speech
    packets = packed(frames)
    say(caller, packets, callee)
    # Silence that is left out is noise in packets like the others: one stream without a gap. The speaker is gone after his last silence:
    # its noise ends after ten seconds.
    stamps = [(p.timestamp - callee.heard[0].timestamp) % 2**32 for p in callee.heard]
    assert stamps == [160 * i for i in range(len(stamps))]
    said = packets[-1][0] - packets[0][0]
    assert abs(20 * len(stamps) - said - 10_000) <= 200
    spoken = callee.heard[:said // 20]
    assert sum(1 for p in spoken if len(set(p.payload)) == 1) < len(spoken) / 20, "a pause is not dead"
    arrivals = [p.arrival for p in callee.heard]
    assert max(b - a for a, b in zip(arrivals, arrivals[1:])) < 0.2
    sound = [half for p in spoken for half in (p.payload[:80], p.payload[80:])]
    begun = packets[0][0] // 10
    here = score(8000, original, reference.decode("pcma", [b"\xd5" * 80] * begun + sound))
    alone = reference.decode("g729b", frames, ms=10)
    alone = score(8000, original, reference.decode("pcma", reference.encode("pcma", alone)))
    with capsys.disabled():
        print(f"\n  PESQ G.729 Annex B to PCMA: call {here:.3f}, libraries {alone:.3f}", end="")
    assert here >= alone - 0.1
    caller.hang_up()


def test_a_telephone_of_g729_hears_frames_of_speech_alone(talkers, reference, speech):
    """Nothing is left out for it: what was silent is coded like the rest."""
    caller, callee = talkers(PCMA, PLAIN)
    packets = reference.encode("pcma", speech[0])[:400]
    say(caller, [(20 * i, p) for i, p in enumerate(packets)], callee)
    assert len(callee.heard) == len(packets) and all(len(p.payload) == 20 for p in callee.heard)
    assert "annexb=no" in callee.their_codecs
    samples = reference.decode("pcma", packets)
    assert [p.payload for p in callee.heard] == reference.encode("g729", samples), "as bcg729 alone codes it"
    caller.hang_up()
