"""A name server of the test's own: answers over UDP what it was told, and counts who asks for what."""
import socket
import struct
import threading

TYPES = {"A": 1, "SRV": 33, "NAPTR": 35, "AAAA": 28}


def _name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.rstrip(".").split(".") if label) + b"\0"


def _text(value):
    return bytes([len(value)]) + value.encode()


def _data(kind, value):
    if kind == "A":
        return socket.inet_aton(value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    if kind == "SRV":
        priority, weight, port, target = value
        return struct.pack("!HHH", priority, weight, port) + _name(target)
    order, preference, flags, service, replacement = value
    return struct.pack("!HH", order, preference) + _text(flags) + _text(service) + _text("") + _name(replacement)


class NameServer:
    """`records` is {("name", "SRV"): [value, ...]}; what is not there does not exist. A `silent` one notes the questions and answers none."""

    def __init__(self, records, address="127.0.0.1", ttl=60):
        self.records, self.ttl, self.questions, self.silent = records, ttl, [], False
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.address = "%s:%d" % self.socket.getsockname()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(4096)
            except OSError:
                return
            answer = self._answer(query)     # which notes the question
            if not self.silent:
                self.socket.sendto(answer, client)

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        kind = next((k for k, number in TYPES.items() if number == struct.unpack("!H", query[at + 1:at + 3])[0]), "?")
        name = ".".join(labels)
        self.questions.append((name, kind))
        found = self.records.get((name, kind), [])
        exists = any(known == name for known, _ in self.records)
        answers = b""
        for value in found:
            data = _data(kind, value)
            answers += b"\xc0\x0c" + struct.pack("!HHIH", TYPES[kind], 1, self.ttl, len(data)) + data
        code = 0 if exists else 3
        return query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, len(found), 0, 0) + question + answers

    def close(self):
        self.socket.close()
