import itertools
import os
import shutil
import subprocess

import pytest

from support.baresip import Baresip
from support.martinet import BINARY, ROOT, Martinet
from support.sipp import Callee, Sipp
from support.topology import assert_hidden

_callers = itertools.count(0)


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Lets fixtures know how the test went: `request.node.outcome_of["call"]`."""
    report = (yield).get_result()
    item.__dict__.setdefault("outcome_of", {})[report.when] = report
    if report.failed:
        item.session.__dict__["anything_failed"] = True


def pytest_terminal_summary(terminalreporter):
    counts = {k: len(v) for k, v in terminalreporter.stats.items() if k in ("passed", "failed", "error", "skipped")}
    folder = os.path.join(ROOT, ".build")
    if os.path.isdir(folder):
        with open(os.path.join(folder, "pytest-last-line"), "w") as f:
            f.write("pytest: " + ", ".join(f"{n} {k}" for k, n in counts.items()) + "\n")


@pytest.fixture(scope="session", autouse=True)
def the_binary():
    if not os.path.exists(BINARY):
        pytest.exit(f"{BINARY} is missing: run make build", returncode=2)
    for tool in ("sipp", "baresip", "tshark", "nft", "ip"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin:/sbin"):
            pytest.exit(f"{tool} is missing: run make setup", returncode=2)


@pytest.fixture(scope="session")
def keep(tmp_path_factory):
    """Logs of tests that failed are shown by pytest with their folder; nothing else is kept."""
    return tmp_path_factory.getbasetemp()


def _server(folder, request, **options):
    server = Martinet(folder, **options)
    request.addfinalizer(server.clean_up)
    return server.start()


@pytest.fixture(scope="module")
def server(request, tmp_path_factory):
    """One server for the tests of a file. When they are done it must end by SIGTERM with exit code 0."""
    it = _server(tmp_path_factory.mktemp("server"), request, users=40)
    yield it
    if it.child.running():
        it.stop()


@pytest.fixture
def own_server(request, tmp_path):
    """A function that starts a server for this test alone."""
    def start(**options):
        folder = tmp_path / f"server{next(_callers)}"
        folder.mkdir()
        return _server(folder, request, **options)
    return start


@pytest.fixture(autouse=True)
def server_log_of_failures(request, capsys):
    """When a test failed, what the server said meanwhile and where the logs are."""
    server = request.getfixturevalue("server") if "server" in request.fixturenames else None
    before = len(server.log()) if server else 0
    yield
    outcome = getattr(request.node, "outcome_of", {}).get("call")
    if server and outcome is not None and outcome.failed:
        print(f"\n---- martinet's log of this test (whole: {server.child.log})\n{server.log()[before:][-4000:]}")


class Calls:
    """Starts SIPp telephones for a test and stops them after it."""

    def __init__(self, folder, server):
        self.folder, self.server, self.started, self.stopped = folder, server, [], []
        self.people = {u.extension: u for u in server.users()}

    def user(self, extension):
        return self.people[str(extension)]

    def callee(self, extension, scenario, **more):
        callee = Callee(self.folder, self.server, self.user(extension), scenario, **more)
        self.started.append(callee)
        return callee.sipp

    def caller(self, extension, called, scenario, password=None, as_user=None, local="127.0.0.11", keys=None, **more):
        user = self.user(extension)
        keys = {"domain": user.domain, **(keys or {})}
        row = (user.extension, user.sipp_authentication(password, as_user), called)
        sipp = Sipp(self.folder, self.server, scenario, rows=[row], local=local, keys=keys, **more)
        self.started.append(sipp)
        return sipp

    def both_end_well(self, caller, *callees, hidden=True, within=45):
        """Every telephone's scenario ended as written, and no leg saw anything of another."""
        caller.succeed(within)
        for callee in callees:
            callee.succeed(within)
            if hidden:
                assert_hidden(caller, callee)
                assert_hidden(callee, caller)

    def stop(self):
        for phone in self.started:
            phone.stop()


@pytest.fixture
def calls(request, server, tmp_path):
    it = Calls(tmp_path, server)
    yield it
    it.stop()


@pytest.fixture
def calls_on(tmp_path):
    """As `calls`, for a server that the test started itself."""
    made = []

    def make(server, folder=None):
        it = Calls(folder or tmp_path, server)
        made.append(it)
        return it
    yield make
    for it in made:
        it.stop()


@pytest.fixture
def phones(tmp_path):
    """Makes telephones (baresip) that end with the test."""
    made = []

    def make(*arguments, **options):
        made.append(Baresip(tmp_path, *arguments, **options))
        return made[-1]
    yield make
    for phone in made:
        phone.stop()
