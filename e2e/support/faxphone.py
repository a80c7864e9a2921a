"""A telephone with a fax: registers, calls and is called with A-law, and turns to T.38 or refuses it. What it hears and says is the
business of support/fax_end.c, which is given the ports of a session."""
import re
import threading

from .ports import free_port
from .sip import Endpoint, Registration, digest_header, token


class FaxPhone(threading.Thread):
    """`speaks_t38`: takes T.38 when it is offered; else it answers 488. `tells`: says so in its Contact (RFC 6913)."""

    def __init__(self, server, user, local, speaks_t38, tells=False):
        super().__init__(daemon=True)
        self.server, self.user, self.speaks_t38, self.tells = server, user, speaks_t38, tells
        self.endpoint = Endpoint(server, "udp", local, free_port())
        self.port = free_port()
        self.call_id, self.tag, self.cseq, self.version = token("fax-"), token(), 0, 0
        self.peer = self.remote_tag = self.target = None
        self.sessions, self.refused, self.requests = [], [], []
        self.answers, self.news, self.ending = [], threading.Condition(), False
        self.registration = Registration(self.endpoint, user)
        assert self.registration.register().status == 200
        self.start()

    # What it says of itself

    def describe(self, kind):
        self.version += 1
        host = self.endpoint.local
        media = (f"m=audio {self.port} RTP/AVP 8\r\na=rtpmap:8 PCMA/8000\r\n" if kind == "audio" else
                 f"m=image {self.port} udptl t38\r\na=T38FaxVersion:0\r\na=T38MaxBitRate:14400\r\na=T38FaxFillBitRemoval:0\r\n"
                 "a=T38FaxRateManagement:transferredTCF\r\na=T38FaxMaxBuffer:2000\r\na=T38FaxMaxDatagram:400\r\na=T38FaxUdpEC:t38UDPRedundancy\r\n")
        return f"v=0\r\no=- 1 {self.version} IN IP4 {host}\r\ns=-\r\nc=IN IP4 {host}\r\nt=0 0\r\n{media}"

    @property
    def contact(self):
        tag = ';+sip.fax="t38"' if self.tells else ""
        return f"Contact: <sip:{self.user.extension}@{self.endpoint.host}:{self.endpoint.port}>{tag}\r\n"

    def heard(self, body):
        """Notes the kind of a session, and where the server takes its packets."""
        kind, port = re.search(r"m=(audio|image) ([1-9]\d*) ", body).groups()
        address = re.search(r"c=IN IP4 (\S+)", body).group(1)
        with self.news:
            self.sessions.append((kind, address, int(port)))
            self.news.notify_all()

    def wait_for(self, kind, within=10):
        """Where the server takes this kind of packets, once that is the session."""
        with self.news:
            assert self.news.wait_for(lambda: self.sessions and self.sessions[-1][0] == kind, within), f"no session of {kind}: {self.sessions}"
            return self.sessions[-1][1:]

    # Requests

    def _request(self, method, body="", authorization="", cseq=None):
        branch = "z9hG4bK" + token()
        to = f"<{self.peer}>" + (f";tag={self.remote_tag}" if self.remote_tag else "")
        content = "Content-Type: application/sdp\r\n" if body else ""
        self.endpoint.send(
            f"{method} {self.target or self.peer} SIP/2.0\r\nVia: SIP/2.0/UDP {self.endpoint.host}:{self.endpoint.port};branch={branch};rport\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{self.user.extension}@{self.user.domain}>;tag={self.tag}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\n"
            f"CSeq: {cseq or self.cseq} {method}\r\n{self.contact}{authorization}{content}Content-Length: {len(body)}\r\n\r\n{body}")
        return branch

    def _invite(self, kind, within=15):
        """INVITE, with credentials where they are asked for; its final answer, which is acknowledged."""
        authorization = ""
        for _ in range(2):
            self.cseq += 1
            branch = self._request("INVITE", self.describe(kind), authorization)
            with self.news:
                found = lambda: [m for m in self.answers if branch in (m.get("Via") or "") and m.status >= 200]
                assert self.news.wait_for(found, within), f"no answer to an INVITE of {kind}"
                answer = found()[0]
            if answer.status == 200:
                self.remote_tag = re.search(r"tag=([^;>\s]+)", answer.get("To")).group(1)
                self.target = re.search(r"<([^>]+)>", answer.get("Contact")).group(1)
            self._request("ACK", cseq=int(answer.get("CSeq").split()[0]))
            field = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}.get(answer.status)
            if not field:
                return answer
            authorization = digest_header(self.user, answer.get(field[0]), "INVITE", self.target or self.peer, header=field[1]) + "\r\n"
        return answer

    def call(self, extension, kind="audio"):
        self.peer = f"sip:{extension}@{self.user.domain}"
        answer = self._invite(kind)
        assert answer.status == 200, answer.text
        self.heard(answer.body)

    def turn(self, kind):
        """A re-INVITE to another kind; its status."""
        answer = self._invite(kind)
        if answer.status == 200:
            self.heard(answer.body)
        return answer.status

    def hang_up(self):
        self.cseq += 1
        branch = self._request("BYE")
        with self.news:
            assert self.news.wait_for(lambda: any(branch in (m.get("Via") or "") for m in self.answers), 5), "no answer to a BYE"

    # What comes

    def run(self):
        while not self.ending:
            message = self.endpoint.receive(0.3)
            if message is None:
                continue
            if message.status is not None:
                with self.news:
                    self.answers.append(message)
                    self.news.notify_all()
                continue
            with self.news:
                self.requests.append(message)
            if message.method == "INVITE":
                self._invited(message)
            elif message.method != "ACK":
                self.endpoint.reply(message, 200, tag=self.tag)

    def _invited(self, request):
        kind = "image" if re.search(r"m=image [1-9]", request.body) else "audio"
        if kind == "image" and not self.speaks_t38:
            self.refused.append(kind)
            return self.endpoint.reply(request, 488, "Not Acceptable Here", tag=self.tag)
        self.call_id = request.get("Call-ID")
        sender = request.get("From")
        self.peer, self.remote_tag = re.search(r"<([^>]+)>", sender).group(1), re.search(r"tag=([^;\s]+)", sender).group(1)
        self.target = re.search(r"<([^>]+)>", request.get("Contact")).group(1)
        self.endpoint.reply(request, 200, extra=self.contact + "Content-Type: application/sdp\r\n", body=self.describe(kind), tag=self.tag)
        self.heard(request.body)

    def stop(self):
        self.ending = True
        self.join()
        self.endpoint.close()
