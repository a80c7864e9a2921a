"""A server in an office, behind a router that forwards everything sent to the public address to it (1:1 NAT). A telephone in
the office is told the server's own address, one on the Internet the public address, in Via, Contact and SDP, and on the
port that it came to: the first, or the second that routers' SIP helpers do not know (MV-SEC-05)."""
import re

import pytest

from support.baresip import Baresip, talk
from support.netns import Networks, inside
from support.sipp import Callee, Sipp
from support.topology import assert_hidden

SERVER, PUBLIC = "192.168.1.10", "203.0.113.5"
IN_OFFICE, OUTSIDE = "192.168.1.20", "203.0.113.20"
SECOND_PORT = 5072


class Place:
    """Where a telephone is: its namespace and address, and the server as it is reached from there."""

    def __init__(self, namespace, address, host, server, port):
        self.namespace, self.address = namespace, address
        self.host, self.sip_port, self.tls_port, self.child = host, port, server.tls_port, server.child
        self.prefix = ["ip", "netns", "exec", namespace]


@pytest.fixture
def places(own_server):
    """The server, the telephone's place in the office and the one on the Internet."""
    n = Networks()
    try:
        internet, office, router = n.add("net"), n.add("lan"), n.add("gw")
        n.bridge(internet)
        n.bridge(office)
        n.plug(router, "wan", internet, f"{PUBLIC}/24")
        n.plug(router, "lan", office, "192.168.1.1/24")
        machine, inner, outer = n.add("srv"), n.add("in"), n.add("out")
        n.plug(machine, "eth0", office, f"{SERVER}/24")
        n.plug(inner, "eth0", office, f"{IN_OFFICE}/24")
        n.plug(outer, "eth0", internet, f"{OUTSIDE}/24")
        n.ip(machine, "route", "add", "default", "via", "192.168.1.1")
        n.in_namespace(router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        n.in_namespace(router, "nft", "-f", "-", stdin=f"""
            table ip nat {{
                chain pre {{ type nat hook prerouting priority dstnat; iifname "wan" ip daddr {PUBLIC} dnat to {SERVER}; }}
                chain post {{ type nat hook postrouting priority srcnat; oifname "wan" ip saddr {SERVER} snat to {PUBLIC}; }}
            }}
        """)
        server = own_server(host=SERVER, users=4, prefix=["ip", "netns", "exec", machine], extra=[
            "--second-sip-port", SECOND_PORT, "--advertise", PUBLIC, "--local-net", "192.168.0.0/16"])
        yield server, Place(inner, IN_OFFICE, SERVER, server, server.sip_port), Place(outer, OUTSIDE, PUBLIC, server, SECOND_PORT)
        server.stop()
    finally:
        n.close()


def addresses_told(sipp):
    """Every address by which the server named itself to a telephone, as "field: host:port"; of SDP "c: host" and "o: host"."""
    told = set()
    for message in sipp.received():
        named = [("Contact", v) for v in message.all("Contact")] + [("Record-Route", v) for v in message.all("Record-Route")]
        found = [(name, re.search(r"@?([\d.]+:\d+)", value.partition("@")[2] or value)) for name, value in named]
        if message.status is None:
            found.append(("Via", re.search(r" ([\d.]+:\d+)", message.all("Via")[0])))
        found += [(m.group(1), re.search(r"[\d.]+$", m.group(0))) for m in re.finditer(r"(?m)^([co])=.*IN IP4 [\d.]+", message.body)]
        for name, match in found:
            assert match, f"no address in {name} of:\n{message.text}"
            told.add(f"{name}: {match.group().lstrip('@').strip()}")
    return told


@pytest.mark.parametrize("direction", ["office to Internet", "Internet to office"])
def test_each_phone_is_told_the_address_it_can_reach(places, tmp_path, direction):
    """MV-SEC-05"""
    server, office, internet = places
    calling, called = (office, internet) if direction.startswith("office") else (internet, office)
    caller_user, callee_user = server.user(1001), server.user(1002)
    with inside(called.namespace):
        callee = Callee(tmp_path, called, callee_user, "uas_bye", local=called.address, prefix=called.prefix).sipp
    caller = Sipp(tmp_path, calling, "uac_remote_bye", rows=[(caller_user.extension, caller_user.sipp_authentication(), 1002)],
                  local=calling.address, keys={"domain": caller_user.domain}, prefix=calling.prefix,
                  # SIPp names the address that it sends to in its credentials; the server wants the request's URI there.
                  extra=["-auth_uri", f"1002@{caller_user.domain}"])
    try:
        caller.succeed(30)
        callee.succeed(30)
    finally:
        caller.stop()
        callee.stop()
    for phone, place in ((caller, calling), (callee, called)):
        own = f"{place.host}:{place.sip_port}"
        expected = {f"Via: {own}", f"Contact: {own}", f"c: {place.host}", f"o: {place.host}"}
        assert addresses_told(phone) == expected
    assert_hidden(caller, callee)
    assert_hidden(callee, caller)


def test_a_phone_in_the_office_and_one_on_the_internet_hear_each_other(places, tmp_path):
    """MV-SEC-05"""
    server, office, internet = places
    phones = []
    try:
        for number, tone, place in ((1001, 440, office), (1002, 1000, internet)):
            phones.append(Baresip(tmp_path, place, server.user(number), tone, address=place.address, namespace=place.namespace))
        talk(*phones)
        talk(*reversed(phones))
    finally:
        for phone in phones:
            phone.stop()
