"""Starts and stops the compared servers, each on a free port of loopback, with its data in its own folder. Also
fills Triggers with events, and reads how much memory and processor time it uses."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(port, process, seconds=30):
    """Waits until a server accepts connections on the port."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"{process.args[0]} ended with {process.returncode} at its start")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.005)
    raise RuntimeError(f"{process.args[0]} does not listen on port {port}")


class Process:
    """A server that runs in the foreground, with its output in a file."""

    def __init__(self, command, log_path, environment=None):
        self.log = open(log_path, "ab")
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log, env=environment, cwd="/")

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def cpu_nanoseconds(self):
        """The same, finer, of the threads that still run."""
        tasks = pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks)

    def stop(self, with_signal=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
            self.process.wait(timeout=60)
        self.log.close()


class Nginx(Process):
    """Answers 201 with a fixed body: the limit of HTTP on this machine. One worker for each core, as its packages configure it."""

    def __init__(self, folder):
        self.port = free_port()
        folder.mkdir(parents=True)
        config = folder / "nginx.conf"
        config.write_text(f"""
            daemon off; worker_processes auto; pid {folder}/nginx.pid; error_log {folder}/error.log;
            events {{ worker_connections 4096; }}
            http {{
                access_log off; keepalive_requests 100000000; client_body_in_single_buffer on; client_body_temp_path {folder}/body;
                proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
                scgi_temp_path {folder}/scgi;
                server {{
                    listen 127.0.0.1:{self.port} backlog=4096;
                    location / {{ default_type application/json; return 201 '{{"status":"accepted","event_id":"01a20bbb-7022-7d01-8d91-44c476987c33"}}'; }}
                }}
            }}""")
        super().__init__(["/usr/sbin/nginx", "-p", str(folder), "-c", str(config)], folder / "out.log")
        wait_for_port(self.port, self.process)


class WebdisRedis:
    """webdis in front of Redis, which syncs every write: the fastest durable HTTP intake in Debian."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.port, redis_port = free_port(), free_port()
        self.redis = Process(
            ["/usr/bin/redis-server", "--port", str(redis_port), "--bind", "127.0.0.1", "--dir", str(folder), "--save", "",
             "--appendonly", "yes", "--appendfsync", "always"], folder / "redis.log")
        wait_for_port(redis_port, self.redis.process)
        config = folder / "webdis.json"
        config.write_text(json.dumps({
            "redis_host": "127.0.0.1", "redis_port": redis_port, "http_host": "127.0.0.1", "http_port": self.port,
            "threads": os.cpu_count(), "pool_size": 20, "daemonize": False, "websockets": False, "database": 0,
            "http_max_request_size": 1 << 20, "verbosity": 0, "logfile": str(folder / "webdis.log")}))
        self.webdis = Process(["/usr/bin/webdis", str(config)], folder / "webdis.out")
        wait_for_port(self.port, self.webdis.process)

    def stop(self):
        self.webdis.stop()
        self.redis.stop()


class Triggers(Process):
    """Triggers, in its default, durable configuration."""

    BINARY = pathlib.Path(os.environ.get("TRIGGERS_BINARY", REPOSITORY / "build/release/triggers"))

    def __init__(self, folder, *flags):
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.data = folder / "data"
        key_file = folder / "key"
        if not key_file.exists():
            key_file.write_text(self.create_key("creator"))
        self.key = key_file.read_text()
        started = time.monotonic()
        super().__init__([str(self.BINARY), "serve", "--host", "127.0.0.1", "--port", str(self.port), "--data-dir",
                          str(self.data), *flags], folder / "out.log")
        while self.get("/status", timeout=60) != 200:
            time.sleep(0.002)
        self.seconds_to_ready = time.monotonic() - started

    def create_key(self, role):
        """A key of the tenant `bench`."""
        created = subprocess.run([self.BINARY, "keys", "create", "--user-id", "bench", "--role", role, "--rate-limit", "unlimited", "--json",
                                  "--data-dir", self.data], capture_output=True, text=True, check=True)
        return json.loads(created.stdout)["api_key"]

    def get(self, path, timeout=30):
        """The status of a response, or None while nothing listens on the port."""
        if self.process.poll() is not None:
            raise RuntimeError(f"triggers ended with {self.process.returncode}: see {self.log.name}")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request("GET", path, headers={"Authorization": f"Bearer {self.key}"})
            self.answer = connection.getresponse()
            self.body = self.answer.read()
            return self.answer.status
        except ConnectionError:
            return None
        finally:
            connection.close()

    def call(self, method, path, body=None, key=None, connection=None):
        """The status and the decoded body of one request, on a connection of its own unless one is given."""
        asked = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            asked.request(method, path, None if body is None else json.dumps(body),
                          {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"})
            answer = asked.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            if connection is None:
                asked.close()

    def wait_until_idle(self, seconds_max=20):
        """Waits until the server uses less than a twentieth of a core, so until its compactions have ended."""
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(0.4)
            if self.cpu_seconds() - before < 0.03:
                return

    def post_batches(self, events, batch):
        """Stores exactly this many events, in batches."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        for first in range(0, events, batch):
            body = [{"event_type": "bench.order", "payload": {"order_id": f"{first + i}-{time.time_ns()}", "note": "deliver to the back door"}}
                    for i in range(min(batch, events - first))]
            connection.request("POST", "/events/batch", json.dumps(body),
                               {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200, answer.status
        connection.close()

    def unacknowledged(self):
        assert self.get("/inbox?limit=1") == 200, self.body
        return json.loads(self.body)["pagination"]["total_undelivered"]

    def resident_mib(self):
        for line in pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("no VmRSS")
