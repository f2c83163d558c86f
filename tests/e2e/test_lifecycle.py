"""How the programs end: signals, stops that would hang, descriptors, and unusual working directories. How a server starts
is in test_starts.py and test_start_errors.py."""

import http.client
import json
import os
import signal
import subprocess
import threading
import time

import pytest

from support.preload import HangingDisk
from support.program import binary, environment

# Well below the grace of 8 s, and well above what a busy machine takes.
soon_seconds = 6
# A signal that comes sooner after the first is the same request (250 ms).
same_request_seconds = 0.3


def wait_for_line(server, event, seconds_max=15):
    """The first line of the server's log with this event, parsed."""
    deadline = time.monotonic() + seconds_max
    while time.monotonic() < deadline:
        for line in server.log().splitlines():
            if f'"event":"{event}"' in line:
                return json.loads(line)
        assert server.running() or f'"event":"{event}"' in server.log(), server.log()
        time.sleep(0.01)
    raise AssertionError(f"no {event} in {server.log()}")


def ask_again(server, number):
    """A second request to stop, of a server that has taken the first."""
    wait_for_line(server, "server_stopping")
    time.sleep(same_request_seconds)
    assert server.running()
    server.process.send_signal(number)


def ended_early(server):
    lines = [json.loads(line) for line in server.log().splitlines() if '"server_ended_early"' in line]
    assert len(lines) == 1, server.log()
    assert "No confirmed write is lost" in lines[0]["message"]
    return lines[0]


def post_without_end(client):
    try:
        client.send_event("stuck", {})
    except (OSError, http.client.HTTPException):
        pass  # The server ends under it.


def stuck(start_server, tmp_path, *arguments):
    """A server with one acknowledged event, and a write that does not end."""
    disk = HangingDisk(tmp_path)
    server = start_server("--access-log=false", *arguments, env=disk.env)
    key = server.create_key()["api_key"]
    client = server.client(key)
    answer = client.send_event("kept", {"n": 1})
    assert answer.status == 201
    disk.hang()
    threading.Thread(target=post_without_end, args=(server.client(key),), daemon=True).start()
    disk.wait_until_met()
    return server, disk, key, answer.json()["event_id"]


def check_kept(server, disk, key, event_id):
    disk.go_on()
    server.start()
    with server.client(key) as client:
        assert client.get(f"/events/{event_id}").status == 200
    assert server.stop() == 0


@pytest.mark.parametrize("first", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_second_signal_ends_at_once_and_says_what_was_not_finished(start_server, tmp_path, first):
    server, disk, key, event_id = stuck(start_server, tmp_path)
    server.process.send_signal(first)
    ask_again(server, signal.SIGTERM)
    since = time.monotonic()
    assert server.wait() == 1
    assert time.monotonic() - since < soon_seconds
    line = ended_early(server)
    assert line["cause"] == "a second signal arrived"
    assert line["unfinished"].startswith("answering requests: "), line
    check_kept(server, disk, key, event_id)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_two_signals_at_once_are_one_request(start_server, second):
    """`timeout` and process managers signal a process and its group."""
    server = start_server("--drain-ms=1500")
    since = time.monotonic()
    server.process.send_signal(signal.SIGTERM)
    wait_for_line(server, "server_stopping")
    server.process.send_signal(second)
    assert server.wait() == 0
    assert time.monotonic() - since >= 1.4  # Nor does it end the drain.
    assert '"server_ended_early"' not in server.log()


def test_two_signals_at_once_do_not_end_a_stop_early(start_server, tmp_path):
    server, disk, key, event_id = stuck(start_server, tmp_path)
    server.process.send_signal(signal.SIGTERM)
    server.process.send_signal(signal.SIGINT)  # Another number: equal ones that wait are one.
    wait_for_line(server, "server_stopping")
    disk.go_on()
    assert server.wait() == 0
    assert '"server_ended_early"' not in server.log()
    server.start()
    with server.client(key) as client:
        assert client.get(f"/events/{event_id}").status == 200
    assert server.stop() == 0


@pytest.mark.parametrize("grace_ms", [0, 500])
def test_a_stop_that_hangs_ends_itself_after_the_limit(start_server, tmp_path, grace_ms):
    server, disk, key, event_id = stuck(start_server, tmp_path, f"--shutdown-grace-ms={grace_ms}",
                                        "--shutdown-limit-ms=1000")
    since = time.monotonic()
    server.terminate()
    assert server.wait() == 1
    assert (grace_ms + 1000) / 1000 <= time.monotonic() - since < soon_seconds
    assert ended_early(server)["cause"] == "the stop has taken too long"
    check_kept(server, disk, key, event_id)


def test_a_start_that_hangs_can_be_ended_too(start_server, tmp_path):
    disk = HangingDisk(tmp_path)
    server = start_server(env=disk.env)
    assert server.stop() == 0
    disk.hang()
    server.start(wait=False)
    disk.wait_until_met()
    server.terminate()
    time.sleep(same_request_seconds)
    server.process.send_signal(signal.SIGINT)
    assert server.wait() == 1
    assert ended_early(server)["unfinished"] == "opening the store"


def test_a_header_that_is_not_whole_does_not_hold_a_stop_up(start_server):
    server = start_server()
    with server.connect() as half, server.connect() as body:
        half.send(b"GET /inbox HTTP/1.1\r\nHost: a\r\nAuth")
        body.send(b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{")
        with server.client() as client:
            assert client.get("/status").status == 200  # So both were read.
        since = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - since < soon_seconds
        assert half.ended()
        assert body.read_answer().status in (401, 503)


def test_a_signal_in_the_drain_ends_the_drain_and_the_stop_is_whole(start_server):
    server = start_server("--drain-ms=120000")
    server.terminate()
    ask_again(server, signal.SIGINT)
    assert server.wait() == 0
    assert '"server_ended_early"' not in server.log()
    assert '"server_stopped"' in server.log()


def test_a_hang_up_stops_as_sigterm_does(start_server):
    server = start_server()
    server.process.send_signal(signal.SIGHUP)
    assert server.wait() == 0
    assert wait_for_line(server, "server_stopping")["signal"] == signal.SIGHUP
    assert '"server_stopped"' in server.log()


def test_simultaneous_hang_ups_count_as_one(start_server):
    """The kernel and the shell of a terminal that goes each send one."""
    server = start_server("--drain-ms=1500")
    since = time.monotonic()
    server.process.send_signal(signal.SIGHUP)
    wait_for_line(server, "server_stopping")
    server.process.send_signal(signal.SIGHUP)
    assert server.wait() == 0
    assert time.monotonic() - since >= 1.4
    assert '"server_ended_early"' not in server.log()


def test_under_nohup_a_hang_up_does_nothing(start_server):
    server = start_server(preexec=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    server.process.send_signal(signal.SIGHUP)
    server.process.send_signal(signal.SIGHUP)
    with server.client() as client:
        assert client.get("/status").status == 200
    assert server.stop() == 0
    assert wait_for_line(server, "server_stopping")["signal"] == signal.SIGTERM


def test_signals_that_mean_nothing_do_nothing(start_server):
    server = start_server()
    for number in (signal.SIGUSR1, signal.SIGUSR2, signal.SIGPIPE):
        server.process.send_signal(number)
    with server.client() as client:
        assert client.get("/status").status == 200
    assert server.stop() == 0
