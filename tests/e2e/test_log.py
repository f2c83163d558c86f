"""Both logs as streams: a stuck reader delays nobody, and a terminal gets readable lines. The contents of lines are in
test_log_lines.py."""

import contextlib
import fcntl
import json
import os
import pty
import resource
import socket
import subprocess
import time
import tty

import pytest

from support.client import Client
from support.program import binary, environment
from support.server import free_port, stop_seconds_max

answer_seconds_max = 10


def make_pipe():
    return os.pipe()


def make_terminal():
    reader, writer = pty.openpty()
    tty.setraw(writer)
    return reader, writer


def make_socket():
    ours, theirs = socket.socketpair()
    return ours.detach(), theirs.detach()


def fill(descriptor):
    """Writes until nothing more fits: what a reader leaves behind that stands still."""
    flags = fcntl.fcntl(descriptor, fcntl.F_GETFL)
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    for size in (65536, 1):
        with contextlib.suppress(BlockingIOError):
            while os.write(descriptor, b"." * size):
                pass
    fcntl.fcntl(descriptor, fcntl.F_SETFL, flags)


def read_until(descriptor, wanted):
    seen = b""
    while wanted not in seen:
        part = os.read(descriptor, 65536)
        assert part, seen[-1000:]
        seen += part
    return seen.lstrip(b".").decode()


@contextlib.contextmanager
def serving(folder, *arguments, preexec=None, **streams):
    """A server whose streams are ours; yields its process and a client without a key."""
    port = free_port()
    folder.mkdir(exist_ok=True)
    command = [binary(), "serve", "--host=127.0.0.1", f"--port={port}", f"--data-dir={folder / 'data'}", *arguments]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment(), cwd=folder, preexec_fn=preexec,
                               **{"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **streams})
    try:
        deadline = time.monotonic() + 60
        while True:
            assert process.poll() is None and time.monotonic() < deadline
            with contextlib.suppress(OSError), Client(port, timeout=answer_seconds_max) as client:
                if client.get("/health").status == 200:
                    yield process, client
                    return
            time.sleep(0.01)
    finally:
        process.kill()
        process.wait()


def stop(process):
    process.terminate()
    assert process.wait(stop_seconds_max) == 0


@pytest.mark.parametrize("make", [make_pipe, make_terminal, make_socket])
def test_an_unread_standard_error_delays_nothing(start_server, tmp_path, make):
    with start_server("--access-log=false") as first:
        key = first.create_key(rate_limit="unlimited")["api_key"]
        first.stop()
    reader, writer = make()
    fill(writer)
    # The store fails when a file has grown to 1 MiB; each second of refusals then has its line in the log.
    with serving(tmp_path / "server0", "--threads=1", stderr=writer,
                 preexec=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))) as (process, client):
        client.key = key
        statuses = [client.send_event("fill", {"n": n, "filler": "x" * 4000}).status for n in range(600)]
        assert set(statuses) == {201, 503}, set(statuses)
        for path in ("/health", "/status"):
            assert client.get(path).status == 503
        assert client.get("/inbox?limit=1").status == 200
        stop(process)
    os.close(reader), os.close(writer)


def test_a_reader_that_resumes_gets_the_lines(tmp_path):
    reader, writer = make_pipe()
    fill(writer)
    with serving(tmp_path / "server", stderr=writer) as (process, client):
        assert client.get("/health").status == 200
        started = read_until(reader, b"}\n")
        assert json.loads(started)["event"] == "server_started"
        process.terminate()
        assert "server_stopped" in read_until(reader, b"server_stopped")
        assert process.wait(stop_seconds_max) == 0
    os.close(reader), os.close(writer)


def test_an_unread_standard_output_delays_nothing(tmp_path):
    reader, writer = make_pipe()
    fill(writer)
    with serving(tmp_path / "server", "--threads=1", stdout=writer) as (process, client):
        for _ in range(2000):
            assert client.get("/status").status == 200
        stop(process)
    os.close(reader), os.close(writer)


def test_a_server_that_cannot_start_says_so_and_ends_although_nobody_reads(tmp_path):
    reader, writer = make_pipe()
    fill(writer)
    (tmp_path / "data").write_text("a file, where the directory should be")
    process = subprocess.Popen([binary(), "serve", "--port=0", f"--data-dir={tmp_path / 'data'}"], stderr=writer,
                               env=environment())
    assert process.wait(stop_seconds_max) == 1
    os.close(reader), os.close(writer)


@pytest.mark.parametrize("arguments,is_text", [((), True), (("--log-format=json",), False)])
def test_a_terminal_gets_lines_for_a_person(tmp_path, arguments, is_text):
    reader, writer = make_terminal()
    with serving(tmp_path / "server", *arguments, stderr=writer, stdout=writer) as (process, client):
        seen = read_until(reader, b"/health")
        stop(process)
        seen += read_until(reader, b"server_stopped")
    os.close(reader), os.close(writer)
    started = next(line for line in seen.splitlines() if "server_started" in line)
    answered = next(line for line in seen.splitlines() if "/health" in line)
    if is_text:
        assert " info    server_started version=" in started and " GET /health 200 " in answered
    else:
        assert json.loads(started)["event"] == "server_started" and json.loads(answered)["route"] == "/health"


def test_a_file_gets_text_on_request(tmp_path):
    with open(tmp_path / "log", "w+", encoding="utf-8") as log:
        with serving(tmp_path / "server", "--log-format=text", stderr=log, stdout=log) as (process, _):
            stop(process)
        text = (tmp_path / "log").read_text()
    assert " info    server_started version=" in text and " GET /health 200 " in text and "{" not in text


def test_log_format_is_checked(tmp_path):
    done = subprocess.run([binary(), "serve", "--log-format=xml", f"--data-dir={tmp_path}"], capture_output=True,
                          text=True, env=environment(), timeout=60)
    assert done.returncode == 1 and "log-format = xml (flag --log-format) is refused: it must be auto|json|text" in done.stderr
