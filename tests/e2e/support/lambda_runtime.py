"""A server with Lambda's runtime interface, and the packed function in an otherwise empty root."""

import http.server
import json
import os
import pathlib
import queue
import subprocess
import threading
import time
import uuid
import zipfile

from .program import repository

base = "/2018-06-01/runtime"
start_seconds_max = 60


def archive():
    """The packed function: $TRIGGERS_LAMBDA_ZIP, or the archive of `./dev package lambda`."""
    return pathlib.Path(os.environ.get("TRIGGERS_LAMBDA_ZIP", repository / "build" / "lambda.zip"))


class Failed(Exception):
    """The function reported an error: at `init`, or for an invocation."""


class Runtime:
    """`with Runtime() as runtime: …runtime.invoke(event)…` One invocation at a time, as in Lambda."""

    def __init__(self):
        self.asked = threading.Event()  # Set once the function has asked for its first invocation.
        self.asked_at = None
        self.init_error = None
        self._waiting = queue.Queue()
        self._results = {}
        runtime = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                assert self.path == f"{base}/invocation/next", self.path
                runtime.asked_at = runtime.asked_at or time.monotonic()
                runtime.asked.set()
                invocation = runtime._waiting.get()
                if invocation is None:
                    self.close_connection = True
                    return
                identity, event, deadline_ms, trace = invocation
                self._send(200, event, {"Lambda-Runtime-Aws-Request-Id": identity,
                                        "Lambda-Runtime-Deadline-Ms": str(deadline_ms), "Lambda-Runtime-Trace-Id": trace,
                                        "Lambda-Runtime-Invoked-Function-Arn":
                                            "arn:aws:lambda:eu-west-1:123456789012:function:triggers"})

            def do_POST(self):
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if self.path == f"{base}/init/error":
                    runtime.init_error = body
                else:
                    identity, kind = self.path.removeprefix(f"{base}/invocation/").split("/")
                    runtime._results[identity].put((kind, body))
                self._send(202, b'{"status":"OK"}', {})

            def _send(self, status, body, headers):
                self.send_response(status)
                for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.address = "127.0.0.1:%d" % self._server.server_address[1]

    def send(self, event, seconds=20.0, trace=""):
        """Makes the event the next invocation. Returns a name under which its result can be awaited. `seconds` is the time
        limit that the function is given."""
        identity = str(uuid.uuid4())
        self._results[identity] = queue.Queue()
        data = event if isinstance(event, bytes) else json.dumps(event).encode()
        self._waiting.put((identity, data, int((time.time() + seconds) * 1000), trace))
        return identity

    def result(self, identity, patience=30):
        """The function's return value. Raises Failed with its error if it reported one."""
        kind, body = self._results[identity].get(timeout=patience)
        if kind == "error":
            raise Failed(body)
        return body

    def invoke(self, event, **options):
        return self.result(self.send(event, **options))

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._waiting.put(None)
        self._server.shutdown()
        self._server.server_close()


class Function:
    """The unpacked archive, alone in `root`: there are no other libraries. `etc`: files of /etc by name."""

    def __init__(self, root, runtime, environment, etc=None):
        self.root, self.runtime = pathlib.Path(root), runtime
        self.environment = {"AWS_LAMBDA_RUNTIME_API": runtime.address, "LAMBDA_TASK_ROOT": "/var/task", **environment}
        task = self.root / "var" / "task"
        task.mkdir(parents=True)
        (self.root / "tmp").mkdir()
        with zipfile.ZipFile(archive()) as packed:
            for entry in packed.infolist():
                path = pathlib.Path(packed.extract(entry, task))
                path.chmod(entry.external_attr >> 16 & 0o777)
        for name, text in (etc or {}).items():
            path = self.root / "etc" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        self.stdout_path, self.stderr_path = self.root.with_suffix(".out"), self.root.with_suffix(".err")
        self.process = self.started_at = None

    def start(self, wait=True):
        enter = [] if os.geteuid() == 0 else ["unshare", "--map-root-user"]
        with open(self.stdout_path, "ab") as out, open(self.stderr_path, "ab") as err:
            self.started_at = time.monotonic()
            self.process = subprocess.Popen([*enter, "/usr/sbin/chroot", self.root, "/var/task/bootstrap"],
                                            env=self.environment, stdout=out, stderr=err, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + start_seconds_max
        while wait and not self.runtime.asked.wait(0.05):
            assert self.process.poll() is None, self.errors()
            assert time.monotonic() < deadline, "the function has not asked for an invocation"
        return self

    def errors(self):
        return self.stderr_path.read_text()

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.stop()
