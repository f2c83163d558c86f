"""swarm's CSV files and Locust's own, made from the same requests, must be equal byte for byte."""

import csv
import importlib.util
import json
import os
import pathlib
import random
import subprocess
import sys

import pytest

from support import program

pytestmark = pytest.mark.skipif(importlib.util.find_spec("locust") is None, reason="needs Debian's python3-locust")

start = 1_700_000_000_250_000  # Microseconds since the epoch, as all times here: whole numbers pass through JSON exactly.
second_us = 1_000_000
names = [("POST", "POST /events"), ("POST", "429 /events (POST)"), ("GET", "GET /inbox"), ("GET", "GET /events/{id}"),
         ("DELETE", "GET /events/{id}"), ("GET", 'say "hello", world'), ("PROPPATCH", "größe/名前"),
         ("GET", "a name that is " + "very " * 20 + "long")]
errors = ["CatchResponseError('bad thing')", "ConnectionRefusedError(111, 'Connection refused')",
          "HTTPError('500 Server Error: Internal Server Error for url: POST /events')", "said \"no\", and 'never'",
          "two\nlines", "grün — 失敗", r"back\slash", "tab\there"]
files = ["stats", "stats_history", "failures", "exceptions"]


class Test:
    """What happens in a load test: lines for both programs. Random, with a seed that pytest prints when a test fails;
    TRIGGERS_TEST_SEED repeats it."""

    __test__ = False

    def __init__(self, csv_prefix="run", full_history=False):
        seed = int(os.environ.get("TRIGGERS_TEST_SEED", random.randrange(2**32)))
        print(f"TRIGGERS_TEST_SEED={seed}")
        self.random = random.Random(seed)
        self.now = start
        self.lines = [{"do": "start", "now_us": start, "csv": csv_prefix, "full_history": full_history, "users": 0}]

    def eighths(self):
        """A latency in ns that is a whole number of 1/8 ms: sums of these are exact, in whatever order they are added.
        Nothing that rounds up to Locust's bucket of 100 ms from below: the only bucket whose type depends on which of its
        times came first."""
        while True:
            ms = max(1, round(self.random.lognormvariate(3, 1.6) * 8)) / 8
            if not 99.5 <= ms < 100 and ms < 200_000:
                return round(ms * 1e6)

    def any_latency(self):
        while True:
            ns = round(self.random.lognormvariate(3, 1.6) * 1e6)
            if not 99_500_000 <= ns < 100_000_000:
                return ns

    def request(self, name, ns, error=None, when=None):
        method, path = name
        self.lines.append({"do": "request", "now_us": when or self.now, "method": method, "name": path, "ns": ns,
                           "bytes": self.random.randrange(3000), "error": error})

    def second(self, requests, latency, failing=0.1, users=10):
        """One second: each (name, count) of `requests`, in random order; then the files are written."""
        drawn = [name for name, count in requests for _ in range(count)]
        self.random.shuffle(drawn)
        ends = (self.now // second_us + 1) * second_us
        for when, name in zip(sorted(self.random.randrange(self.now, ends) for _ in drawn), drawn):
            failed = self.random.random() < failing
            self.request(name, latency(), self.random.choice(errors) if failed else None, when)
        self.now = ends
        self.lines.append({"do": "second", "now_us": self.now, "users": users})

    def exception(self, message, traceback):
        self.lines.append({"do": "exception", "message": message, "traceback": traceback})

    def output_of(self, command, folder):
        """The files of a program, by name."""
        folder.mkdir()
        told = "".join(json.dumps(line) + "\n" for line in self.lines).encode()
        done = subprocess.run(command, input=told, cwd=folder, capture_output=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return {path.name: path.read_bytes().decode() for path in folder.iterdir()}

    def outputs(self, folder):
        """Of swarm, and of Locust."""
        probe = pathlib.Path(program.binary()).parent / "tests/swarm_format_probe"
        reference = program.repository / "tests/e2e/support/locust_reference.py"
        # -P: `import locust` is not to find support/locust.py, which stands beside the reference.
        return (self.output_of([str(probe)], folder / "swarm"),
                self.output_of([sys.executable, "-P", "-B", str(reference)], folder / "locust"))


def assert_same(test, folder):
    written, locust_written = test.outputs(folder)
    del written["run_cut_off.csv"]  # Our own.
    assert sorted(written) == sorted(locust_written)
    for name, text in written.items():
        assert text.splitlines() == locust_written[name].splitlines(), name
        assert text == locust_written[name], name
    return written


def test_files_are_those_of_locust(tmp_path):
    test = Test()
    for second in range(40):
        # Some names begin late, some pause, and each second has another number of requests.
        active = [(name, test.random.randrange(12)) for at, name in enumerate(names) if second >= 5 * (at // 3)]
        test.second(active, test.eighths, users=min(second, 10))
        if second % 10 == 3:
            test.exception('ValueError("no, never")', "Traceback:\n  File \"user.py\", line 7\n")
        if second == 20:
            test.exception("KeyError('id')", "elsewhere")
    written = assert_same(test, tmp_path)
    assert len(written["run_stats.csv"].splitlines()) >= len(names) + 2
    assert written["run_exceptions.csv"].count("local") == 2
    assert written["run_stats_history.csv"].count("\r\n") == 42


def test_full_history_is_that_of_locust(tmp_path):
    # Each name has a request in each second: Locust notes a second only when the next one has a request.
    test = Test(full_history=True)
    for second in range(45):
        active = [(name, 1 + test.random.randrange(8)) for at, name in enumerate(names) if at != 2 or second >= 7]
        test.second(active, test.eighths)
    written = assert_same(test, tmp_path)
    rows = list(csv.DictReader(written["run_stats_history.csv"].splitlines()))
    # The percentiles are those of the last seconds, not of all: they fall again.
    highest = [int(row["100%"]) for row in rows if row["Name"] == "Aggregated" and row["100%"] != "N/A"]
    assert any(later < earlier for earlier, later in zip(highest, highest[1:]))


@pytest.mark.parametrize("full_history", [False, True])
def test_a_test_without_requests_looks_as_in_locust(tmp_path, full_history):
    test = Test(full_history=full_history)
    for _ in range(3):
        test.second([], test.eighths)
    written = assert_same(test, tmp_path)
    assert written["run_stats.csv"].count("N/A") == 11


@pytest.mark.parametrize("ns", [125_000, 17_809_000, 99_375_000, 100_000_000, 145_000_000, 151_513_698, 7_300_000_000,
                                93_511_222_333])
def test_one_request_looks_as_in_locust(tmp_path, ns):
    test = Test()
    test.request(names[0], ns, when=start + second_us // 2)
    test.second([], test.eighths)
    assert_same(test, tmp_path)


def test_nothing_but_failures_looks_as_in_locust(tmp_path):
    test = Test()
    for _ in range(6):
        test.second([(name, 3) for name in names], test.eighths, failing=1)
    assert_same(test, tmp_path)


def test_times_of_any_fraction_differ_at_most_in_the_last_digits_of_an_average(tmp_path):
    test = Test()
    for _ in range(15):
        test.second([(name, 20) for name in names], test.any_latency)
    written, locust_written = test.outputs(tmp_path)
    compared = 0
    for name in files:
        ours, theirs = (list(csv.DictReader(text[f"run_{name}.csv"].splitlines())) for text in (written, locust_written))
        for row, other in zip(ours, theirs, strict=True):
            for column in ("Average Response Time", "Total Average Response Time"):
                if column in row:
                    average = row.pop(column)
                    assert float(average) == pytest.approx(float(other.pop(column)), rel=1e-12)
                    assert repr(float(average)) == average
                    compared += 1
            assert row == other
    assert compared > len(names)
