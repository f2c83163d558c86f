"""docs/swarm-page.md: its commands work as written, and its options are those of the program."""

import re
import subprocess

from support import swarm
from support.delaying_server import DelayingServer
from support.page import Page
from support.program import environment, repository

text = (repository / "docs/swarm-page.md").read_text(encoding="utf-8")
blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def test_the_script_runs_a_whole_test_with_curl(tmp_path):
    start, script = blocks
    arguments = re.search(r"--host http://localhost:8000 (.*)", start).group(1).split()
    with DelayingServer(0.002) as service, Page(tmp_path, *arguments, "HighThroughputUser", service=service.port) as page:
        script = script.replace("http://localhost:8089", page.url).replace("sleep 5", "sleep 2")
        done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", script], cwd=tmp_path, env=environment(), text=True,
                              capture_output=True, timeout=60, check=False)
        assert done.returncode == 0 and done.stderr == "", done
        assert done.stdout.count('"success": true') == 3, done.stdout
        assert "POST /events" in (tmp_path / "requests.csv").read_text() and "Load test of" in (tmp_path / "report.html").read_text()
        assert "40 total users" in page.text()


def test_the_options_of_the_page_are_in_the_document():
    shown = subprocess.run([swarm.binary(), "--help"], env=environment(), capture_output=True, text=True, check=True).stdout
    group = re.search(r"^Web page:\n(.*?)(?=^\S|\Z)", shown, re.MULTILINE | re.DOTALL).group(1)
    options = set(re.findall(r"^\s+(?:-\w,)?(--[a-z-]+)", group, re.MULTILINE))
    assert len(options) == 11
    assert options == {option for option in options if f"`{option}`" in text}
