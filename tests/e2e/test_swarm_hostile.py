"""swarm against services that answer without end, with far too much, or with what is no HTTP: memory is bounded, every time
limit holds, a signal ends it, and the failure is named."""

import json
import os
import signal
import ssl
import subprocess
import tempfile
import time

import pytest

from support import swarm
from support.hostile_service import ENDLESS, HostileService
from support.peak_memory import PeakMemory
from support.program import environment

ANY_KEY = "k" * 64
memory_mib_max = 350  # two users: an answer may have 64 MiB, and a text that grows takes up to twice its size


def run(server, *arguments, scheme="http", signals=()):
    """A run to its end: its status, its JSON, its standard error, the memory it had, and how long it took."""
    command = [swarm.binary(), "--host", f"{scheme}://127.0.0.1:{server.port}", "--json", "--only-summary",
               *[str(argument) for argument in arguments], "HighThroughputUser"]
    began = time.monotonic()
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(command, env=environment({"LOCUST_API_KEY": ANY_KEY}), stdout=out, stderr=errors)
        with PeakMemory(process) as peak:
            for after_s, number in signals:
                time.sleep(max(0.0, began + after_s - time.monotonic()))  # the signal is to come in the middle of the attack
                process.send_signal(number)
            process.wait()
        seconds = time.monotonic() - began
        out.seek(0)
        errors.seek(0)
        figures = out.read()
        return process.returncode, json.loads(figures) if figures else None, errors.read(), peak.mib, seconds


@pytest.mark.parametrize("kind", ENDLESS)
def test_an_endless_answer_is_a_failure_and_the_run_ends_in_time(kind):
    with HostileService(*ENDLESS[kind]) as server:
        status, document, errors, peak_mib, seconds = run(server, "-u", 2, "-r", 2, "-t", 3, "--request-timeout", 1)
    assert status == 1, errors
    assert seconds < 10, seconds
    assert document["total"]["failures"] == document["total"]["requests"] > 0, document["total"]
    assert document["total"]["accepted"] == 0
    assert any(known in failure["error"] for failure in document["failures"]
               for known in ("larger than swarm reads", "ReadTimeout")), document["failures"]
    assert peak_mib < memory_mib_max, peak_mib


@pytest.mark.parametrize("kind", ["interim answers 100", "one-byte chunks", "chunks with extensions"])
def test_the_first_signal_ends_it_in_the_middle_of_an_attack(kind):
    with HostileService(*ENDLESS[kind]) as server:
        status, document, errors, _, seconds = run(server, "-u", 4, "-r", 4, "--request-timeout", 60,
                                                   signals=[(1.5, signal.SIGINT)])
    assert document is not None and "Shutting down" in errors, errors
    assert seconds < 8, seconds


def test_a_second_signal_cuts_users_short_that_finish_their_tasks():
    with HostileService(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n") as server:  # and never the five bytes
        _, document, errors, _, seconds = run(server, "-u", 2, "-r", 2, "--stop-timeout", 50,
                                              signals=[(1.0, signal.SIGINT), (2.0, signal.SIGINT)])
    assert seconds < 10, seconds
    assert "Got another signal" in errors
    assert document["run"]["cut_off"]["requests"] == 2, document["run"]
    assert document["run"]["cut_off"]["oldest_ms"] > 1000


def test_tls_is_bounded_too(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*[str(path) for path in certificate])
    with HostileService(*ENDLESS["one-byte chunks"], context=context) as server:
        status, document, errors, peak_mib, seconds = run(server, "-u", 2, "-r", 2, "-t", 3, "--request-timeout", 1,
                                                          "--insecure", scheme="https")
    assert (status, seconds < 10, peak_mib < memory_mib_max) == (1, True, True), (errors, seconds, peak_mib)
    assert any("ReadTimeout" in failure["error"] for failure in document["failures"]), document["failures"]


def test_answers_of_many_connections_share_a_bound():
    with HostileService(b"HTTP/1.1 201 Created\r\nContent-Length: 60000000\r\n\r\n", b"x" * 65536) as server:
        _, document, errors, peak_mib, seconds = run(server, "-u", 30, "-r", 30, "-t", 8, "--request-timeout", 6)
    assert seconds < 20, errors
    assert peak_mib < 800, "30 answers of 60 MB have 1.8 GB"
    assert any("256 MiB together" in failure["error"] for failure in document["failures"]), document["failures"]


@pytest.mark.parametrize("answer, error", [
    (b"HTTP/1.1 1000 Odd\r\nContent-Length: 0\r\n\r\n", "BadStatusLine"),
    (b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n", "BadStatusLine"),
    (b"HTTP/1.1 201 Created\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\n{}{}}", "BadStatusLine"),
    (b'HTTP/1.1 201 Created\r\nContent-Length: 40\r\n\r\n{"event_id":"a b\nGET / HTTP/1.1\n\n0000000"}', "201 without an event_id"),
])
def test_an_invalid_response_is_reported_as_such(answer, error):
    with HostileService(answer) as server:
        status, document, errors, _, _ = run(server, "-t", 1)
    assert status == 1, errors
    assert error in document["failures"][0]["error"], document["failures"]


def test_an_error_text_of_megabytes_is_cut():
    body = b'{"error_code":"' + b"\x1b[2J" + b"x" * 5_000_000 + b'"}'
    with HostileService(b"HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as server:
        _, document, errors, peak_mib, _ = run(server, "-u", 4, "-r", 4, "-t", 2)
    assert all(len(failure["error"]) < 2000 for failure in document["failures"])
    assert "\x1b" not in errors
    assert peak_mib < memory_mib_max
    assert os.linesep in errors
