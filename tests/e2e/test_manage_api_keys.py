"""scripts/manage_api_keys.py: what it hands on to `triggers keys`, and what it says when there is none."""

import re
import shutil
import subprocess
import sys

import pytest

from support.program import binary, environment, repository

script = repository / "scripts/manage_api_keys.py"


@pytest.fixture
def manage(tmp_path):
    """Calls it in an empty folder: `manage("list")`. Its program is the one under test unless `env` says otherwise."""
    def call(*arguments, script=script, env=None):
        chosen = environment({"TRIGGERS_BINARY": binary(), "DATA_DIR": str(tmp_path / "data")} if env is None else env)
        return subprocess.run([sys.executable, str(script), *arguments], env=chosen, cwd=tmp_path, capture_output=True,
                              text=True, timeout=60, check=False)

    return call


def test_it_creates_lists_shows_rotates_and_revokes(manage):
    created = manage("create", "--user-id", "load-test", "--role", "creator", "--rate-limit", "10000")
    assert created.returncode == 0, created.stderr
    key = created.stdout.splitlines()[-1]
    assert re.fullmatch(r"\S{40,}", key)
    key_id = re.search(r"^key_id +(\S+)$", created.stdout, re.MULTILINE)[1]
    assert key_id in manage("list").stdout
    assert "load-test" in manage("show", key_id).stdout
    rotated = manage("rotate", key_id, "--grace", "0").stdout.splitlines()[-1]
    assert re.fullmatch(r"\S{40,}", rotated) and rotated != key
    assert manage("revoke", key_id).returncode == 0
    assert key not in manage("list").stdout


@pytest.mark.parametrize("arguments", [(), ("create",), ("show", "no-such-key"), ("no-such-command",)], ids=str)
def test_the_exit_status_and_the_words_are_those_of_the_program(manage, tmp_path, arguments):
    done = manage(*arguments)
    direct = subprocess.run([binary(), "keys", *arguments], capture_output=True, text=True, check=False,
                            env=environment({"DATA_DIR": str(tmp_path / "data")}))
    assert done.returncode == direct.returncode != 0
    assert done.stderr and done.stderr == direct.stderr


def test_it_finds_the_release_build_of_its_project_and_that_projects_store(manage, tmp_path):
    project = tmp_path / "project"
    (project / "scripts").mkdir(parents=True)
    (project / "build/release").mkdir(parents=True)
    shutil.copy(script, project / "scripts")
    (project / "build/release/triggers").symlink_to(binary())
    done = manage("create", "--user-id", "me", "--role", "viewer", script=project / "scripts/manage_api_keys.py", env={})
    assert done.returncode == 0, done.stderr
    assert (project / "data").is_dir() and not (tmp_path / "data").exists()


def test_it_finds_an_installed_program(manage, tmp_path):
    project, installed = tmp_path / "project", tmp_path / "bin"
    (project / "scripts").mkdir(parents=True)
    installed.mkdir()
    shutil.copy(script, project / "scripts")
    (installed / "triggers").symlink_to(binary())
    done = manage("create", "--user-id", "me", "--role", "viewer", script=project / "scripts/manage_api_keys.py",
                  env={"PATH": str(installed), "DATA_DIR": str(tmp_path / "data")})
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("env,words", [
    ({"TRIGGERS_BINARY": "/nowhere/triggers"}, "TRIGGERS_BINARY=/nowhere/triggers is not a program"),
    ({"PATH": "/nowhere"}, "triggers is not built and not installed"),
], ids=["chosen", "none"])
def test_without_a_program_it_says_how_to_build_one(manage, tmp_path, env, words):
    (tmp_path / "scripts").mkdir()
    shutil.copy(script, tmp_path / "scripts")
    done = manage("list", script=tmp_path / "scripts/manage_api_keys.py", env=env)
    assert done.returncode == 1
    assert done.stderr == f"manage_api_keys.py: {words}: `./dev build` makes build/release/triggers\n"
