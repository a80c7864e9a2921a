"""How good a voice is after our encoder and decoder, by PESQ (ITU-T P.862), beside the codec libraries called plainly.

The voices are people's: the prompts of Debian's asterisk-core-sounds, English and French, at 8 and 16 kHz. What is compared with is
support/codec_reference.c, which knows nothing of our code.
"""
import os
import random
import subprocess
import wave

import numpy
import pytest
from pesq import pesq

from support.martinet import ROOT

BENCH = os.path.join(ROOT, ".build/release/CodecBench")
SOUNDS = "/usr/share/asterisk/sounds"
# About ten seconds each.
VOICES = {
    "en": ["demo-congrats", "vm-instructions"],
    "fr": ["demo-congrats", "vm-instructions"],
}
# Our name, the reference's, the rate.
CODECS = {
    "PCMU": ("PCMU/8000", ["pcmu"], 8000),
    "PCMA": ("PCMA/8000", ["pcma"], 8000),
    "G722": ("G722/8000", ["g722"], 16000),
    "G729": ("G729/8000 annexb=no", ["g729"], 8000),
    "Opus narrowband": ("opus/48000/2 maxplaybackrate=8000; maxaveragebitrate=12000", ["opus8", "12000", "5"], 8000),
    "Opus wideband": ("opus/48000/2 maxplaybackrate=16000; maxaveragebitrate=20000", ["opus16", "20000", "5"], 16000),
}


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    return tmp_path_factory.mktemp("quality")


@pytest.fixture(scope="module")
def reference(work):
    """The libraries alone."""
    program = str(work / "codec_reference")
    source = os.path.join(ROOT, "e2e/support/codec_reference.c")
    subprocess.run(["cc", "-O2", "-I/usr/include/opus", "-o", program, source, "-lspandsp", "-lbcg729", "-lopus"], check=True)
    return program


@pytest.fixture(scope="module", params=sorted(VOICES))
def voice(request, work, reference):
    """The same sentences at 8 and at 16 kHz, as files of samples by rate."""
    folder = os.path.join(SOUNDS, request.param)
    files = {rate: str(work / f"{request.param}-{rate}.raw") for rate in (8000, 16000)}
    with open(files[8000], "wb") as out:
        for name in VOICES[request.param]:
            with wave.open(os.path.join(folder, name + ".wav")) as sound:
                assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
                out.write(sound.readframes(8000 * 6))
    with open(files[16000], "wb") as out:
        for name in VOICES[request.param]:
            with open(os.path.join(folder, name + ".g722"), "rb") as sound:
                payload = sound.read(8000 * 6)
            packets, samples = str(work / "v.packets"), str(work / "v.raw")
            write_packets(packets, [payload[i:i + 160] for i in range(0, len(payload), 160)])
            subprocess.run([reference, "decode", "g722", packets, samples], check=True)
            with open(samples, "rb") as decoded:
                out.write(decoded.read())
    return files


def write_packets(path, packets):
    with open(path, "wb") as out:
        for packet in packets:
            out.write(len(packet).to_bytes(2, "big") + packet)


def read_packets(path):
    packets = []
    with open(path, "rb") as records:
        while head := records.read(2):
            packets.append(records.read(int.from_bytes(head, "big")))
    return packets


def ours(mode, codec, source, target):
    subprocess.run([BENCH, mode, CODECS[codec][0], source, target], check=True)


def theirs(program, mode, codec, source, target):
    name, *more = CODECS[codec][1]
    subprocess.run([program, mode, name, source, target, *more], check=True)


def score(rate, original, heard):
    one, other = (numpy.fromfile(path, "<i2") for path in (original, heard))
    length = min(len(one), len(other))
    return pesq(rate, one[:length], other[:length], "nb" if rate == 8000 else "wb")


@pytest.mark.parametrize("codec", CODECS)
def test_as_good_as_the_library_alone(codec, voice, reference, work, capsys):
    """Media quality: PESQ within 0.1 of the library alone, and each end understands the other's."""
    rate = CODECS[codec][2]
    source = voice[rate]
    ours_packets, their_packets, heard = (str(work / name) for name in ("ours.packets", "theirs.packets", "heard.raw"))
    ours("encode", codec, source, ours_packets)
    theirs(reference, "encode", codec, source, their_packets)
    scores = {}
    for encoder, packets in (("ours", ours_packets), ("library", their_packets)):
        ours("decode", codec, packets, heard)
        scores[encoder, "ours"] = score(rate, source, heard)
        theirs(reference, "decode", codec, packets, heard)
        scores[encoder, "library"] = score(rate, source, heard)
    ours("convert", codec, source, heard)
    assert score(rate, source, heard) == scores["ours", "ours"]
    with capsys.disabled():
        print(f"\n  PESQ {codec} {os.path.basename(source)}: " + ", ".join(
            f"{a} to {b} {value:.3f}" for (a, b), value in scores.items()))
    library = scores["library", "library"]
    assert all(abs(value - library) <= 0.1 for value in scores.values())
    assert library > 2.5


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("percent", [3, 10])
def test_loss_is_concealed_as_well_as_the_library_does(codec, percent, voice, reference, work, capsys):
    """Packets lost by chance, the same ones for both; the reference conceals with spandsp's plc where the codec has nothing."""
    rate = CODECS[codec][2]
    source = voice[rate]
    packets, heard = str(work / "lossy.packets"), str(work / "heard.raw")
    theirs(reference, "encode", codec, source, packets)
    chance = random.Random(percent)
    write_packets(packets, [b"" if chance.random() < percent / 100 else p for p in read_packets(packets)])
    ours("decode", codec, packets, heard)
    mine = score(rate, source, heard)
    theirs(reference, "decode", codec, packets, heard)
    library = score(rate, source, heard)
    with capsys.disabled():
        print(f"\n  PESQ {codec} {os.path.basename(source)} with {percent} % lost: ours {mine:.3f}, library {library:.3f}")
    assert mine >= library - 0.1
