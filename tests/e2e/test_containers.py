"""The Dockerfile and docker-compose.yml, as far as a test can check them without Docker. `./dev check docker` builds the
image, which takes minutes."""

import re
import shutil
import subprocess
import uuid

import pytest
import yaml

from support.dynamodb import DynamoDB
from support.program import binary, environment, repository, run
from support.server import free_port

container = repository / "packaging/container"


@pytest.fixture(scope="module")
def composed():
    """The compose file as docker-compose itself reads it, which checks it against its schema."""
    done = subprocess.run([shutil.which("docker-compose"), "--project-directory", repository, "-f",
                           repository / "docker-compose.yml", "config"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return yaml.safe_load(done.stdout)


def test_docker_compose_takes_the_file_and_refuses_a_wrong_one(composed, tmp_path):
    assert set(composed["services"]) == {"localstack", "first-start", "api"}
    text = (repository / "docker-compose.yml").read_text(encoding="utf-8")
    (tmp_path / "docker-compose.yml").write_text(text.replace("restart: unless-stopped", "restarts: always"))
    wrong = subprocess.run(["docker-compose", "config", "-q"], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert wrong.returncode != 0 and "restarts" in wrong.stderr


def test_the_environment_of_the_compose_file_is_the_programs(composed):
    for name in ("api", "first-start"):
        done = run("config", "--json", env=composed["services"][name]["environment"])
        assert done.returncode == 0, done.stderr
        assert '"value":"http://localstack:4566"' in done.stdout and '"name":"store","value":"dynamodb"' in done.stdout
    assert composed["services"]["api"]["ports"] == ["127.0.0.1:8000:8000/tcp"]


def test_what_the_dockerfile_names_exists():
    text = (repository / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    named = [word for line in re.findall(r"^COPY (?!--from)(.*)$", text, re.MULTILINE) for word in line.split()[:-1]
             if not word.startswith("--")]
    named += re.findall(r"^RUN (scripts/\S+)", text, re.MULTILINE)
    assert len(named) >= 5
    for name in named:
        assert (repository / name).exists(), name
    ignored = (repository / ".dockerignore").read_text(encoding="utf-8")
    kept = re.findall(r"^!(\S+)$", ignored, re.MULTILINE)
    for name in kept:
        assert (repository / name).exists(), name
    assert {name.split("/")[0] for name in named if name != "."} <= set(kept)
    assert re.search(r"^USER triggers$", text, re.MULTILINE)


def test_the_first_start_makes_tables_and_one_key_that_serves(tmp_path, start_server):
    (tmp_path / "triggers").symlink_to(binary())
    with DynamoDB(tmp_path) as dynamo:
        name = uuid.uuid4().hex
        env = {**dynamo.environment, "DYNAMODB_TABLE_EVENTS": f"{name}-events", "DYNAMODB_TABLE_API_KEYS": f"{name}-keys"}

        def first_start():
            return subprocess.run([container / "first-start"], capture_output=True, text=True, timeout=60, check=False,
                                  env=environment({**env, "PATH": f"{tmp_path}:/usr/bin:/bin"}))

        first = first_start()
        assert first.returncode == 0, first.stderr
        key = re.search(r"export TRIGGERS_API_KEY=(\S+)", first.stdout)[1]
        again = first_start()
        assert again.returncode == 0 and "export" not in again.stdout and "keys already" in again.stdout
        server = start_server(env=env)
        with server.client(key) as client:
            assert client.post("/events", {"event_type": "a", "payload": {}}).status == 201

        def health(port):
            return subprocess.run([container / "health"], env=environment({"PORT": str(port)}), capture_output=True, timeout=30,
                                  check=False).returncode

        assert health(server.port) == 0
        assert health(free_port()) != 0
        dynamo.stop()
        # A node learns from a request that fails that its tables are gone.
        with server.client(key) as client:
            assert client.post("/events", {"event_type": "b", "payload": {}}).status == 503
        assert health(server.port) != 0
