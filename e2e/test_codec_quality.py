"""How good a voice is after our encoder and decoder, beside the codec libraries called plainly. `test_call_quality.py` does the same
through a running server."""
import os
import random
import statistics
import subprocess

import pytest

from support.codecs import VOICES, Reference, read_packets, score, write_packets
from support.martinet import ROOT

BENCH = os.path.join(ROOT, ".build/release/CodecBench")
# Our name; the reference's with bit rate and complexity; the rate.
CODECS = {
    "PCMU": ("PCMU/8000", ["pcmu"], 8000),
    "PCMA": ("PCMA/8000", ["pcma"], 8000),
    "G722": ("G722/8000", ["g722"], 16000),
    "G729": ("G729/8000 annexb=no", ["g729"], 8000),
    "Opus narrowband": ("opus/48000/2 maxplaybackrate=8000; maxaveragebitrate=12000", ["opus8", 12000, 5], 8000),
    "Opus wideband": ("opus/48000/2 maxplaybackrate=16000; maxaveragebitrate=20000", ["opus16", 20000, 5], 16000),
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    return Reference(tmp_path_factory.mktemp("quality"))


@pytest.fixture(scope="module", params=sorted(VOICES))
def voice(request, reference):
    return reference.voice(request.param)


class Ours:
    def __init__(self, codec, reference):
        self.codec, self.reference = CODECS[codec][0], reference

    def run(self, mode, source):
        target = self.reference.path()
        subprocess.run([BENCH, mode, self.codec, source, target], check=True)
        return target

    def encode(self, samples):
        return read_packets(self.run("encode", samples))

    def decode(self, packets):
        source = self.reference.path()
        write_packets(source, packets)
        return self.run("decode", source)


@pytest.mark.parametrize("codec", CODECS)
def test_as_good_as_the_library_alone(codec, voice, reference, capsys):
    """Media quality: PESQ within 0.1 of the library alone, and each end understands the other's."""
    _, (name, *more), rate = CODECS[codec]
    source, ours = voice[rate], Ours(codec, reference)
    scores = {}
    for encoder, packets in (("ours", ours.encode(source)), ("library", reference.encode(name, source, *more))):
        scores[encoder, "ours"] = score(rate, source, ours.decode(packets))
        scores[encoder, "library"] = score(rate, source, reference.decode(name, packets))
    assert score(rate, source, ours.run("convert", source)) == scores["ours", "ours"]
    with capsys.disabled():
        print(f"\n  PESQ {codec} {os.path.basename(source)}: " + ", ".join(
            f"{a} to {b} {value:.3f}" for (a, b), value in scores.items()), end="")
    library = scores["library", "library"]
    assert all(abs(value - library) <= 0.1 for value in scores.values())
    assert library > 2.5


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("percent", [3, 10])
def test_loss_is_concealed_as_well_as_the_library_does(codec, percent, voice, reference, capsys):
    """Packets lost by chance, the same ones for both; the reference conceals with spandsp's plc where the codec has nothing. Which packets
    are lost decides more than how they are made up, so several patterns are heard."""
    _, (name, *more), rate = CODECS[codec]
    source, packets = voice[rate], reference.encode(name, voice[rate], *more)
    mine, library = [], []
    for seed in range(5):
        chance = random.Random(percent + 100 * seed)
        lossy = [b"" if chance.random() < percent / 100 else packet for packet in packets]
        mine.append(score(rate, source, Ours(codec, reference).decode(lossy)))
        library.append(score(rate, source, reference.decode(name, lossy)))
    ours, theirs = statistics.mean(mine), statistics.mean(library)
    with capsys.disabled():
        print(f"\n  PESQ {codec} {os.path.basename(source)} with {percent} % lost: ours {ours:.3f}, library {theirs:.3f}", end="")
    assert ours >= theirs - 0.1
