"""Recordings on disk, by the program that writes them for the benchmark: a killed one leaves playable files, a full disk is told."""
import json
import os
import shutil
import signal
import subprocess
import time
import wave

import pytest

from support.martinet import ROOT
from support.process import Child, wait_for

BENCH = os.path.join(ROOT, ".build", "release", "FilesBench")
RATE, SECOND = 8000, 8000


def recorded(folder):
    found = os.path.join(folder, "bench")
    return sorted(os.path.join(found, n) for n in os.listdir(found)) if os.path.isdir(found) else []


def frames(path):
    """As a player reads it: what the header says, and that much is there."""
    with wave.open(path) as audio:
        assert (audio.getnchannels(), audio.getframerate(), audio.getsampwidth()) == (2, RATE, 2)
        data = audio.readframes(audio.getnframes())
        assert len(data) == audio.getnframes() * 4
        return audio.getnframes()


def test_a_killed_recorder_leaves_playable_files_up_to_the_last_second(tmp_path):
    folder = str(tmp_path / "recordings")
    recorder = Child([BENCH, folder, 20, 60], tmp_path / "log")
    wait_for(lambda: "READY" in recorder.text(), what="the recorder is ready")
    begun = time.monotonic()
    wait_for(lambda: time.monotonic() - begun > 3.5, what="3.5 s have passed")
    recorder.signal(signal.SIGKILL)
    spoken = time.monotonic() - begun
    recorder.wait(5)
    files = recorded(folder)
    assert len(files) == 20
    for path in files:
        # At most a second, and two rounds of the writer, are missing.
        assert frames(path) >= (spoken - 1.3) * SECOND, path
        # Another reader, which is strict.
        assert subprocess.run(["sox", path, "-n", "stat"], capture_output=True).returncode == 0

    # The next start mends and lists them; what is in them is not less than before.
    before = {path: frames(path) for path in files}
    again = subprocess.run([BENCH, folder, "1", "1"], capture_output=True, text=True, timeout=30)
    repaired = [line for line in again.stdout.splitlines() if line.startswith("repaired bench/")]
    assert len(repaired) == 20, again.stdout
    for path in files:
        assert before[path] <= frames(path) <= spoken * SECOND + SECOND
        assert (os.path.getsize(path) - 80) // 4 == frames(path)
    assert os.listdir(os.path.join(folder, ".open")) == []


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("unshare"), reason="needs root for a small disk")
def test_a_full_disk_ends_the_recording_in_words_and_keeps_what_was_saved(tmp_path):
    small, copy = tmp_path / "small", tmp_path / "copy"
    small.mkdir()
    script = (f"mount -t tmpfs -o size=256k none {small} && {BENCH} {small} 1 10 8000 2; "
              f"cp -r {small}/bench {copy}")
    done = subprocess.run(["unshare", "-m", "bash", "-c", script], capture_output=True, text=True, timeout=60)
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["failed"] == 1 and figures["finished"] == 0, done.stdout + done.stderr
    assert "the disk is full; " in done.stdout and " s were saved" in done.stdout
    saved = [frames(os.path.join(copy, name)) for name in os.listdir(copy)]
    assert len(saved) == 1 and 6 * SECOND < saved[0] < 8.2 * SECOND
