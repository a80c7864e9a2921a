#!/usr/bin/env python3
"""Makes the golden files of this folder with programs that are not ours. They are committed; run this only to change them.

Debian 12: ffmpeg 5.1.9 (its own G.722, G.729 and Opus), opus-tools 0.2 with libopus 1.3.1, sox 14.4.2, and codec_reference.c of
e2e/support over spandsp 0.0.6 and bcg729 1.1.1. Files ending in .raw are samples of 16 bits, low byte first; those ending in
.packets are packets as records: a length in two bytes, high byte first, then the payload.
"""
import math
import os
import struct
import subprocess
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.join(HERE, "../../..")
WORK = tempfile.mkdtemp()


def run(*command):
    subprocess.run(command, check=True, cwd=WORK, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def ffmpeg(*arguments):
    run("ffmpeg", "-v", "error", "-y", *arguments)


def put(name, data):
    with open(os.path.join(HERE, name), "wb") as f:
        f.write(data)


def get(name):
    with open(os.path.join(WORK, name), "rb") as f:
        return f.read()


def golden(name):
    return os.path.join(HERE, name)


def voice(rate, seconds, loudness):
    """Harmonics of a gliding pitch under three formants, in syllables, over a little noise."""
    noise, phase, out = 1, 0.0, []
    for i in range(int(rate * seconds)):
        t = i / rate
        phase += (130 + 40 * math.sin(t * 9)) / rate
        noise = (noise * 1664525 + 1013904223) & 0xFFFFFFFF
        v = ((noise >> 16) / 65536 - 0.5) * 0.02
        for h in range(1, 26):
            f = h * 130
            if f > rate / 2 - 400:
                break
            a = math.exp(-((f - 600) / 300) ** 2) + 0.5 * math.exp(-((f - 1800) / 400) ** 2)
            a += 0.15 * math.exp(-((f - 3000) / 500) ** 2)
            v += max(0.0, math.sin(t * 2 * math.pi * 4.1)) * a * math.sin(2 * math.pi * phase * h) * 0.35
        out.append(max(-32767, min(32767, round(v * loudness))))
    return struct.pack("<%dh" % len(out), *out)


def records(packets):
    return b"".join(struct.pack(">H", len(p)) + p for p in packets)


def cut(data, size):
    return [data[i:i + size] for i in range(0, len(data), size)]


def packets_of(data):
    i, packets = 0, []
    while i < len(data):
        size = struct.unpack_from(">H", data, i)[0]
        packets.append(data[i + 2:i + 2 + size])
        i += 2 + size
    return packets


def ogg(name):
    """The packets of an Ogg file with one stream, the two of its head left out (RFC 3533 §6)."""
    data, i, packets, part = get(name), 0, [], b""
    while i < len(data):
        sizes = data[i + 27:i + 27 + data[i + 26]]
        i += 27 + len(sizes)
        for size in sizes:
            part += data[i:i + size]
            i += size
            if size < 255:
                packets.append(part)
                part = b""
    return packets[2:]


def opusenc(source, rate, bitrate, *more, channels=1):
    run("opusenc", "--raw", "--raw-rate", str(rate), "--raw-chan", str(channels), "--bitrate", str(bitrate), *more, source, "v.opus")
    return ogg("v.opus")


def g711():
    codes = bytes(range(256))
    with open(os.path.join(WORK, "codes"), "wb") as f:
        f.write(codes)
    for name, kind in (("ulaw", "mulaw"), ("alaw", "alaw")):
        ffmpeg("-f", kind, "-ar", "8000", "-ac", "1", "-i", "codes", "-f", "s16le", name + ".raw")
        run("sox", "-t", "raw", "-e", "mu-law" if name == "ulaw" else "a-law", "-b", "8", "-r", "8000", "-c", "1", "codes",
            "-t", "raw", "-e", "signed", "-b", "16", "-L", "sox.raw")
        assert get(name + ".raw") == get("sox.raw")
        put(f"codes-{name}.raw", get(name + ".raw"))


def g722():
    for name, source in (("g722", "voice16.raw"), ("g722-loud", "loud16.raw")):
        ffmpeg("-f", "s16le", "-ar", "16000", "-ac", "1", "-i", golden(source), "-c:a", "g722", "-f", "g722", "v.g722")
        ffmpeg("-f", "g722", "-i", "v.g722", "-f", "s16le", "v.raw")
        put(f"{name}.packets", records(cut(get("v.g722"), 160)))
        put(f"{name}.raw", get("v.raw"))


def g729():
    for name, source in (("g729", "voice8.raw"), ("g729b", "pauses8.raw")):
        run("./reference", "encode", name, golden(source), "v.packets")
        packets = get("v.packets")
        put(f"{name}.packets", packets)
        run("./reference", "decode", name, golden(f"{name}.packets"), "v.raw")
        put(f"{name}.raw", get("v.raw"))
    # ffmpeg's decoder is another one, and knows no annex B.
    with open(os.path.join(WORK, "v.g729"), "wb") as f:
        f.write(b"".join(packets_of(open(golden("g729.packets"), "rb").read())))
    ffmpeg("-f", "g729", "-i", "v.g729", "-f", "s16le", "v.raw")
    put("g729-ffmpeg.raw", get("v.raw"))


def opus():
    source = golden("voice16.raw")
    put("opus.packets", records(opusenc(source, 16000, 20, "--speech", "--framesize", "20")[:13]))
    ffmpeg("-c:a", "opus", "-i", "v.opus", "-ac", "1", "-ar", "48000", "-f", "s16le", "v.raw")
    # Ogg names 312 samples to skip, which a packet of RTP does not.
    put("opus-48k.raw", get("v.raw")[:2 * (12 * 960 - 312)])
    times = [opusenc(source, 16000, 24, "--framesize", t)[3] for t in ("2.5", "5", "10", "20", "40", "60")]
    put("opus-times.packets", records(times))
    with open(os.path.join(WORK, "left.raw"), "wb") as f:
        f.write(b"".join(s + b"\0\0" for s in cut(open(source, "rb").read(), 2)))
    put("opus-stereo.packets", records(opusenc("left.raw", 16000, 64, "--framesize", "20", channels=2)[:13]))


def noise():
    """What bcg729 says, in the form of RFC 3389, of noise whose neighbours are alike; the test makes the same noise."""
    seed, last, out = 5, 0.0, []
    for _ in range(16000):
        seed = (seed * 1664525 + 1013904223) & 0xFFFFFFFF
        last = last * 0.7 + ((seed >> 8) / 8388608 - 1) * 120
        out.append(round(last))
    with open(os.path.join(WORK, "noise.raw"), "wb") as f:
        f.write(struct.pack("<16000h", *out))
    run("./reference", "noise", "cn", "noise.raw", "cn")
    put("cn.payload", get("cn"))


def main():
    run("cc", "-O2", "-I/usr/include/opus", "-o", "reference", os.path.join(ROOT, "e2e/support/codec_reference.c"), "-lspandsp",
        "-lbcg729", "-lopus", "-lspeexdsp")
    put("voice8.raw", voice(8000, 0.48, 9000))
    put("voice16.raw", voice(16000, 0.48, 9000))
    put("loud16.raw", voice(16000, 0.12, 40000))
    # A word, three tenths of a second with next to nothing, and the word again.
    quiet = struct.pack("<2400h", *((i * 7919 % 17) - 8 for i in range(2400)))
    put("pauses8.raw", voice(8000, 0.24, 9000) + quiet + voice(8000, 0.2, 9000))
    g711()
    g722()
    g729()
    opus()
    noise()


main()
