"""Keys pressed during a call, between telephones that send them in different ways: each arrives once, and in one way."""
import glob
import json
import os
import threading
import time

import pytest

from support.process import wait_for
from support.tone import keys_in, write_keys
from test_settings import followed

PCMU, PCMA, G722, OPUS = "PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "opus/48000/2"
KEYS = "1594*0#7"


class Told(threading.Thread):
    """The keys a telephone was sent as events, as its control connection tells of them."""

    def __init__(self, phone):
        super().__init__(daemon=True)
        self.connection, self.keys, self.stopped = phone.connection(), "", False
        self.connection.settimeout(0.2)
        self.start()

    def run(self):
        data = b""
        while not self.stopped:
            try:
                more = self.connection.recv(65535)
            except TimeoutError:
                continue
            if not more:
                return
            data += more
            while b":" in data and len(data) > int(data.partition(b":")[0]) + len(data.partition(b":")[0]) + 1:
                length, _, rest = data.partition(b":")
                event, data = json.loads(rest[: int(length)]), rest[int(length) + 1:]
                if event.get("type") == "CALL_DTMF_START":
                    self.keys += event.get("param", "")

    def stop(self):
        self.stopped = True
        self.join()
        self.connection.close()


@pytest.fixture
def ways(server):
    """How the digits of a user's telephones travel; as before after the test."""
    changed = []

    def change(extension, way):
        changed.append(extension)
        followed(server, "user", "set", extension, "--tenant", "demo", f"dtmf={way}")
    yield change
    for extension in changed:
        followed(server, "user", "set", extension, "--tenant", "demo", "dtmf=default")


def heard_keys(phone):
    return "".join(keys_in(file) for file in sorted(glob.glob(os.path.join(phone.folder, "dump-*-dec.wav"))))


@pytest.mark.parametrize("one, other", [
    (PCMA, PCMA), (G722, G722), (OPUS, OPUS), (PCMA, G722), (OPUS, PCMA)])
def test_tones_of_one_are_events_to_the_other_and_back(phones, server, ways, one, other):
    """Each key once: what came as a tone goes as an event, and the tone is taken out. partly: MV-MEDIA-01"""
    people = server.users()
    ways(people[0].extension, "inband")
    # baresip's way from 8 to 16 kHz takes 8 dB off a key's upper frequency, which no detector may take for a key.
    rate = 16000 if one == G722 else 8000
    tones = phones(server, people[0], 440, codecs=one, source_rate=rate)
    events = phones(server, people[1], 1000, codecs=other)
    write_keys(os.path.join(tones.folder, "tone.wav"), KEYS, rate=rate)
    write_keys(os.path.join(events.folder, "tone.wav"), "")
    tones.wait_registered()
    events.wait_registered()
    told, own = Told(events), Told(tones)
    tones.dial(people[1].extension)
    try:
        wait_for(lambda: len(told.keys) >= len(KEYS), 20, f"the keys arrive as events: {told.keys}")
        for key in "2580":
            events.command("sndcode", key)
            time.sleep(0.4)
        wait_for(lambda: len(heard_keys(tones)) >= 4, 10, "the events arrive as tones", step=0.5)
        time.sleep(1)
        assert told.keys == KEYS
        assert heard_keys(events) == "", "nothing of the tones is heard beside the events"
        assert heard_keys(tones) == "2580"
        assert own.keys == "", "one that takes tones gets no events"
    finally:
        told.stop()
        own.stop()
        tones.hang_up()
    wait_for(lambda: not events.in_call(), 10, "the hang-up reaches the other side")


def test_events_between_telephones_whose_audio_is_transcoded(phones, server):
    """The clocks of both differ: 48 000 and 8000 Hz."""
    people = server.users()
    one = phones(server, people[0], 440, codecs=OPUS)
    other = phones(server, people[1], 1000, codecs=PCMA)
    one.wait_registered()
    other.wait_registered()
    told = Told(other)
    one.dial(people[1].extension)
    try:
        wait_for(lambda: other.heard(440) > 1, 15, "they hear each other", step=0.5)
        for key in KEYS:
            one.command("sndcode", key)
            time.sleep(0.4)
        wait_for(lambda: len(told.keys) >= len(KEYS), 10, f"the keys arrive: {told.keys}")
        time.sleep(1)
        assert told.keys == KEYS
    finally:
        told.stop()
        one.hang_up()


def test_tones_of_one_are_tones_to_the_other(phones, server, ways):
    """Where neither takes events the tones pass in the audio as they are."""
    people = server.users()
    for person in people[:2]:
        ways(person.extension, "inband")
    one = phones(server, people[0], 440, codecs=PCMA)
    other = phones(server, people[1], 1000, codecs=PCMU)
    write_keys(os.path.join(one.folder, "tone.wav"), KEYS, lead=3)
    one.wait_registered()
    other.wait_registered()
    one.dial(people[1].extension)
    try:
        wait_for(lambda: len(heard_keys(other)) >= len(KEYS), 20, "the tones are heard", step=0.5)
        time.sleep(1)
        assert heard_keys(other) == KEYS
    finally:
        one.hang_up()
