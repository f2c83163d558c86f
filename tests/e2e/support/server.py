"""Runs the built program as a server: a process, a free port, a data directory, its two logs, and clients and keys for it."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from . import keys
from .client import Client, RawConnection
from .program import binary, environment

start_seconds_max = 60
stop_seconds_max = 20


def free_port():
    """A port that is free now, for the rare test that must know it before the server starts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`Server(folder, "--access-log=false").start()`. The folder gets `data/`, `stdout.log` and `stderr.log`; each start
    appends to the logs."""

    def __init__(self, folder, *arguments, env=None, port=0, data_dir=None, preexec=None, wrapper=()):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.data_dir = pathlib.Path(data_dir) if data_dir else self.folder / "data"
        self.arguments, self.env, self.wanted_port, self.preexec = list(arguments), env, port, preexec
        self.wrapper = list(wrapper)
        self.stdout_path, self.stderr_path = self.folder / "stdout.log", self.folder / "stderr.log"
        self.tls = None  # An ssl.SSLContext for its clients, if it speaks TLS.
        self.port = None
        self.process = None

    def start(self, wait=True):
        command = [*self.wrapper, binary(), "serve", "--host", "127.0.0.1", "--port", str(self.wanted_port),
                   "--data-dir", str(self.data_dir), *[str(argument) for argument in self.arguments]]
        log_before = self.stderr_path.stat().st_size if self.stderr_path.exists() else 0
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self.process = subprocess.Popen(command, stdout=out, stderr=err, stdin=subprocess.DEVNULL,
                                            env=environment(self.env), cwd=self.folder, preexec_fn=self.preexec)
        if wait:
            try:
                self._wait_until_started(log_before)
            except BaseException:
                self.kill()
                raise
        return self

    def _wait_until_started(self, log_before):
        deadline = time.monotonic() + start_seconds_max
        while time.monotonic() < deadline:
            for line in self.stderr_path.read_bytes()[log_before:].splitlines():
                if b'"server_started"' in line:
                    self.port = json.loads(line)["port"]
                    self._wait_until_healthy(deadline)
                    return
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()[-4000:]}")
            time.sleep(0.005)
        raise AssertionError(f"the server has not started within {start_seconds_max} s:\n{self.log()[-4000:]}")

    def _wait_until_healthy(self, deadline):
        while time.monotonic() < deadline:
            with self.client() as client:
                if client.get("/status").status == 200:
                    return
            time.sleep(0.005)
        raise AssertionError(f"/status is not 200:\n{self.log()[-4000:]}")

    @property
    def pid(self):
        return self.process.pid

    def running(self):
        return self.process is not None and self.process.poll() is None

    def kill(self):
        """Sends SIGKILL: the server ends without a chance to clean up."""
        if self.running():
            os.kill(self.process.pid, signal.SIGKILL)
            self.process.wait(stop_seconds_max)

    def terminate(self):
        """Sends SIGTERM and does not wait; wait() does."""
        self.process.send_signal(signal.SIGTERM)

    def wait(self, seconds=stop_seconds_max):
        return self.process.wait(seconds)

    def stop(self):
        """Stops the server gracefully. Returns its exit status."""
        if self.running():
            self.terminate()
            try:
                self.wait()
            except subprocess.TimeoutExpired:
                self.kill()
                raise
        return self.process.returncode if self.process else None

    def restart(self):
        self.stop()
        return self.start()

    def client(self, key=None, **options):
        return Client(self.port, key=key, tls=self.tls, host="localhost" if self.tls else "127.0.0.1", **options)

    def connect(self, **options):
        return RawConnection(self.port, **options)

    def create_key(self, **fields):
        """Calls keys.create() for this server's data directory."""
        return keys.create(self.data_dir, **fields)

    def log(self):
        """All of standard error so far."""
        return self.stderr_path.read_text(errors="replace") if self.stderr_path.exists() else ""

    def wait_for_log(self, text, seconds_max=10):
        """Waits until standard error contains `text`, because a separate thread writes the log. Returns all of it so far."""
        deadline = time.monotonic() + seconds_max
        while text not in (log := self.log()):
            assert time.monotonic() < deadline, f"{text} is not in the log:\n{log[-4000:]}"
            time.sleep(0.005)
        return log

    def access_log(self):
        """All of standard output so far."""
        return self.stdout_path.read_text(errors="replace") if self.stdout_path.exists() else ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.kill()
