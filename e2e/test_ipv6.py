"""A telephone that has IPv6 alone and one that has IPv4 alone call each other through the server."""
import pytest

from support.baresip import Baresip, talk
from support.netns import Networks

SERVER4, SERVER6 = "203.0.113.1", "2001:db8:5::1"


@pytest.fixture
def two_worlds():
    n = Networks()
    try:
        middle = n.add("net")
        n.bridge(middle, f"{SERVER4}/24", f"{SERVER6}/64")
        old, new = n.add("ip4"), n.add("ip6")
        n.plug(old, "eth0", middle, "203.0.113.4/24")
        n.plug(new, "eth0", middle, "2001:db8:5::6/64")
        yield middle, old, new
    finally:
        n.close()


class Reached:
    """The same server as a telephone of the other family reaches it."""

    def __init__(self, server, host):
        self.host, self.sip_port, self.tls_port = host, server.sip_port, server.tls_port


@pytest.mark.parametrize("caller", ["IPv6", "IPv4"])
def test_ipv6_and_ipv4_hear_each_other(two_worlds, own_server, tmp_path, caller):
    middle, old, new = two_worlds
    server = own_server(host=SERVER4, users=4, extra=["--bind", SERVER6], prefix=["ip", "netns", "exec", middle])
    people = server.users()
    phones = []
    try:
        phones.append(Baresip(tmp_path, Reached(server, SERVER6), people[0], 440, address="2001:db8:5::6", namespace=new,
                              settings=["net_af ipv6"]))
        phones.append(Baresip(tmp_path, server, people[1], 1000, address="203.0.113.4", namespace=old, settings=["net_af ipv4"]))
        talk(*(phones if caller == "IPv6" else reversed(phones)))
    finally:
        for phone in phones:
            phone.stop()
        server.stop()
