"""What a browser is as a telephone: aiortc (ICE, DTLS-SRTP, one port for everything) with a few lines of SIP. It says a tone and keeps
what it hears as a WAV file. Its media runs on a thread of its own; SIP is the test's."""
import asyncio
import fractions
import math
import os
import threading
import time
import wave

import aioice.ice
from aiortc import MediaStreamTrack, RTCConfiguration, RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from av import AudioFrame

from .process import wait_for
from .sip import Endpoint, Registration, digest_header, token
from .tone import seconds_with

# The tests stay on this machine, which it would not try.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


class Tone(MediaStreamTrack):
    kind = "audio"

    def __init__(self, hertz, rate=48000):
        super().__init__()
        self.hertz, self.rate, self.sent, self.start = hertz, rate, 0, None

    async def recv(self):
        count = self.rate // 50
        self.start = self.start or time.monotonic()
        await asyncio.sleep(max(0, self.start + self.sent / self.rate - time.monotonic()))
        frame = AudioFrame(format="s16", layout="mono", samples=count)
        frame.planes[0].update(b"".join(
            int(8000 * math.sin(2 * math.pi * self.hertz * (self.sent + i) / self.rate)).to_bytes(2, "little", signed=True)
            for i in range(count)))
        frame.pts, frame.sample_rate, frame.time_base = self.sent, self.rate, fractions.Fraction(1, self.rate)
        self.sent += count
        return frame


class Browser:
    def __init__(self, folder, server, user, tone, codec=None, transport="udp"):
        self.server, self.user, self.tone, self.codec = server, user, tone, codec
        self.file = os.path.join(str(folder), f"browser-{user.extension}.wav")
        self.endpoint = Endpoint(server, transport)
        self.registration = Registration(self.endpoint, user)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.connection, self.ours, self.cseq, self.dialog = None, None, 0, None
        self.states = []

    def run(self, coroutine, seconds=20):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(seconds)

    # ---------------------------------------------------------------- media
    async def _open(self):
        self.connection = connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        connection.addTrack(Tone(self.tone))
        connection.on("connectionstatechange", lambda: self.states.append(connection.connectionState))
        connection.on("track", lambda track: asyncio.ensure_future(self._record(track)))

    def _prefer(self):
        if self.codec:
            wanted = [c for c in RTCRtpSender.getCapabilities("audio").codecs if c.mimeType.lower() == f"audio/{self.codec}".lower()]
            self.connection.getTransceivers()[0].setCodecPreferences(wanted)

    async def _record(self, track):
        with wave.open(self.file, "wb") as out:
            first = True
            while True:
                try:
                    frame = await track.recv()
                except MediaStreamError:
                    return
                if first:
                    out.setnchannels(len(frame.layout.channels))
                    out.setsampwidth(2)
                    out.setframerate(frame.sample_rate)
                    first = False
                out.writeframes(bytes(frame.planes[0])[: frame.samples * 2 * len(frame.layout.channels)])

    async def _offer(self):
        await self._open()
        self._prefer()
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def _answered(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "answer"))

    async def _answer(self, sdp):
        await self._open()
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        self._prefer()
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    def heard(self, hertz):
        return seconds_with(self.file, hertz) if os.path.exists(self.file) else 0

    def is_connected(self):
        return self.connection is not None and self.connection.connectionState == "connected"

    # ---------------------------------------------------------------- SIP
    def wait_registered(self):
        answer = self.registration.register()
        assert answer.status == 200, answer.text
        return self

    def _request(self, method, uri, to, body="", authorization="", cseq=None):
        e, u = self.endpoint, self.user
        branch = "z9hG4bK" + token()
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (f"{method} {uri} SIP/2.0\r\nVia: SIP/2.0/{e.transport.upper()} {e.host}:{e.port};branch={branch};rport\r\nMax-Forwards: 70\r\n"
                f"From: <sip:{u.extension}@{u.domain}>;tag={self.tag}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq or self.cseq} {method}\r\n"
                f"Contact: {self.registration.contact}\r\n{authorization}{kind}Content-Length: {len(body)}\r\n\r\n{body}"), branch

    def dial(self, number):
        """Calls a number and returns once it is answered; the status of a refusal where it is not."""
        offer = self.run(self._offer())
        self.tag, self.call_id, self.cseq = token(), token("call-"), 1
        uri = f"sip:{number}@{self.user.domain}"
        authorization = ""
        for _ in range(2):
            text, branch = self._request("INVITE", uri, f"<{uri}>", offer, authorization)
            answer = self.endpoint.exchange(text, branch, timeout=20)
            if answer.status >= 200:
                target = uri if answer.status >= 300 else answer.get("Contact").split("<")[1].split(">")[0]
                self.endpoint.send(self._request("ACK", target, answer.get("To"))[0])
            if answer.status not in (401, 407):
                break
            header = "Authorization" if answer.status == 401 else "Proxy-Authorization"
            challenge = answer.get("WWW-Authenticate") or answer.get("Proxy-Authenticate")
            authorization = digest_header(self.user, challenge, "INVITE", uri, header=header) + "\r\n"
            self.cseq += 1
        if answer.status != 200:
            return answer.status
        self.dialog = (target, answer.get("To"))
        self.answer = answer.body
        self.run(self._answered(answer.body))
        return 200

    async def _offer_again(self, direction):
        self.connection.getTransceivers()[0].direction = direction
        await self.connection.setLocalDescription(await self.connection.createOffer())
        return self.connection.localDescription.sdp

    async def _answer_again(self, sdp):
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp, "offer"))
        await self.connection.setLocalDescription(await self.connection.createAnswer())
        return self.connection.localDescription.sdp

    def offer_again(self, direction):
        """A re-INVITE: holds by `sendonly`, resumes by `sendrecv`. The status of its answer."""
        target, to = self.dialog
        self.cseq += 1
        text, branch = self._request("INVITE", target, to, self.run(self._offer_again(direction)))
        answer = self.endpoint.exchange(text, branch, timeout=10)
        self.endpoint.send(self._request("ACK", target, to)[0])
        if answer.status == 200:
            self.run(self._answered(answer.body))
        return answer.status

    def pick_up(self, seconds=15):
        """Waits for a call and answers it."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            message = self.endpoint.receive(end - time.monotonic())
            if message is None or message.method is None:
                continue
            if message.method != "INVITE":
                self.endpoint.reply(message, 200)
                continue
            self.offer = message.body
            self.tag, self.call_id = token(), message.get("Call-ID")
            body = self.run(self._answer(message.body))
            self.endpoint.reply(message, 200, extra=f"Contact: {self.registration.contact}\r\nContent-Type: application/sdp\r\n", body=body, tag=self.tag)
            self.dialog = (message.get("Contact").split("<")[1].split(">")[0], message.get("From"))
            wait_for(lambda: (self.endpoint.receive(1) or message).method == "ACK", 10, "the answer is acknowledged")
            return self
        raise AssertionError("no call came")

    def serve(self, seconds):
        """Answers what comes meanwhile; True once the other side hung up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            message = self.endpoint.receive(left)
            if message is not None and message.method == "INVITE":
                body = self.run(self._answer_again(message.body))
                self.endpoint.reply(message, 200, extra=f"Contact: {self.registration.contact}\r\nContent-Type: application/sdp\r\n", body=body)
            elif message is not None and message.method not in (None, "ACK"):
                self.endpoint.reply(message, 200)
                if message.method == "BYE":
                    return True
        return False

    def hang_up(self):
        target, to = self.dialog
        self.cseq += 1
        text, branch = self._request("BYE", target, to)
        assert self.endpoint.exchange(text, branch).status == 200

    def stop(self):
        if self.connection is not None:
            try:
                self.run(self.connection.close(), 10)
            except Exception:       # what matters was looked at before
                pass
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(5)
        self.endpoint.close()
