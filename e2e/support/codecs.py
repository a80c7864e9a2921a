"""Human voices, the codec libraries called plainly (codec_reference.c), and how good a voice still is by PESQ (ITU-T P.862)."""
import os
import subprocess
import wave

import numpy
from pesq import pesq

from .martinet import ROOT

# The folders of the packages with the recordings; "en" and "fr" beside them are links that another package makes.
SOUNDS = {language: f"/usr/share/asterisk/sounds/{folder}" for language, folder in {"en": "en_US_f_Allison", "fr": "fr_CA_f_June"}.items()}
# Prompts of Debian's asterisk-core-sounds, six seconds of each.
VOICES = {
    "en": ["demo-congrats", "vm-instructions"],
    "fr": ["demo-congrats", "vm-instructions"],
}


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


class Reference:
    """codec_reference.c, built in a folder where its files lie too."""

    def __init__(self, folder):
        self.folder, self.count = str(folder), 0
        self.program = os.path.join(self.folder, "codec_reference")
        source = os.path.join(ROOT, "e2e/support/codec_reference.c")
        subprocess.run(["cc", "-O2", "-I/usr/include/opus", "-o", self.program, source, "-lspandsp", "-lbcg729", "-lopus", "-lspeexdsp"],
                       check=True)

    def path(self):
        self.count += 1
        return os.path.join(self.folder, f"{self.count}.raw")

    def run(self, mode, codec, source, target, *more):
        subprocess.run([self.program, mode, codec, source, target, *map(str, more)], check=True)

    def encode(self, codec, samples, *more, ms=20):
        """Packets of a file of samples; `more` are bit rate, complexity and loss of Opus."""
        target = self.path()
        self.run("encode" if ms == 20 else "encode10", codec, samples, target, *more)
        return read_packets(target)

    def decode(self, codec, packets, ms=20):
        """The file of samples that packets become."""
        source, target = self.path(), self.path()
        write_packets(source, packets)
        self.run("decode" if ms == 20 else "decode10", codec, source, target)
        return target

    def resample(self, samples, rate, to):
        if rate == to:
            return samples
        target = self.path()
        self.run("resample", f"{rate}-{to}", samples, target)
        return target

    def voice(self, language):
        """The same sentences at 8 and at 16 kHz, as files of samples by rate."""
        folder = SOUNDS[language]
        files = {8000: os.path.join(self.folder, f"{language}-8000.raw"), 16000: os.path.join(self.folder, f"{language}-16000.raw")}
        with open(files[8000], "wb") as out:
            for name in VOICES[language]:
                with wave.open(os.path.join(folder, name + ".wav")) as sound:
                    assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (8000, 1, 2)
                    out.write(sound.readframes(8000 * 6))
        with open(files[16000], "wb") as out:
            for name in VOICES[language]:
                with open(os.path.join(folder, name + ".g722"), "rb") as sound:
                    payload = sound.read(8000 * 6)
                with open(self.decode("g722", [payload[i:i + 160] for i in range(0, len(payload), 160)]), "rb") as decoded:
                    out.write(decoded.read())
        return files


def score(rate, original, heard):
    """PESQ of files of samples at 8 kHz, or its wideband form at 16."""
    one, other = (numpy.fromfile(path, "<i2") for path in (original, heard))
    length = min(len(one), len(other))
    return pesq(rate, one[:length], other[:length], "nb" if rate == 8000 else "wb")
