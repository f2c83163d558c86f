"""examples/worker.py, examples/worker.sh and examples/handle_once.py: they acknowledge what was handled, release what failed,
extend what is slow, and lose no lease when they stop."""

import importlib.util
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

from support.event_stream import await_figure
from support.program import environment, repository
from support.server import free_port

examples = repository / "examples"
workers = {"worker.py": [sys.executable, str(examples / "worker.py")], "worker.sh": ["sh", str(examples / "worker.sh")]}
seconds_max = 60
extends = 'triggers_http_requests_total{method="POST",route="/inboxes/{name}/extend",status="200"}'


class Bench:
    """A server with the inbox `orders`, and workers on it."""

    def __init__(self, server, folder, command):
        self.server, self.folder, self.command = server, folder, command
        self.key = server.create_key(role="admin")["api_key"]
        self.client = server.client(self.key)
        self.processes = []
        self.set_inbox()

    def set_inbox(self, **settings):
        assert self.client.request("PUT", "/inboxes/orders", settings).status in (200, 201)

    def send(self, count=1):
        return [self.client.send_event("t", {"n": n}).json()["event_id"] for n in range(count)]

    def counts(self):
        return self.client.get("/inboxes/orders").json()["counts"]

    def await_counts(self, **wanted):
        wanted = {"available": 0, "leased": 0, "delayed": 0, "dead": 0, **wanted}
        self.await_that(lambda: self.counts() == wanted, wanted)

    def await_that(self, condition, what):
        deadline = time.monotonic() + seconds_max
        while not condition():
            assert time.monotonic() < deadline, (what, self.counts(), self.log())
            time.sleep(0.01)

    def start(self, *handler, inbox="orders", key=None, **settings):
        """Starts a worker. Settings: `lease_seconds=3` sets WORKER_LEASE_SECONDS."""
        variables = {f"WORKER_{name.upper()}": str(value) for name, value in settings.items()}
        variables.update(TRIGGERS_URL=f"http://127.0.0.1:{self.server.port}", TRIGGERS_API_KEY=key or self.key)
        with open(self.folder / "worker.log", "ab") as log:
            process = subprocess.Popen([*self.command, inbox, *handler], cwd=self.folder, stdout=log, stderr=log,
                                       stdin=subprocess.DEVNULL, env=environment(variables), start_new_session=True)
        self.processes.append(process)
        return process

    def stop(self, process):
        process.send_signal(signal.SIGTERM)
        assert process.wait(seconds_max) == 0, self.log()

    def log(self):
        return (self.folder / "worker.log").read_text()

    def handled(self):
        """The events that the handlers below have got, in order."""
        path = self.folder / "handled"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def figure(self, name):
        page = self.client.get("/metrics").body.decode()
        return sum(float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if line.startswith(name))

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.client.close()


keeps = ["sh", "-c", "cat >> handled"]
fails = ["sh", "-c", "cat >> handled; echo first line >&2; echo 'no paper: \"A4\"' >&2; exit 3"]
fails_silently = ["sh", "-c", "cat >> handled; exit 3"]
# Waits for the file `gate`. The loop is the handler's work, not a test that sleeps.
waits = ["sh", "-c", "cat >> handled; until [ -e gate ]; do sleep 0.02; done"]


@pytest.fixture(params=workers)
def bench(request, start_server, tmp_path):
    one = Bench(start_server(port=free_port()), tmp_path, workers[request.param])
    yield one
    one.end()


def test_a_worker_handles_and_acknowledges_each_event(bench):
    ids = bench.send(3)
    process = bench.start(*keeps, wait_seconds=1)
    bench.await_that(lambda: len(bench.handled()) == 3, "three events")
    ids += [bench.client.send_event("t", {"later": n}).json()["event_id"] for n in range(3)]
    bench.await_that(lambda: len(bench.handled()) == 6, "six events")
    bench.await_counts()
    bench.stop(process)
    events = bench.handled()
    assert [event["event_id"] for event in events] == ids
    assert {event["attempt"] for event in events} == {1} and events[0]["payload"] == {"n": 0}
    assert bench.log() == ""


def test_what_fails_is_released_with_its_error_until_it_is_dead(bench):
    bench.set_inbox(max_attempts=3)
    (event_id,) = bench.send()
    process = bench.start(*fails, wait_seconds=1, retry_seconds=1)
    bench.await_counts(dead=1)
    bench.stop(process)
    (event,) = bench.client.get("/inboxes/orders/events?state=dead").json()["events"]
    assert (event["event_id"], event["attempts"], event["last_error"]) == (event_id, 3, 'no paper: "A4"')
    assert [event["attempt"] for event in bench.handled()] == [1, 2, 3]
    assert "first line" in bench.log()


def test_what_fails_is_delayed_twice_as_long_after_each_attempt(bench):
    bench.send()
    process = bench.start(*fails_silently, wait_seconds=1, retry_seconds=2)
    bench.await_that(lambda: len(bench.handled()) == 2, "two attempts")
    bench.await_counts(delayed=1)
    bench.stop(process)
    (event,) = bench.client.get("/inboxes/orders/events?state=delayed").json()["events"]
    assert (event["attempts"], event["last_error"]) == (2, "exit status 3")


def test_a_slow_event_keeps_its_lease(bench):
    bench.send()
    process = bench.start(*waits, wait_seconds=1, lease_seconds=3)
    # An extension comes at least every second, so five take longer than the lease would have lasted.
    bench.await_that(lambda: bench.figure(extends) >= 5, "five extensions")
    assert bench.counts()["leased"] == 1
    (bench.folder / "gate").touch()
    bench.await_counts()
    bench.stop(process)
    assert len(bench.handled()) == 1


def test_a_command_that_hangs_is_ended_and_its_event_is_released(bench):
    bench.set_inbox(max_attempts=1)
    bench.send()
    process = bench.start(*waits, wait_seconds=1, handling_seconds_max=1)
    bench.await_counts(dead=1)
    bench.stop(process)


def test_a_stop_finishes_the_current_event_and_releases_the_others(bench):
    bench.send(3)
    process = bench.start(*waits)
    bench.await_that(lambda: len(bench.handled()) == 1, "the first event")
    process.send_signal(signal.SIGTERM)
    (bench.folder / "gate").touch()
    assert process.wait(seconds_max) == 0, bench.log()
    assert bench.counts() == {"available": 2, "leased": 0, "delayed": 0, "dead": 0}
    assert len(bench.handled()) == 1


def test_a_stop_while_the_worker_waits_loses_no_lease(bench):
    process = bench.start(*keeps, wait_seconds=30)
    await_figure(bench.client, "triggers_waiters", 1)
    os.killpg(process.pid, signal.SIGINT)
    bench.send()
    assert process.wait(seconds_max) == 0, bench.log()
    assert bench.counts() == {"available": 1, "leased": 0, "delayed": 0, "dead": 0}
    assert bench.handled() == []


def test_a_handler_does_not_see_the_stop_of_its_worker(bench):
    bench.send()
    traps = "trap 'echo interrupted >> handled' INT; "
    process = bench.start("sh", "-c", traps + waits[2])
    bench.await_that(lambda: len(bench.handled()) == 1, "the event")
    os.killpg(process.pid, signal.SIGINT)  # As a terminal does for Ctrl+C.
    (bench.folder / "gate").touch()
    assert process.wait(seconds_max) == 0, bench.log()
    bench.await_counts()
    assert len(bench.handled()) == 1


def test_two_workers_share_an_inbox(bench):
    ids = bench.send(20)
    processes = [bench.start(*keeps, wait_seconds=1, limit=2) for _ in range(2)]
    bench.await_counts()
    for process in processes:
        bench.stop(process)
    assert sorted(event["event_id"] for event in bench.handled()) == sorted(ids)


def test_a_worker_outlives_a_restart_of_the_service(bench):
    process = bench.start(*keeps, wait_seconds=1)
    bench.server.kill()
    deadline = time.monotonic() + seconds_max
    while "no lease for now" not in bench.log():
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.01)
    bench.server.wanted_port = bench.server.port
    bench.server.start()
    bench.client.close()
    bench.send()
    bench.await_that(lambda: len(bench.handled()) == 1, "the event")
    bench.await_counts()
    bench.stop(process)


@pytest.mark.parametrize("arguments, code", [({"key": "wrong"}, "UNAUTHORIZED"), ({"inbox": "none"}, "NOT_FOUND")])
def test_a_worker_that_is_refused_says_why_and_ends(bench, arguments, code):
    assert bench.start(*keeps, **arguments).wait(seconds_max) == 1
    assert code in bench.log()


def test_a_worker_needs_a_command_and_a_key(bench):
    assert bench.start().wait(seconds_max) == 2
    assert "usage:" in bench.log()


@pytest.fixture
def library(monkeypatch):
    monkeypatch.syspath_prepend(str(examples))
    monkeypatch.delitem(sys.modules, "triggers_client", raising=False)
    specification = importlib.util.spec_from_file_location("worker", examples / "worker.py")
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, "worker", module)
    specification.loader.exec_module(module)
    return module


@pytest.mark.parametrize("message, kept", [("\udc00 odd", "? odd"), ("x" * 2_000, "x" * 1_000), ("", "ValueError"),
                                           ("\U0001f600" * 2_000, "\U0001f600" * 1_000)])
def test_any_text_of_an_exception_becomes_the_error_of_the_release(start_server, tmp_path, library, message, kept):
    bench = Bench(start_server(), tmp_path, [])
    bench.set_inbox(max_attempts=1)
    bench.send()
    worker = library.Worker(f"http://127.0.0.1:{bench.server.port}", bench.key, "orders", None)

    def handle(event):
        worker.stop()
        raise ValueError(message)

    worker.handle = handle
    worker.run()
    (event,) = bench.client.get("/inboxes/orders/events?state=dead").json()["events"]
    assert event["last_error"] == kept
    bench.end()


def test_a_worker_leaves_the_events_of_a_lost_lease_alone(start_server, tmp_path, library):
    bench = Bench(start_server(), tmp_path, [])
    ids = bench.send(2)
    worker = library.Worker(f"http://127.0.0.1:{bench.server.port}", bench.key, "orders", None, lease_seconds=1)
    handled = []

    def handle(event):
        handled.append(event["event_id"])
        worker.stop()
        # Somebody else takes all events away.
        assert bench.client.post("/inboxes/orders/ack", {"event_ids": ids}).status == 200
        bench.await_that(lambda: bench.figure(extends) >= 1, "an extension that finds nothing")

    worker.handle = handle
    worker.run()
    assert handled == ids[:1]
    bench.end()


def test_an_event_that_comes_twice_is_handled_once(tmp_path):
    def run(event):
        return subprocess.run([sys.executable, examples / "handle_once.py", "orders.sqlite"], input=json.dumps(event), text=True,
                              cwd=tmp_path, capture_output=True, env=environment(), check=False)

    event = {"event_id": "a", "payload": {"order": 42, "total": 1.0}}
    assert run({"event_id": "a", "payload": {"order": 42}}).returncode == 1  # Leaves no trace of the id.
    assert run(event).stdout == "handled: a\n"
    assert run(event).stdout == "handled before: a\n"
    with sqlite3.connect(tmp_path / "orders.sqlite") as database:
        assert database.execute("SELECT * FROM orders").fetchall() == [("42", "1.0")]
