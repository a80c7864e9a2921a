"""A few lines of SIP over UDP, TCP and TLS, for what SIPp cannot do: registrations that stay, TLS, floods with checks.
Deliberately naive: it reads what it is sent and judges nothing."""
import hashlib
import random
import re
import socket
import ssl
import time


def token(prefix=""):
    return f"{prefix}{random.getrandbits(60):x}"


class Message:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        lines = re.sub(r"\r\n[ \t]+", " ", head).split("\r\n")
        self.text, self.first = text, lines[0]
        self.fields = [(n.strip(), v.strip()) for n, _, v in (line.partition(":") for line in lines[1:])]

    @property
    def status(self):
        return int(self.first.split()[1]) if self.first.startswith("SIP/2.0") else None

    @property
    def method(self):
        return None if self.status else self.first.split()[0]

    def all(self, name):
        return [v for n, v in self.fields if n.lower() == name.lower()]

    def get(self, name):
        return next(iter(self.all(name)), None)

    @property
    def cseq_method(self):
        return self.get("CSeq").split()[1]


def digest_header(user, challenge, method, uri, header="Authorization", password=None, nonce_count=1):
    """The credentials that answer a challenge by MD5 or SHA-256 (RFC 7616, RFC 8760)."""
    parts = {k.lower(): a or b for k, a, b in re.findall(r'(\w+)\s*=\s*(?:"([^"]*)"|([^\s,]+))', challenge)}
    algorithm = parts.get("algorithm", "MD5")
    h = lambda s: {"MD5": hashlib.md5, "SHA-256": hashlib.sha256}[algorithm.upper()](s.encode()).hexdigest()
    ha1 = h(f"{user.username}:{parts['realm']}:{password or user.password}")
    ha2 = h(f"{method}:{uri}")
    out = f'{header}: Digest username="{user.username}", realm="{parts["realm"]}", nonce="{parts["nonce"]}", uri="{uri}", algorithm={algorithm}'
    if "auth" in parts.get("qop", ""):
        nc, cnonce = f"{nonce_count:08x}", token()
        out += f', qop=auth, nc={nc}, cnonce="{cnonce}", response="{h(":".join((ha1, parts["nonce"], nc, cnonce, "auth", ha2)))}"'
    else:
        out += f', response="{h(":".join((ha1, parts["nonce"], ha2)))}"'
    if "opaque" in parts:
        out += f', opaque="{parts["opaque"]}"'
    return out


class Endpoint:
    """One socket towards the server: transport "udp", "tcp" or "tls"."""

    def __init__(self, server, transport="udp", local="127.0.0.1", port=0, timeout=5.0):
        self.server, self.transport, self.local = server, transport, local
        family = socket.AF_INET6 if ":" in local else socket.AF_INET
        kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
        self.socket = socket.socket(family, kind)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind((local, port))
        self.socket.settimeout(timeout)
        self.remote = (server.host, server.tls_port if transport == "tls" else server.sip_port)
        if transport != "udp":
            self.socket.connect(self.remote)
        if transport == "tls":
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.port = self.socket.getsockname()[1]
        self.rest = b""

    @property
    def host(self):
        return f"[{self.local}]" if ":" in self.local else self.local

    def close(self):
        self.socket.close()

    def send(self, text):
        data = text.encode()
        if self.transport == "udp":
            self.socket.sendto(data, self.remote)
        else:
            self.socket.sendall(data)

    def receive(self, timeout=5.0):
        """The next message, or None when none came in time. Keep-alive bytes are passed over."""
        end = time.monotonic() + timeout
        while True:
            left = end - time.monotonic()
            if left <= 0:
                return None
            self.socket.settimeout(left)
            try:
                if self.transport == "udp":
                    data = self.socket.recv(65535)
                    if data.strip():
                        return Message(data.decode(errors="replace"))
                    continue
                message = self._framed()
                if message is not None:
                    return message
                data = self.socket.recv(65535)
                if not data:
                    raise ConnectionError("the server closed the connection")
                self.rest += data
            except (TimeoutError, socket.timeout):
                return None

    def _framed(self):
        self.rest = self.rest.lstrip(b"\r\n")
        end = self.rest.find(b"\r\n\r\n")
        if end < 0:
            return None
        m = re.search(rb"(?im)^(?:content-length|l)\s*:\s*(\d+)", self.rest[:end])
        whole = end + 4 + (int(m.group(1)) if m else 0)
        if len(self.rest) < whole:
            return None
        data, self.rest = self.rest[:whole], self.rest[whole:]
        return Message(data.decode(errors="replace"))

    def reply(self, request, status, reason="OK", extra="", body="", tag=None):
        """Answers a request, copying what RFC 3261 §8.2.6 says."""
        to = request.get("To")
        if tag and "tag=" not in to:
            to += f";tag={tag}"
        copied = "".join(f"Via: {v}\r\n" for v in request.all("Via")) + "".join(f"Record-Route: {v}\r\n" for v in request.all("Record-Route"))
        self.send(f"SIP/2.0 {status} {reason}\r\n{copied}From: {request.get('From')}\r\nTo: {to}\r\nCall-ID: {request.get('Call-ID')}\r\n"
                  f"CSeq: {request.get('CSeq')}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}")

    def exchange(self, text, branch, timeout=5.0, retransmit=0.5):
        """Sends a request and returns its final answer; repeats it over UDP; answers OPTIONS that come between."""
        end = time.monotonic() + timeout
        self.send(text)
        again = time.monotonic() + retransmit
        while time.monotonic() < end:
            message = self.receive(min(again, end) - time.monotonic()) if again > time.monotonic() else None
            if message is None:
                if self.transport == "udp":
                    self.send(text)
                again = time.monotonic() + retransmit
            elif message.status is None:
                if message.method == "OPTIONS":
                    self.reply(message, 200)
            elif message.status >= 200 and branch in (message.get("Via") or ""):
                return message
        raise AssertionError(f"no final answer within {timeout} s to:\n{text}")


class Registration:
    """One contact of one user: a Call-ID and a rising CSeq (RFC 3261 §10.2). `registrar` is the host of the Request-URI where it
    is not the user's domain."""

    def __init__(self, endpoint, user, contact=None, parameters="", registrar=None):
        self.endpoint, self.user, self.registrar = endpoint, user, registrar or user.domain
        suffix = "" if endpoint.transport == "udp" else f";transport={endpoint.transport}"
        self.contact = contact or f"<sip:{user.extension}@{endpoint.host}:{endpoint.port}{suffix}>{parameters}"
        self.call_id, self.tag, self.cseq = token("reg-"), token(), 0
        self.challenge, self.nonce_count = None, 0

    def request(self, expires, contact, authorization=None, extra=""):
        """The next REGISTER and its branch, not sent."""
        e, u = self.endpoint, self.user
        self.cseq += 1
        branch = "z9hG4bK" + token()
        text = (f"REGISTER sip:{self.registrar} SIP/2.0\r\nVia: SIP/2.0/{e.transport.upper()} {e.host}:{e.port};branch={branch};rport\r\n"
                f"Max-Forwards: 70\r\nFrom: <sip:{u.extension}@{u.domain}>;tag={self.tag}\r\nTo: <sip:{u.extension}@{u.domain}>\r\n"
                f"Call-ID: {self.call_id}\r\nCSeq: {self.cseq} REGISTER\r\n"
                + (f"Contact: {contact}\r\n" if contact else "") + (f"Expires: {expires}\r\n" if expires is not None else "")
                + extra + (authorization + "\r\n" if authorization else "") + "User-Agent: e2e\r\nContent-Length: 0\r\n\r\n")
        return text, branch

    def _send(self, expires, contact, authorization, extra):
        return self.endpoint.exchange(*self.request(expires, contact, authorization, extra))

    def credentials(self, password=None):
        """The answer to the last challenge, which may be given again with a higher count (RFC 7616 §3.4.5)."""
        self.nonce_count += 1
        return digest_header(self.user, self.challenge, "REGISTER", f"sip:{self.registrar}", password=password, nonce_count=self.nonce_count)

    def register(self, expires=3600, contact=None, password=None, extra="", fetch=False):
        """REGISTER, answering one challenge. Returns the last answer. As telephones do, asks again when a server that has too much to do
        (503) said when."""
        contact = None if fetch else contact or self.contact
        for left in (2, 1, 0):
            answer = self._send(expires, contact, None, extra)
            if answer.status == 401:
                self.challenge, self.nonce_count = answer.get("WWW-Authenticate"), 0
                answer = self._send(expires, contact, self.credentials(password), extra)
            if answer.status != 503 or not answer.get("Retry-After") or not left:
                return answer
            time.sleep(min(int(re.match(r"\d+", answer.get("Retry-After"))[0]), 5))

    def fetch(self):
        """The contacts that the server holds for the user."""
        answer = self.register(expires=None, fetch=True)
        assert answer.status == 200, answer.text
        return contacts(answer)

    def unregister(self, contact=None):
        return self.register(expires=0, contact=contact)


def contacts(answer):
    """Contact URIs of an answer to REGISTER with the expiry of each in seconds."""
    found = {}
    for line in answer.all("Contact"):
        for m in re.finditer(r"<([^>]+)>([^,]*)", line):
            e = re.search(r"expires=(\d+)", m.group(2))
            found[m.group(1)] = int(e.group(1)) if e else None
    return found
