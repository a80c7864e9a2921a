"""Encrypted media with real telephones, each leg by keys of its own: baresip by keys in the description (SDES) and by handshake (DTLS),
aiortc as browsers do it (DTLS, ICE, one port for all), and plain telephones on the other side."""
import base64
import os
import re
import socket
import threading

import pytest

from support import srtp
from support.baresip import Baresip, talk
from support.browser import Browser
from support.faxphone import FaxPhone
from support.process import wait_for
from test_settings import followed

SDES = dict(account=";mediaenc=srtp-mand", settings=("module srtp.so",))
DTLS = dict(account=";mediaenc=dtls_srtp", settings=("module dtls_srtp.so",))


@pytest.fixture
def people(server):
    """Users as the test wants them: `encryption` of each, in turn."""
    changed = []

    def make(*encryption):
        users = server.users()[:len(encryption)]
        for user, wanted in zip(users, encryption):
            if wanted:
                changed.append(user)
                followed(server, "user", "set", user.extension, "--tenant", "demo", f"encryption={wanted}")
        return users
    yield make
    for user in changed:
        followed(server, "user", "set", user.extension, "--tenant", "demo", "encryption=default")


@pytest.fixture
def phones(tmp_path, server):
    made = []

    def make(kind, *arguments, **options):
        made.append(kind(tmp_path, server, *arguments, **options))
        return made[-1]
    yield make
    for phone in made:
        phone.stop()


@pytest.mark.parametrize("phone, policy", [(SDES, "required"), (DTLS, "webrtc")], ids=["sdes", "dtls"])
@pytest.mark.parametrize("secure_calls", [True, False], ids=["calls", "is-called"])
def test_a_telephone_that_insists_on_encryption_and_a_plain_one(server, people, phones, phone, policy, secure_calls):
    first, second = people(policy, None)
    secure = phones(Baresip, first, 440, **phone)
    plain = phones(Baresip, second, 1000)
    talk(*((secure, plain) if secure_calls else (plain, secure)))


def test_two_telephones_with_keys_of_their_own_each(server, people, phones):
    first, second = people("required", "required")
    talk(phones(Baresip, first, 440, **SDES), phones(Baresip, second, 1000, **SDES))


@pytest.mark.parametrize("codec", ["PCMU", "opus"])
def test_a_browser_calls_a_plain_telephone(server, people, phones, codec):
    """partly: MV-CALL-11"""
    first, second = people("webrtc", None)
    browser = phones(Browser, first, 440, codec=codec).wait_registered()
    plain = phones(Baresip, second, 1000).wait_registered()
    assert browser.dial(second.extension) == 200
    hear_each_other(browser, plain)
    browser.hang_up()
    wait_for(lambda: not plain.in_call(), 10, "the hang-up reaches the telephone")


def test_a_plain_telephone_calls_a_browser(server, people, phones):
    first, second = people("webrtc", None)
    browser = phones(Browser, first, 440).wait_registered()
    plain = phones(Baresip, second, 1000).wait_registered()
    plain.command("dial", first.extension)
    browser.pick_up()
    hear_each_other(browser, plain)
    plain.hang_up()
    assert browser.serve(10), "the hang-up reaches the browser"


def test_a_browser_and_a_telephone_with_keys_in_its_description(server, people, phones):
    first, second = people("webrtc", "required")
    browser = phones(Browser, first, 440).wait_registered()
    secure = phones(Baresip, second, 1000, **SDES).wait_registered()
    assert browser.dial(second.extension) == 200
    hear_each_other(browser, secure)
    browser.hang_up()


def test_two_browsers(server, people, phones):
    first, second = people("webrtc", "webrtc")
    caller = phones(Browser, first, 440).wait_registered()
    callee = phones(Browser, second, 1000).wait_registered()
    answering = threading.Thread(target=callee.pick_up)
    answering.start()
    assert caller.dial(second.extension) == 200
    answering.join(15)
    hear_each_other(caller, callee)
    caller.hang_up()
    assert callee.serve(10), "the hang-up reaches the other browser"


def test_a_browser_that_holds_and_resumes_is_heard_again(server, people, phones):
    first, second = people("webrtc", "webrtc")
    caller = phones(Browser, first, 440).wait_registered()
    callee = phones(Browser, second, 1000).wait_registered()
    answering = threading.Thread(target=callee.pick_up)
    answering.start()
    assert caller.dial(second.extension) == 200
    answering.join(15)
    hear_each_other(caller, callee, seconds=1)
    for _ in range(2):
        for direction in ("sendonly", "sendrecv"):
            answering = threading.Thread(target=callee.serve, args=(3,))
            answering.start()
            assert caller.offer_again(direction) == 200
            answering.join(10)
        before = caller.heard(1000), callee.heard(440)
        wait_for(lambda: caller.heard(1000) > before[0] + 1 and callee.heard(440) > before[1] + 1, 10,
                 "both hear each other again", step=0.5)
    # The same handshake served throughout.
    assert caller.states.count("connected") == 1 and callee.states.count("connected") == 1
    caller.hang_up()
    assert callee.serve(10), "the hang-up reaches the other browser"


class KeyedPhone(FaxPhone):
    """A telephone whose crypto lines are given."""

    lines = ()

    def describe(self, kind):
        text = super().describe(kind).replace("RTP/AVP", "RTP/SAVP")
        return text + "".join(f"a=crypto:{line}\r\n" for line in self.lines)


def test_a_telephone_with_several_keys_in_one_line(server):
    keys = [os.urandom(30) for _ in range(3)]
    inline = [base64.b64encode(k).decode() for k in keys]
    first, second = server.users()[:2]
    caller, callee = KeyedPhone(server, first, "127.0.0.71", False), FaxPhone(server, second, "127.0.0.72", False)
    # Of the first line nobody could tell the keys apart.
    caller.lines = (f"1 AES_CM_128_HMAC_SHA1_80 inline:{inline[0]}|1:4;inline:{inline[1]}|1:4",
                    f"2 AES_CM_128_HMAC_SHA1_80 inline:{inline[0]}|2^20|1:4;inline:{inline[1]}|2^20|2:4")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear:
            mouth.bind((caller.endpoint.local, caller.port))
            ear.bind((callee.endpoint.local, callee.port))
            ear.settimeout(3)
            caller.call(second.extension)
            answer = [m.body for m in caller.answers if m.status == 200 and "crypto" in m.body][-1]
            assert re.findall(r"a=crypto:(\d+) (\S+)", answer) == [("2", "AES_CM_128_HMAC_SHA1_80")], answer
            assert ";" not in re.search(r"a=crypto:.*", answer).group(0), "one key of ours"
            senders = [srtp.Sender(keys[n][:16], keys[n][16:], mki=bytes([0, 0, 0, n + 1])) for n in range(3)]
            target = caller.wait_for("audio")
            # The keys in turn; in between a third one that nobody told of, and the first one under the second's name.
            liar = srtp.Sender(keys[0][:16], keys[0][16:], mki=bytes([0, 0, 0, 2]))
            for number in range(40):
                packet = bytes([0x80, 8]) + (100 + number).to_bytes(2, "big") + (160 * number).to_bytes(4, "big") + b"ssrc" + bytes([number]) * 160
                for sender in (senders[number % 2], senders[2], liar) if number % 2 == 0 else (senders[1],):
                    mouth.sendto(sender.protect(packet), target)
            heard = sorted({ear.recv(2000)[12] for _ in range(40)})
            assert heard == list(range(40))
            ear.settimeout(0.3)
            with pytest.raises(TimeoutError):
                ear.recv(2000)
            caller.hang_up()
    finally:
        caller.stop()
        callee.stop()


def hear_each_other(one, other, seconds=3.0, within=20):
    for listener, speaker in ((one, other), (other, one)):
        wait_for(lambda: listener.heard(speaker.tone) >= seconds, within,
                 f"{listener.user.extension} hears {speaker.tone} Hz of {speaker.user.extension} for {seconds} s", step=0.5)
        assert listener.heard(listener.tone) < 0.2, "hears its own tone"
