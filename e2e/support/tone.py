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


ROWS, COLUMNS, KEYPAD = (697, 770, 852, 941), (1209, 1336, 1477, 1633), "123A456B789C*0#D"


def write_keys(path, keys, lead=4.0, tone=0.1, gap=0.1, seconds=60, amplitude=6000, rate=RATE):
    """A minute of silence in which these keys sound after `lead` seconds (ITU-T Q.23)."""
    samples = array.array("h", bytes(2 * rate * seconds))
    place = int(lead * rate)
    for key in keys:
        row, column = divmod(KEYPAD.index(key), 4)
        for i in range(int(tone * rate)):
            samples[place + i] = int(amplitude * (math.sin(2 * math.pi * ROWS[row] * i / rate)
                                                  + math.sin(2 * math.pi * COLUMNS[column] * i / rate)))
        place += int((tone + gap) * rate)
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        w.writeframes(samples.tobytes())


def keys_in(path, part=0.01):
    """The keys that sound in a recording: one row and one column with nearly all of the energy for 30 ms, told apart by a break of 30 ms."""
    samples, rate = read(path)
    size = int(rate * part)
    found, last, run, silence = "", None, 0, 9
    for start in range(0, len(samples) - 2 * size, size):
        window = samples[start:start + 2 * size]
        key = None
        if max(window) > 300:
            rows = [share(window, rate, hertz) for hertz in ROWS]
            columns = [share(window, rate, hertz) for hertz in COLUMNS]
            row, column = max(range(4), key=rows.__getitem__), max(range(4), key=columns.__getitem__)
            if rows[row] + columns[column] > 0.8 and min(rows[row], columns[column]) > 0.1:
                key = KEYPAD[4 * row + column]
        run = run + 1 if key is not None and key == last else 1 if key is not None else 0
        last = key
        if key is None:
            silence += 1
            continue
        if run == 2:
            if silence >= 3 or not found.endswith(key):
                found += key
            silence = 0
        elif run > 2:
            silence = 0
    return found
