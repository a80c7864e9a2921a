"""TLS works from the first start: the server makes a CA and a certificate of its own."""
import os
import socket
import ssl
import subprocess

import pytest

from support.linphone import Linphone
from support.process import wait_for
from support.sip import Endpoint, Registration


def certificate(server, version=None):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    with socket.create_connection((server.host, server.tls_port), timeout=5) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as tls:
            return tls.getpeercert(binary_form=True), tls.version()


def test_register_over_tls_with_python(server):
    registration = Registration(Endpoint(server, "tls"), server.user(1001))
    answer = registration.register()
    assert answer.status == 200, answer.text
    assert registration.unregister().status == 200


def test_tls_1_2_and_1_3_are_spoken_and_older_ones_are_not(server):
    assert certificate(server, ssl.TLSVersion.TLSv1_2)[1] == "TLSv1.2"
    assert certificate(server, ssl.TLSVersion.TLSv1_3)[1] == "TLSv1.3"
    with pytest.raises((ssl.SSLError, OSError)):
        certificate(server, ssl.TLSVersion.TLSv1_1)


def test_the_certificate_survives_a_restart(own_server):
    """partly: MV-SEC-02"""
    server = own_server()
    before = certificate(server)[0]
    server.stop()
    server.start()
    assert certificate(server)[0] == before
    server.stop()


def make_certificate(folder, name):
    """A key and a certificate that it signed itself; the certificate as a handshake shows it."""
    key, pem = os.path.join(folder, f"{name}.key"), os.path.join(folder, f"{name}.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30",
                    "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", pem],
                   check=True, capture_output=True)
    return key, pem, ssl.PEM_cert_to_DER_cert(open(pem, encoding="ascii").read())


def test_a_certificate_that_was_replaced_is_shown_to_new_connections_without_a_restart(own_server, tmp_path):
    first, second, third = (make_certificate(str(tmp_path), name) for name in ("first", "second", "third"))
    key, pem = str(tmp_path / "used.key"), str(tmp_path / "used.pem")

    def put(source, place):
        # As a renewal does: whole, at once.
        with open(place + ".new", "wb") as f:
            f.write(open(source, "rb").read())
        os.replace(place + ".new", place)
    put(first[0], key)
    put(first[1], pem)
    server = own_server().serve_with(f"tls:\n  certificate: {pem}\n  key: {key}\n")
    assert certificate(server)[0] == first[2]
    phone = Registration(Endpoint(server, "tls"), server.user(1001))
    assert phone.register().status == 200
    put(second[0], key)
    put(second[1], pem)
    wait_for(lambda: certificate(server)[0] == second[2], 15, "new connections are shown the new certificate", step=0.5)
    # The client that trusts it, and it alone, is content; a telephone that was connected before stays so.
    with socket.create_connection((server.host, server.tls_port), timeout=5) as raw:
        ssl.create_default_context(cafile=second[1]).wrap_socket(raw, server_hostname="localhost").close()
    assert phone.register().status == 200
    # A certificate without its key is refused, and the one in use stays.
    put(third[1], pem)
    wait_for(lambda: "new certificate refused" in server.log(), 15, "the log tells of the certificate that does not fit", step=0.5)
    assert certificate(server)[0] == second[2]
    put(third[0], key)
    wait_for(lambda: certificate(server)[0] == third[2], 15, "with its key it is taken", step=0.5)
    assert phone.unregister().status == 200


def test_garbage_and_a_silent_client_do_not_stop_others(server):
    silent = socket.create_connection((server.host, server.tls_port))
    with socket.create_connection((server.host, server.tls_port)) as garbage:
        garbage.sendall(b"GET / HTTP/1.0\r\n\r\n" * 100)
        registration = Registration(Endpoint(server, "tls"), server.user(1002))
        assert registration.register().status == 200
        registration.unregister()
    silent.close()


def test_linphone_registers_and_calls_over_tls(server, tmp_path):
    """partly: MV-CALL-01, MV-PROV-08, MV-SEC-01"""
    phones = []
    try:
        for person in (server.user(1003), server.user(1004)):
            phones.append(Linphone(tmp_path, server, person))
        for phone in phones:
            phone.wait_registered(30)
        shown = server.cli("registrations").stdout.lower()
        assert "1003" in shown and "1004" in shown and "tls" in shown
        phones[0].command(f"call sip:1004@{server.user(1004).domain}")
        phones[0].wait_for_state("LinphoneCallStreamsRunning", 20)
        wait_for(lambda: "1003" in server.cli("calls").stdout, 5, "the call is listed")
        phones[0].command("terminate")
        wait_for(lambda: "1003" not in server.cli("calls").stdout, 10, "the call is over")
    finally:
        for phone in phones:
            phone.stop()
