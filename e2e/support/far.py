"""A telephone somewhere else, registered nowhere: takes calls at an address of its own, over UDP and, if wanted, TCP."""
import socket
import threading

from .sip import Message, token


class FarPhone:
    """Answers every INVITE, after ringing; `silent` takes everything and says nothing; `status` refuses instead."""

    def __init__(self, address, port, tcp=False, silent=False, status=None, contact=None):
        self.address, self.port, self.silent, self.status = address, port, silent, status
        self.contact = contact or f"sip:carol@{address}:{port}"
        self.received, self.lock = [], threading.Lock()
        self.tags = {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.sockets = [self.udp]
        threading.Thread(target=self._datagrams, daemon=True).start()
        if tcp:
            listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen()
            self.sockets.append(listener)
            threading.Thread(target=self._connections, args=(listener,), daemon=True).start()

    def _datagrams(self):
        while True:
            try:
                data, source = self.udp.recvfrom(65535)
            except OSError:
                return
            self._take(data, "UDP", lambda text: self.udp.sendto(text.encode(), source))

    def _connections(self, listener):
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            self.sockets.append(connection)
            threading.Thread(target=self._stream, args=(connection,), daemon=True).start()

    def _stream(self, connection):
        data = b""
        while True:
            try:
                more = connection.recv(65535)
            except OSError:
                return
            if not more:
                return
            data += more
            while b"\r\n\r\n" in data:
                head, _, rest = data.partition(b"\r\n\r\n")
                length = int(Message(head.decode() + "\r\n\r\n").get("Content-Length") or 0)
                if len(rest) < length:
                    break
                whole, data = head + b"\r\n\r\n" + rest[:length], rest[length:]
                self._take(whole, "TCP", lambda text: connection.sendall(text.encode()))

    def _take(self, data, transport, send):
        message = Message(data.decode(errors="replace"))
        with self.lock:
            self.received.append((transport, message))
        if self.silent or message.status is not None or message.method == "ACK":
            return
        tag = self.tags.setdefault(message.get("Call-ID"), token())

        def answer(status, reason, extra="", body=""):
            to = message.get("To") if "tag=" in message.get("To") else f"{message.get('To')};tag={tag}"
            vias = "".join(f"Via: {v}\r\n" for v in message.all("Via"))
            send(f"SIP/2.0 {status} {reason}\r\n{vias}From: {message.get('From')}\r\nTo: {to}\r\nCall-ID: {message.get('Call-ID')}\r\n"
                 f"CSeq: {message.get('CSeq')}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}")

        if message.method != "INVITE":
            return answer(200, "OK")
        if self.status:
            return answer(self.status, "No")
        answer(180, "Ringing", f"Contact: <{self.contact}>\r\n")
        body = (f"v=0\r\no=- 1 1 IN IP4 {self.address}\r\ns=-\r\nc=IN IP4 {self.address}\r\nt=0 0\r\n"
                f"m=audio {self.port + 2} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n")
        answer(200, "OK", f"Contact: <{self.contact}>\r\nContent-Type: application/sdp\r\n", body)

    def requests(self, method):
        with self.lock:
            return [(transport, m) for transport, m in self.received if m.method == method]

    def close(self):
        for s in self.sockets:
            s.close()
