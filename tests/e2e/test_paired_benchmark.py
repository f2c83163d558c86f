"""The paired benchmark still runs, for a moment, and fails where it must."""

import re
import subprocess
import sys

import pytest

from support.program import binary, environment, repository

program = repository / "bench/paired.py"


@pytest.fixture(name="paired")
def paired_module(monkeypatch):
    monkeypatch.syspath_prepend(str(repository / "bench"))
    import paired  # pylint: disable=import-outside-toplevel
    return paired


def bench(*arguments):
    return subprocess.run([sys.executable, program, *arguments], capture_output=True, text=True, env=environment({}), timeout=120,
                          check=False)


def one_pair(*arguments):
    """Of the program against itself, a second each."""
    return bench(binary(), binary(), "--pairs=1", "--seconds=1", "--connections=4", *arguments)


def test_a_pair_is_measured_for_a_moment():
    done = one_pair("--slowest=0")
    assert done.returncode == 0, done.stdout + done.stderr
    pair, rate, cost = done.stdout.splitlines()
    found = re.fullmatch(r" +1: +(\d+) and +(\d+) posts a second, ratio ([\d.]+); processor ([\d.]+) and ([\d.]+) us a post, "
                         r"ratio ([\d.]+)", pair)
    before, after, ratio, cost_before, cost_after, cost_ratio = map(float, found.groups())
    assert ratio == pytest.approx(after / before, abs=0.02)
    # A program against itself is still two runs, and two runs are never alike to the last digit of both.
    assert (before, cost_before) != (after, cost_after)
    assert rate == f"rate: median of 1 ratios {ratio:.3f} ({ratio:.3f} to {ratio:.3f})"
    assert cost.startswith(f"processor time a post: median of 1 ratios {cost_ratio:.3f} ")


def test_a_slower_ratio_ends_with_1():
    done = one_pair("--slowest=1000")
    assert done.returncode == 1 and "rate: median of 1 ratios" in done.stdout, done.stdout + done.stderr


@pytest.mark.parametrize("rates,status", [
    ([0.97], 0),
    ([0.969], 1),
    ([0.5, 0.98, 1.2], 0),  # One slow pair is the machine's.
    ([0.96, 0.96, 1.2], 1),
])
def test_the_median_of_the_pairs_decides(paired, rates, status):
    assert paired.judge(rates, paired.slowest_ratio) == status


def test_no_pair_is_no_comparison():
    for name in ("--pairs", "--seconds", "--connections"):
        done = bench(binary(), f"{name}=0")
        assert done.returncode == 2 and f"argument {name}: 0 is too few: 1 is the least" in done.stderr
