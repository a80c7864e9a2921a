"""SRTP with AES-CM-128 and HMAC-SHA1 of 80 bits (RFC 3711), with a master key identifier; knows nothing of our code."""
import hashlib
import hmac

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes


def _stream(key, iv, count):
    return Cipher(algorithms.AES(key), modes.CTR(iv)).encryptor().update(bytes(count))


def _xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other))


class Sender:
    """`key` of 16 and `salt` of 14 bytes."""

    def __init__(self, key, salt, mki=b""):
        def derived(label, count):
            place = _xor(salt, bytes(7) + bytes([label]) + bytes(6))
            return _stream(key, place + bytes(2), count)
        self.mki = mki
        self.cipher, self.authentication, self.salt = derived(0, 16), derived(1, 20), derived(2, 14)

    def protect(self, packet, rollover=0):
        """A packet of RTP without extension and contributing sources."""
        index = rollover << 16 | int.from_bytes(packet[2:4], "big")
        iv = _xor(self.salt + bytes(2), bytes(4) + packet[8:12] + index.to_bytes(6, "big") + bytes(2))
        there = packet[:12] + _xor(packet[12:], _stream(self.cipher, iv, len(packet) - 12))
        tag = hmac.new(self.authentication, there + rollover.to_bytes(4, "big"), hashlib.sha1).digest()[:10]
        return there + self.mki + tag
