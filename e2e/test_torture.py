"""The torture messages of RFC 4475 and RFC 5118 over a socket: each gets the answer, or the silence, that TortureTable.swift says,
and the server serves on. An address of its own for each, so that no answer can be another's."""
import os
import re
import socket

import pytest

from support.martinet import ROOT
from support.sip import Message, token

TESTS = os.path.join(ROOT, "Tests", "SIPMessageTests")
CODES = {"badRequest": 400, "unauthorized": 401, "notFound": 404, "notAcceptable": 406, "unsupportedMediaType": 415,
         "unsupportedURIScheme": 416, "badExtension": 420, "notImplemented": 501, "versionNotSupported": 505}
# Well formed, and from nobody we know: a call or a registration is challenged before anything else of it is looked at, OPTIONS is
# answered to anybody (RFC 3261 §11.2).
FROM_STRANGERS = {"INVITE": 401, "REGISTER": 401, "OPTIONS": 200}
# What the running server answers before it comes to what the table says of the message alone.
INSTEAD = {"wsinv": (481, "a To tag of no dialog (RFC 3261 §12.2.2)"),
           "mult-ip-in-header": (481, "a To tag of no dialog"),
           "via-received-param-with-delim": (481, "a To tag of no dialog"),
           "mpart01": (405, "MESSAGE is served within a call alone (RFC 3261 §8.2.1 comes before §8.2.3)"),
           "regbadct": (401, "the challenge comes before Contact is read (RFC 3261 §10.3 step 3)"),
           "unksm2": (401, "the challenge comes before To is looked up (RFC 3261 §10.3 step 3)")}


def table():
    """File and outcome of each row of the Swift table: ("clerr", "refused", 400), ("bigcode", "silence", None)."""
    text = open(os.path.join(TESTS, "TortureTable.swift"), encoding="utf-8").read()
    rows = []
    for file, kind, rest in re.findall(r'TortureCase\(\s*"([^"]+)", "RFC [^"]+", \.(\w+)(.*)\),?$', text, re.M):
        names = [name for name in re.findall(r"\.(\w+)", rest) if name in CODES]
        rows.append((file, kind, CODES[names[-1]] if names else None))
    return rows


ROWS = table()


def wire(file):
    data = open(os.path.join(TESTS, "Golden", "torture", file + ".dat"), "rb").read()
    if file == "novelsc":
        # Branch, host and method are those of unkscm: as it is, it would be a copy of that (RFC 3261 §17.2.3).
        data = data.replace(b"branch=z9hG4bKkdjuw39234", b"branch=z9hG4bKkdjuw39235")
    return data


def expected(file, kind, status):
    if file in INSTEAD:
        return INSTEAD[file][0]
    if kind in ("refused", "screened"):
        return status
    first = wire(file).split()[0].decode()
    return None if kind == "silence" or first == "SIP/2.0" else FROM_STRANGERS[first]


def test_every_message_has_its_row():
    files = {name[:-4] for name in os.listdir(os.path.join(TESTS, "Golden", "torture")) if name.endswith(".dat")}
    assert {file for file, _, _ in ROWS} == files and len(ROWS) == len(files)
    assert all(status for _, kind, status in ROWS if kind in ("refused", "screened", "answeredAbove"))
    assert {kind for _, kind, _ in ROWS} == {"parses", "refused", "screened", "answeredAbove", "silence"}


@pytest.mark.parametrize("number, row", enumerate(ROWS), ids=[row[0] for row in ROWS])
def test_a_torture_message_gets_what_the_table_says_and_the_server_serves_on(server, number, row):
    """RFC 4475, RFC 5118."""
    host = f"127.0.1.{10 + number}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        # Most of them name a host without a port, and want the answer at 5060 (RFC 3261 §18.2.2).
        phone.bind((host, 5060))
        phone.settimeout(5)
        phone.sendto(wire(row[0]), (server.host, server.sip_port))
        # The server takes datagrams in their order: once this one is answered, nothing more can come of the first.
        last = token("alive-")
        phone.sendto((f"OPTIONS sip:{server.host} SIP/2.0\r\nVia: SIP/2.0/UDP {host};branch=z9hG4bK{last};rport\r\nMax-Forwards: 70\r\n"
                      f"From: <sip:a@{host}>;tag={last}\r\nTo: <sip:{server.host}>\r\nCall-ID: {last}\r\nCSeq: 1 OPTIONS\r\n"
                      "Content-Length: 0\r\n\r\n").encode(), (server.host, server.sip_port))
        answers = []
        while not answers or answers[-1].get("Call-ID") != last:
            answers.append(Message(phone.recv(65535).decode(errors="replace")))
    assert answers.pop().status == 200
    wanted = expected(*row)
    assert [answer.status for answer in answers] == ([wanted] if wanted else []), [answer.text for answer in answers]
