"""scripts/manage_api_keys.py and infrastructure/dynamodb_tables.py: the arguments that they pass to `triggers`, the store
that they choose by default, and the message if the program is missing. With LocalStack: test_original_guide.py."""

import http.server
import re
import shutil
import subprocess
import sys
import threading

import pytest

from support import private_network
from support.client import Client
from support.program import binary, environment, repository
from support.server import Server

script = repository / "scripts/manage_api_keys.py"
localstack_port = 4566


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


@pytest.fixture
def project(tmp_path):
    """The project's folder as the two scripts see it: with a release build, and without data."""
    folder = tmp_path / "project"
    (folder / "build/release").mkdir(parents=True)
    for part in ("scripts", "infrastructure"):
        shutil.copytree(repository / part, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "build/release/triggers").symlink_to(binary())
    return folder


def alone(function):
    """Calls it where nobody listens on LocalStack's port."""
    return private_network.call(function, [localstack_port])


create = ("create", "--user-id", "me", "--role", "creator")


def test_with_nothing_set_and_nothing_there_it_makes_a_store_in_its_project_and_says_so(manage, project, tmp_path):
    done = alone(lambda: manage(*create, script=project / "scripts/manage_api_keys.py", env={}))
    assert done.returncode == 0, done.stderr
    assert (project / "data").is_dir() and not (tmp_path / "data").exists()
    for words in (f"no server runs on {project}/data", "no LocalStack at http://localhost:4566 (Connection refused)",
                  f"using the local store in {project}/data", "DATA_DIR", "DYNAMODB_ENDPOINT_URL"):
        assert words in done.stderr


def test_with_nothing_set_a_server_on_the_projects_data_comes_first(manage, project, tmp_path):
    def ask():
        with http.server.HTTPServer(("127.0.0.1", localstack_port), http.server.BaseHTTPRequestHandler) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            with Server(tmp_path / "server", data_dir=project / "data").start() as server:
                done = manage(*create, script=project / "scripts/manage_api_keys.py", env={})
                with Client(server.port, done.stdout.splitlines()[-1]) as client:
                    status = client.get("/inbox").status
            other.shutdown()
        return done, status

    done, status = alone(ask)
    assert (done.returncode, done.stderr, status) == (0, "", 200)


def test_another_service_on_localstacks_port_is_not_mistaken_for_dynamodb(manage, project):
    def ask():
        with http.server.HTTPServer(("127.0.0.1", localstack_port), http.server.BaseHTTPRequestHandler) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            done = manage(*create, script=project / "scripts/manage_api_keys.py", env={})
            other.shutdown()
        return done

    done = alone(ask)
    assert done.returncode == 0 and "what answers there is not DynamoDB (status 501)" in done.stderr
    assert (project / "data").is_dir()


@pytest.mark.parametrize("arguments,env", [
    (("--data-dir=named",), {}), (("--data-dir", "named"), {}), ((), {"DATA_DIR": "named"}), (("--config=named.conf",), {})], ids=str)
def test_a_named_store_is_used_without_a_message(manage, project, tmp_path, arguments, env):
    (tmp_path / "named.conf").write_text("data-dir = named\n")
    done = alone(lambda: manage(*create, *arguments, script=project / "scripts/manage_api_keys.py", env=env))
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "named").is_dir() and not (project / "data").exists()


def test_tables_with_nothing_set_and_no_localstack_are_an_error_with_what_was_tried(manage, project):
    done = alone(lambda: manage(script=project / "infrastructure/dynamodb_tables.py", env={}))
    assert done.returncode == 1 and done.stdout == ""
    for words in ("no LocalStack at http://localhost:4566: Connection refused", "docker-compose up", "DYNAMODB_ENDPOINT_URL",
                  "AWS_REGION", "DYNAMODB_TABLE_EVENTS"):
        assert words in done.stderr


@pytest.mark.parametrize("name", ["scripts/manage_api_keys.py", "infrastructure/dynamodb_tables.py"])
def test_help_looks_for_no_store_and_leaves_no_file(manage, project, name):
    before = sorted(project.rglob("*"))
    done = alone(lambda: manage("create", "--help", script=project / name, env={}))
    assert (done.returncode, done.stderr) == (0, "") and "create" in done.stdout
    assert sorted(project.rglob("*")) == before


def copy_scripts(folder):
    for source in (repository / "scripts").glob("*.py"):
        shutil.copy(source, folder)


def test_it_finds_an_installed_program(manage, tmp_path):
    project, installed = tmp_path / "project", tmp_path / "bin"
    (project / "scripts").mkdir(parents=True)
    installed.mkdir()
    copy_scripts(project / "scripts")
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
    copy_scripts(tmp_path / "scripts")
    done = manage("list", script=tmp_path / "scripts/manage_api_keys.py", env={"DATA_DIR": str(tmp_path / "data"), **env})
    assert done.returncode == 1
    assert done.stderr == f"manage_api_keys.py: {words}: `./dev build` makes build/release/triggers\n"
