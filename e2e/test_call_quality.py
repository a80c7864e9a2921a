"""How good a voice is after a call through the server, beside the codec libraries doing the same alone: decode, bring to the other
rate, encode. Telephones made here speak it, both at once, each its own language; all calls are up together."""
import random
import statistics

import pytest

from support.codecs import Reference, score
from support.martinet import Martinet
from support.process import wait_for
from support.talker import Codec, Talker

# What a telephone says in SDP; the reference's name, its settings, its rate.
PCMU = (Codec(0, "PCMU/8000"), "pcmu", (), 8000)
PCMA = (Codec(8, "PCMA/8000"), "pcma", (), 8000)
G722 = (Codec(9, "G722/8000"), "g722", (), 16000)
G729 = (Codec(18, "G729/8000", "annexb=no"), "g729", (), 8000)
# As much as the server sends to telephones that play wideband.
OPUS = (Codec(111, "opus/48000/2", "maxplaybackrate=16000;sprop-maxcapturerate=16000;useinbandfec=1"), "opus16", (20000, 5), 16000)
NAMES = {"pcmu": "PCMU", "pcma": "PCMA", "g722": "G.722", "g729": "G.729", "opus16": "Opus"}

# Caller, callee, and how many of the packets towards the server are lost, in per cent.
CALLS = [
    (PCMA, PCMA, 0), (G722, G722, 0), (G729, G729, 0), (OPUS, OPUS, 0),
    (PCMA, PCMU, 0), (PCMA, G722, 0), (PCMA, OPUS, 0), (PCMU, G729, 0), (G722, OPUS, 0), (G722, G729, 0), (OPUS, G729, 0),
    (G722, G722, 5), (PCMA, PCMU, 5), (PCMA, G722, 5), (PCMA, OPUS, 5), (PCMU, G729, 5), (G722, OPUS, 5),
]
# Which packets are lost decides more than how they are made up, so lossy calls are made several times.
PATTERNS = 3
ALL = [call for call in CALLS for _ in range(PATTERNS if call[2] else 1)]


def label(call):
    lost = f", {call[2]} % lost" if call[2] else ""
    return f"{NAMES[call[0][1]]} and {NAMES[call[1][1]]}{lost}"


class Way:
    """One direction of one call: what is spoken, what it should become, and what was heard."""

    def __init__(self, reference, speaks, hears, language, voice, percent, seed):
        self.speaks, self.hears, self.language, self.percent = speaks, hears, language, percent
        self.is_relayed = speaks[1] == hears[1]
        self.original = voice[speaks[3]]
        settings = (*speaks[2], percent) if percent and speaks[2] else speaks[2]
        self.packets = reference.encode(speaks[1], self.original, *settings)
        chance = random.Random(seed)
        # The first ones come, so that the stream's beginning is known.
        self.lost = [i for i in range(10, len(self.packets)) if chance.random() < percent / 100]
        self.arriving = [b"" if i in set(self.lost) else p for i, p in enumerate(self.packets)]
        # At the lower rate of both, as a telephone with the narrower band hears no more.
        self.rate = min(speaks[3], hears[3])
        self.voice = voice[self.rate]

    def judge(self, reference, heard):
        """PESQ of what was heard, and of what the libraries make of the same packets."""
        alone = self.arriving
        if not self.is_relayed:
            samples = reference.resample(reference.decode(self.speaks[1], alone), self.speaks[3], self.hears[3])
            alone = reference.encode(self.hears[1], samples, *self.hears[2])
        files = [reference.resample(reference.decode(self.hears[1], p), self.hears[3], self.rate) for p in (heard, alone)]
        return [score(self.rate, self.voice, file) for file in files]


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("reference"))


@pytest.fixture(scope="module")
def calls(request, reference, tmp_path_factory):
    """All calls at once, twelve seconds of them: for each its two directions and the telephones that heard them."""
    server = Martinet(tmp_path_factory.mktemp("server"), users=2 * len(ALL))
    request.addfinalizer(server.clean_up)
    server.start()
    voices = {language: reference.voice(language) for language in ("en", "fr")}
    people, talkers, calls = server.users(), [], []
    try:
        for index, (one, other, percent) in enumerate(ALL):
            ways = [Way(reference, one, other, "en", voices["en"], percent, 2 * index), Way(reference, other, one, "fr", voices["fr"], percent, 2 * index + 1)]
            pair = [Talker(server, people[2 * index + side], codec[0]) for side, codec in enumerate((one, other))]
            talkers += pair
            pair[1].serve()
            pair[0].call(pair[1])
            calls.append((pair, ways))
        speaking = [talker.speak([(20 * i, p) for i, p in enumerate(way.packets)], way.lost)
                    for pair, ways in calls for talker, way in zip(pair, ways)]
        for thread in speaking:
            thread.join(30)
        wait_for(lambda: all(t.heard for t in talkers), 5, "everybody heard something")
        for (caller, _), _ in calls:
            caller.hang_up()
    finally:
        for talker in talkers:
            talker.stop()
    server.stop()
    made = {}
    for call, (pair, ways) in zip(ALL, calls):
        made.setdefault(label(call), []).append((pair, ways))
    return made


def check_stream(way, listener):
    """One stream without a hole that is not the line's; relayed, it is what was sent. Returns the payloads."""
    heard = listener.heard_payloads()
    sequences = [p.sequence for p in listener.heard]
    if way.is_relayed:
        assert heard == way.arriving[:len(heard)], "a packet was changed"
        gaps = len(heard) - len(listener.heard)
        assert (sequences[-1] - sequences[0]) % 65536 == len(sequences) - 1 + gaps
    else:
        assert all((b - a) % 65536 == 1 for a, b in zip(sequences, sequences[1:])), "numbers go on"
    assert abs(len(heard) - len(way.packets)) <= 2
    return heard


@pytest.mark.parametrize("side", (0, 1), ids=("caller to callee", "callee to caller"))
@pytest.mark.parametrize("name", [label(call) for call in CALLS])
def test_a_call_sounds_as_good_as_its_codecs_alone(name, side, calls, reference, capsys):
    """PESQ of relayed, transcoded and lossy audio within 0.1 of the libraries alone."""
    scores = []
    for pair, ways in calls[name]:
        way = ways[side]
        scores.append(way.judge(reference, check_stream(way, pair[1 - side])))
    here, alone = (statistics.mean(column) for column in zip(*scores))
    with capsys.disabled():
        direction = f"{NAMES[way.speaks[1]]} to {NAMES[way.hears[1]]}"
        print(f"\n  PESQ {direction:16s} {way.percent} % lost, {way.language}, {way.rate // 1000:2} kHz: "
              f"call {here:.3f}, libraries {alone:.3f}, {here - alone:+.3f}", end="")
    assert here >= alone - 0.1
    if not way.percent:
        assert abs(here - alone) <= 0.1
        assert here > 2.5
