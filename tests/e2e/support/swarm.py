"""Runs the built load generator, verifies its journals, and writes journals as a test wants them, with digests of its own.
Locust is run by locust.py."""

import hashlib
import json
import os
import pathlib
import struct
import subprocess

from .program import environment, repository


def binary():
    """The program under test: $SWARM_BINARY, or the release build."""
    chosen = os.environ.get("SWARM_BINARY")
    path = pathlib.Path(chosen) if chosen else repository / "build/release/swarm"
    return str(path.resolve())


def command(port, *arguments):
    return [binary(), "--host", f"http://127.0.0.1:{port}", *[str(argument) for argument in arguments]]


def run(port, key, *arguments, timeout=60):
    """Runs a load test, or a verification, to its end. Returns a CompletedProcess with text."""
    return subprocess.run(command(port, *arguments), env=environment({"LOCUST_API_KEY": key}), timeout=timeout,
                          capture_output=True, text=True, check=False)


def start(port, key, *arguments, out, log):
    """Starts a run. Its standard output goes to the file `out`; its standard error is appended to `log`."""
    with open(out, "wb") as output, open(log, "ab") as errors:
        return subprocess.Popen(command(port, *arguments), env=environment({"LOCUST_API_KEY": key}), stdout=output,
                                stderr=errors, stdin=subprocess.DEVNULL)


class Verdict:
    """The result of `swarm --verify FILE --json`: exit status, counts, and the ids of each kind of difference."""

    kinds = ("missing", "lost", "doubled", "changed", "returned", "unexpected", "overlapping", "repeated", "late")

    def __init__(self, done):
        self.status, self.text = done.returncode, done.stderr
        document = json.loads(done.stdout) if done.stdout else {}
        self.clean = document.pop("clean", None)
        self.wrong = {kind: sorted(document[kind]["event_ids"]) for kind in self.kinds if document.get(kind, {}).get("count")}
        self.counts = {name: value for name, value in document.items() if name not in self.kinds}

    def __repr__(self):
        return f"<{self.status} {self.wrong} {self.counts}\n{self.text[-2000:]}>"


def verify(port, key, journal, *arguments):
    return Verdict(run(port, key, "--verify", journal, "--json", *arguments))


def digest(event_type, payload, source="", metadata=""):
    """The first 128 bits of SHA-256 over the fields, each preceded by its length; payload and metadata as JSON text."""
    framed = hashlib.sha256()
    for field in (event_type, payload, source, metadata):
        framed.update(struct.pack("<Q", len(field.encode())) + field.encode())
    return framed.hexdigest()[:32]


class WrittenJournal:
    """A journal that a test writes itself, in the program's documented format. Version 2 has leases."""

    def __init__(self, path, version=1):
        self.path = path
        path.write_text(f"swarm-journal {version}\n", encoding="ascii")

    def line(self, *fields):
        with open(self.path, "a", encoding="ascii") as file:
            file.write(" ".join(fields) + "\n")
