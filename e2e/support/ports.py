"""Free ports on the loopback addresses, not handed out twice in a run while others are left."""
import itertools
import os
import socket

# Below the kernel's range of ephemeral ports (32768 and up), spread by process so that two runs rarely meet.
_ports = range(12000 + (os.getpid() % 40) * 100, 32000, 2)
_candidates = itertools.cycle(_ports)
_taken = set()


def _is_free(port, hosts=("127.0.0.1", "0.0.0.0", "::")):
    for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
        for host in hosts:
            family = socket.AF_INET6 if ":" in host else socket.AF_INET
            with socket.socket(family, kind) as s:
                if family == socket.AF_INET6:
                    s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                try:
                    s.bind((host, port))
                except OSError:
                    return False
    return True


def _search(fits):
    """The first candidate that fits; once all were handed out, those that are free again go round a second time."""
    for _ in range(2):
        for port in itertools.islice(_candidates, len(_ports)):
            if fits(port):
                return port
        _taken.clear()
    raise RuntimeError("no free ports between %d and %d" % (_ports.start, _ports.stop))


def free_port():
    """An even port that nobody uses now, UDP and TCP."""
    port = _search(lambda port: port not in _taken and _is_free(port))
    _taken.add(port)
    return port


def free_range(count):
    """The first of `count` consecutive ports of which none is taken."""
    def fits(start):
        block = range(start, start + count)
        return start + count < 32768 and not _taken.intersection(block) and all(
            _is_free(port) for port in block[:: max(1, count // 20)])

    start = _search(fits)
    _taken.update(range(start, start + count))
    return start
