"""`swarm --worker` under Debian's Locust master, headless and through its web page. The master's figures must agree with
the server's."""

import csv
import io
import json
import re
import signal
import subprocess
import time

import pytest

from support import locust, metrics, swarm
from support.hostile_service import HostileService
from support.program import environment
from support.server import free_port

pytestmark = locust.installed

ended_seconds_max = 20


class Team:
    """A master and its workers, with one key. Everything is ended with the test."""

    def __init__(self, folder, server):
        self.folder, self.server = folder, server
        self.key = server.create_key(rate_limit="unlimited")["api_key"]
        self.port = free_port()
        self.processes, self.workers = [], []

    def start_master(self, *arguments, name="master"):
        log = self.folder / f"{name}.log"
        process = locust.start("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", self.port,
                               "--stop-timeout", "5", "--host", f"http://127.0.0.1:{self.server.port}", *arguments,
                               key=self.key, cwd=self.folder, log=log)
        self.processes.append(process)
        return process, log

    def start_workers(self, count):
        for _ in range(count):
            log = self.folder / f"worker{len(self.workers)}.log"
            with open(log, "wb") as out:
                process = subprocess.Popen([swarm.binary(), "--worker", "--master-port", str(self.port)], stdout=out,
                                           stderr=out, stdin=subprocess.DEVNULL, cwd=self.folder,
                                           env=environment({"LOCUST_API_KEY": self.key}))
            self.processes.append(process)
            self.workers.append((process, log))

    def accepted(self):
        with self.server.client() as client:
            return int(metrics.read(client).get("triggers_events_accepted_total", 0))

    def accepted_is(self, count):
        with self.server.client() as client:
            figures = metrics.read_when(client, "triggers_events_accepted_total", count)
        assert figures["triggers_events_accepted_total"] == count
        return figures

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()


@pytest.fixture
def team(start_server, tmp_path):
    made = Team(tmp_path, start_server("--access-log=false"))
    yield made
    made.end()


def wait_for(log, text, seconds_max=20):
    deadline = time.monotonic() + seconds_max
    while text not in log.read_text(encoding="utf-8", errors="replace"):
        assert time.monotonic() < deadline, f"no {text!r} in:\n{log.read_text(encoding='utf-8', errors='replace')[-4000:]}"
        time.sleep(0.02)


def test_a_headless_run_counts_exactly_what_the_server_counts(team):
    team.start_workers(2)
    master, log = team.start_master("--headless", "--expect-workers", "2", "-u", "30", "-r", "30", "-t", "6s", "--csv", "run",
                                    "--only-summary")
    assert master.wait(60) == 0, log.read_text()[-6000:]
    for worker, worker_log in team.workers:
        assert worker.wait(ended_seconds_max) == 0, worker_log.read_text()
    output = log.read_text()
    assert 'All users spawned: {"HighThroughputUser": 15, "TriggersAPIUser": 15} (30 total users)' in output, output[-6000:]
    counted = locust.table(output)
    assert all(failures == 0 for _, failures in counted.values()), counted
    figures = team.accepted_is(counted["POST /events"][0])
    assert figures['triggers_http_requests_total{method="GET",route="/inbox",status="200"}'] == counted["GET /inbox"][0]
    assert figures["triggers_events_acknowledged_total"] == counted.get("DELETE /events/{id}", (0, 0))[0]
    # Locust's own file of the run lacks up to its last second.
    assert 0 < int(locust.rows(team.folder / "run_stats.csv")["POST /events"]["Request Count"]) <= counted["POST /events"][0]
    assert "Traceback" not in output


class Page(locust.WebPage):
    def status(self):
        return json.loads(self.ask("/stats/requests"))

    def wait(self, good, what):
        try:
            return json.loads(self.ask_until("/stats/requests", lambda text: good(json.loads(text))))
        except AssertionError:
            raise AssertionError(f"not {what}: {json.dumps(self.status())[:3000]}") from None

    def requests(self):
        rows = csv.DictReader(io.StringIO(self.ask("/stats/requests/csv")))
        return {row["Name"]: int(row["Request Count"]) for row in rows}


def test_a_fresh_page_stays_ready_when_workers_join(team):
    page_port = free_port()
    team.start_master("--web-host", "127.0.0.1", "--web-port", page_port)
    page = Page(page_port)
    page.ask_until("/stats/requests", lambda text: json.loads(text)["state"] == "ready")
    for count in range(1, 4):
        team.start_workers(1)
        page.ask_until("/stats/requests", lambda text: len(json.loads(text)["workers"]) == count)
        # Nothing that was said on the way may have ended a test that has not begun.
        now = page.status()
        assert now["state"] == "ready", now


def test_requests_that_the_stop_cuts_off_are_in_the_workers_log(team):
    with HostileService(b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\n") as never_ends:
        team.start_workers(1)
        master, _ = team.start_master("--headless", "--expect-workers", "1", "-u", "3", "-r", "3", "-t", "3s", "--stop-timeout", "0",
                                      "--host", f"http://127.0.0.1:{never_ends.port}", "HighThroughputUser")
        master.wait(60)
        _, worker_log = team.workers[0]
        wait_for(worker_log, "3 requests were cut off with their users")


def test_a_key_that_the_service_does_not_know_is_on_the_masters_page(team):
    team.key = "k" * 64
    team.start_workers(1)
    page_port = free_port()
    team.start_master("--web-host", "127.0.0.1", "--web-port", page_port)
    page = Page(page_port)
    page.ask_until("/stats/requests", lambda text: len(json.loads(text)["workers"]) == 1)
    page.ask("/swarm", {"user_count": 2, "spawn_rate": 2, "host": f"http://127.0.0.1:{team.server.port}"})
    page.ask_until("/exceptions/csv", lambda text: "refuses the API key in LOCUST_API_KEY: 401" in text)


def test_the_web_page_starts_edits_stops_and_starts_again(team):
    page_port = free_port()
    _, log = team.start_master("--web-host", "127.0.0.1", "--web-port", page_port, "--class-picker")
    team.start_workers(2)
    page = Page(page_port)
    page.ask_until("/stats/requests", lambda text: len(json.loads(text)["workers"]) == 2)
    start = {"user_count": 4, "spawn_rate": 100, "host": f"http://127.0.0.1:{team.server.port}", "user_classes": "HighThroughputUser"}
    assert json.loads(page.ask("/swarm", start))["success"]
    page.wait(lambda now: now["state"] == "running" and now["user_count"] == 4, "4 users")
    page.wait(lambda now: sum(row["num_requests"] for row in now["stats"] if row["name"] != "Aggregated") > 20, "requests")
    assert json.loads(page.ask("/swarm", {**start, "user_count": 7}))["success"]
    page.wait(lambda now: now["state"] == "running" and now["user_count"] == 7, "7 users")
    page.ask("/stop")
    page.wait(lambda now: now["state"] == "stopped" and now["user_count"] == 0, "stopped")
    requests = page.requests()
    assert set(requests) == {"POST /events", "Aggregated"}, requests
    team.accepted_is(requests["POST /events"])
    assert page.ask("/stats/failures/csv").strip() == "Method,Name,Error,Occurrences"
    assert page.ask("/exceptions/csv").strip() == "Count,Message,Traceback,Nodes"

    # A second test, of the other class; then one of the workers is killed.
    page.wait(lambda now: [worker["state"] for worker in now["workers"]] == ["ready", "ready"], "two workers again")
    before = team.accepted()
    assert json.loads(page.ask("/swarm", {**start, "user_count": 20, "user_classes": "TriggersAPIUser"}))["success"]
    page.wait(lambda now: any(row["name"] == "GET /inbox" for row in now["stats"]), "the other class")
    team.workers[0][0].kill()
    page.wait(lambda now: sorted(worker["state"] for worker in now["workers"]) == ["missing", "running"], "one missing")
    page.ask("/stop")
    page.wait(lambda now: now["user_count"] == 0, "stopped")
    assert 0 < page.requests()["POST /events"] <= team.accepted() - before  # less what the killed one had not reported
    assert "Traceback" not in log.read_text()

    team.workers[1][0].send_signal(signal.SIGTERM)
    assert team.workers[1][0].wait(ended_seconds_max) == 0
    wait_for(log, "quit. ")


def test_a_master_that_dies_stops_the_users_and_its_successor_gets_the_workers(team):
    team.start_workers(2)
    first, log = team.start_master("--headless", "--expect-workers", "2", "-u", "10", "-r", "10", "HighThroughputUser")
    wait_for(log, "All users spawned")
    first.kill()
    for _, worker_log in team.workers:
        wait_for(worker_log, "Lost the master")
        wait_for(worker_log, "All users have been stopped")
    # With no user left the server's count stands still.
    count = team.accepted()
    second, log = team.start_master("--headless", "--expect-workers", "2", "-u", "6", "-r", "6", "-t", "3s", "--only-summary",
                                    "HighThroughputUser", name="second")
    assert second.wait(60) == 0, log.read_text()[-6000:]
    output = log.read_text()
    assert "All users spawned" in output and "Traceback" not in output, output[-6000:]
    team.accepted_is(count + locust.table(output)["POST /events"][0])
    for worker, worker_log in team.workers:
        assert worker.wait(ended_seconds_max) == 0, worker_log.read_text()


def test_heartbeats_continue_while_the_load_threads_are_saturated(team):
    page_port = free_port()
    _, log = team.start_master("--web-host", "127.0.0.1", "--web-port", page_port)
    team.start_workers(1)
    page = Page(page_port)
    page.ask_until("/stats/requests", lambda text: len(json.loads(text)["workers"]) == 1)
    page.ask("/swarm", {"user_count": 3000, "spawn_rate": 3000, "host": f"http://127.0.0.1:{team.server.port}"})
    page.wait(lambda now: now["user_count"] == 3000, "3000 users")
    # Missing is who is silent for some four seconds; this is longer.
    deadline = time.monotonic() + 6
    while time.monotonic() < deadline:
        (worker,) = page.status()["workers"]
        assert worker["state"] in ("spawning", "running"), worker
        time.sleep(0.1)
    assert 0 < worker["cpu_usage"] <= 100 and worker["memory_usage"] > 1_000_000, worker
    page.ask("/stop")
    page.wait(lambda now: now["user_count"] == 0, "stopped")
    assert not re.search("failed to send heartbeat|Traceback", log.read_text())
