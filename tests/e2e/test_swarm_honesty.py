"""The built load generator includes nothing of its own start in what it reports about a service, and says what it did not
count: users and connections before a schedule, the warm-up, and requests that were cut off at the end."""

import json
import os
import re
import subprocess

import pytest

from support import swarm
from support.delaying_server import DelayingServer
from support.program import environment

ANY_KEY = "k" * 64  # for servers that do not look at it


class CountingConnections(DelayingServer):
    """Remembers how many connections there were at the first request."""

    def __init__(self):
        super().__init__()
        self.before_first_request = None

    def _held_until(self, now):
        if self.before_first_request is None:
            self.before_first_request = self.connections
        return super()._held_until(now)


def test_users_and_their_connections_are_made_before_the_schedule():
    with CountingConnections() as server:
        done = swarm.run(server.port, ANY_KEY, "--rate", 50, "-u", 400, "-t", 2, "--json", "HighThroughputUser")
    schedule = json.loads(done.stdout)["run"]["schedule"]
    assert done.returncode == 0, done.stderr
    assert server.before_first_request == server.connections == 400
    assert schedule["unconnected_users"] == 0 and schedule["preparation_seconds"] > 0, schedule
    assert re.search(r"400 users are ready after \d+\.\d\d s, the schedule begins", done.stderr), done.stderr


def test_a_spawn_rate_applies_before_the_schedule():
    with CountingConnections() as server:
        done = swarm.run(server.port, ANY_KEY, "--rate", 50, "-u", 30, "-r", 10, "-t", 1, "--json", "HighThroughputUser")
    run = json.loads(done.stdout)["run"]
    assert done.returncode == 0, done.stderr
    assert server.before_first_request == 30
    assert run["schedule"]["preparation_seconds"] > 1.5, run
    assert 45 <= run["schedule"]["arrivals"] <= 51 and run["seconds"] < 1.5, run


@pytest.mark.parametrize("model", [("-u", 5, "-r", 5, "--no-wait"), ("--rate", 50, "-u", 200)])
def test_a_warm_up_is_said_and_in_no_figure(model, tmp_path):
    """The first second of the service has no answer; the warm-up of three seconds has all of that."""
    with DelayingServer(0.001, 0, 1) as server:
        done = swarm.run(server.port, ANY_KEY, *model, "--warm-up", 3, "-t", 2, "-s", 10, "--json", "--csv", tmp_path / "run", "--html",
                         tmp_path / "run.html", "--journal", tmp_path / "journal", "--fail-if", "max > 900ms", "HighThroughputUser")
    document = json.loads(done.stdout)
    run, total = document["run"], document["total"]
    assert done.returncode == 0, done.stderr
    assert run["warm_up"]["seconds"] == 3 and run["warm_up"]["requests"] == run["warm_up"]["accepted"] > 0, run
    # Nothing is lost between the two: the server has seen all of them, and the journal too.
    assert run["warm_up"]["requests"] + total["requests"] == server.requests, run
    assert (tmp_path / "journal").read_text().count("\nA ") == server.requests
    assert total["latency_ms"]["max"] < 900, total
    assert total["requests_per_second"] == pytest.approx(total["requests"] / run["seconds"], rel=0.01)
    assert f'Not counted: {run["warm_up"]["requests"]} requests (0 failed' in done.stderr and "of the warm-up of 3 s" in done.stderr
    assert "<dt>Warm-up</dt>" in (tmp_path / "run.html").read_text(encoding="utf-8")
    if "--rate" in model:
        assert 95 <= run["schedule"]["arrivals"] <= 101 and run["schedule"]["lateness_ms"]["max"] < 900, run
    assert 2 <= run["seconds"] < 4, run


def test_a_run_that_ends_in_its_warm_up_has_counted_nothing():
    with DelayingServer() as server:
        process = subprocess.Popen(swarm.command(server.port, "--warm-up", 600, "--json", "HighThroughputUser"), text=True,
                                         env=environment({"LOCUST_API_KEY": ANY_KEY}), stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE)
        while server.requests < 3 and process.poll() is None:
            os.sched_yield()
        process.terminate()
        out, errors = process.communicate(timeout=60)
    document = json.loads(out)
    assert process.returncode == 0, errors
    assert document["total"]["requests"] == 0 < document["run"]["warm_up"]["requests"], document
    assert document["run"]["seconds"] == 0, document["run"]


def test_a_stall_in_the_last_seconds_is_said_and_fails_no_run_without_a_condition(tmp_path):
    with DelayingServer(0.002, 1, 20) as server:
        done = swarm.run(server.port, ANY_KEY, "-u", 5, "-r", 5, "--no-wait", "-t", 4, "--json", "--csv", tmp_path / "run", "--html",
                         tmp_path / "run.html", "HighThroughputUser")
    document = json.loads(done.stdout)
    cut_off = document["run"]["cut_off"]
    assert done.returncode == 0, done.stderr
    assert cut_off["requests"] == 5 == server.requests - document["total"]["requests"], cut_off
    assert re.search(r"^Cut off at the end: 5 requests, in flight for up to \d+ ms", done.stderr, re.MULTILINE), done.stderr
    assert re.search(r"<dt>Cut off</dt><dd>5 requests in flight", (tmp_path / "run.html").read_text(encoding="utf-8"))
    lines = (tmp_path / "run_cut_off.csv").read_text().splitlines()
    assert any(re.match(r"POST,POST /events,\d+,5,\d+", line) for line in lines), lines


def test_a_service_that_never_answers_is_said_with_the_name_of_each_request(tmp_path):
    with DelayingServer(60) as server:
        done = swarm.run(server.port, ANY_KEY, "-u", 3, "-r", 3, "-t", 2, "--json", "--csv", tmp_path / "run", "HighThroughputUser")
    assert json.loads(done.stdout)["run"]["cut_off"]["requests"] == 3, done.stderr
    lines = (tmp_path / "run_cut_off.csv").read_text().splitlines()
    assert re.match(r"POST,POST /events,0,3,\d+\.\d+,3,", lines[1]), lines
