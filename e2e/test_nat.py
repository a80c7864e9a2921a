"""Two telephones, each behind a NAT of its own, made of network namespaces and nftables masquerade: they register,
call each other and hear each other through the server. A call out of the silence works too: the NAT's hole is kept open."""
import ctypes
import threading

import pytest

from support.baresip import Baresip, talk
from support.netns import Networks
from support.sip import Endpoint, Registration

SERVER = "203.0.113.1"


@pytest.fixture
def homes():
    """The Internet with the server in it, and two homes: (namespace of the server, of phone a, of phone b)."""
    n = Networks()
    try:
        internet = n.add("net")
        n.bridge(internet, f"{SERVER}/24")
        phones = []
        for number, name in ((1, "a"), (2, "b")):
            router, phone = n.add(f"nat{name}"), n.add(f"ph{name}")
            n.plug(router, "wan", internet, f"203.0.113.{10 + number}/24")
            n.cable(router, "lan", f"192.168.{number}.1/24", phone, "eth0", f"192.168.{number}.2/24")
            n.ip(phone, "route", "add", "default", "via", f"192.168.{number}.1")
            n.masquerade(router, "lan", "wan")
            phones.append(phone)
        yield internet, *phones
    finally:
        n.close()


@pytest.mark.parametrize("transport", ["udp", "tls"])
def test_phones_behind_two_nats_hear_each_other(homes, own_server, tmp_path, transport):
    internet, home_a, home_b = homes
    server = own_server(host=SERVER, users=4, prefix=["ip", "netns", "exec", internet])
    people = server.users()
    phones = []
    try:
        for person, tone, home, address in ((people[0], 440, home_a, "192.168.1.2"), (people[1], 1000, home_b, "192.168.2.2")):
            phones.append(Baresip(tmp_path, server, person, tone, transport=transport, address=address, namespace=home))
        talk(*phones)
        talk(*reversed(phones))
        # The server knows that they are behind NAT: it keeps the source address beside the contact.
        shown = server.cli("registrations").stdout
        assert "203.0.113.11" in shown and "203.0.113.12" in shown, shown
    finally:
        for phone in phones:
            phone.stop()
        server.stop()


def opened_in(namespace, open_socket):
    """What `open_socket` gives, run by a thread in that network namespace: a socket stays where it was opened."""
    result = []

    def run():
        with open(f"/run/netns/{namespace}") as there:
            if ctypes.CDLL(None, use_errno=True).setns(there.fileno(), 0) != 0:
                raise OSError(ctypes.get_errno(), "setns")
        result.append(open_socket())
    thread = threading.Thread(target=run)
    thread.start()
    thread.join(30)
    return result[0]


@pytest.mark.parametrize("contact, suspected", [("203.0.113.11", True), ("192.168.1.50", False)])
def test_registrations_names_a_suspected_sip_alg_and_its_cure(own_server, contact, suspected):
    """A router's helper wrote its public address into Contact and left Via; without a helper both have the private one."""
    n = Networks()
    try:
        internet, home = n.add("net"), n.add("home")
        n.bridge(internet, f"{SERVER}/24")
        n.plug(home, "wan", internet, "203.0.113.11/24")
        server = own_server(host=SERVER, users=2, prefix=["ip", "netns", "exec", internet])
        endpoint = opened_in(home, lambda: Endpoint(server, local="203.0.113.11"))
        endpoint.local = "192.168.1.50"     # what it writes into Via
        user = server.user(1001)
        assert Registration(endpoint, user, contact=f"<sip:1001@{contact}:{endpoint.port}>").register().status == 200
        shown = server.cli("registrations").stdout
        assert ("suspected" in shown) == suspected, shown
        assert ("SIP ALG" in shown and "Cure: switch SIP ALG off" in shown) == suspected, shown
        endpoint.close()
        server.stop()
    finally:
        n.close()
