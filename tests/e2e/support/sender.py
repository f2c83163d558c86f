"""`triggers send` as the tests run it, and the lines that they give it."""

import json
import re
import subprocess
import time

from support.program import binary, environment

wait_seconds_max = 30


class Sender:
    """`triggers send` with one key, by default to the server at `url`."""

    def __init__(self, server, key=None, url=None):
        self.server, self.key = server, key or server.create_key()["api_key"]
        self.env = {"TRIGGERS_API_KEY": self.key, "TRIGGERS_URL": url or f"http://127.0.0.1:{server.port}"}

    def start(self, *arguments, **options):
        return subprocess.Popen([binary(), "send", *map(str, arguments)], env=environment(self.env), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run(self, *arguments, lines=b"", env=None):
        """Runs to the end. Returns a CompletedProcess with text."""
        done = subprocess.run([binary(), "send", *map(str, arguments)], env=environment({**self.env, **(env or {})}), input=lines,
                              capture_output=True, timeout=120, check=False)
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def events(self):
        """All events of the inbox, oldest first."""
        found, cursor = [], ""
        with self.server.client(self.key) as client:
            while True:
                page = client.get(f"/inbox?limit=200{cursor}").json()
                found += page["events"]
                if not page["pagination"]["has_more"]:
                    return found
                cursor = f"&cursor={page['pagination']['next_cursor']}"

    def numbers(self):
        return [event["payload"]["n"] for event in self.events()]


def line(number, **more):
    return json.dumps({"event_type": "t", "payload": {"n": number, **more}}).encode() + b"\n"


def numbered(count, first=1, **more):
    return b"".join(line(number, **more) for number in range(first, first + count))


def how_to_go_on(stderr):
    """The arguments that a command which stopped has printed."""
    return re.search(r"--from-line \d+ --idempotency-key \S+", stderr)[0].split()


def wait_until(what):
    deadline = time.monotonic() + wait_seconds_max
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)
