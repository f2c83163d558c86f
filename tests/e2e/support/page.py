"""A `swarm` that serves its page: starts it, calls its API, and ends it."""

import http.client
import json
import signal
import ssl
import subprocess
import time
import urllib.parse

from . import swarm
from .program import environment
from .server import free_port

patience_seconds = 20


class Page:
    """`swarm` with a page on a free port. Use it in a `with`."""

    def __init__(self, folder, *arguments, service=None, key="k" * 64, env=None, host="127.0.0.1", tls=None):
        self.port, self.log = free_port(), folder / f"swarm-{time.monotonic_ns()}.log"
        target = () if service is None else ("--host", f"http://127.0.0.1:{service}")
        with open(self.log, "wb") as errors:
            self.process = subprocess.Popen([swarm.binary(), *target, "--web-port", str(self.port), *map(str, arguments)],
                                            env=environment({"LOCUST_API_KEY": key, **(env or {})}), stderr=errors,
                                            stdout=subprocess.DEVNULL)
        self.host, self.tls = host, tls

    def __enter__(self):
        self.wait_for(lambda: "Starting web interface" in self.text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.text()
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def text(self):
        return self.log.read_text(encoding="utf-8")

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    def ask(self, method, path, fields=None, **headers):
        """One request on a connection of its own: (status, body as text, headers)."""
        if self.tls:
            connection = http.client.HTTPSConnection(self.host, self.port, timeout=patience_seconds,
                                                     context=ssl.create_default_context(cafile=self.tls))
        else:
            connection = http.client.HTTPConnection(self.host, self.port, timeout=patience_seconds)
        body = None
        if fields is not None:
            body = urllib.parse.urlencode(fields, doseq=True)
            headers = {"Content-Type": "application/x-www-form-urlencoded", **headers}
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response.status, response.read().decode(), response.headers
        finally:
            connection.close()

    def get(self, path, **headers):
        status, body, _ = self.ask("GET", path, **headers)
        assert status == 200, (path, status, body)
        return body

    def json(self, path):
        return json.loads(self.get(path))

    def start(self, users, spawn_rate, **fields):
        """The answer to POST /swarm."""
        status, body, _ = self.ask("POST", "/swarm", {"user_count": users, "spawn_rate": spawn_rate, **fields})
        assert status == 200, body
        return json.loads(body)

    def stats(self):
        return self.json("/stats/requests")

    def total(self):
        return self.stats()["stats"][-1]

    def wait_for_state(self, state, users=None):
        self.wait_for(lambda: (now := self.stats())["state"] == state and users in (None, now["user_count"]))

    def wait_for(self, condition):
        until = time.monotonic() + patience_seconds
        while not condition():
            assert time.monotonic() < until, self.text()[-3000:]
            time.sleep(0.05)

    def interrupt(self):
        """Ends it as Ctrl+C does. The exit status."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=patience_seconds)
