"""The locustfile, run by Locust itself against the built server; its figures against the server's own."""

import csv
import importlib.util
import os
import re
import subprocess
import sys

import pytest

from support import metrics
from support.program import repository

locustfile = repository / "tests/performance/locustfile.py"
names = {"POST /events", "GET /inbox", "GET /events/{id}", "DELETE /events/{id}", "GET /status"}

pytestmark = pytest.mark.skipif(importlib.util.find_spec("locust") is None, reason="needs Debian's python3-locust")


def locust(*arguments, key=None, cwd):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    if key is not None:
        environment["LOCUST_API_KEY"] = key
    command = [sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", *arguments]
    return subprocess.run(command, env=environment, cwd=cwd, capture_output=True, text=True, timeout=60, check=False)


def counts(path):
    """Requests and failures by name."""
    with open(path, encoding="utf-8") as file:
        return {row["Name"]: (int(row["Request Count"]), int(row["Failure Count"])) for row in csv.DictReader(file)}


def summary(output):
    """Requests by name, from the table that Locust prints at the end."""
    rows = re.findall(r"^(?:GET|POST|DELETE) +((?:GET|POST|DELETE) \S+) +(\d+) +0\(0\.00%\)", output, re.MULTILINE)
    return {name: int(requests) for name, requests in rows}


def test_locust_gets_only_expected_answers_and_counts_what_the_server_counts(start_server, tmp_path):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    # Enough users that every task is drawn; with a stop timeout no request is cut off uncounted.
    done = locust("--host", f"http://127.0.0.1:{server.port}", "-u", "60", "-r", "60", "-t", "8s", "--stop-timeout", "10",
                  "--csv", str(tmp_path / "run"), "--only-summary", "--exit-code-on-error", "1", key=key, cwd=tmp_path)
    report = done.stdout[-6000:] + done.stderr[-6000:]
    assert done.returncode == 0, report

    run = summary(done.stdout + done.stderr)
    assert set(run) == names, report
    with server.client(key) as client:
        figures = metrics.read_when(client, "triggers_events_accepted_total", run["POST /events"])
        undelivered = client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"]
    answered = 'triggers_http_requests_total{method="GET",route="/inbox",status="200"}'
    assert figures["triggers_events_accepted_total"] == run["POST /events"]
    assert figures.get("triggers_events_duplicate_total", 0) == 0
    assert figures["triggers_events_acknowledged_total"] == run["DELETE /events/{id}"]
    assert figures[answered] == run["GET /inbox"]
    assert undelivered == run["POST /events"] - run["DELETE /events/{id}"]

    # Locust's file of the same run lacks its last second.
    written = counts(tmp_path / "run_stats.csv")
    assert set(written) == names | {"Aggregated"}, written
    assert all(requests > 0 and failures == 0 for requests, failures in written.values()), written
    assert run["POST /events"] / 2 < written["POST /events"][0] <= run["POST /events"]
    print(run, written)


def test_a_rate_limit_is_a_failure_that_says_how_to_mend_it(start_server, tmp_path):
    server = start_server("--access-log=false")
    key = server.create_key(rate_limit=5)["api_key"]
    done = locust("--host", f"http://127.0.0.1:{server.port}", "-u", "4", "-r", "4", "-t", "2s", "--stop-timeout", "5",
                  "--only-summary", "HighThroughputUser", key=key, cwd=tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "--rate-limit unlimited" in done.stdout + done.stderr


@pytest.mark.parametrize("key", [None, "", "  "])
def test_without_a_key_it_ends_at_once_and_says_what_to_do(key, tmp_path):
    done = locust("--host", "http://127.0.0.1:9", "-t", "1s", key=key, cwd=tmp_path)
    assert done.returncode == 1
    assert "LOCUST_API_KEY is not set" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
