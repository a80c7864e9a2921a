"""Prompts by the command line beside a running server: set, refused, put back, taken up; the catalogue built; storage watched."""
import os
import re
import signal
import subprocess
import time
import wave

import pytest

from support.martinet import BINARY, run_cli
from support.process import Child, wait_for
from test_cli import refused


def sound(path, seconds=2, rate=44100, channels=2, frequency=500):
    subprocess.run(["sox", "-n", "-r", str(rate), "-c", str(channels), str(path), "synth", str(seconds), "sine",
                    str(frequency), "vol", "0.5"], check=True)
    return path


def replacements_known(server):
    """What the running server said last."""
    found = re.findall(r"replacements=(\d+).*prompts read anew|prompts read anew.*replacements=(\d+)", server.log())
    numbers = [a or b for a, b in found]
    if not numbers:
        found = re.findall(r"replacements=(\d+)", server.log())
        numbers = found
    return int(numbers[-1]) if numbers else None


@pytest.fixture(scope="module")
def speaking(request, tmp_path_factory):
    from conftest import _server
    return _server(tmp_path_factory.mktemp("prompts"), request, users=2, extra=["--log-level", "info"])


def test_a_recording_is_set_shown_exported_and_put_back_while_the_server_runs(speaking, tmp_path):
    data = ["--data", speaking.data]
    wait_for(lambda: replacements_known(speaking) == 0, what="the server read no replacements")
    file = sound(tmp_path / "Accueil.wav")
    said = run_cli("prompt", "set", "vm-intro", file, "--language", "fr", "--tenant", "demo", *data).stdout
    assert re.search(r"vm-intro \(fr\) for demo: Accueil\.wav, 2\.\d s, from -\d+\.\d to -23\.\d LUFS", said), said
    wait_for(lambda: replacements_known(speaking) == 1, what="the server took the recording up")

    shown = run_cli("prompt", "show", "vm-intro", "--tenant", "demo", *data).stdout
    for pattern in (r"Replaced for demo in fr", r"by\s+Accueil\.wav", r"LUFS \(it came with", r"set by\s+\S.*, 20\d\d-"):
        assert re.search(pattern, shown), shown
    assert "Accueil.wav" in run_cli("prompt", "list", "--language", "fr", "--tenant", "demo", *data).stdout
    assert "Accueil.wav" not in run_cli("prompt", "list", "--language", "fr", *data).stdout

    out = tmp_path / "out.wav"
    run_cli("prompt", "export", "vm-intro", out, "--language", "fr", "--tenant", "demo", *data)
    with wave.open(str(out)) as w:
        assert (w.getframerate(), w.getnchannels(), w.getsampwidth()) == (16000, 1, 2)
        assert abs(w.getnframes() / 16000 - 2) < 0.1

    run_cli("prompt", "reset", "vm-intro", "--language", "fr", "--tenant", "demo", *data)
    wait_for(lambda: replacements_known(speaking) == 0, what="the server put the phrase back")
    refused("prompt", "reset", "vm-intro", "--language", "fr", "--tenant", "demo", *data, says=["was not replaced for demo"])


def test_music_on_hold_is_set_for_all_and_for_one(speaking, tmp_path):
    """MV-MEDIA-05: music on hold is set, for the server and for a tenant."""
    data = ["--data", speaking.data]
    before = replacements_known(speaking)
    mp3 = tmp_path / "hold.flac"
    sound(mp3, seconds=5)
    assert "-26.0 LUFS" in run_cli("prompt", "set", "music", mp3, "--all-tenants", *data).stdout
    run_cli("prompt", "set", "music", mp3, "--tenant", "demo", *data)
    wait_for(lambda: replacements_known(speaking) == before + 2, what="both are taken up")
    refused("prompt", "set", "music", mp3, "--tenant", "demo", "--language", "fr", *data, says=["same in every language"])


@pytest.mark.parametrize("content, says", [
    (b"", ["it is empty"]),
    (b"Bonjour", ["it is not audio", "WAV, MP3"]),
    (b"RIFF\x10\x00\x00\x00WAVEfmt ", ["begins as WAV and cannot be read"]),
    (b"\xff\xfb\x90\x00" + bytes(300), ["begins as MP3 and cannot be read"]),
])
def test_what_is_no_audio_is_refused_with_the_reason_and_the_old_one_stays(speaking, tmp_path, content, says):
    data = ["--data", speaking.data]
    run_cli("prompt", "set", "goodbye", sound(tmp_path / "good.wav"), "--language", "en", "--tenant", "demo", *data)
    bad = tmp_path / "bad.mp3"
    bad.write_bytes(content)
    refused("prompt", "set", "goodbye", bad, "--language", "en", "--tenant", "demo", *data,
            says=says + [re.escape(str(bad)), "Nothing was changed"])
    assert "good.wav" in run_cli("prompt", "show", "goodbye", "--tenant", "demo", *data).stdout


def test_mistakes_name_the_rule(speaking, tmp_path):
    data, file = ["--data", speaking.data], sound(tmp_path / "a.wav")
    refused("prompt", "set", "vm-into", file, "--language", "fr", "--tenant", "demo", *data, says=['did you mean "vm-intro"'])
    refused("prompt", "set", "vm-intro", file, "--tenant", "demo", *data, says=["name the language"])
    refused("prompt", "set", "vm-intro", file, "--language", "fr", *data, says=["--tenant and --all-tenants"])
    refused("prompt", "set", "vm-intro", file, "--language", "fr", "--tenant", "nobody", *data, says=['no tenant "nobody"'])
    refused("prompt", "set", "vm-intro", "--language", "fr", "--tenant", "demo", *data, says=["a file or --text"])
    refused("prompt", "set", "vm-intro", tmp_path / "none.wav", "--language", "fr", "--tenant", "demo", *data,
            says=["No such file"])
    refused("prompt", "set", "upload/../x", file, "--tenant", "demo", *data, says=["is no name"])
    refused("prompt", "show", "quux", *data, says=["quux"])
    refused("prompt", "studio", "javascript:alert(1)", *data, says=["no address of a web page"])


def test_a_text_is_spoken_and_a_folder_of_recordings_is_taken(speaking, tmp_path):
    """MV-MEDIA-06: prompts are files per language, loaded by hand."""
    data = ["--data", speaking.data]
    run_cli("prompt", "render", "Nos bureaux sont fermés.", tmp_path / "heard.wav", "--language", "fr", *data)
    assert wave.open(str(tmp_path / "heard.wav")).getnframes() > 16000
    said = run_cli("prompt", "set", "upload/closed", "--text", "Nos bureaux sont fermés.", "--language", "fr",
                   "--tenant", "demo", *data).stdout
    assert "upload/closed (fr) for demo" in said
    folder = tmp_path / "de"
    folder.mkdir()
    for name in ("vm-intro.wav", "goodbye.flac", "no-such-prompt.wav"):
        sound(folder / name)
    (folder / "hello.mp3").write_text("kein Ton")
    done = refused("prompt", "import", folder, "--language", "de", "--tenant", "demo", *data,
                   says=["no-such-prompt.wav: there is no prompt", "hello.mp3: it is not audio"])
    assert "2 recordings in de are taken for demo" in done.stdout
    assert "vm-intro.wav" in run_cli("prompt", "list", "--replaced", "--tenant", "demo", *data).stdout


def test_a_link_to_the_studio_is_shown_with_the_list(speaking):
    """OI-145: the operator recommends a studio; uploads are accepted."""
    data = ["--data", speaking.data]
    run_cli("prompt", "studio", "https://studio.example/", *data)
    assert "https://studio.example/" in run_cli("prompt", "list", *data).stdout
    run_cli("prompt", "studio", "--none", *data)
    assert "studio.example" not in run_cli("prompt", "list", *data).stdout


def test_the_catalogue_is_built_stopped_and_gone_on_with(speaking, tmp_path):
    build = Child([BINARY, "prompts", "build", "--data", speaking.data], tmp_path / "build.log")
    folder = os.path.join(speaking.data, "prompts", "fr")
    wait_for(lambda: os.path.isdir(folder) and len(os.listdir(folder)) > 20, 60, "some phrases are made")
    build.signal(signal.SIGINT)
    assert build.wait(30) == 1
    assert "goes on from here" in build.text()
    kept = len(os.listdir(folder))
    done = run_cli("prompt", "build", "--data", speaking.data, seconds=300)
    made, before, failed = map(int, re.search(r"(\d+) made, (\d+) there before, (\d+) failed", done.stdout).groups())
    assert failed == 0 and before >= kept and made + before == 2 * 389 + 1
    assert "are synthesised as" not in done.stdout
    again = run_cli("prompt", "build", "--data", speaking.data, seconds=60).stdout
    assert re.search(r"0 made, 779 there before", again)
    for name in ("music.wav", "fr/vm-intro.wav", "en/error-not-allowed.wav"):
        with wave.open(os.path.join(speaking.data, "prompts", name)) as w:
            assert w.getframerate() == 16000 and w.getnframes() > 8000


def test_recordings_of_the_configuration_are_taken_checked_and_watched(own_server, tmp_path):
    """partly: MV-VM-06: thresholds of storage are watched per type of file."""
    server = own_server(users=1)
    file = sound(tmp_path / "hold.wav", seconds=40)
    (tmp_path / "bad.wav").write_text("no audio")
    server.serve_with(f"""
music:
  - file: {file}
    tenant: demo
prompts:
  language: fr
  replace:
    - {{prompt: goodbye, language: fr, file: {tmp_path}/bad.wav}}
storage: {{music-megabytes: 1, important-percent: 50, critical-percent: 90, check-seconds: 1}}
""")
    wait_for(lambda: replacements_known(server) == 1, what="the music is taken")
    wait_for(lambda: "storage use is above a threshold" in server.log(), what="the threshold is told")
    log = server.log()
    assert re.search(r"a recording of the configuration is refused.*|.*bad\.wav", log) and "it is not audio" in log
    line = next(x for x in log.splitlines() if "storage use is above" in x)
    assert "file-type=6" in line and "threshold=critical" in log
    assert server.metrics()['martinet_storage_bytes{kind="music"}'] > 1_000_000
    shown = run_cli("prompt", "show", "music", "--tenant", "demo", "--data", server.data).stdout
    assert "hold.wav" in shown and "the configuration" in shown
    check = subprocess.run([BINARY, "check", "--config", server.write_configuration()], capture_output=True, text=True)
    assert "bad.wav will be refused: it is not audio" in check.stdout
    # Taken out of the file, it is taken away.
    server.serve_with("")
    wait_for(lambda: replacements_known(server) == 0, what="the music is put back")
