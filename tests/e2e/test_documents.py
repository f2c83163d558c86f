"""The README and the examples: their commands work as written, and the README is short and links to files that exist. The
OpenAPI document is in test_openapi.py, the guide to load tests in test_guide.py, the rules of all documents in tests/lint."""

import json
import re
import subprocess
import sys

import pytest

from support.program import repository


def shell_blocks(path):
    """The text of every block of a Markdown page that is marked sh."""
    return re.findall(r"^```sh\n(.*?)^```", path.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def served(start_server):
    """A server, and the environment that the README's reader and the examples' user have."""
    server = start_server()
    server.key = server.create_key()["api_key"]
    server.reader = {"PATH": "/usr/local/bin:/usr/bin:/bin", "TRIGGERS_API_KEY": server.key,
                     "TRIGGERS_URL": f"http://127.0.0.1:{server.port}"}
    return server


def run_as_reader(server, command, **options):
    return subprocess.run(command, env=server.reader, cwd=repository, capture_output=True, text=True, timeout=60,
                          check=False, **options)


def test_the_readme_lines_work_when_pasted(served):
    page = repository / "README.md"
    if not page.exists():
        pytest.skip("README.md is not there yet")
    blocks = [block for block in shell_blocks(page) if "curl " in block]
    assert len(blocks) >= 2, "the README shows how to send and to read with curl"
    script = re.sub(r"http://localhost:8000\b", served.reader["TRIGGERS_URL"], "\n".join(blocks))
    assert "localhost" not in script
    done = run_as_reader(served, ["bash", "-e", "-o", "pipefail", "-c", script])
    assert done.returncode == 0, done
    assert done.stderr == ""
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert not [answer for answer in answers if "error_code" in answer]
    assert answers[0]["status"] == "accepted"
    event_id = answers[0]["event_id"]
    assert [event["event_id"] for answer in answers for event in answer.get("events", [])] == [event_id]
    assert answers[-1] == {"results": [{"event_id": event_id, "status": "acknowledged"}], "acknowledged": 1}
    with served.client(served.key) as client:
        assert client.inbox() == []


def test_the_readme_is_short_and_its_links_lead_somewhere():
    page = repository / "README.md"
    if not page.exists():
        pytest.skip("README.md is not there yet")
    text = page.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 120
    links = [link for link in re.findall(r"\]\(([^)#]+)[^)]*\)", text) if "://" not in link]
    assert links
    missing = [link for link in links if not (repository / link).exists()]
    assert missing == []


@pytest.mark.parametrize("command", [["sh", "examples/curl.sh"], [sys.executable, "examples/triggers_client.py"]],
                         ids=["curl.sh", "triggers_client.py"])
def test_the_example_runs_twice(served, command):
    for _ in range(2):
        done = run_as_reader(served, command)
        assert done.returncode == 0, done
        assert done.stdout and "Traceback" not in done.stderr
    with served.client(served.key) as client:
        delivered = client.get("/metrics").body.decode()
    assert re.search(r"^triggers_events_acknowledged_total [1-9]", delivered, re.MULTILINE)


@pytest.mark.parametrize("command", [["sh", "examples/curl.sh"], [sys.executable, "examples/triggers_client.py"]],
                         ids=["curl.sh", "triggers_client.py"])
def test_the_example_fails_with_a_wrong_key(served, command):
    served.reader["TRIGGERS_API_KEY"] = "wrong"
    done = run_as_reader(served, command)
    assert done.returncode != 0
    assert "UNAUTHORIZED" in done.stdout + done.stderr
