"""Tones: written as a WAV file for one telephone, found again in the other's recording (Goertzel's algorithm)."""
import array
import math
import wave

RATE = 8000


def write_tone(path, hertz, seconds=60, amplitude=8000):
    samples = array.array("h", (int(amplitude * math.sin(2 * math.pi * hertz * i / RATE)) for i in range(RATE)))
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        for _ in range(seconds):        # whole Hertz fit a second exactly, so the seconds join without a click
            w.writeframes(samples.tobytes())


def read(path):
    """Samples of a WAV file's first channel and its rate; also of one whose header was not finished."""
    data = open(path, "rb").read()
    start = data.find(b"data")
    rate = int.from_bytes(data[24:28], "little") if data[:4] == b"RIFF" else RATE
    body = data[start + 8:] if start > 0 else b""
    channels = int.from_bytes(data[22:24], "little") if data[:4] == b"RIFF" else 1
    return array.array("h", body[: len(body) // 2 * 2])[::channels or 1], rate


def share(samples, rate, hertz):
    """Share of the energy that lies at a frequency, 0 ... 1."""
    energy = sum(s * s for s in samples)
    if not samples or energy == 0:
        return 0.0
    coefficient = 2 * math.cos(2 * math.pi * hertz / rate)
    a = b = 0.0
    for s in samples:
        a, b = s + coefficient * a - b, a
    power = a * a + b * b - coefficient * a * b
    return min(1.0, 2 * power / (len(samples) * energy))


def seconds_with(path, hertz, part=0.1, threshold=0.7):
    """For how many seconds of the recording the tone is clearly heard, in windows of `part` seconds."""
    samples, rate = read(path)
    size = int(rate * part)
    windows = [samples[i:i + size] for i in range(0, len(samples) - size + 1, size)]
    return sum(part for w in windows if max(w, default=0) > 500 and share(w, rate, hertz) > threshold)
