"""tests/performance/ci_gate.sh, which judges the CSV file of a load test: each condition can fail and can pass, and a file
without data never passes. Its verdicts agree with those of `swarm --fail-if`, also after a stall and with a wrong key, which
ends a run of swarm at its start."""

import csv
import importlib.util
import io
import json
import os
import re
import subprocess
import sys
import time

import pytest

from support import swarm
from support.delaying_server import DelayingServer
from support.program import repository

script = repository / "tests/performance/ci_gate.sh"
locustfile = repository / "tests/performance/locustfile.py"
percentiles = ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"]
header = ["Type", "Name", "Request Count", "Failure Count", "Median Response Time", "Average Response Time",
          "Min Response Time", "Max Response Time", "Average Content Size", "Requests/s", "Failures/s", *percentiles]
# 1000 posts, of which 20 failed, and 200 pages, in ten seconds.
post_times = [10, 11, 12, 13, 40, 90, 120, 150, 180, 190, 200]
posts = ["POST", "POST /events", 1000, 20, 10, 20.5, 2.25, 200.5, 120.0, 100.0, 2.0, *post_times]
pages = ["GET", "GET /inbox", 200, 0, 5, 6.0, 1, 60.0, 9000.0, 20.0, 0.0, 5, 6, 7, 8, 9, 30, 40, 50, 60, 60, 60]
total = ["", "Aggregated", 1200, 20, 9, 18.0, 1, 200.5, 1600.0, 120.0, 2.0, *post_times]
limited = ["POST", "429 /events (POST)", 5000, 0, 1, 1.0, 1, 2.0, 90.0, 500.0, 0.0, *([1] * len(percentiles))]


def text_of(*rows, columns=None):
    """The file as Python's csv writes it for Locust: CRLF, quotes where needed. `columns`: another order or choice."""
    chosen = columns or header
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(chosen)
    writer.writerows([row[header.index(column)] for column in chosen] for row in rows)
    return out.getvalue()


def with_value(row, column, value):
    return [value if name == column else old for name, old in zip(header, row)]


@pytest.fixture
def gate(tmp_path):
    """`gate(text, condition...)` judges a file with this text: the CompletedProcess."""
    def judge(text, *conditions):
        path = tmp_path / "loadtest_stats.csv"
        path.write_bytes(text.encode())
        return run(path, *conditions)
    return judge


def run(*arguments):
    return subprocess.run([script, *arguments], capture_output=True, text=True, timeout=30, check=False)


good = text_of(pages, posts, total)


@pytest.mark.parametrize("fails, passes", [
    ("POST /events p95 > 89ms", "POST /events p95 > 90ms"),
    ("POST /events p95 >= 90ms", "POST /events p95 >= 91ms"),
    ("POST /events p50 < 11ms", "POST /events p50 < 10ms"),
    ("POST /events p50 <= 10ms", "POST /events p50 <= 9ms"),
    ("GET /inbox p99 > 0.04s", "GET /inbox p99 > 0.05 s"),
    ("GET /inbox p99.9 > 59000us", "GET /inbox p99.9 > 60000us"),
    ("POST /events p90>39ms", "POST /events p90>40ms"),
    ("POST /events mean > 20ms", "POST /events mean > 20.5ms"),
    ("POST /events max > 200ms", "POST /events max > 201ms"),
    ("POST /events min < 3ms", "POST /events min < 2ms"),
    ("p95 > 50ms", "p95 > 100ms"),
    ("error-rate > 1%", "error-rate > 2 %"),
    ("POST /events error-rate >= 2%", "GET /inbox error-rate > 0%"),
    ("failures > 19", "failures > 20"),
    ("failures/s > 1.9", "failures/s > 2"),
    ("requests < 1201", "requests < 1200"),
    ("GET /inbox requests < 201", "GET /inbox requests < 200"),
    ("requests/s < 121", "requests/s < 120"),
    ("accepted < 981", "accepted < 980"),
    ("accepted/s < 98.5", "accepted/s < 98"),
    ("POST /events accepted/s <= 98", "POST /events accepted/s < 98"),
])
def test_each_condition_can_fail_and_can_pass(gate, fails, passes):
    failed = gate(good, fails)
    assert (failed.returncode, "(FAILED)" in failed.stdout) == (1, True), failed
    passed = gate(good, passes)
    assert (passed.returncode, "(passed)" in passed.stdout) == (0, True), passed


def test_one_failed_condition_among_passed_ones_fails_and_all_are_printed(gate):
    done = gate(good, "POST /events p95 > 100ms", "error-rate > 1%", "accepted/s < 50")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "fail-if POST /events p95 > 100ms: it is 90 ms (passed)",
        "fail-if error-rate > 1%: it is 1.66667 % (FAILED)",
        "fail-if accepted/s < 50: it is 98 (passed)",
    ]


def test_what_the_rate_limit_refused_is_not_accepted(gate):
    text = text_of(posts, limited, total)
    assert gate(text, "accepted/s < 99").returncode == 1
    assert gate(text, "429 /events (POST) requests > 0").returncode == 1
    assert gate(text_of(limited, total), "accepted/s < 1").returncode == 2


all_refused = with_value(posts, "Failure Count", 1000)


@pytest.mark.parametrize("condition", ["POST /events p95 > 100ms", "POST /events error-rate > 100%", "p95 > 200ms",
                                       "requests < 1", "POST /events requests < 1"])
def test_where_no_event_was_accepted_nothing_of_posts_or_of_all_passes(gate, condition):
    for text in (text_of(all_refused, pages, with_value(total, "Failure Count", 0)), text_of(limited, pages, total)):
        done = gate(text, condition)
        assert done.returncode == 2 and "CANNOT BE JUDGED" in done.stdout, done
    # What is so is told as so, and what is not about posts is judged.
    assert gate(text_of(all_refused, pages, total), "POST /events error-rate > 1%").returncode == 1
    assert gate(text_of(all_refused, pages, total), "GET /inbox p95 > 200ms").returncode == 0
    assert gate(text_of(pages, with_value(total, "Failure Count", 0)), "error-rate > 1%").returncode == 0


def test_the_row_of_what_was_limited_is_not_found_by_a_grep_for_posts(gate):
    lines = text_of(posts, limited, pages, total).splitlines()
    assert len([line for line in lines if "POST /events" in line]) == 1


def test_columns_are_found_by_name_not_by_place(gate):
    backwards = text_of(posts, total, columns=header[::-1])
    assert gate(backwards, "POST /events p95 > 89ms").returncode == 1
    assert gate(backwards, "POST /events p95 > 90ms", "error-rate > 2%").returncode == 0


def test_quoted_fields_are_read_as_they_were_written(gate):
    name = 'POST "a, b"\nand c'
    odd = with_value(posts, "Name", name)
    text = text_of(odd, total)
    assert '""a, b""' in text
    assert gate(text, f"{name} p95 > 89ms").returncode == 1
    assert gate(text, f"{name} p95 > 90ms", "requests < 1").returncode == 0
    everything_quoted = "\r\n".join(",".join(f'"{field}"' for field in row) for row in (header, posts, total))
    assert gate(everything_quoted, "POST /events p95 > 89ms").returncode == 1


@pytest.mark.parametrize("text", [good.replace("\r\n", "\n"), good.rstrip("\r\n"), "\ufeff" + good],
                         ids=["lf", "no last line end", "byte order mark"])
def test_other_writers_of_csv_are_understood(gate, text):
    assert gate(text, "POST /events p95 > 89ms").returncode == 1
    assert gate(text, "POST /events p95 > 90ms", "p95 > 100ms").returncode == 0


no_requests = with_value(posts, "Request Count", 0)
nothing = {
    "an empty file": ("", "p95 > 1ms"),
    "only a header": (text_of(), "p95 > 1ms"),
    "no total": (text_of(posts), "error-rate > 1%"),
    "no such row": (good, "DELETE /events/{id} p95 > 1ms"),
    "no post": (text_of(pages, total), "accepted/s < 1"),
    "no requests": (text_of(no_requests, total), "POST /events p95 > 1ms"),
    "no requests to have failed": (text_of(no_requests, total), "POST /events error-rate > 1%"),
    "no requests to be accepted": (text_of(no_requests, total), "accepted < 0"),
    "no requests at all": (text_of(with_value(total, "Request Count", 0)), "failures > 0"),
    "N/A": (text_of(with_value(posts, "95%", "N/A"), total), "POST /events p95 > 1ms"),
    "an empty value": (text_of(with_value(posts, "95%", ""), total), "POST /events p95 > 1ms"),
    "an empty rate": (text_of(with_value(posts, "Failures/s", ""), total), "accepted/s < 1"),
    "an empty count": (text_of(with_value(posts, "Request Count", ""), total), "POST /events p95 > 1ms"),
    "not a number": (text_of(with_value(posts, "95%", "nan"), total), "POST /events p95 > 1ms"),
    "no such column": (text_of(posts, total, columns=[name for name in header if name != "95%"]), "p95 > 1ms"),
    "a percentile that the file does not have": (good, "p42 > 1ms"),
    "no column of failures": (text_of(posts, total, columns=[name for name in header if name != "Failure Count"]),
                              "error-rate > 1%"),
    "no column of names": (text_of(posts, total, columns=[name for name in header if name != "Name"]), "p95 > 1ms"),
    "another file": ("Method,Name,Error,Occurrences\r\nPOST,POST /events,no,3\r\n", "p95 > 1ms"),
    "two rows of the name": (text_of(posts, posts, total), "POST /events p95 > 1ms"),
    "a torn row": (good[:-20], "p95 > 1000ms"),
    "a torn quote": (good + '"POST', "p95 > 1000ms"),
}


@pytest.mark.parametrize("text, condition", nothing.values(), ids=nothing.keys())
def test_nothing_to_judge_is_no_pass(gate, text, condition):
    done = gate(text, condition)
    assert done.returncode == 2, done
    assert "CANNOT BE JUDGED" in done.stdout or done.stderr.startswith("ci_gate: "), done


def test_a_missing_file_and_a_folder_are_no_pass(tmp_path):
    for path in (tmp_path / "none_stats.csv", tmp_path):
        done = run(path, "p95 > 1ms")
        assert (done.returncode, "there is no file" in done.stderr) == (2, True), done


def test_a_known_failure_outweighs_what_cannot_be_judged(gate):
    both = gate(good, "GET /status p95 > 1ms", "POST /events p95 > 89ms")
    assert both.returncode == 1 and "CANNOT BE JUDGED" in both.stdout
    assert gate(good, "GET /status p95 > 1ms", "POST /events p95 > 90ms").returncode == 2


@pytest.mark.parametrize("condition", [
    "", "p95", "p95 >", "p95 > 100", "p95 > 100m", "p95 = 100ms", "p95 => 1ms", "px > 1ms", "p > 1ms", "p95 > -1ms",
    "> 100ms", "POST /events > 100ms", "p95 > 100ms or more", "error-rate > 1", "error-rate > 1ms", "error-rate/s > 1%",
    "accepted/s < 10%", "GET /inbox accepted/s < 10", "speed > 1", "requests < nan", "requests > inf", "requests > 1e9",
])
def test_what_is_not_a_condition_is_refused_before_anything_is_judged(gate, condition):
    done = gate(good, "POST /events p95 > 89ms", condition)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert f'"{condition}"' in done.stderr and "for instance" in done.stderr


def test_without_arguments_it_prints_its_usage():
    assert (run().returncode, "STATS_CSV" in run().stderr) == (2, True)
    assert (run("--help").returncode, "STATS_CSV" in run("--help").stdout) == (0, True)


def test_without_conditions_it_judges_the_targets_of_the_product_requirements(gate):
    prd = (repository / "docs/prd.md").read_text(encoding="utf-8")
    targets = dict(re.findall(r"^\| (N[1-4]) \| .* \| (?:below|at least) ([\d.]+)", prd, re.MULTILINE))
    wanted = [f"POST /events p95 >= {targets['N1']}ms", f"GET /inbox p95 >= {targets['N2']}ms",
              f"accepted/s < {targets['N3']}", f"error-rate >= {targets['N4']}%"]
    fast = [with_value(row, "Requests/s", 2000.0) for row in (posts, pages, total)]
    reached = gate(text_of(*[with_value(row, "Failure Count", 2) for row in fast]))
    assert reached.returncode == 0, reached
    assert [line.removeprefix("fail-if ").split(": it is ")[0] for line in reached.stdout.splitlines()] == wanted
    for missed in (with_value(fast[0], "95%", 100), with_value(fast[0], "Requests/s", 1001.0)):
        assert gate(text_of(missed, *[with_value(row, "Failure Count", 2) for row in fast[1:]])).returncode == 1
    assert gate(text_of(*fast)).returncode == 1  # 20 failures in 1200


@pytest.mark.skipif(importlib.util.find_spec("locust") is None, reason="needs Debian's python3-locust")
def test_it_judges_what_locust_itself_has_written(start_server, tmp_path):
    server = start_server("--access-log=false")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LOCUST_")}
    environment.update(LOCUST_API_KEY=server.create_key()["api_key"], PYTHONDONTWRITEBYTECODE="1")
    subprocess.run([sys.executable, "-m", "locust", "-f", str(locustfile), "--headless", "--only-summary", "--host",
                    f"http://127.0.0.1:{server.port}", "-u", "10", "-r", "10", "-t", "4s", "--csv", str(tmp_path / "run"),
                    "HighThroughputUser"], env=environment, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    stats = tmp_path / "run_stats.csv"
    passed = run(stats, "POST /events p95 > 30s", "POST /events error-rate > 0%", "p99.9 > 30s", "accepted/s < 1",
                 "accepted < 1", "requests/s < 1", "max > 30s")
    assert (passed.returncode, passed.stdout.count("(passed)")) == (0, 7), passed
    for condition in ("POST /events p95 > 0us", "p50 >= 1us", "mean > 1us", "failures < 1", "accepted/s > 1"):
        assert run(stats, condition).returncode == 1, condition
    assert run(stats, "GET /inbox p95 > 200ms").returncode == 2


CONDITIONS = ["POST /events p95 > 100ms", "error-rate > 1%"]


def refused_run(server, key, *arguments):
    """A run that goes on after the first refusal, as a key that is revoked in mid-run would make it."""
    flags = [flag for condition in CONDITIONS for flag in ("--fail-if", condition)]
    return swarm.run(server.port, key, "-u", "5", "-r", "5", "-t", "2s", *flags, *arguments, "HighThroughputUser")


def test_a_wrong_key_passes_neither_gate(start_server, tmp_path):
    server = start_server("--access-log=false")
    wrong = "x" * 64
    done = refused_run(server, wrong, "--keep-going", "--no-wait", "--json", "--csv", tmp_path / "run")
    assert done.returncode == 1, done.stderr
    assert "(passed)" not in done.stderr, done.stderr
    figures = json.loads(done.stdout)
    (row,) = figures["names"]
    # After 30 failures a minute the service answers 429: these are failures of the same name.
    assert row["name"] == "POST /events" and row["failures"] == row["requests"] > 30 and row["accepted"] == 0, row
    assert any("429 instead of 201: RATE_LIMIT_EXCEEDED (authentication_failures)" in one["error"] for one in figures["failures"])
    assert not any("rate limit was measured" in warning for warning in figures["run"]["warnings"])
    by_script = run(tmp_path / "run_stats.csv", *CONDITIONS)
    assert by_script.returncode == 1 and "(passed)" not in by_script.stdout, by_script
    assert run(tmp_path / "run_stats.csv", CONDITIONS[0]).returncode == 2


def test_a_wrong_key_ends_the_run_at_its_start_and_says_so(start_server):
    server = start_server("--access-log=false")
    began = time.monotonic()
    done = swarm.run(server.port, "x" * 60, "-u", "5", "-r", "5", "-t", "50s", "--json", "TriggersAPIUser")
    assert done.returncode == 1 and time.monotonic() - began < 20
    told = "the service refuses the API key in LOCUST_API_KEY: 401 instead of"
    assert told in done.stderr and "it has 60 characters, and a key has 64" in done.stderr, done.stderr
    assert any(told in warning for warning in json.loads(done.stdout)["run"]["warnings"])


def test_one_wrong_key_of_several_is_named_by_its_place(start_server):
    server = start_server("--access-log=false")
    good = [server.create_key()["api_key"] for _ in range(2)]
    done = swarm.run(server.port, ",".join([good[0], "x" * 64, good[1]]), "-u", "3", "-r", "1", "-t", "50s", "HighThroughputUser")
    assert done.returncode == 1
    assert "LOCUST_API_KEY (number 2 of 3): 401" in done.stderr, done.stderr


def test_a_key_that_may_not_send_ends_the_run_too(start_server):
    server = start_server("--access-log=false")
    done = swarm.run(server.port, server.create_key(role="viewer")["api_key"], "-t", "50s", "HighThroughputUser")
    assert done.returncode == 1 and "403 instead of 201: FORBIDDEN (role)" in done.stderr, done.stderr


def test_swarm_and_the_script_judge_a_run_alike(start_server, tmp_path):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    # Far from what is measured, so that Locust's rounding in the file decides nothing.
    passing = ["POST /events p95 > 30s", "p99.9 > 30s", "POST /events mean > 30s", "error-rate > 0%", "failures > 0",
               "accepted < 1", "accepted/s < 0.001", "POST /events requests < 1"]
    failing = ["POST /events p95 > 0us", "p50 >= 0us", "max > 0us", "error-rate < 1%", "accepted/s < 1000000",
               "requests/s > 0.001", "POST /events failures < 1"]
    unknown = ["DELETE /nothing p95 > 1ms", "nobody requests < 1"]
    flags = [flag for condition in passing + failing + unknown for flag in ("--fail-if", condition)]
    run_of_swarm = swarm.run(server.port, key, "-u", "4", "-r", "4", "-t", "2s", "--csv", tmp_path / "run", *flags,
                             "HighThroughputUser")
    by_script = run(tmp_path / "run_stats.csv", *passing, *failing, *unknown)
    assert (run_of_swarm.returncode, by_script.returncode) == (1, 1), run_of_swarm.stderr + by_script.stdout

    def verdicts(text):
        lines = re.findall(r"fail-if (.*?): .* \((passed|FAILED|CANNOT BE JUDGED)\)$", text, re.MULTILINE)
        return dict(lines)

    wanted = {**{one: "passed" for one in passing}, **{one: "FAILED" for one in failing},
              **{one: "CANNOT BE JUDGED" for one in unknown}}
    assert verdicts(by_script.stdout) == wanted
    assert verdicts(run_of_swarm.stderr) == wanted


stall_conditions = ["error-rate > 1%", "POST /events error-rate >= 1%", "failures > 0", "failures/s > 0"]


def run_against(server, prefix, *arguments):
    flags = [flag for condition in stall_conditions for flag in ("--fail-if", condition)]
    return swarm.run(server.port, "k" * 64, "-u", "5", "-r", "5", "--no-wait", "--csv", prefix, *flags, *arguments,
                     "HighThroughputUser")


def test_a_stall_in_the_last_seconds_fails_both_gates(tmp_path):
    with DelayingServer(0.002, 3, 20) as server:
        by_swarm = run_against(server, tmp_path / "run", "-t", "6s")
    by_script = run(tmp_path / "run_stats.csv", *stall_conditions)
    assert by_swarm.stderr.count("had waited over 1.0 s without an answer at the end (FAILED)") == 4, by_swarm.stderr
    assert by_script.stdout.count("requests that had stalled at the end (FAILED)") == 4, by_script
    assert (by_swarm.returncode, by_script.returncode) == (1, 1)
    # What had stalled makes nothing pass.
    assert run(tmp_path / "run_stats.csv", "failures < 1").returncode == 1

    def rates(text):
        return [float(rate) for rate in re.findall(r"error-rate .*?: it is (\S+) %", text)]

    # They print it with a different number of digits.
    assert rates(by_script.stdout) == pytest.approx(rates(by_swarm.stderr), abs=0.01) and min(rates(by_script.stdout)) > 10
    # Another run's file beside it, of Locust for instance, has another number of requests.
    stats = (tmp_path / "run_stats.csv").read_text()
    requests = re.search(r"^,Aggregated,(\d+),", stats, re.MULTILINE)[1]
    (tmp_path / "run_stats.csv").write_text(stats.replace(f",{requests},", f",{int(requests) + 1},"))
    assert run(tmp_path / "run_stats.csv", *stall_conditions).returncode == 0


def test_requests_in_flight_at_a_healthy_end_fail_neither_gate(tmp_path):
    with DelayingServer(0.2) as server:
        by_swarm = run_against(server, tmp_path / "run", "-t", "2s")
    by_script = run(tmp_path / "run_stats.csv", *stall_conditions)
    assert (by_swarm.returncode, by_script.returncode) == (0, 0), by_swarm.stderr + by_script.stdout
    assert "Cut off at the end: 5 requests" in by_swarm.stderr and "Stalled" not in by_swarm.stderr
    with open(tmp_path / "run_cut_off.csv", encoding="utf-8", newline="") as file:
        total = list(csv.DictReader(file))[-1]
    assert (total["Name"], total["Cut Off Count"], total["Stalled Count"], total["Missing Count"]) == ("Aggregated", "5", "0", "0")


@pytest.mark.parametrize("text, told", [
    ("", "is empty"), ("Type,Name\r\n", "lacks one of the columns"),
    ("Name,Request Count,Stalled Count,Missing Count\r\nPOST /events,1\r\n", "line 2: it was not written to its end"),
])
def test_a_broken_file_of_what_was_cut_off_is_no_pass(gate, tmp_path, text, told):
    (tmp_path / "loadtest_cut_off.csv").write_text(text, newline="")
    done = gate(good, "error-rate > 50%")
    assert done.returncode == 2 and "loadtest_cut_off.csv" in done.stderr and told in done.stderr, done


@pytest.mark.parametrize("condition, status", [
    ("POST /events p95 > 30s", 0), ("POST /events p95 > 0us", 1), ("GET /inbox p95 > 200ms", 1), ("p95 > 100", 1),
], ids=["passed", "failed", "nothing to judge", "no condition"])
def test_swarm_ends_with_the_status_of_its_conditions(new_client, condition, status):
    client = new_client()
    done = swarm.run(client.port, client.key, "-t", "1s", "--fail-if", condition, "HighThroughputUser")
    assert done.returncode == status, done.stderr
