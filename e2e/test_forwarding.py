"""Media that the kernel forwards: two telephones in networks of their own hear each other, the record has their figures, and nothing is left
in the kernel when the server dies."""
import ctypes
import fcntl
import os
import re
import socket
import struct
import subprocess

import pytest

from support.baresip import Baresip, talk
from support.martinet import ROOT
from support.netns import Networks, inside
from support.process import wait_for

SERVER = "203.0.113.1"
_libc = ctypes.CDLL(None, use_errno=True)


def bpf(command, attributes):
    """The system call (x86-64: 321, arm64: 280), with its attributes as bytes; the result, and the bytes after it."""
    memory = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    number = 321 if os.uname().machine == "x86_64" else 280
    return _libc.syscall(number, command, memory, 128), memory.raw


def programs():
    """How many of the server's programs are in the kernel."""
    count, number = 0, 0
    while True:
        found, after = bpf(11, struct.pack("=II", number, 0))                  # BPF_PROG_GET_NEXT_ID
        if found < 0:
            return count
        number = struct.unpack_from("=I", after, 4)[0]
        fd, _ = bpf(13, struct.pack("=I", number))                             # BPF_PROG_GET_FD_BY_ID
        if fd < 0:
            continue
        info = ctypes.create_string_buffer(256)
        bpf(15, struct.pack("=IIQ", fd, 256, ctypes.addressof(info)))          # BPF_OBJ_GET_INFO_BY_FD
        os.close(fd)
        count += info.raw[64:80].startswith(b"martinet_rtp")


def without_offload(namespace, interface):
    """Sums of UDP are made and checked in full there, as on a wire."""
    with inside(namespace), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        for command in (0x17, 0x15):                                           # ETHTOOL_STXCSUM, ETHTOOL_SRXCSUM
            value = ctypes.create_string_buffer(struct.pack("=II", command, 0), 8)
            request = struct.pack("16sQ16x", interface.encode(), ctypes.addressof(value))
            try:
                fcntl.ioctl(s, 0x8946, request)
            except OSError:
                assert command == 0x15, "sums cannot be switched off"


@pytest.fixture
def homes():
    if bpf(11, struct.pack("=II", 0, 0))[0] < 0 and ctypes.get_errno() in (1, 38):
        pytest.skip("NOT TESTED: this machine lets nobody use BPF")
    if tuple(map(int, re.match(r"(\d+)\.(\d+)", os.uname().release).groups())) < (6, 6):
        pytest.skip("NOT TESTED: forwarding needs Linux 6.6 or later")
    n = Networks()
    try:
        net = n.add("net")
        spaces = []
        for number in (1, 2):
            space = n.add(f"home{number}")
            n.cable(net, f"eth{number}", f"203.0.{112 + number}.1/24", space, "eth0", f"203.0.{112 + number}.5/24")
            n.ip(space, "route", "add", "default", "via", f"203.0.{112 + number}.1")
            spaces.append(space)
        yield net, spaces
    finally:
        n.close()


def phones(folder, server, spaces):
    return [Baresip(folder, server, user, tone, address=f"203.0.{112 + number}.5", namespace=space)
            for number, (user, tone, space) in enumerate(zip(server.users(), (440, 1000), spaces), 1)]


@pytest.mark.parametrize("sums", ["by the device", "in full"])
def test_a_call_that_the_kernel_forwards(homes, own_server, tmp_path, sums):
    net, spaces = homes
    others = programs()
    if sums == "in full":
        for space in spaces:
            without_offload(space, "eth0")
    server = own_server(host=SERVER, users=2, extra=["--bind", "203.0.114.1", "--media-forwarding", "required"], prefix=["ip", "netns", "exec", net])
    assert "media is forwarded in the kernel" in server.log()
    both = []
    try:
        both = phones(tmp_path, server, spaces)
        talk(*both, seconds=4)
        figures = server.metrics()
        assert figures["martinet_media_forwarded_total"] > 240
        assert figures["martinet_media_forwarded_streams"] == 0
        assert figures["martinet_media_packets_received_total"] > figures["martinet_media_forwarded_total"]
        assert figures["martinet_media_packets_lost_total"] == 0
    finally:
        for phone in both:
            phone.stop()
    server.stop()
    assert programs() == others


def test_nothing_is_left_in_the_kernel_when_the_server_is_killed(homes, own_server, tmp_path):
    net, spaces = homes
    others = programs()
    server = own_server(host=SERVER, users=2, extra=["--bind", "203.0.114.1", "--media-forwarding", "required"], prefix=["ip", "netns", "exec", net])
    both = []
    try:
        both = phones(tmp_path, server, spaces)
        for phone in both:
            phone.wait_registered()
        both[0].dial(server.users()[1].extension)
        wait_for(lambda: server.metrics().get("martinet_media_forwarded_streams", 0) == 2, 15, "both streams are forwarded")
        assert programs() == others + 1
        server.kill()
        wait_for(lambda: programs() == others, 5, "the kernel takes the program back")
        heard = both[0].heard(1000)
        server.start()
        assert programs() == others + 1 and server.metrics()["martinet_media_forwarded_streams"] == 0
        assert both[0].heard(1000) <= heard + 0.5
    finally:
        for phone in both:
            phone.stop()
    server.stop()


def test_without_the_right_to_it_media_goes_through_the_server(own_server):
    # Loopback alone: there is no interface to be at.
    server = own_server(users=2, extra=["--media-forwarding", "auto"])
    assert "media is relayed in user space, as the kernel does not forward it" in server.log()
    assert "martinet_media_forwarded_total" not in server.metrics()
    server.stop()


def test_the_program_is_what_its_source_compiles_to():
    folder = os.path.join(ROOT, "Sources", "CForward")
    done = subprocess.run([os.path.join(folder, "bytecode")], capture_output=True, text=True)
    if done.returncode and "no clang with a bpf target" in done.stderr:
        pytest.skip("NOT TESTED: no clang with a bpf target is here")
    assert done.returncode == 0, done.stderr
    with open(os.path.join(folder, "bytecode.h")) as file:
        kept = file.read()
    if kept.splitlines()[0] != done.stdout.splitlines()[0]:
        pytest.skip(f"NOT TESTED: this is another compiler: {done.stdout.splitlines()[0]}")
    assert done.stdout == kept, "run Sources/CForward/bytecode > Sources/CForward/bytecode.h"
