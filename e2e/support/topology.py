"""Topology hiding: nothing that identifies one leg may be found in what the other leg received."""
import re


def secrets_of(telephone):
    """What a telephone's own messages say about it and its leg: addresses, tags, branches, Call-ID, product."""
    found = {telephone.local + ":", f"IP4 {telephone.local}", f"@{telephone.local}", "SecretCaller", "SecretCallee"}
    own = {"SecretCaller"} if telephone.scenario.startswith("uac") else {"SecretCallee"}
    found -= {"SecretCaller", "SecretCallee"} - own
    if telephone.local == "127.0.0.1":       # the server's own address, on which the TCP pipe ends: tells nothing
        found = own | {f"127.0.0.1:{telephone.port}"}
    for message in telephone.sent():
        found.update(re.findall(r"branch=(z9hG4bK[^;,\s]+)", message.get("Via") or ""))
        for header in ("From", "To"):
            found.update(re.findall(r"tag=([^;\s]+)", message.get(header) or ""))
        found.add(message.get("Call-ID"))
        found.update(re.findall(r"(?m)^(o=\S+ .*?)\r?$", message.body))
    return {s for s in found if s and len(s) > 4}


def assert_hidden(telephone, other):
    """Nothing of `telephone` shows in what `other` received."""
    received = other.received()
    assert received, f"{other.name} received nothing"
    for secret in secrets_of(telephone):
        for message in received:
            # A tag that the server chose itself for this leg is in both directions of the other's messages only.
            assert secret not in message.text, f"{secret!r} of {telephone.name} shows at {other.name} in:\n{message.text}"
