"""`.ci/run`: its lanes, its verdict, and which sources its lane for clang-tidy checks."""

import shutil
import subprocess

import pytest

from support.program import environment, repository


@pytest.fixture
def run(tmp_path):
    """Runs `.ci/run` with another `./dev`, whose lanes are given: {arguments: (what it prints, its exit status)}."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(repository / ".ci/run", tmp_path / ".ci/run")

    def with_lanes(lanes, *arguments):
        cases = "".join(f"'{lane}') echo began; printf '%s\\n' '{text}'; exit {status} ;;\n" for lane, (text, status) in lanes.items())
        (tmp_path / "dev").write_text(f"#!/bin/sh\n[ $CI = true ] || exit 9\ncase \"$*\" in\n{cases}esac\nexit 8\n", encoding="utf-8")
        (tmp_path / "dev").chmod(0o755)
        return subprocess.run([tmp_path / ".ci/run", *arguments], env=environment(), capture_output=True, text=True, timeout=60, check=False)

    return with_lanes


good = {"test": ("10 passed, 0 failed", 0), "test asan": ("5 passed, 0 failed", 0), "test tsan": ("4 passed, 0 failed", 0),
        "lint recent": ("lint: clean", 0)}


def test_the_last_line_counts_all_lanes_and_each_lane_says_its_time(run):
    done = run(good)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "20 passed, 0 failed"
    times = [line for line in lines[-6:] if line.startswith("ci: ./dev")]
    assert [line.split(" in ")[0].split() for line in times] == [["ci:", "./dev", *lane.split(), "passed"] for lane in good]
    assert all(line.endswith(" s") for line in times)


@pytest.mark.parametrize("lane, text, status, last", [
    ("test", "8 passed, 2 failed", 1, "18 passed, 2 failed"),
    ("test asan", "5 passed, 0 failed", 1, "20 passed, 1 failed"),
    ("test tsan", "clang++-19: error: no such thing", 1, "16 passed, 1 failed"),
    ("lint recent", "lint: failed: mistakes", 1, "19 passed, 1 failed"),
    ("test asan", "0 passed, 1 failed", 0, "15 passed, 1 failed"),
])
def test_a_failed_lane_fails_the_run_after_the_other_lanes(run, lane, text, status, last):
    done = run({**good, lane: (text, status)})
    assert done.returncode == 1 and done.stdout.splitlines()[-1] == last
    assert done.stdout.count("began") == len(good)
    assert [line for line in done.stdout.splitlines() if "FAILED" in line] or status == 0


def test_an_argument_is_refused_before_anything_runs(run):
    done = run(good, "asan")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there are no arguments, such as 'asan'" in done.stderr


class Repository:
    """A project of which only the history of its sources matters."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "scripts").mkdir()
        shutil.copy(repository / "scripts/recent_sources.py", folder / "scripts")
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments):
        names = {f"GIT_{who}_{what}": "nobody@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        subprocess.run(["git", *arguments], cwd=self.folder, env=environment(names), check=True, capture_output=True, timeout=60)

    def write(self, **lines):
        for name, count in lines.items():
            path = self.folder / name.replace("__", "/").replace("_cc", ".cc").replace("_h", ".h")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("".join(f"// {name} {count} {number}\n" for number in range(count)), encoding="utf-8")

    def commit(self, **lines):
        self.write(**lines)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "change")

    def recent(self, limit=9):
        done = subprocess.run([self.folder / "scripts/recent_sources.py", str(limit)], env=environment(), capture_output=True, text=True,
                              timeout=60, check=True)
        return done.stdout.split(), done.stderr


@pytest.fixture
def history(tmp_path):
    """On main: a.cc, b.cc and c.cc, then only b.cc."""
    made = Repository(tmp_path)
    made.commit(src__a_cc=3, src__b_cc=2, src__c_cc=5, README=1)
    made.commit(src__b_cc=1)
    return made


def test_without_a_release_the_newest_change_comes_first_and_then_the_largest(history):
    assert history.recent()[0] == ["src/b.cc", "src/c.cc", "src/a.cc"]
    chosen, told = history.recent(2)
    assert chosen == ["src/b.cc", "src/c.cc"]
    assert "3 sources have changed since the first commit of this clone; looking at 2" in told and told.rstrip().endswith(": src/a.cc")


def test_the_default_branch_is_compared_with_the_last_release_before_head(history):
    history.git("tag", "v1")
    assert len(history.recent()[0]) == 3, "HEAD is the release: it is compared with the one before, and there is none"
    history.commit(src__a_cc=4)
    chosen, told = history.recent()
    assert chosen == ["src/a.cc"] and "since the release v1" in told


def test_a_branch_is_compared_with_where_it_began(history):
    history.git("switch", "-q", "-c", "topic")
    history.commit(src__c_cc=6, tests__much_test_cc=50)
    history.git("switch", "-q", "main")
    history.commit(src__a_cc=9)
    history.git("switch", "-q", "topic")
    chosen, told = history.recent()
    assert chosen == ["src/c.cc", "tests/much_test.cc"] and "since the merge base with main" in told


def test_what_is_not_committed_comes_first_and_what_is_gone_is_left_out(history):
    history.write(src__a_cc=7, src__new_cc=2)
    (history.folder / "src/b.cc").unlink()
    assert history.recent()[0] == ["src/a.cc", "src/new.cc", "src/c.cc"]


def test_a_header_is_looked_at_through_its_source_or_one_that_includes_it(history):
    history.write(src__a_h=1, src__alone_h=1, src__unused_h=1)
    (history.folder / "src/c.cc").write_text('#include "alone.h"\n', encoding="utf-8")
    history.git("add", "-A")
    history.git("commit", "-q", "-m", "headers")
    history.git("tag", "v1")
    history.commit(src__a_h=2, src__alone_h=3, src__unused_h=4)
    assert sorted(history.recent()[0]) == ["src/a.cc", "src/c.cc"]


def test_a_shallow_clone_has_all_files_in_one_commit(history, tmp_path_factory):
    clone = tmp_path_factory.mktemp("clone") / "it"
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{history.folder}", clone], env=environment(), check=True, timeout=60)
    done = subprocess.run([clone / "scripts/recent_sources.py", "2"], env=environment(), capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == ["src/c.cc", "src/a.cc"]
