"""What a call's audio was like: telephones whose media is made here packet by packet, with losses, silence, wrong sources and
reports of their own; then the record, the trace's timeline and the metrics must tell it, and blame the right side."""
import re
import socket
import struct
import threading
import time

from support.process import wait_for

TALK_MS = 21_000


class Voice(threading.Thread):
    """Sends G.711 to the server's port every 20 ms from the telephone's address; `comes` says whether packet n does."""

    def __init__(self, address, server, port, comes=lambda n: True, ssrc=7, echo_after=None):
        super().__init__(daemon=True)
        self.to, self.comes, self.ssrc, self.echo_after = (server, port), comes, ssrc, echo_after
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.reports = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.reports.bind((address, 0))
        self.reports.settimeout(0.2)
        self.ending = threading.Event()
        self.reporter = threading.Thread(target=self._report, daemon=True)
        self.told = []

    def run(self):
        if self.echo_after is not None:
            self.reporter.start()
        begun = time.monotonic()
        number = 0
        while not self.ending.is_set():
            if self.comes(number):
                self.socket.sendto(struct.pack("!BBHII", 0x80, 0, number, number * 160, self.ssrc) + b"\xff" * 160, self.to)
            number += 1
            time.sleep(max(0, begun + number * 0.02 - time.monotonic()))

    def _report(self):
        """Receiver reports that echo the server's sender reports late, without saying so: as over a long line."""
        to = (self.to[0], self.to[1] + 1)
        self.reports.sendto(struct.pack("!BBHI", 0x80, 201, 1, self.ssrc), to)
        while not self.ending.is_set():
            try:
                data = self.reports.recv(2000)
            except TimeoutError:
                continue
            self.told.append(data)
            if data[1] != 200:
                continue
            heard, ntp = struct.unpack("!I", data[4:8])[0], struct.unpack("!Q", data[8:16])[0]
            time.sleep(self.echo_after)
            block = struct.pack("!IIIIII", heard, 0, 0, 0, ntp >> 16 & 0xFFFFFFFF, 0)
            self.reports.sendto(struct.pack("!BBHI", 0x81, 201, 7, self.ssrc) + block, to)

    def stop(self):
        self.ending.set()
        self.join()
        if self.reporter.is_alive():
            self.reporter.join()
        self.socket.close()
        self.reports.close()


def audio_port(phone):
    """The server's port, as this telephone was told it."""
    return next(int(m) for text in phone.received() for m in re.findall(r"m=audio (\d+)", text.body))


def test_the_record_and_the_trace_say_what_was_heard_and_whose_line_was_bad(calls, server):
    """partly: MV-CDR-01"""
    pairs = [(1001, 1002), (1003, 1004), (1005, 1006), (1007, 1008)]
    phones, voices = [], []
    try:
        for index, (caller, callee) in enumerate(pairs):
            called = calls.callee(callee, "uas_call", timeout=50)
            phones.append((calls.caller(caller, callee, "uac_call", hold_ms=TALK_MS, local=f"127.0.0.{31 + index}", timeout=50), called))
        for pair in phones:
            wait_for(lambda: any(m.method == "ACK" for m in pair[1].received()), 10, "the call is up")

        def speak(phone, address=None, **more):
            voices.append(Voice(address or phone.local, server.host, audio_port(phone), **more))
            voices[-1].start()
            return voices[-1]
        # 1: well, over a line of 300 ms on the caller's side.
        far = speak(phones[0][0], echo_after=0.3)
        speak(phones[0][1])
        # 2: every tenth packet of the caller is lost, three in a row.
        speak(phones[1][0], comes=lambda n: n % 30 not in (7, 8, 9))
        speak(phones[1][1])
        # 3: the callee falls silent after some seconds.
        speak(phones[2][0])
        speak(phones[2][1], comes=lambda n: n < 200)
        # 4: the callee's packets come from an address that nobody named.
        speak(phones[3][0])
        speak(phones[3][1], address="127.0.0.99")
        for pair in phones:
            calls.both_end_well(*pair, hidden=False, within=50)
    finally:
        for voice in voices:
            voice.stop()
    assert any(data[1] == 200 for data in far.told), "the server sends sender reports"
    records = {}
    for _, dialled in pairs:
        records[dialled] = server.record(dialled, "verdict")
    well, lossy, silent, foreign = (records[dialled] for _, dialled in pairs)
    assert well["mos"] >= 4.3 and well["verdict"].startswith("both heard each other well"), well
    assert 280 <= well["quality"][0]["roundTripMs"] <= 420, well
    assert lossy["verdict"].startswith("leg A lost ") and "its network" in lossy["verdict"], lossy
    assert 80 <= lossy["quality"][0]["lossPermille"] <= 120 and lossy["quality"][1]["lossPermille"] <= 5, lossy
    assert lossy["mos"] < 4 and lossy["quality"][1]["mos"] >= 4.3, lossy
    assert re.match(r"leg A heard nothing from 00:0[3-7]: no packet arrived from leg B", silent["verdict"]), silent
    assert "came from 127.0.0.99" in foreign["verdict"] and "ALG" in foreign["verdict"], foreign

    shown = server.cli("trace", lossy["call"]).stdout
    assert "Verdict: leg A lost" in shown and "leg B" in shown and "% lost" in shown, shown
    assert "audio from here is bad" in shown, shown
    french = server.cli("trace", lossy["call"], "--language", "fr", "--ascii").stdout
    assert "Verdict: le poste A a perdu" in french, french

    status, page = server.http("/metrics")
    assert status == 200
    assert 'martinet_media_verdicts_total{verdict="loss-from"} 1' in page, page
    assert re.search(r"martinet_media_mos_count [1-9]", page) and re.search(r"martinet_media_packets_lost_total [1-9]", page)
