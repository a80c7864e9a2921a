"""Free ports on the loopback addresses, never handed out twice in a run."""
import itertools
import os
import socket

# Below the kernel's range of ephemeral ports (32768 and up), spread by process so that two runs rarely meet.
_candidates = itertools.cycle(range(12000 + (os.getpid() % 40) * 200, 30000, 2))
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


def free_port():
    """An even port that nobody uses now, UDP and TCP."""
    for port in _candidates:
        if port not in _taken and _is_free(port):
            _taken.add(port)
            return port


def free_range(count):
    """The first of `count` consecutive ports of which none is taken."""
    for start in _candidates:
        block = range(start, start + count)
        if start + count < 32768 and not _taken.intersection(block) and all(_is_free(p) for p in block[:: max(1, count // 20)]):
            _taken.update(block)
            return start
