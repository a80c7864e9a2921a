"""A telephone made here that speaks one codec: its packets are given to it, and those it hears are kept as they came."""
import re
import socket
import struct
import threading
import time

from .process import wait_for
from .sip import Endpoint, Registration, digest_header, token


class Codec:
    """As SDP names it, and what a packet of it is: its payload type, and its time on the RTP clock."""

    def __init__(self, number, encoding, parameters=None):
        self.number, self.encoding, self.parameters = number, encoding, parameters
        self.clock_rate = int(encoding.split("/")[1])

    def lines(self):
        text = f"a=rtpmap:{self.number} {self.encoding}\r\n"
        return text + (f"a=fmtp:{self.number} {self.parameters}\r\n" if self.parameters else "")


class Packet:
    def __init__(self, data):
        self.marker, self.number = data[1] >> 7, data[1] & 127
        self.sequence, self.timestamp, self.ssrc = struct.unpack("!HII", data[2:12])
        self.payload = data[12:]
        self.arrival = time.monotonic()


class Talker:
    def __init__(self, server, user, codec, local="127.0.0.1"):
        self.user, self.codec, self.local = user, codec, local
        self.endpoint = Endpoint(server, local=local)
        assert Registration(self.endpoint, user).register().status == 200
        self.rtp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rtp.bind((local, 0))
        self.rtp.settimeout(0.1)
        self.heard, self.remote, self.their_codecs = [], None, ""
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=self._listen, daemon=True)]
        self.threads[0].start()

    # ---------------------------------------------------------------- SIP
    def _body(self):
        return (f"v=0\r\no=- 1 1 IN IP4 {self.local}\r\ns=-\r\nc=IN IP4 {self.local}\r\nt=0 0\r\n"
                f"m=audio {self.rtp.getsockname()[1]} RTP/AVP {self.codec.number}\r\n{self.codec.lines()}a=ptime:20\r\n")

    def _read(self, body):
        address = re.search(r"c=IN IP4 (\S+)", body).group(1)
        self.remote = (address, int(re.search(r"m=audio (\d+)", body).group(1)))
        self.their_codecs = "".join(line + "\n" for line in body.splitlines() if line.startswith(("m=audio", "a=rtpmap", "a=fmtp")))
        # What is sent has the number that the receiver gave it (RFC 3264 §5.1).
        own = re.search(rf"(?i)a=rtpmap:(\d+) {re.escape(self.codec.encoding)}\s", self.their_codecs)
        assert own, f"{self.codec.encoding} is not in:\n{body}"
        self.number = int(own.group(1))

    def serve(self):
        """Takes calls, on a thread of its own."""
        self.threads.append(threading.Thread(target=self._serve, daemon=True))
        self.threads[-1].start()

    def _serve(self):
        tag = token()
        while not self.ending.is_set():
            request = self.endpoint.receive(0.2)
            if request is None or request.status is not None or request.method == "ACK":
                continue
            if request.method != "INVITE":
                self.endpoint.reply(request, 200, tag=tag)
                continue
            self._read(request.body)
            contact = f"Contact: <sip:{self.user.extension}@{self.local}:{self.endpoint.port}>\r\nContent-Type: application/sdp\r\n"
            self.endpoint.reply(request, 200, extra=contact, body=self._body(), tag=tag)

    def _request(self, method, uri, cseq, extra="", body="", to_tag=""):
        branch = "z9hG4bK" + token()
        u, e = self.user, self.endpoint
        text = (f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/UDP {e.host}:{e.port};branch={branch};rport\r\nMax-Forwards: 70\r\n"
                f"From: <sip:{u.extension}@{u.domain}>;tag={self.tag}\r\nTo: <{self.called}>{to_tag}\r\nCall-ID: {self.call_id}\r\n"
                f"CSeq: {cseq} {method}\r\nContact: <sip:{u.extension}@{e.host}:{e.port}>\r\n{extra}"
                + ("Content-Type: application/sdp\r\n" if body else "") + f"Content-Length: {len(body)}\r\n\r\n{body}")
        return text, branch

    def call(self, other):
        """Calls another talker, which serves; returns when the call is up."""
        self.tag, self.call_id = token(), token()
        self.called = f"sip:{other.user.extension}@{self.user.domain}"
        challenge = self.endpoint.exchange(*self._request("INVITE", self.called, 1, body=self._body()))
        assert challenge.status == 401, challenge.text
        to_tag = ";tag=" + challenge.get("To").partition("tag=")[2]
        self.endpoint.send(self._request("ACK", self.called, 1, to_tag=to_tag)[0])
        header = digest_header(self.user, challenge.get("WWW-Authenticate"), "INVITE", self.called) + "\r\n"
        answer = self.endpoint.exchange(*self._request("INVITE", self.called, 2, header, self._body()), timeout=10)
        assert answer.status == 200, answer.text
        self._read(answer.body)
        self.to_tag = ";tag=" + answer.get("To").partition("tag=")[2]
        self.target = re.search("<(.*?)>", answer.get("Contact")).group(1)
        self.endpoint.send(self._request("ACK", self.target, 2, to_tag=self.to_tag)[0])
        wait_for(lambda: other.remote, 5, "the callee was told where to send")

    def hang_up(self):
        answer = self.endpoint.exchange(*self._request("BYE", self.target, 3, to_tag=self.to_tag))
        assert answer.status == 200, answer.text

    # ---------------------------------------------------------------- RTP
    def speak(self, packets, lost=()):
        """Sends packets, each when it is due, on a thread of its own: pairs of a time in ms and a payload, in order. A packet whose place
        is in `lost` takes its number and is not sent. Returns the thread."""
        thread = threading.Thread(target=self._speak, args=(packets, frozenset(lost)), daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def _speak(self, packets, lost):
        before, begun = -1000, time.monotonic()
        for index, (ms, payload) in enumerate(packets):
            time.sleep(max(0, begun + ms / 1000 - time.monotonic()))
            if self.ending.is_set():
                return
            if index not in lost:
                marker = 0x80 if ms - before > 20 else 0
                stamp = 5000 + ms * self.codec.clock_rate // 1000
                head = struct.pack("!BBHII", 0x80, self.number | marker, 1000 + index, stamp, 77)
                self.rtp.sendto(head + payload, self.remote)
            before = ms

    def _listen(self):
        while not self.ending.is_set():
            try:
                data = self.rtp.recv(2000)
            except OSError:
                continue
            if len(data) > 12 and data[0] == 0x80 and data[1] & 127 == self.codec.number:
                self.heard.append(Packet(data))

    def heard_payloads(self, ms=20):
        """What was heard of the one stream, in steps of time by its timestamps, empty where nothing came."""
        assert self.heard, "nothing was heard"
        assert len({p.ssrc for p in self.heard}) == 1
        step = self.codec.clock_rate * ms // 1000
        first = self.heard[0].timestamp
        assert all((p.timestamp - first) % 2**32 % step == 0 for p in self.heard)
        places = [(p.timestamp - first) % 2**32 // step for p in self.heard]
        payloads = [b""] * (max(places) + 1)
        for place, packet in zip(places, self.heard):
            payloads[place] = packet.payload
        return payloads

    def stop(self):
        self.ending.set()
        for thread in self.threads:
            thread.join(2)
        self.rtp.close()
        self.endpoint.close()
