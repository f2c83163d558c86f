"""./dev and the scripts behind it: its help, what `./dev run` prints, and what it installs and builds."""

import os
import re
import shutil
import signal
import subprocess
import time

import pytest

from support.program import binary, environment, repository
from support.server import free_port


def dev(*arguments):
    return subprocess.run([repository / "dev", *arguments], capture_output=True, text=True, timeout=60, check=False)


commands = re.findall(r"^  (\w+)(?: \| -h \| --help)?\) (?:\w+)", (repository / "dev").read_text(encoding="utf-8").rpartition("case $command")[2],
                      re.MULTILINE)


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", commands)
def test_each_command_tells_what_it_is_and_does_nothing(command, flag):
    done = dev(command, flag)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("./dev")
    assert command == "help" or all(line.split()[1] == command for line in done.stdout.splitlines() if line.startswith("./dev"))


def test_the_commands_are_those_of_the_help():
    assert len(commands) > 8
    assert set(re.findall(r"^\./dev (\w+)", dev("help").stdout, re.MULTILINE)) == set(commands)
    done = dev("frob", "--help")
    assert done.returncode == 2 and "no command named 'frob'" in done.stderr


def test_run_builds_only_what_it_serves():
    body = re.search(r"^run\(\) \{\n(.*?)^\}", (repository / "dev").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)[1]
    assert "build release triggers\n" in body and "install_packages.sh\" build run\n" in body


@pytest.fixture
def project(tmp_path):
    """A project's folder with a release build and without data; what runs there is ended."""
    (tmp_path / "build/release").mkdir(parents=True)
    (tmp_path / "build/release/triggers").symlink_to(binary())
    shutil.copytree(repository / "scripts", tmp_path / "scripts", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


class Run:
    """`./dev run` after its build."""

    def __init__(self, project, *arguments):
        self.port, self.log = free_port(), project / "run.log"
        with open(self.log, "wb") as out:
            self.process = subprocess.Popen([project / "scripts/run.sh", *arguments], stdout=out, stderr=out, cwd=project,
                                            stdin=subprocess.DEVNULL, env=environment({"PORT": str(self.port)}))

    def printed(self):
        """What stands before the server's own lines, once it serves."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self.process.poll() is None:
            text = self.log.read_text(encoding="utf-8")
            if "server_started" in text:
                return text
            time.sleep(0.01)
        raise AssertionError(self.log.read_text(encoding="utf-8"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(20)


def test_the_help_of_run_is_that_of_serve_and_makes_nothing(project):
    done = subprocess.run([project / "scripts/run.sh", "--help"], capture_output=True, text=True, timeout=60, check=False,
                          env=environment())
    assert (done.returncode, done.stderr) == (0, "") and "--data-dir" in done.stdout
    assert not (project / "data").exists()


def of_essential_or_installed_packages(program):
    """Whether Debian has the program on every machine, or scripts/packages/run.txt names its package."""
    named = {line.split()[0] for line in (repository / "scripts/packages/run.txt").read_text().splitlines() if line[:1] != "#"}
    path = os.path.realpath(shutil.which(program))
    for tried in (path, path.removeprefix("/usr")):
        owner = subprocess.run(["dpkg", "-S", tried], capture_output=True, text=True, check=False).stdout.split(":")[0]
        if owner:
            essential = subprocess.run(["dpkg-query", "-W", "-f", "${Essential}", owner], capture_output=True, text=True,
                                       check=True).stdout
            return essential == "yes" or owner in named
    return False


def test_what_run_prints_works_when_pasted(project):
    with Run(project) as run:
        text = run.printed()
        lines = re.findall(r"^  ((?:export|curl) .*)$", text, re.MULTILINE)
        assert len(lines) == 4
        programs = {word for line in lines[1:] for word in re.findall(r"(?:^|\| |do )(\w+)", line)} - {"while"}
        assert programs == {"curl", "grep", "cut"} and all(map(of_essential_or_installed_packages, programs))
        done = [subprocess.run(["bash", "-e", "-o", "pipefail", "-c", line], env=environment(), capture_output=True, text=True,
                               timeout=60, check=False) for line in lines]
        assert [(one.returncode, one.stderr) for one in done] == [(0, "")] * 4
        assert '"status":"accepted"' in done[1].stdout and '"order.paid"' in done[2].stdout
        assert re.fullmatch(r"204 \S+\n", done[3].stdout)

        docs = re.search(r"http://localhost:\d+/docs", text)[0]
        page = subprocess.run(["curl", "-sSf", docs], capture_output=True, text=True, timeout=60, check=False)
        assert page.returncode == 0 and "<html" in page.stdout


def test_run_on_a_store_with_keys_prints_how_to_make_another_for_the_same_inbox(project):
    with Run(project) as run:
        run.printed()
    with Run(project) as run:
        text = run.printed()
        line = re.search(r"^  ('.*keys create .*)$", text, re.MULTILINE)[1]
        done = subprocess.run(["bash", "-c", line], env=environment(), capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0 and "is new and empty" not in done.stdout
