"""bench/inboxes.py judges what its load found. Here the load is replaced by its output: RabbitMQ, Redis and webdis are no packages
of ./dev test. The load itself is tested beside its sources, in bench/inbox_load."""

import subprocess
import sys

import pytest

from support.program import binary, environment, repository


@pytest.fixture(name="inboxes")
def inboxes_module(monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "bench"))
    import inboxes  # pylint: disable=import-outside-toplevel
    return inboxes


def run(inboxes, rate=1000.0, left=0, p50=1.0, p99=10.0, **faults):
    figures = {"sent": 100, "accepted": 100, "received": 100, "acknowledged": 100, "batches": 10, "events_per_second": rate,
               "from_sent_ms": {"p50": p50 + 1, "p99": p99 + 1}, "from_accepted_ms": {"p50": p50, "p99": p99}, "early_share": 0.5,
               "late_max_ms": 0.1, **dict.fromkeys(inboxes.FAULTS, 0), **faults}
    return inboxes.Run(figures, left, 30.0, 10.0)


def goals(inboxes, say):
    report = inboxes.Report()
    say(report)
    return {text: reached for text, _, reached in report.goals}


def test_a_run_without_fault_is_accounted_for(inboxes):
    assert inboxes.faults_of({"a": [run(inboxes)]}, {"b": [run(inboxes)]}) == []
    assert run(inboxes).counts_text() == "100 sent, 100 accepted, 100 acknowledged, none lost, none twice"


@pytest.mark.parametrize("fault", ["unanswered", "lost", "twice", "unacknowledged", "acknowledged_twice", "unaccepted"])
def test_each_fault_is_named(inboxes, fault):
    wrong = inboxes.faults_of({"a": [run(inboxes), run(inboxes, **{fault: 3})]}, {"b": [run(inboxes)]})
    assert wrong == [f"a: 100 sent, 100 accepted, 100 acknowledged, 3 {fault}"]


def test_what_the_server_has_left_is_a_fault(inboxes):
    assert inboxes.faults_of({"a": [run(inboxes, left=2)]}) == ["a: 100 sent, 100 accepted, 100 acknowledged, 2 left in the server"]


@pytest.mark.parametrize("ours,reached", [([2000, 2000, 2000], True), ([1990, 1990, 9000], False), ([100, 2000, 2000], True)])
def test_the_median_of_the_rounds_ratios_decides(inboxes, ours, reached):
    peer = "RabbitMQ, quorum queue"
    runs = {"triggers": [run(inboxes, rate) for rate in ours], peer: [run(inboxes)] * 3}
    found = goals(inboxes, lambda report: inboxes.report_rates(runs, 100, report))
    assert found == {f"events a second, 100 in flight, of {peer}'s (>= 2)": reached}


@pytest.mark.parametrize("p50,p99,reached", [(1.9, 19.9, (True, True)), (2.0, 19.9, (False, True)), (1.9, 20.0, (True, False))])
def test_a_waiting_worker_has_two_goals(inboxes, p50, p99, reached):
    found = goals(inboxes, lambda report: inboxes.report_latencies({"triggers": [run(inboxes, p50=p50, p99=p99)]}, {"triggers": 1000}, report))
    assert tuple(found.values()) == reached


def test_nothing_is_claimed_without_our_own_side(inboxes):
    runs = {"RabbitMQ, classic queue": [run(inboxes)]}
    assert goals(inboxes, lambda report: inboxes.report_rates(runs, 100, report)) == {}
    assert goals(inboxes, lambda report: inboxes.report_latencies(runs, dict.fromkeys(runs, 1000), report)) == {}


def test_every_other_round_reverses_the_order(inboxes):
    assert list(inboxes.turns(["a", "b"], 3)) == [(0, "a"), (0, "b"), (1, "b"), (1, "a"), (2, "a"), (2, "b")]


def test_the_parts_of_triggers_alone_run_without_a_peer(tmp_path):
    done = subprocess.run([sys.executable, repository / "bench/inboxes.py", "fanout", "depth", "--quick", "--folder", tmp_path / "data",
                           "--save", tmp_path / "figures.txt"], capture_output=True, text=True,
                          env=environment({"TRIGGERS_BINARY": binary()}), timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    figures = (tmp_path / "figures.txt").read_text()
    for goal in ("100 inboxes, 99 of which do not match, of those with one inbox (>= 0.7)", "4000 leased and dead, of one with 1000 (<= 1.2)",
                 "ready with 8000 hidden entries", "resident memory of a hidden entry"):
        assert goal in figures, figures
    assert '"leased": 4000, "delayed": 0, "dead": 4000' in figures, figures


def test_help_needs_no_peer():
    done = subprocess.run([sys.executable, repository / "bench/inboxes.py", "--help"], capture_output=True, text=True,
                          env=environment(), timeout=60, check=False)
    assert done.returncode == 0 and "accounted for" in done.stdout, done.stderr
