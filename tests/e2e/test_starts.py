"""How a server starts: it waits for a process that still has its store, reports to its service manager, and needs no
password. Starts that fail are in test_start_errors.py."""

import contextlib
import datetime
import json
import os
import pty
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import keys
from support.client import Client
from support.program import binary, environment
from support.server import Server


class LockHolder:
    """A process that has the store open and serves nobody, as a command or a server that is stopping."""

    code = """
import fcntl, sys
lock = open(sys.argv[1], "r+")
fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
print("held", flush=True)
sys.stdin.read()
"""

    def __init__(self, data_dir):
        self.process = subprocess.Popen([sys.executable, "-c", self.code, data_dir / "db/LOCK"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        assert self.process.stdout.readline() == b"held\n"

    def release(self):
        self.process.communicate()


@pytest.fixture
def held(tmp_path):
    """(data directory, the process that has its store open)."""
    data_dir = tmp_path / "server" / "data"
    keys.create(data_dir)
    holder = LockHolder(data_dir)
    yield data_dir, holder
    holder.release()


def logged(server, event):
    """Waits for a line of the log."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        for line in server.log().splitlines():
            if f'"event":"{event}"' in line:
                return json.loads(line)
        time.sleep(0.01)
    raise AssertionError(server.log())


def seconds_between(server, first, second):
    """Between two lines of the log, by their own times."""
    times = [datetime.datetime.fromisoformat(logged(server, event)["time"].replace("Z", "+00:00")) for event in (first, second)]
    return (times[1] - times[0]).total_seconds()


def test_a_server_waits_for_a_command_that_has_the_store(held, tmp_path):
    data_dir, holder = held
    with Server(tmp_path / "server") as server:
        server.start(wait=False)
        line = logged(server, "waiting_for_store")
        assert (line["data_dir"], line["process"]) == (str(data_dir), holder.process.pid)
        assert len(list((data_dir / "db").glob("MANIFEST-*"))) == 1  # Each try to open a store would begin another.
        holder.release()
        logged(server, "server_started")
        assert server.stop() == 0


def test_a_server_that_waits_for_the_store_ends_when_it_is_told_to(held, tmp_path):
    with Server(tmp_path / "server") as server:
        server.start(wait=False)
        logged(server, "waiting_for_store")
        assert server.stop() == 0
        assert "server_started" not in server.log()


def test_a_server_waits_for_the_store_for_a_bounded_time(held, tmp_path):
    data_dir, holder = held
    with Server(tmp_path / "server") as server:
        server.start(wait=False)
        assert server.wait(30) == 1
        assert server.log().splitlines()[-1] == (
            f"triggers: another process ({holder.process.pid}) is using {data_dir}: stop it, or choose another data directory")


def test_commands_wait_for_whoever_has_the_store(held, tmp_path):
    data_dir, holder = held
    with ThreadPoolExecutor(1) as pool:
        listed = pool.submit(keys.command, data_dir, "list")
        with Server(tmp_path / "server") as server:
            server.start(wait=False)
            logged(server, "waiting_for_store")
            holder.release()
            logged(server, "server_started")
            assert listed.result(30).returncode == 0


def notifications(folder, *, abstract):
    """A service manager's socket, and its name as NOTIFY_SOCKET has it."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    name = f"@triggers-test-{os.getpid()}" if abstract else str(folder / "notify")
    listener.bind(name.replace("@", "\0", 1) if abstract else name)
    listener.settimeout(20)
    return listener, name


@pytest.mark.parametrize("abstract", [False, True], ids=["path", "abstract"])
def test_the_service_manager_is_notified_of_start_and_stop(tmp_path, abstract):
    listener, name = notifications(tmp_path, abstract=abstract)
    with listener, Server(tmp_path / "server", env={"NOTIFY_SOCKET": name}) as server:
        server.start(wait=False)
        assert b"READY=1" in listener.recv(4096).split(b"\n")
        port = logged(server, "server_started")["port"]
        with Client(port) as client:
            assert client.get("/status").status == 200  # It serves by then.
        server.terminate()
        assert b"STOPPING=1" in listener.recv(4096).split(b"\n")
        assert server.wait() == 0


def fill(name):
    """Leaves no room in the queue of that socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        other.setblocking(False)
        with pytest.raises(BlockingIOError):
            for _ in range(100_000):
                other.sendto(b"full", name)


def test_a_service_manager_that_reads_late_is_still_notified(tmp_path):
    listener, name = notifications(tmp_path, abstract=False)
    with listener:
        fill(name)
        with Server(tmp_path / "server", env={"NOTIFY_SOCKET": name}) as server:
            server.start(wait=False)
            logged(server, "server_started")  # It says so just before it tells the service manager.
            while (message := listener.recv(4096)) == b"full":
                pass
            assert b"READY=1" in message.split(b"\n")
            assert "service_manager_not_told" not in server.log()
            server.terminate()
            assert server.wait() == 0


def test_a_service_manager_that_does_not_read_holds_nothing_up(tmp_path):
    listener, name = notifications(tmp_path, abstract=False)
    with listener:
        fill(name)
        with Server(tmp_path / "server", env={"NOTIFY_SOCKET": name}) as server:
            server.start(wait=False)
            assert "READY=1" in logged(server, "service_manager_not_told")["state"]
            with Client(logged(server, "server_started")["port"]) as client:
                assert client.get("/status").status == 200
            server.terminate()
            assert server.wait() == 0


def test_a_stop_does_not_wait_for_a_service_manager_that_does_not_read(tmp_path):
    """Neither for STOPPING=1, nor behind READY=1: the server would wait a second for room."""
    listener, name = notifications(tmp_path, abstract=False)
    with listener:
        with Server(tmp_path / "ready", env={"NOTIFY_SOCKET": name}) as server:
            server.start(wait=False)
            assert b"READY=1" in listener.recv(4096).split(b"\n")
            fill(name)
            server.terminate()
            assert server.wait() == 0
            assert "STOPPING=1" in logged(server, "service_manager_not_told")["state"]
            assert seconds_between(server, "server_stopping", "service_manager_not_told") < 0.9
        with Server(tmp_path / "starting", env={"NOTIFY_SOCKET": name}) as server:
            server.start(wait=False)
            logged(server, "server_started")
            server.terminate()
            assert server.wait() == 0
            assert "READY=1" in logged(server, "service_manager_not_told")["state"]
            assert seconds_between(server, "server_started", "server_stopping") < 0.9


def test_a_server_that_cannot_start_is_never_ready(held, tmp_path):
    listener, name = notifications(tmp_path, abstract=False)
    with listener, Server(tmp_path / "server", env={"NOTIFY_SOCKET": name}) as server:
        server.start(wait=False)
        assert listener.recv(4096) == b"STATUS=Waiting for another process to close the store"
        server.stop()
        listener.settimeout(0.01)
        with pytest.raises(TimeoutError):
            listener.recv(4096)


@pytest.mark.parametrize("form", [["-aes256"], ["-aes256", "-traditional"]], ids=["PKCS 8", "traditional"])
def test_an_encrypted_tls_key_is_refused_without_asking_for_a_password(tmp_path, certificate, form):
    cert, key = certificate
    subprocess.run(["openssl", "pkey", "-in", key, "-out", tmp_path / "encrypted.pem", *form, "-passout", "pass:secret"],
                   check=True, capture_output=True, timeout=60)
    command = [binary(), "serve", "--port=0", f"--data-dir={tmp_path}/data", f"--tls-cert={cert}", f"--tls-key={tmp_path}/encrypted.pem"]
    # On a terminal of its own, where OpenSSL would ask for the password and wait.
    child, terminal = pty.fork()
    if child == 0:
        os.execve(command[0], command, environment())
    shown = b""
    with contextlib.suppress(OSError):  # The terminal is gone when the process has ended.
        while chunk := os.read(terminal, 4096):
            shown += chunk
            assert b"pass phrase" not in shown
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    text = shown.decode()
    assert "encrypted.pem is encrypted with a password" in text and "openssl pkey" in text
