"""The registrar: digest, expiry, fetch, removal, many contacts, and no hint for guessers (RFC 3261 §10)."""
import pytest

from support.martinet import User
from support.sip import Endpoint, Registration, contacts
from support.sipp import Sipp

TRANSPORTS = ["udp", "tcp", "tls"]


@pytest.fixture
def phone(server):
    """A function that gives a registration with a socket of its own for a user, who has no contact before and after."""
    made = []

    def clear(extension):
        endpoint = Endpoint(server, "udp")
        assert Registration(endpoint, server.user(extension)).register(expires=0, contact="*").status == 200
        endpoint.close()

    def make(extension, transport="udp", **options):
        if extension not in [e for e, _ in made]:
            clear(extension)
        it = Registration(Endpoint(server, transport), server.user(extension), **options)
        made.append((extension, it))
        return it
    yield make
    for extension, it in made:
        it.endpoint.close()
    for extension in {e for e, _ in made}:
        clear(extension)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_sipp_registers(server, tmp_path, transport):
    user = server.user(1001)
    Sipp(tmp_path, server, "register", rows=[(user.extension, user.sipp_authentication())], transport=transport,
         keys={"domain": user.domain}).succeed()


def test_sipp_registers_everybody_at_once(server, tmp_path):
    rows = [(u.extension, u.sipp_authentication()) for u in server.users()]
    Sipp(tmp_path, server, "register", rows=rows, calls=400, rate=200, keys={"domain": server.users()[0].domain}).succeed()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_register_fetch_and_remove(phone, transport):
    it = phone(1002, transport)
    answer = it.register(expires=200)
    assert answer.status == 200, answer.text
    granted = contacts(answer)
    assert len(granted) == 1 and 150 <= next(iter(granted.values())) <= 200
    assert next(iter(granted)) == it.contact[1:-1]
    assert list(it.fetch()) == list(granted)
    assert it.unregister().status == 200
    assert it.fetch() == {}


def test_without_credentials_comes_a_challenge_that_names_md5_alone(phone):
    answer = phone(1002)._send(3600, "<sip:1002@127.0.0.1>", None, "")
    assert answer.status == 401
    challenges = answer.all("WWW-Authenticate")
    assert len(challenges) == 1 and "SHA" not in challenges[0]
    for part in ("realm=", "nonce=", 'qop="auth'):
        assert part in challenges[0]


def test_a_wrong_password_and_an_unknown_user_get_the_same_answer(phone, server):
    wrong = phone(1003).register(password="not-this-one")
    nobody = User({"extension": "7777", "username": "7777", "password": "x", "domain": server.user(1003).domain})
    unknown = Registration(Endpoint(server), nobody).register()
    assert wrong.status in (401, 403)
    assert wrong.first == unknown.first
    assert [name for name, _ in wrong.fields] == [name for name, _ in unknown.fields]


def test_one_user_cannot_register_another(phone, server):
    it = phone(1004)
    stranger = server.user(1005)
    it.user = User({"extension": "1004", "username": stranger.username, "password": stranger.password, "domain": stranger.domain})
    assert it.register().status in (401, 403, 404)


def test_too_short_an_expiry_gets_423_with_the_shortest(phone):
    answer = phone(1005).register(expires=5)
    assert answer.status == 423
    assert int(answer.get("Min-Expires")) >= 10


def test_the_expiry_over_udp_is_spread(phone):
    """3600 s are granted with up to 10 % less, so that phones do not all come back in the same second."""
    granted = set()
    for extension in range(1006, 1014):
        (seconds,) = contacts(phone(extension).register(expires=3600)).values()
        assert 3240 <= seconds <= 3600
        granted.add(seconds)
    assert len(granted) > 1


@pytest.mark.parametrize("transport", ["tcp", "tls"])
def test_the_expiry_over_a_connection_is_short(phone, transport):
    """A restart cuts every connection: the phone must come back soon."""
    (seconds,) = contacts(phone(1006, transport).register(expires=3600)).values()
    assert 270 <= seconds <= 300


def test_a_user_has_up_to_sixteen_contacts(phone):
    """partly: MV-CALL-08"""
    answers = [phone(1014).register() for _ in range(16)]
    assert all(a.status == 200 for a in answers)
    assert len(contacts(answers[-1])) == 16
    seventeenth = phone(1014)
    assert seventeenth.register().status in (403, 503, 500)
    assert len(seventeenth.fetch()) == 16


def test_the_star_removes_all(phone):
    phone(1015).register()
    it = phone(1015)
    it.register()
    assert len(it.fetch()) == 2
    assert it.register(expires=0, contact="*").status == 200
    assert it.fetch() == {}


def test_the_star_with_an_expiry_is_a_bad_request(phone):
    it = phone(1015)
    it.register()
    assert it.register(expires=60, contact="*").status == 400
    assert len(it.fetch()) == 1


def test_an_old_cseq_of_the_same_call_id_changes_nothing(phone):
    it = phone(1016)
    it.register()
    it.cseq = 0
    stale = it.register(expires=0)
    assert stale.status in (400, 500)
    assert len(it.fetch()) == 1


def test_a_used_nonce_count_is_stale_and_no_wrong_password(phone):
    """The same credentials sent twice in new requests: the second gets a fresh challenge that says stale (RFC 7616 §3.3)."""
    from support.sip import digest_header
    it = phone(1017)
    it.register()
    header = digest_header(it.user, it.challenge, "REGISTER", f"sip:{it.user.domain}", nonce_count=7)
    assert it._send(600, it.contact, header, "").status == 200
    again = it._send(600, it.contact, header, "")
    assert again.status == 401
    assert "stale=true" in again.get("WWW-Authenticate").lower().replace('"', "")


def test_registrations_shows_address_and_expiry(phone, server):
    it = phone(1018)
    it.register()
    shown = server.cli("registrations").stdout
    line = next(x for x in shown.splitlines() if "1018" in x)
    assert f"127.0.0.1:{it.endpoint.port}" in line
