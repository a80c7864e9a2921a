"""Numbers that the server answers, music on hold and recorded calls, with real telephones of different codecs."""
import glob
import os
import signal
import subprocess
import time
import wave

import pytest

from support.martinet import run_cli
from support.process import wait_for
from support.talker import Codec, Talker
from support.tone import read, seconds_with, share

def alaw(byte):
    """ITU-T G.711, table 1a: sign, three bits of the segment, four of the step."""
    byte ^= 0x55
    segment, step = byte >> 4 & 7, byte & 15
    size = (2 * step + 1) << 3 if segment == 0 else (2 * step + 33) << segment + 2
    return size if byte & 0x80 else -size


ALAW = [alaw(byte) for byte in range(256)]
PCMU, PCMA, G722, OPUS = "PCMU/8000/1", "PCMA/8000/1", "G722/16000/1", "opus/48000/2"
MUSIC, SPOKEN = 700, 1500


def sound(path, hertz, seconds):
    subprocess.run(["sox", "-n", "-r", "16000", "-c", "1", str(path), "synth", str(seconds), "sine", str(hertz), "vol", "0.4"], check=True)
    return path


@pytest.fixture(scope="module")
def serving(request, tmp_path_factory):
    """Two packet threads; short tones in place of what is said and played, so that they can be told apart."""
    from conftest import _server
    folder = tmp_path_factory.mktemp("services")
    server = _server(folder, request, users=4, extra=["--media-threads", "2", "--log-level", "info"])
    data = ["--tenant", "demo", "--data", server.data]
    run_cli("prompt", "set", "music", sound(folder / "music.wav", MUSIC, 5), *data)
    run_cli("prompt", "set", "echo-start", sound(folder / "echo.wav", SPOKEN, 1), "--language", "en", *data)
    run_cli("prompt", "set", "upload/closed", sound(folder / "closed.wav", SPOKEN, 2), *data)
    run_cli("service", "add", "610", "announcement", "--prompt", "upload/closed", "--times", "2", *data)
    wait_for(lambda: "replacements=3" in server.log(), what="the server took the sounds up")
    return server


@pytest.fixture
def phones(phones):
    """As everywhere, and registered."""
    return lambda *arguments, **options: phones(*arguments, **options).wait_registered()


def heard(phone, hertz, threshold=0.7):
    return sum(seconds_with(file, hertz, threshold=threshold) for file in glob.glob(os.path.join(phone.folder, "dump-*-dec.wav")))


@pytest.mark.parametrize("codec", [PCMU, G722, OPUS])
def test_the_echo_explains_itself_then_sends_back_what_it_hears(phones, serving, codec):
    phone = phones(serving, serving.users()[0], 440, codecs=codec)
    phone.dial("600")
    wait_for(lambda: heard(phone, 440) >= 3, 20, "hears itself", step=0.5)
    assert heard(phone, SPOKEN) >= 0.7, "the explanation was not heard"
    phone.hang_up()


def test_music_is_played_in_the_codec_of_each_listener(phones, serving):
    people = serving.users()
    listeners = [phones(serving, person, 440, codecs=codec) for person, codec in zip(people, (PCMA, G722, OPUS))]
    for phone in listeners:
        phone.dial("601")
    for phone in listeners:
        wait_for(lambda: heard(phone, MUSIC) >= 3, 20, "hears the music", step=0.5)
        phone.hang_up()


def test_an_announcement_is_said_twice_and_the_server_hangs_up(phones, serving):
    phone = phones(serving, serving.users()[0], 440, codecs=PCMA)
    phone.dial("610")
    wait_for(lambda: not phone.in_call(), 20, "the server hangs up")
    assert 3.6 <= heard(phone, SPOKEN) <= 4.2


def test_telephones_of_all_codecs_meet_in_a_conference_across_packet_threads(phones, serving):
    """partly: MV-CONF-01"""
    people = serving.users()
    members = [phones(serving, person, tone, codecs=codec)
               for person, tone, codec in zip(people, (440, 1000, 2300), (PCMU, G722, OPUS))]
    for phone in members:
        phone.dial("602")
    # Each hears the two others at once, so that a tone has half of the energy.
    for phone in members:
        for other in members:
            if other is not phone:
                wait_for(lambda: heard(phone, other.tone, 0.2) >= 2, 30, f"{phone.user.extension} hears {other.tone} Hz", step=0.5)
    for phone in members:
        assert heard(phone, phone.tone, 0.2) < 0.3, "hears itself"
    members[0].hang_up()
    before = heard(members[1], 2300)
    wait_for(lambda: heard(members[1], 2300) >= before + 1, 15, "the others still hear each other", step=0.5)
    for phone in members[1:]:
        phone.hang_up()


@pytest.mark.parametrize("codec", [PCMA, OPUS])
def test_who_is_put_on_hold_hears_music_and_then_the_other_party_again(phones, serving, codec):
    """The party on hold is made here, as baresip writes down nothing of what it hears then."""
    people = serving.users()
    caller = phones(serving, people[0], 440, codecs=codec)
    callee = Talker(serving, people[1], Codec(8, "PCMA/8000"))
    try:
        callee.serve()
        caller.dial(people[1].extension)
        wait_for(lambda: tone_share(callee, 440) > 0.7, 15, "the callee hears the caller", step=0.2)
        caller.command("hold")
        wait_for(lambda: tone_share(callee, MUSIC) > 0.7, 15, "the callee hears music", step=0.2)
        time.sleep(1)
        assert tone_share(callee, MUSIC) > 0.7 and tone_share(callee, 440) < 0.1
        caller.command("resume")
        wait_for(lambda: tone_share(callee, 440) > 0.7, 15, "the callee hears the caller again", step=0.2)
        # Through all of it one stream without a gap.
        packets = callee.heard
        assert len({p.ssrc for p in packets}) == 1
        assert all((b.sequence - a.sequence) & 0xFFFF == 1 for a, b in zip(packets, packets[1:]))
        caller.hang_up()
    finally:
        callee.stop()


def tone_share(talker, hertz):
    """Of the last half second that a telephone of A-law has heard."""
    payload = b"".join(p.payload for p in talker.heard[-25:] if p.number == 8)
    samples = [ALAW[byte] for byte in payload]
    return share(samples, 8000, hertz) if len(samples) >= 3200 else 0.0


def test_a_recorded_call_is_playable_after_the_server_was_killed(phones, own_server):
    server = own_server(users=2)
    run_cli("tenant", "set", "demo", "record-calls=all", "--data", server.data)
    people = server.users()
    caller, callee = phones(server, people[0], 440, codecs=PCMU), phones(server, people[1], 1000, codecs=G722)
    time.sleep(1.5)         # A second until the setting is known.
    caller.dial(people[1].extension)
    wait_for(lambda: heard(caller, 1000) >= 4 and heard(callee, 440) >= 4, 20, "they hear each other", step=0.5)
    server.kill()
    for phone in (caller, callee):
        phone.child.signal(signal.SIGKILL)      # They would wait for an answer to their last REGISTER.
    files = glob.glob(os.path.join(server.data, "recordings", "tenant-*", "calls", "*.wav"))
    assert len(files) == 1, files
    with wave.open(files[0]) as recorded:
        rate, frames = recorded.getframerate(), recorded.readframes(recorded.getnframes())
        assert recorded.getnchannels() == 2 and recorded.getnframes() >= 3 * rate
    samples = memoryview(frames).cast("h")
    left, right = samples[::2].tolist()[rate:2 * rate], samples[1::2].tolist()[rate:2 * rate]
    assert share(left, rate, 440) > 0.7 and share(right, rate, 1000) > 0.7
