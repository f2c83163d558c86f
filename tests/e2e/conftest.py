"""The fixtures of the end-to-end tests: servers that run the built program over loopback, clients with keys of their own, and
a TLS certificate. Also checks that the program is there, and ends a session that hangs."""

import os
import signal
import subprocess
import threading
import time

import pytest

from support import keys
from support.program import binary
from support.sender import Sender
from support.server import Server

session_seconds_max = 40 * 60
teardown_seconds_max = 120


def pytest_configure(config):
    if not os.access(binary(), os.X_OK):
        raise pytest.UsageError(f"{binary()} is not there: build it, or name another with TRIGGERS_BINARY")
    # A shell that starts this in the background has it ignore SIGINT, and every program that a test interrupts would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=end_in_time, name="end in time", daemon=True).start()


def end_in_time():
    """Ends a session that hangs where no test's own timeout helps: as Ctrl-C does, with a report; if need be without."""
    time.sleep(session_seconds_max)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(teardown_seconds_max)
    os._exit(3)


@pytest.fixture
def start_server(tmp_path):
    """Starts servers for one test: `start_server("--dedup-window-seconds=0")`. All are ended with the test."""
    servers = []

    def start(*arguments, folder=None, **options):
        server = Server(folder or tmp_path / f"server{len(servers)}", *arguments, **options)
        servers.append(server)
        return server.start()

    yield start
    for server in servers:
        server.kill()


@pytest.fixture(scope="session")
def shared_server(tmp_path_factory):
    """One server for all tests that need no flags of their own. Each of them takes fresh tenants."""
    with Server(tmp_path_factory.mktemp("shared"), "--auth-failures-per-minute=0") as server:
        yield server.start()


@pytest.fixture
def sender(shared_server):
    """`triggers send` with a new key of the shared server."""
    return Sender(shared_server)


@pytest.fixture
def new_client(shared_server):
    """Makes clients of the shared server, each with a new key: `new_client(role="viewer")`. `client.record` is the key's
    JSON."""
    clients = []

    def make(**fields):
        record = shared_server.create_key(**fields)
        client = shared_server.client(record["api_key"])
        client.record = record
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def client(new_client):
    """A tenant of its own on the shared server, with an unlimited creator key."""
    return new_client(user_id=keys.fresh_user())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory):
    """(certificate, key): PEM files of a certificate that localhost signed itself."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost,IP:127.0.0.1"], check=True, capture_output=True, timeout=60)
    return certificate, key
