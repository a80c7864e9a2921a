"""The command line: what it shows, and that a mistake says what, where and what to do, and changes nothing."""
import csv
import io
import json
import re
import socket
import subprocess

import pytest

from support.martinet import BINARY, Martinet, run_cli
from support.ports import free_port
from support.process import wait_for
from support.sip import Endpoint, Registration


def refused(*arguments, says, **options):
    """The command must fail with a message in which every pattern of `says` is found, and no trace of a crash."""
    done = run_cli(*arguments, check=False, **options)
    text = done.stdout + done.stderr
    assert 0 < done.returncode < 128, f"exit code {done.returncode}:\n{text}"
    for pattern in says:
        assert re.search(pattern, text, re.I), f"{pattern!r} is not in:\n{text}"
    assert "Fatal error" not in text and "Stack dump" not in text
    return done


# ---------------------------------------------------------------- mistakes
def test_help_names_every_command():
    text = run_cli("--help").stdout
    for command in ("demo", "serve", "check", "tenant", "user", "registrations", "calls", "cdr", "trace"):
        assert re.search(rf"\b{command}\b", text), command


def test_a_wrong_flag_is_named(tmp_path):
    data = tmp_path / "data"
    refused("demo", "--data", data, "--frobnicate", says=["frobnicate"])
    assert not data.exists()


@pytest.mark.parametrize("flag, value", [("--sip-port", "70000"), ("--sip-port", "abc"), ("--rtp-ports", "20000-10000"),
                                         ("--rtp-ports", "x"), ("--users", "-3"), ("--bind", "not an address")])
def test_a_wrong_value_is_named(tmp_path, flag, value):
    data = tmp_path / "data"
    refused("demo", "--data", data, f"{flag}={value}", says=[flag.strip("-"), re.escape(value)], seconds=15)
    assert not data.exists()


def test_an_unknown_configuration_key_is_named_with_its_line(tmp_path):
    config = tmp_path / "martinet.yaml"
    config.write_text(f"data: {tmp_path}/data\nsipp-port: 5060\n")
    refused("serve", "--config", config, says=["sipp-port", r"\b2\b|line 2"], seconds=15)
    refused("check", "--config", config, says=["sipp-port"], seconds=15)
    assert not (tmp_path / "data").exists()


def test_a_configuration_file_that_is_not_there_is_named(tmp_path):
    refused("serve", "--config", tmp_path / "nowhere.yaml", says=["nowhere.yaml"], seconds=15)


@pytest.mark.parametrize("which", ["sip_port", "tls_port", "http_port"])
def test_a_busy_port_is_named_and_nothing_is_left(tmp_path, which):
    server = Martinet(tmp_path, users=2)
    kind = socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as holder:
        holder.bind((server.host, getattr(server, which)))
        holder.listen()
        refused(*server.command()[1:], says=[str(getattr(server, which)), "in use|busy|taken"], seconds=30)
    # Once the port is free the same command works, so the failure left nothing in the way.
    try:
        server.start().stop()
    finally:
        server.clean_up()


def test_two_servers_do_not_share_a_data_folder(server):
    other = Martinet(server.folder, users=2)
    done = refused(*other.command()[1:], says=["data|folder|running|use"], seconds=30)
    assert done.returncode != 0
    assert server.ready()


# ---------------------------------------------------------------- tenants and users
def test_a_tenant_and_a_user_are_added_and_can_register(own_server):
    server = own_server(users=2)
    server.cli("tenant", "add", "acme", "--domain", "acme.example")
    server.cli("user", "add", "2001", "--tenant", "acme", "--password", "Swift-2001-pw")
    person = type("Person", (), dict(extension="2001", username="2001", password="Swift-2001-pw", domain="acme.example"))
    registration = Registration(Endpoint(server), person)
    wait_for(lambda: registration.register().status == 200, 10, "the new user can register", step=0.5)
    refused("tenant", "add", "acme", "--domain", "other.example", "--data", server.data, says=["acme"])
    refused("user", "add", "2001", "--tenant", "acme", "--password", "x", "--data", server.data, says=["2001"])
    refused("user", "add", "2002", "--tenant", "nobody", "--password", "Swift-2001-pw", "--data", server.data, says=["nobody"])
    server.stop()


def test_users_are_imported_or_the_wrong_cell_is_named_and_none_is(own_server, tmp_path):
    server = own_server(users=2)
    good = tmp_path / "good.csv"
    good.write_text('extension,name,password\n3001,"Müller, Anna",Swift-3001-pw\n3002,Bo,Swift-3002-pw\n')
    bad = tmp_path / "bad.csv"
    bad.write_text("extension,name,password\n3003,Fine,Swift-3003-pw\n30 04,Broken,Swift-3004-pw\n")
    refused("user", "import", bad, "--tenant", "demo", "--data", server.data, says=[r"line 3|:3[:,]", r"column|:1\b", "30 04"])
    server.cli("user", "import", good, "--tenant", "demo")
    domain = server.users()[0].domain

    def status(extension):
        person = type("Person", (), dict(extension=extension, username=extension, password=f"Swift-{extension}-pw", domain=domain))
        return Registration(Endpoint(server), person).register().status
    wait_for(lambda: status("3001") == 200, 10, "an imported user can register", step=0.5)
    assert status("3003") in (401, 403), "the file with an error must change nothing"
    refused("user", "import", good, "--tenant", "demo", "--data", server.data, says=["3001"])
    server.stop()


# ---------------------------------------------------------------- what it shows
def test_calls_records_and_trace_of_a_call(server, calls, tmp_path):
    """partly: MV-CDR-01"""
    callee = calls.callee(1002, "uas_call")
    caller = calls.caller(1001, 1002, "uac_call", hold_ms=2500)
    wait_for(lambda: any(m.method == "ACK" for m in callee.received()), 10, "the call is up")
    listed = server.cli("calls").stdout
    assert "1001" in listed and "1002" in listed
    calls.both_end_well(caller, callee)
    wait_for(lambda: "1002" not in server.cli("calls").stdout, 5, "the call is not listed any more")

    # cdr: the same record as CSV and as JSON
    rows = list(csv.DictReader(io.StringIO(server.cli("cdr", "--format", "csv").stdout)))
    row = rows[-1]
    assert row["dialled"] == "1002" and "1001@" in row["caller_uri"]
    assert row["outcome"] == "answered" and row["hangup_by"] == "caller"
    assert 2 <= float(row["talk_seconds"]) <= 4
    records = [json.loads(line) for line in server.cli("cdr", "--format", "json").stdout.splitlines() if line.strip().startswith("{")] or \
        json.loads(server.cli("cdr", "--format", "json").stdout)
    assert len(records) == len(rows)
    identifier = row["call"]
    assert records[-1]["call"] == identifier and records[-1]["dialled"] == "1002"

    # trace: one ladder with both legs; a capture that tshark reads
    ladder = server.cli("trace", identifier).stdout
    for step in ("INVITE", "180", "200", "ACK", "BYE"):
        assert ladder.count(step) >= 2, f"{step} is not there for both legs:\n{ladder}"
    # It begins with the INVITE that was challenged.
    assert ladder.index("INVITE") < ladder.index("401 Unauthorized") < ladder.index("180 Ringing"), ladder
    capture = tmp_path / "call.pcap"
    server.cli("trace", identifier, "--pcap", capture)
    read = subprocess.run(["tshark", "-r", str(capture), "-d", "udp.port==1024-65535,sip", "-Y", "sip", "-T", "fields", "-e", "sip.Request-Line", "-e", "sip.Status-Line"],
                          capture_output=True, text=True)
    assert read.returncode == 0, read.stderr
    assert read.stdout.count("INVITE sip:") >= 2 and "BYE sip:" in read.stdout and "SIP/2.0 200" in read.stdout
    malformed = subprocess.run(["tshark", "-r", str(capture), "-d", "udp.port==1024-65535,sip", "-Y", "_ws.malformed"], capture_output=True, text=True)
    assert malformed.stdout.strip() == ""
    # No credential leaves the server in a trace.
    assert "response=\"" not in ladder


def test_a_trace_of_an_unknown_call_says_so(server):
    refused("trace", "no-such-call", "--data", server.data, says=["no-such-call"])


def test_an_unknown_format_is_named(server):
    refused("cdr", "--format", "xml", "--data", server.data, says=["xml"])


def test_check_says_in_plain_words_that_all_is_well_or_what_is_not(tmp_path):
    config = tmp_path / "martinet.yaml"
    ports = [free_port() for _ in range(3)]
    config.write_text(f"data: {tmp_path}/data\nbind: 127.0.0.1\nsip-port: {ports[0]}\ntls-port: {ports[1]}\nhttp-port: {ports[2]}\nrtp-ports: 30000-31999\n")
    done = run_cli("check", "--config", config)
    assert str(ports[0]) in done.stdout
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as holder:
        holder.bind(("127.0.0.1", ports[0]))
        refused("check", "--config", config, says=[str(ports[0]), "in use|busy|taken"])


def test_a_data_folder_that_is_not_there_is_named(tmp_path):
    refused("registrations", "--data", tmp_path / "nothing", says=["nothing"])
    assert not (tmp_path / "nothing").exists()


def test_registrations_of_an_empty_server(own_server):
    server = own_server(users=2)
    assert "1001" not in server.cli("registrations").stdout
    server.stop()


def test_the_binary_names_its_version():
    done = subprocess.run([BINARY, "--version"], capture_output=True, text=True)
    assert done.returncode == 0 and re.search(r"\d+\.\d+", done.stdout)
