"""The hostile-tenant benchmark still runs, for a moment, and fails where it must."""

import shutil
import subprocess
import sys

import pytest

from support.program import binary, environment, repository

program = repository / "bench/hostile.py"


@pytest.fixture(name="hostile")
def hostile_module(monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "bench"))
    import hostile  # pylint: disable=import-outside-toplevel
    return hostile


def bench(folder, *arguments, timeout=240):
    return subprocess.run([sys.executable, program, *arguments, "--folder", str(folder)], capture_output=True, text=True,
                          env=environment({"TRIGGERS_BINARY": binary()}), timeout=timeout, check=False)


def test_programs_that_tests_start_write_no_bytecode(tmp_path):
    for part in ("bench", "scripts", "infrastructure", "tests/e2e/support"):
        shutil.copytree(repository / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__", "results"))
    for copied in ("bench/hostile.py", "scripts/manage_api_keys.py", "infrastructure/dynamodb_tables.py"):
        subprocess.run([sys.executable, tmp_path / copied, "--help"], env=environment({"TRIGGERS_BINARY": binary()}),
                       capture_output=True, timeout=60, check=True)
    assert not list(tmp_path.rglob("*.pyc"))


@pytest.mark.timeout(300)
def test_every_shape_is_carried_out_for_a_moment(tmp_path):
    names = bench(tmp_path, "--list").stdout.splitlines()
    assert len(names) >= 25 and len(set(names)) == len(names)
    done = bench(tmp_path / "server", "--quick", "--seconds=0.4", "--save", str(tmp_path / "saved.txt"))
    assert done.returncode == 0, done.stdout + done.stderr
    rows = done.stdout.splitlines()
    for name in names:
        assert any(row.startswith(name + " ") for row in rows), name
    assert (tmp_path / "saved.txt").read_text() == done.stdout


def test_a_ratio_over_the_bound_ends_with_1(tmp_path):
    done = bench(tmp_path / "server", "unknown keys", "--quick", "--seconds=0.3", "--bound=0.0001")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "NOT REACHED" in done.stdout and "times its own without the attack" in done.stdout


def measured(hostile, quiet_ms, attacked_ms, failures=None, answers=None):
    def turn(milliseconds):
        names = (hostile.hostile_victim.posts, hostile.hostile_victim.pages)
        return {"latencies": {name: [milliseconds / 1000] * 100 for name in names}, "late": [0.0], "failures": failures or {}}
    attack = {"sent": 10, "answers": {"200": 10} if answers is None else answers}
    return hostile.Measured(turn(quiet_ms), turn(attacked_ms), turn(quiet_ms), attack)


@pytest.mark.parametrize("change,wanted", [
    ({}, []),
    ({"attacked_ms": 3.1}, ["POST /events p99 is 3.10 times", "GET /inbox p99 is 3.10 times"]),
    ({"failures": {"503": 1}}, ["requests of the victim failed: {'503': 1}"]),
    ({"answers": {"400": 10}}, ["not carried out, 10: 10 x 400"]),
])
def test_mistakes_are_named(hostile, change, wanted):
    shape = next(shape for shape in hostile.hostile_attacks.shapes if shape.expects == (200,))
    one = measured(hostile, **{"quiet_ms": 1.0, "attacked_ms": 2.9, **change})
    wrong = hostile.report_shape(shape, 100, [one], 3.0, hostile.Report())
    assert len(wrong) == len(wanted)
    assert all(text in line for text, line in zip(wanted, wrong))


def test_the_victim_uses_no_connection_that_the_server_may_have_closed(hostile):
    """The quiet uses few of the connections that an attack needs; the next attack must not be blamed for the others."""
    victim = hostile.hostile_victim.Victim(0, "key", 1)
    stale, fresh = (hostile.hostile_victim.Connection(0) for _ in range(2))
    now = hostile.time.monotonic()
    victim.free = [(stale, now - hostile.hostile_victim.idle_seconds_max - 1), (fresh, now)]
    assert victim.connection() is fresh
    victim.free.append((stale, now - hostile.hostile_victim.idle_seconds_max - 1))
    assert victim.connection() is not stale and not victim.free
