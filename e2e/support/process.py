"""Child processes whose output goes to a file, and that are always stopped again."""
import os
import signal
import subprocess
import time


def wait_for(condition, seconds=10, what="the condition", step=0.05):
    """Polls until `condition()` is true and returns its value; fails with `what` otherwise."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not: {what}")
        time.sleep(step)


class Child:
    """A process started by a test. `prefix` is for example a network namespace to enter."""

    def __init__(self, command, log, prefix=(), stdin=subprocess.DEVNULL, env=None, cwd=None):
        self.command, self.log = list(prefix) + [str(c) for c in command], str(log)
        self.out = open(self.log, "wb")
        self.process = subprocess.Popen(
            self.command, stdin=stdin, stdout=self.out, stderr=subprocess.STDOUT, env=env, cwd=cwd, start_new_session=True)

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process.poll() is None

    def text(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()

    def tail(self, lines=40):
        return "\n".join(self.text().splitlines()[-lines:])

    def wait(self, seconds):
        """The exit code; fails when the process is still running after so many seconds."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"{self.command[0]} still runs after {seconds} s:\n{self.tail()}") from None

    def signal(self, number):
        if self.running():
            self.process.send_signal(number)

    def stop(self, seconds=5):
        """SIGTERM, then SIGKILL to its own session. Returns the exit code."""
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.out.close()
        return self.process.returncode
