"""Runs Debian's Locust with the project's locustfile, reads its files and tables, and uses its web page. swarm is run by
swarm.py."""

import csv
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

import pytest

from .program import environment, repository

locustfile = repository / "tests/performance/locustfile.py"
installed = pytest.mark.skipif(importlib.util.find_spec("locust") is None, reason="needs Debian's python3-locust")


def command(*arguments):
    return [sys.executable, "-m", "locust", "-f", str(locustfile), *[str(argument) for argument in arguments]]


def reader(key=None, **extra):
    """The environment of a user who has followed the guide."""
    return environment(extra if key is None else {**extra, "LOCUST_API_KEY": key})


def run(*arguments, key=None, cwd):
    """Runs `locust -f … --headless <arguments>` to its end."""
    return subprocess.run(command("--headless", *arguments), env=reader(key), cwd=cwd, capture_output=True, text=True,
                          timeout=60, check=False)


def start(*arguments, key=None, cwd, log, **extra):
    """Starts the same without `--headless`; its output goes to the file `log`. The caller ends it."""
    with open(log, "wb") as out:
        return subprocess.Popen(command(*arguments), env=reader(key, **extra), cwd=cwd, stdout=out, stderr=out,
                                stdin=subprocess.DEVNULL)


def rows(path):
    """A Locust CSV as {name: {column: text}}."""
    with open(path, encoding="utf-8", newline="") as file:
        return {row["Name"]: row for row in csv.DictReader(file)}


def table(output):
    """(requests, failures) by name, from the table that Locust prints at the end."""
    last = output.rpartition("# reqs      # fails")[2].partition("Response time percentiles")[0]
    found = re.findall(r"^(?:GET|POST|DELETE) +(.+?) +(\d+) +(\d+)\(\d+\.\d+%\) \|", last, re.MULTILINE)
    return {name: (int(requests), int(failures)) for name, requests, failures in found}


def accepted(output):
    """(events, events a second) of the line below the tables."""
    found = re.findall(r"^Accepted events: (\d+) \((\d+\.\d+) a second\)$", output, re.MULTILINE)
    assert len(found) == 1, output[-4000:]
    return int(found[0][0]), float(found[0][1])


def with_a_version(folder):
    """A PYTHONPATH with a Locust that knows its version. Debian's Locust does not, so its master refuses its own workers.
    Every file is the installed one, except _version.py."""
    original = os.path.dirname(importlib.util.find_spec("locust").origin)
    package = folder / "locust"
    package.mkdir(parents=True)
    for name in os.listdir(original):
        if name not in ("__pycache__", "_version.py", "static", "templates"):
            source = os.path.join(original, name)
            (shutil.copytree if os.path.isdir(source) else shutil.copyfile)(source, package / name)
    (package / "_version.py").write_text('version = "2.12.1"\n', encoding="utf-8")
    return str(folder)


class WebPage:
    """Uses Locust's web page as a browser does."""

    def __init__(self, port):
        self.url = f"http://127.0.0.1:{port}"

    def ask(self, path, form=None):
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(self.url + path, data, timeout=10) as answer:
            return answer.read().decode()

    def ask_until(self, path, good, seconds_max=30):
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            try:
                text = self.ask(path)
                if good(text):
                    return text
            except OSError:
                pass  # It is still starting.
            time.sleep(0.05)
        raise AssertionError(f"{path} was not as expected within {seconds_max} s")


def requests_by_name(text):
    """The requests by row, from /stats/requests; rows without requests are left out."""
    return {row["name"]: row["num_requests"] for row in json.loads(text)["stats"] if row["num_requests"]}
