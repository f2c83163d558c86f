#!/usr/bin/python3
"""Makes the stores of an earlier format version that rocks_engine_test opens.

    tests/rocks/make_earlier_store.py TRIGGERS

TRIGGERS is a program that writes the version N: for 2 a build of commit f684768, for 3 one of commit 6b9e285. Later programs
write a later version, so the archives beside this script cannot be made again from the present source.

version_N.tar.gz holds a store that was stopped, version_N_killed.tar.gz one that was killed and so has a live log. Each was
filled in two runs: half of it is in tables. For each of the tenants `acme` and `globex` it has the events 0 to 124:
- The type is `order.created` if the number is even, `order.paid` otherwise. The payload is {"number":n}.
- Every tenth event, from 3 on, was sent with the Idempotency-Key `key-n`.
- Every fifth event, from 0 on, was acknowledged. So 100 events are pending and 25 are not.
- One API key, of the role creator.
"""

import http.client
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
TENANTS = ["acme", "globex"]
EVENTS = 125


class Server:
    def __init__(self, program, data):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.process = subprocess.Popen(
            [program, "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", data, "--no-access-log"],
            stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while True:
            try:
                self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
                self.connection.connect()
                return
            except ConnectionError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise
                time.sleep(0.01)

    def call(self, method, path, key, body=None, headers=None):
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json", **(headers or {})}
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status not in (200, 201, 204):
            raise RuntimeError(f"{method} {path}: {answer.status} {text.decode()}")
        return json.loads(text) if text else None

    def stop(self, with_signal):
        self.connection.close()
        self.process.send_signal(with_signal)
        self.process.wait(timeout=60)


def send(server, key, number):
    headers = {"Idempotency-Key": f"key-{number}"} if number % 10 == 3 else {}
    event = {"event_type": "order.created" if number % 2 == 0 else "order.paid", "payload": {"number": number}}
    event_id = server.call("POST", "/events", key, json.dumps(event, separators=(",", ":")), headers)["event_id"]
    if number % 5 == 0:
        server.call("DELETE", f"/events/{event_id}", key)


def version_of(program, data):
    """The format version that the program writes."""
    subprocess.run([program, "keys", "create", "--user-id", "a", "--role", "viewer", "--data-dir", data], capture_output=True, check=True)
    return (data / "FORMAT").read_text().split()[1]


def make(program, folder, name, last_signal):
    data = folder / name
    keys = {}
    for tenant in TENANTS:
        made = subprocess.run([program, "keys", "create", "--user-id", tenant, "--role", "creator", "--rate-limit",
                               "unlimited", "--json", "--data-dir", data], capture_output=True, text=True, check=True)
        keys[tenant] = json.loads(made.stdout)["api_key"]
    for numbers, with_signal in ((range(EVENTS // 2), signal.SIGTERM), (range(EVENTS // 2, EVENTS), last_signal)):
        server = Server(program, data)
        for number in numbers:
            for tenant in TENANTS:
                send(server, keys[tenant], number)
        server.stop(with_signal)
    with tarfile.open(HERE / f"{name}.tar.gz", "w:gz") as archive:
        archive.add(data, name, filter=without_machine)


def without_machine(entry):
    """Leaves out RocksDB's own log and the socket, and who made the archive."""
    name = pathlib.PurePath(entry.name).name
    if name.startswith("LOG") and name != "LOCK" or name == "admin.sock":
        return None
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = "root"
    return entry


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as folder:
        version = version_of(sys.argv[1], pathlib.Path(folder) / "probe")
        make(sys.argv[1], pathlib.Path(folder), f"version_{version}", signal.SIGTERM)
        make(sys.argv[1], pathlib.Path(folder), f"version_{version}_killed", signal.SIGKILL)


if __name__ == "__main__":
    main()
