"""Networks made of Linux network namespaces, all removed again. Needs root."""
import contextlib
import ctypes
import itertools
import os
import subprocess

_libc = ctypes.CDLL(None, use_errno=True)
_counter = itertools.count()
CLONE_NEWNET = 0x40000000


def run(*command, stdin=None):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, input=stdin)
    assert done.returncode == 0, f"{' '.join(map(str, command))}: {done.stderr}"
    return done.stdout


@contextlib.contextmanager
def inside(namespace):
    """Sockets made in this block belong to the namespace, and stay in it."""
    if namespace is None:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    there = os.open(f"/var/run/netns/{namespace}", os.O_RDONLY)
    try:
        if _libc.setns(there, CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        _libc.setns(home, CLONE_NEWNET)
        os.close(home)
        os.close(there)


class Networks:
    """A set of namespaces of one test; `close` removes them with their interfaces."""

    def __init__(self):
        assert os.geteuid() == 0, "network namespaces need root: run the tests as root or with sudo"
        self.tag = f"mt{os.getpid() % 100000}-{next(_counter)}"
        self.names = []

    def add(self, name):
        full = f"{self.tag}-{name}"
        run("ip", "netns", "add", full)
        self.names.append(full)
        self.ip(full, "link", "set", "lo", "up")
        return full

    @staticmethod
    def ip(namespace, *arguments):
        return run("ip", "-n", namespace, *arguments)

    @staticmethod
    def in_namespace(namespace, *command, stdin=None):
        return run("ip", "netns", "exec", namespace, *command, stdin=stdin)

    def bridge(self, namespace, *addresses):
        """A switch inside a namespace, which has these addresses on it itself."""
        self.ip(namespace, "link", "add", "br0", "type", "bridge")
        self.ip(namespace, "link", "set", "br0", "up")
        for address in addresses:
            self._address(namespace, "br0", address)

    def plug(self, namespace, interface, switch, *addresses):
        """Connects an interface of `namespace` with the switch of another."""
        port = f"p{len(self.names)}{interface}{next(_counter)}"[:15]
        self.ip(namespace, "link", "add", interface, "type", "veth", "peer", "name", port, "netns", switch)
        self.ip(switch, "link", "set", port, "master", "br0", "up")
        self.ip(namespace, "link", "set", interface, "up")
        for address in addresses:
            self._address(namespace, interface, address)

    def cable(self, one, interface, address, other, other_interface, other_address):
        self.ip(one, "link", "add", interface, "type", "veth", "peer", "name", other_interface, "netns", other)
        for namespace, name, a in ((one, interface, address), (other, other_interface, other_address)):
            self.ip(namespace, "link", "set", name, "up")
            self._address(namespace, name, a)

    def _address(self, namespace, interface, address):
        # Without duplicate address detection an IPv6 address can be used at once.
        self.ip(namespace, "address", "add", address, "dev", interface, *(["nodad"] if ":" in address else []))

    def masquerade(self, namespace, inner, outer):
        """Makes the namespace a router that hides the inner network behind its outer address, as homes do."""
        self.in_namespace(namespace, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        self.in_namespace(namespace, "nft", "-f", "-", stdin=f"""
            table ip nat {{
                chain post {{ type nat hook postrouting priority srcnat; oifname "{outer}" masquerade; }}
            }}
            table ip filter {{
                chain forward {{ type filter hook forward priority filter; policy drop;
                    iifname "{inner}" accept
                    ct state established,related accept
                }}
            }}
        """)

    def close(self):
        for name in reversed(self.names):
            subprocess.run(["ip", "netns", "delete", name], capture_output=True)
