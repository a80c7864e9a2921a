"""Video is relayed as it is: its stream keeps its place and its formats, and its packets arrive byte for byte, both ways."""
import re
import socket
import struct

from support.ports import free_port
from support.process import wait_for

VIDEO = "m=video {port} RTP/AVP 96\\na=rtpmap:96 H264/90000\\na=fmtp:96 profile-level-id=42801F;packetization-mode=1\\na=sendrecv"


def streams(message):
    """The m-lines of a session description: (kind, port, formats), and the attributes of the last one."""
    lines = re.findall(r"(?m)^m=(\w+) (\d+) \S+ ([^\r\n]+)", message.body)
    return [(kind, int(port), formats) for kind, port, formats in lines], message.body.rpartition("m=")[2]


def video_port(message):
    return streams(message)[0][1][1]


def packet(number, payload):
    return struct.pack("!BBHII", 0x80, 96, number, number * 3000, 0x5EED) + payload


def test_video_is_relayed_as_it_is(calls, server):
    """partly: MV-CALL-10, AL-102"""
    callee = calls.callee(1002, "uas_call", parameters={"video": VIDEO.format(port=free_port())})
    caller = calls.caller(1001, 1002, "uac_call", hold_ms=4000, parameters={"video": VIDEO.format(port=free_port())})
    wait_for(lambda: any(m.method == "ACK" for m in callee.received()), 10, "the call is up")
    told = {phone: next(m for m in phone.received() if "m=video" in m.body) for phone in (caller, callee)}
    for message in told.values():
        (audio, video), attributes = streams(message)
        assert (audio[0], video[0], video[2]) == ("audio", "video", "96")
        assert "a=rtpmap:96 H264/90000" in attributes and "a=fmtp:96 profile-level-id=42801F;packetization-mode=1" in attributes
        assert f"c=IN IP4 {server.host}" in message.body and video[1] not in (0, audio[1])
    sockets = {}
    try:
        for phone in (caller, callee):
            s = sockets[phone] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            own = next(m for m in phone.sent() if "m=video" in m.body)
            s.bind((phone.local, video_port(own)))
            s.settimeout(2)
        for sender, receiver in ((caller, callee), (callee, caller)):
            sent = [packet(n, bytes([n]) * (200 + 300 * n)) for n in range(1, 5)]
            for data in sent:
                sockets[sender].sendto(data, (server.host, video_port(told[sender])))
            received = [sockets[receiver].recvfrom(65535) for _ in sent]
            assert [data[12:] for data, _ in received] == [data[12:] for data in sent]
            assert {source for _, source in received} == {(server.host, video_port(told[receiver]))}
    finally:
        for s in sockets.values():
            s.close()
    calls.both_end_well(caller, callee)
