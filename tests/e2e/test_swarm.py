"""The built load generator in local runs: its figures agree with those of servers whose behaviour is known, its exit status,
its keys and TLS, its messages about mistakes, and what a terminal shows. Wrong arguments in detail are in
test_swarm_arguments.py."""

import csv
import datetime
import fcntl
import json
import os
import pty
import re
import signal
import ssl
import struct
import subprocess
import termios
import time

import pytest

from support import metrics, swarm, wall_clock
from support.delaying_server import ACCEPTED, DelayingServer
from support.hostile_service import HostileService
from support.program import environment
from support.server import Server, free_port

ANY_KEY = "k" * 64  # for servers that do not look at it


def figures(done):
    """The JSON of a run, with its names as {name: figures}."""
    document = json.loads(done.stdout)
    document["names"] = {entry["name"]: entry for entry in document["names"]}
    return document


def posts(done):
    return figures(done)["names"]["POST /events"]


def rows(path):
    with open(path, encoding="utf-8", newline="") as file:
        return {row["Name"]: row for row in csv.DictReader(file)}


# Truth.

def test_a_known_delay_is_what_it_reports():
    with DelayingServer(delay_s=0.05) as server:
        done = swarm.run(server.port, ANY_KEY, "-u", 5, "-r", 5, "-t", 3, "--no-wait", "--json", "HighThroughputUser")
    latency = posts(done)["latency_ms"]
    # The server's own timer is the floor; what a busy machine adds is not the generator's fault, so only the median has
    # a ceiling, and a wide one.
    assert latency["min"] >= 49.5, latency
    assert 49.5 <= latency["p50"] < 100, latency


def test_a_stall_shows_with_a_rate_and_a_closed_model_hides_it():
    """Two seconds of twenty without an answer. A tenth of the requests of a schedule meet the stall, so it must show in
    p99. A closed model has one request of each user in it, a few of thousands."""
    def started(server, *arguments):
        command = swarm.command(server.port, "-t", 20, "--json", "--only-summary", *arguments, "HighThroughputUser")
        return subprocess.Popen(command, env=environment({"LOCUST_API_KEY": ANY_KEY}), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    with DelayingServer(0.002, 8, 2) as for_open, DelayingServer(0.002, 8, 2) as for_closed:
        runs = [started(for_open, "--rate", 50, "-u", 200), started(for_closed, "-u", 5, "-r", 5, "--no-wait")]
        outputs = [run.communicate(timeout=60) for run in runs]
    open_model, closed_model = (json.loads(out)["total"] for out, _ in outputs)
    assert open_model["latency_ms"]["p99"] > 1700, open_model
    assert open_model["latency_ms"]["max"] >= 1950, open_model
    assert open_model["latency_ms"]["p50"] < 500, open_model
    # The closed model has seen the stall, and its p99 does not say so.
    assert closed_model["latency_ms"]["max"] >= 1900, closed_model
    assert closed_model["latency_ms"]["p99"] < 1000, closed_model
    assert 950 <= open_model["requests"] <= 1001, open_model


@pytest.mark.parametrize("model, conditions", [
    (["-u", 5, "-r", 5, "--no-wait"], {"POST /events p95 > 100ms": "FAILED", "max > 1s": "FAILED", "p50 > 30s": "passed",
                                       "error-rate > 1%": "FAILED", "failures > 0": "FAILED", "error-rate > 90%": "passed"}),
    (["--rate", 50], {"POST /events p95 > 100ms": "FAILED", "max > 1s": "FAILED", "p50 > 30s": "passed",
                      "error-rate > 1%": "FAILED", "failures > 0": "FAILED", "error-rate > 90%": "passed"})])
def test_a_stall_in_the_last_seconds_is_reported_and_passes_no_gate(model, conditions):
    flags = [flag for condition in conditions for flag in ("--fail-if", condition)]
    with DelayingServer(0.002, 3, 20) as server:
        done = swarm.run(server.port, ANY_KEY, *model, "-t", 6, "--json", *flags, "HighThroughputUser")
    document = figures(done)
    assert done.returncode == 1, done.stderr
    assert dict(re.findall(r"^fail-if (.*?): it is .*\((passed|FAILED)\)$", done.stderr, re.MULTILINE)) == conditions, done.stderr
    # What ended was quick; what did not end is counted with its age.
    assert posts(done)["latency_ms"]["max"] < 1000
    cut_off = document["run"]["cut_off"]
    assert cut_off["requests"] >= 5 and 2000 < cut_off["oldest_ms"] < 3500, cut_off
    assert [name["name"] for name in cut_off["names"]] == ["POST /events"]
    assert cut_off["stalled"]["requests"] >= 5 and 1 < cut_off["stalled"]["error_rate_percent"] < 90, cut_off
    assert re.search(r"^Stalled at the end: \d+ requests, for over 1.0 s; error rate with them: \d", done.stderr, re.MULTILINE)
    assert re.search(r"^Cut off at the end: \d+ requests, in flight for up to \d+ ms", done.stderr, re.MULTILINE), done.stderr
    if "--rate" not in model:
        assert any("may have stalled" in warning for warning in document["run"]["warnings"]), document["run"]
    # The stall is time, too: rates are over the whole run.
    assert document["total"]["requests_per_second"] == pytest.approx(document["total"]["requests"] / document["run"]["seconds"], rel=0.01)


def test_the_normal_end_of_a_run_passes_its_gate_and_warns_of_nothing():
    with DelayingServer(0.002) as server:
        done = swarm.run(server.port, ANY_KEY, "-u", 5, "-r", 5, "--no-wait", "-t", 2, "--json", "--fail-if", "p99 > 10s", "HighThroughputUser")
    assert done.returncode == 0, done.stderr
    assert not any("stalled" in warning for warning in figures(done)["run"]["warnings"])


@pytest.mark.skipif(not wall_clock.available, reason="needs a C compiler")
@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_step_of_the_wall_clock_changes_no_figure(seconds, tmp_path):
    clock = wall_clock.WallClock(tmp_path)
    with DelayingServer() as server:
        process = subprocess.Popen(swarm.command(server.port, "-t", 4, "--rate", 50, "--json", "--csv", tmp_path / "run", "--fail-if",
                                                 "requests/s < 40", "--fail-if", "requests/s > 60", "HighThroughputUser"), text=True,
                                   env=environment({"LOCUST_API_KEY": ANY_KEY, **clock.environment}),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while server.requests < 75 and process.poll() is None:
            os.sched_yield()
        clock.step(seconds)
        out, errors = process.communicate(timeout=60)
    document = json.loads(out)
    assert process.returncode == 0, errors
    assert 3.9 < document["run"]["seconds"] < 6, document["run"]
    assert 40 < document["total"]["requests_per_second"] < 55, document["total"]
    assert 40 < float(rows(tmp_path / "run_stats.csv")["Aggregated"]["Requests/s"]) < 55
    # The log's times are the wall clock's: so the step has reached the program.
    times = re.findall(r"^\[(\S+ \S+),\d+\]", errors, re.MULTILINE)
    first, last = (datetime.datetime.strptime(text, "%Y-%m-%d %H:%M:%S") for text in (times[0], times[-1]))
    assert abs((last - first).total_seconds() - seconds) < 60, errors


def test_too_few_users_for_a_rate_are_named_as_the_reason():
    with DelayingServer(delay_s=0.2) as server:
        done = swarm.run(server.port, ANY_KEY, "--rate", 50, "-u", 1, "-t", 2, "--json", "HighThroughputUser")
    document = figures(done)
    schedule = document["run"]["schedule"]
    assert schedule["waited_for_user"] > 0 and schedule["unsent"] > 50, schedule
    assert any("had to wait for a free user" in warning for warning in document["run"]["warnings"]), document["run"]
    # One answer takes 0.2 s, but the tenth task had been due for almost two seconds.
    assert document["total"]["latency_ms"]["max"] > 1000


def test_it_counts_what_the_server_counts(start_server, tmp_path):
    server = start_server()
    key = server.create_key()["api_key"]
    done = swarm.run(server.port, key, "-u", 20, "-r", 20, "-t", 3, "-s", 5, "--no-wait", "--json", "--csv", tmp_path / "new/load",
                     "--html", tmp_path / "report.html", "TriggersAPIUser")
    assert done.returncode == 0, done.stderr
    document = figures(done)
    names = document["names"]
    assert set(names) == {"POST /events", "GET /inbox", "GET /events/{id}", "DELETE /events/{id}", "GET /status"}
    with server.client() as client:
        counted = metrics.read(client)
    def by_server(path, method, status):
        return counted.get(f'triggers_http_requests_total{{method="{method}",route="{path}",status="{status}"}}', 0)
    assert names["POST /events"]["accepted"] == names["POST /events"]["requests"] == by_server("/events", "POST", 201)
    assert names["GET /inbox"]["requests"] == by_server("/inbox", "GET", 200)
    assert names["GET /events/{id}"]["requests"] == by_server("/events/{id}", "GET", 200)
    assert names["DELETE /events/{id}"]["requests"] == by_server("/events/{id}", "DELETE", 204)
    # The files have the last second too.
    stats = rows(tmp_path / "new/load_stats.csv")
    for name, entry in names.items():
        assert int(stats[name]["Request Count"]) == entry["requests"], name
        assert int(stats[name]["Failure Count"]) == 0
    history = list(csv.DictReader(open(tmp_path / "new/load_stats_history.csv", encoding="utf-8", newline="")))
    assert int(history[-1]["Total Request Count"]) == document["total"]["requests"]
    assert f'{document["total"]["accepted"]}' in done.stderr
    assert "<svg" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_tasks_run_as_often_as_their_weights_say(shared_server):
    key = shared_server.create_key()["api_key"]
    done = swarm.run(shared_server.port, key, "-u", 40, "-r", 40, "-t", 4, "--no-wait", "--json", "TriggersAPIUser")
    names = figures(done)["names"]
    total = sum(entry["requests"] for entry in names.values())
    assert total > 2000
    # Of 17: 10 send, 3 poll, 2 look, 1 acknowledges, 1 asks for the status; five standard deviations.
    for name, weight in (("GET /inbox", 3), ("GET /status", 1)):
        share = weight / 17
        assert abs(names[name]["requests"] / total - share) < 5 * (share * (1 - share) / total) ** 0.5, name


# Verdicts.

def test_failures_decide_the_exit_status_as_they_do_with_locust():
    with DelayingServer(status=500) as server:
        failing = swarm.run(server.port, ANY_KEY, "-t", 1, "HighThroughputUser")
        chosen = swarm.run(server.port, ANY_KEY, "-t", 1, "--exit-code-on-error", 7, "HighThroughputUser")
    assert (failing.returncode, chosen.returncode) == (1, 7)
    assert re.search(r"^\s*\d+\s+POST POST /events: CatchResponseError\('500 instead of 201", failing.stderr, re.MULTILINE), failing.stderr
    assert "Shutting down (exit code 1)" in failing.stderr


@pytest.mark.parametrize("condition, status", [
    ("POST /events p95 > 10s", 0), ("POST /events p95 > 1us", 1), ("error-rate > 1%", 0), ("accepted/s < 1", 0),
    ("accepted/s < 1000000", 1), ("GET /inbox p95 > 10s", 1), ("POST /events p95 >", 1)])
def test_a_gate_passes_fails_and_fails_when_there_is_nothing_to_judge(condition, status):
    with DelayingServer() as server:
        done = swarm.run(server.port, ANY_KEY, "-t", 1, "--fail-if", condition, "HighThroughputUser")
    assert done.returncode == status, done.stderr
    assert condition in done.stderr


class FailingNowAndThen(DelayingServer):
    """Every second answer is a 500."""

    def _answer(self, head):
        return (201 if self.requests % 2 else 500), ACCEPTED


def test_with_conditions_a_failure_within_them_is_no_failed_test():
    with FailingNowAndThen() as server:
        done = swarm.run(server.port, ANY_KEY, "-t", 1, "--fail-if", "error-rate > 100%", "HighThroughputUser")
        both = swarm.run(server.port, ANY_KEY, "-t", 1, "--fail-if", "error-rate > 10%", "HighThroughputUser")
    assert (done.returncode, both.returncode) == (0, 1)


def test_a_rate_limit_is_a_row_of_its_own_and_nothing_of_it_is_accepted(start_server):
    server = start_server()
    key = server.create_key(rate_limit=60)["api_key"]
    done = swarm.run(server.port, key, "-t", 2, "-u", 3, "-r", 3, "--no-wait", "--json", "HighThroughputUser")
    document = figures(done)
    limited = document["names"]["429 /events (POST)"]
    accepted = document["names"]["POST /events"]
    assert done.returncode == 0, done.stderr
    assert limited["requests"] > 100 and limited["accepted"] == 0 and limited["failures"] == 0
    assert 60 <= accepted["accepted"] == accepted["requests"] <= 64
    assert any("429" in warning for warning in document["run"]["warnings"])


# Mistakes.

def test_a_dead_host_is_reported_by_its_error_and_ends_the_run():
    port = free_port()
    began = time.monotonic()
    done = swarm.run(port, ANY_KEY, "-t", 50, "--json", "HighThroughputUser")
    assert done.returncode == 1 and time.monotonic() - began < 20
    told = f"cannot connect to http://127.0.0.1:{port}: ConnectionRefusedError(111, 'Connection refused')"
    assert told in done.stderr and "--keep-going" in done.stderr
    assert any(told in warning for warning in figures(done)["run"]["warnings"])


def test_with_keep_going_a_dead_host_is_measured_as_locust_does():
    done = swarm.run(free_port(), ANY_KEY, "-t", 2, "--keep-going", "--json", "HighThroughputUser")
    assert done.returncode == 1
    assert posts(done)["failures"] == posts(done)["requests"] > 5
    assert figures(done)["run"]["seconds"] >= 2


def test_a_service_that_stops_in_mid_run_counts_as_failures_and_does_not_end_the_run():
    answer = b"HTTP/1.1 201 Created\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(ACCEPTED), ACCEPTED)
    with HostileService(answer) as server:
        process = subprocess.Popen(swarm.command(server.port, "-t", 3, "--json", "HighThroughputUser"), text=True,
                                   env=environment({"LOCUST_API_KEY": ANY_KEY}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        while len(server.threads) < 6 and process.poll() is None:
            os.sched_yield()
    out, errors = process.communicate(timeout=60)
    document = json.loads(out)
    assert document["run"]["seconds"] >= 3, errors
    assert document["total"]["failures"] > 0 and process.returncode == 1


@pytest.mark.parametrize("arguments", [["--no-such\x1b[2J"], ["No\x1b[2JUser"], ["--fail-if", "p95\x1b[2J > 1ms"], ["-t", "\x1b[2J"],
                                       ["--csv", "/proc/\x1b[2J/run"]])
def test_a_mistake_is_shown_escaped(arguments):
    done = swarm.run(free_port(), ANY_KEY, *arguments)
    assert done.returncode in (1, 2) and r"\x1b[2J" in done.stderr and "\x1b" not in done.stderr, done


@pytest.mark.parametrize("arguments, status, text", [
    (["-t", "5x"], 2, "'5x' is not a time"),
    (["-t", "1.5h"], 2, "'1.5h' is not a time"),
    (["NoSuchUser"], 1, "Unknown User(s): NoSuchUser. There are: HighThroughputUser, InboxWorkerUser, TriggersAPIUser"),
    (["--user-class", "NoSuchUser"], 1, "Unknown User(s): NoSuchUser"),
    (["--host", "localhost:8000"], 1, "'localhost:8000' is not the URL of a service"),
    (["--host", "http://localhost:8000/\x1b[2J"], 1, r"'http://localhost:8000/\x1b[2J' is not the URL"),
    (["--host", "http://no-such-host.invalid"], 1, "cannot find the host"),
    (["--csv-full-history"], 2, "--csv-full-history needs --csv"),
    (["-u", "0"], 2, "--users"),
    (["-r", "0"], 2, "--spawn-rate"),
    (["--rate", "10", "--no-wait"], 2, "--rate already sets when tasks start"),
    (["--fail-if", "p95 > 100"], 1, "needs the unit us, ms or s"),
    (["--loglevel", "LOUD"], 2, "'LOUD' is not"),
    (["--csv", "/proc/no/such"], 1, "/proc/no"),
    (["--html", "/proc/no.html"], 1, "/proc/no.html"),
    (["--journal", "/no/such/journal"], 1, "/no/such/journal"),
    (["--no-such-option"], 2, "--no-such-option")])
def test_a_mistake_is_named_before_anything_is_sent(arguments, status, text):
    done = swarm.run(free_port(), ANY_KEY, "-t", 1, *arguments)
    assert done.returncode == status, done.stderr
    assert text in done.stderr


def test_without_a_key_it_says_how_to_make_one():
    done = subprocess.run(swarm.command(1, "-t", 1), env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "LOCUST_API_KEY is not set" in done.stderr and "triggers keys create" in done.stderr


class KeyRecorder(DelayingServer):
    """Remembers whom the requests say that they are from."""

    def __init__(self):
        super().__init__()
        self.keys, self.heads = set(), []

    def _answer(self, head):
        self.heads.append(head)
        self.keys.add(re.search(rb"\r\nauthorization: bearer ([^\r\n]*)\r\n", head)[1].decode())
        return super()._answer(head)


@pytest.mark.parametrize("given, keys", [
    ({"LOCUST_API_KEY": "one,two\r\n"}, {"one", "two"}),
    ({"LOCUST_API_KEY": " one ,\ttwo,\n"}, {"one", "two"}),
    ({"LOCUST_API_KEY": "one\ntwo\r\n"}, {"one", "two"}),
    ({"TRIGGERS_API_KEY": "three\n"}, {"three"}),
    ({"LOCUST_API_KEY": "one", "TRIGGERS_API_KEY": "three"}, {"one"}),
    ({"LOCUST_API_KEY": " \n", "TRIGGERS_API_KEY": "three"}, {"three"})])
def test_keys_are_read_from_either_variable_without_what_surrounds_them(given, keys):
    with KeyRecorder() as server:
        done = subprocess.run(swarm.command(server.port, "-t", 1, "-u", 2, "-r", 2, "HighThroughputUser"), env=environment(given),
                              capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert server.keys == keys
    assert all(head.count(b"\n") == head.count(b"\r\n") and head.startswith(b"post /events http/1.1\r\n") for head in server.heads)


def test_a_key_that_no_field_can_hold_is_named_and_shown_escaped():
    done = swarm.run(free_port(), "good,b\x1bad", "-t", 1, "HighThroughputUser")
    assert done.returncode == 1
    assert "key 2 in LOCUST_API_KEY holds '\\x1b'" in done.stderr and "\x1b" not in done.stderr


def test_the_help_names_both_variables_and_which_comes_first():
    done = subprocess.run([swarm.binary(), "--help"], env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert re.search(r"LOCUST_API_KEY; if that is not set,\s+in TRIGGERS_API_KEY", done.stdout), done.stdout
    assert "--keep-going" in done.stdout


def test_a_scheme_ignores_case():
    with DelayingServer() as server:
        done = swarm.run(server.port, ANY_KEY, "--host", f"HTTP://127.0.0.1:{server.port}", "-t", 1, "HighThroughputUser")
    assert done.returncode == 0, done.stderr


def test_the_classes_are_listed_as_locust_lists_them():
    done = subprocess.run([swarm.binary(), "--list"], env=environment(), capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "Available Users:\n    HighThroughputUser\n    InboxWorkerUser\n    TriggersAPIUser\n")


# A person.

@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_with_its_summary(number, tmp_path):
    with DelayingServer() as server:
        process = swarm.start(server.port, ANY_KEY, "-u", 2, "-r", 2, "--json", "HighThroughputUser", out=tmp_path / "out", log=tmp_path / "log")
        while server.requests < 20 and process.poll() is None:
            os.sched_yield()
        process.send_signal(number)
        assert process.wait(30) == 0
    assert json.loads((tmp_path / "out").read_text())["total"]["requests"] >= 15
    assert "Response time percentiles" in (tmp_path / "log").read_text()


def test_a_terminal_gets_one_line_that_is_drawn_again():
    with DelayingServer() as server:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 120, 0, 0))
        process = subprocess.Popen(swarm.command(server.port, "-t", 3, "-u", 2, "-r", 2, "HighThroughputUser"), stdout=theirs, stderr=theirs,
                                   env=environment({"LOCUST_API_KEY": ANY_KEY, "TERM": "xterm"}))
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            pass  # the other end is closed: it has ended
        assert process.wait(30) == 0
        os.close(ours)
    text = seen.decode()
    assert re.search(r"left.*\d+ req/s.*p95", text), text
    # The tables of the run are for files and pipes; a terminal has the line, and the last tables.
    assert text.count("Aggregated") == 2, text


def test_the_tables_of_a_terminal_of_eighty_columns_fit_and_show_short_times():
    with DelayingServer() as server:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        process = subprocess.Popen(swarm.command(server.port, "-t", 2, "-u", 2, "-r", 2, "--only-summary", "TriggersAPIUser", "--no-wait"),
                                   stdout=theirs, stderr=theirs, env=environment({"LOCUST_API_KEY": ANY_KEY, "TERM": "xterm"}))
        os.close(theirs)
        seen = b""
        try:
            while piece := os.read(ours, 65536):
                seen += piece
        except OSError:
            pass  # the other end is closed: it has ended
        process.wait(30)
        os.close(ours)
    lines = seen.decode().split("\r\n")
    tables = lines[next(at for at, line in enumerate(lines) if line.startswith("Type")):]
    tables = tables[:next(at for at, line in enumerate(tables) if line.startswith("Error report"))]
    assert max(len(line) for line in tables) <= 80, tables
    row = next(line for line in tables[tables.index("Response time percentiles in ms (within 1 %)"):] if line.startswith("POST"))
    times = [float(time) for time in row.split()[3:]]
    assert len(times) == 8 and all(0 < time < 1000 for time in times), row


@pytest.mark.parametrize("what", ["stderr", "stdout"])
def test_a_closed_pipe_leaves_whole_files(what, tmp_path):
    """As in `swarm … 2>&1 | head -1`, and in `swarm … --json | true`."""
    with DelayingServer() as server:
        outputs = ["--csv", tmp_path / "run", "--html", tmp_path / "run.html", "--journal", tmp_path / "journal", "--json"]
        process = subprocess.Popen(swarm.command(server.port, "-t", 3, "-u", 2, "-r", 2, *outputs, "HighThroughputUser"),
                                   env=environment({"LOCUST_API_KEY": ANY_KEY}), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if what == "stderr":
            process.stderr.readline()
        getattr(process, what).close()
        (process.stdout if what == "stderr" else process.stderr).read()
        status = process.wait(30)
    assert status == 2, status
    stats = rows(tmp_path / "run_stats.csv")
    requests = int(stats["Aggregated"]["Request Count"])
    assert requests > 0
    history = (tmp_path / "run_stats_history.csv").read_bytes()
    assert history.endswith(b"\r\n") and int(list(csv.DictReader(history.decode().splitlines()))[-1]["Total Request Count"]) == requests
    assert (tmp_path / "run.html").read_text(encoding="utf-8").endswith("</html>\n")
    lines = (tmp_path / "journal").read_text().split("\n")
    assert lines[-1] == "" and len([line for line in lines if line.startswith("A ")]) == requests
    assert not list(tmp_path.glob("*.tmp"))


def test_tls_is_verified(tmp_path, certificate):
    def run(server, key, *arguments):
        return subprocess.run([swarm.binary(), "--host", f"https://localhost:{server.port}", "-t", "1", "--json", *arguments,
                               "HighThroughputUser"], env=environment({"LOCUST_API_KEY": key}), capture_output=True, text=True,
                              timeout=60, check=False)
    with Server(tmp_path, f"--tls-cert={certificate[0]}", f"--tls-key={certificate[1]}") as server:
        server.tls = ssl.create_default_context(cafile=str(certificate[0]))
        server.start()
        key = server.create_key()["api_key"]
        unknown, known, unchecked = run(server, key), run(server, key, "--ca-file", certificate[0]), run(server, key, "--insecure")
    assert unknown.returncode == 1 and "SSLError('the certificate is not to be trusted" in unknown.stderr, unknown.stderr
    assert posts(unknown)["accepted"] == 0
    for done in (known, unchecked):
        assert done.returncode == 0 and posts(done)["accepted"] > 0, done.stderr
