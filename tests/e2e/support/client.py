"""Clients of a server for tests: one with keep-alive, and a raw connection that sends any bytes. Starting the server is in
server.py."""

import http.client
import json
import socket
import time


class Headers:
    """Header fields with case-insensitive look-up."""

    def __init__(self, pairs):
        self.pairs = list(pairs)

    def get(self, name, default=None):
        return next((value for key, value in self.pairs if key.lower() == name.lower()), default)

    def all(self, name):
        return [value for key, value in self.pairs if key.lower() == name.lower()]

    def __contains__(self, name):
        return self.get(name) is not None

    def __getitem__(self, name):
        value = self.get(name)
        if value is None:
            raise KeyError(name)
        return value

    def __repr__(self):
        return repr(self.pairs)


class Answer:
    def __init__(self, status, headers, body, version=11):
        self.status, self.headers, self.body, self.version = status, Headers(headers), body, version

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:400]!r}>"


class Client:
    """One persistent connection, so for one thread at a time. `key` is sent as the bearer token."""

    def __init__(self, port, key=None, host="127.0.0.1", tls=None, timeout=30):
        self.port, self.key, self.host, self.tls, self.timeout = port, key, host, tls, timeout
        self._connection = None

    def request(self, method, target, body=None, headers=None, key=None):
        """`body`: bytes and text are sent unchanged, anything else as JSON. If the server closed the idle connection, it is
        reopened once, because the server cannot have seen the request."""
        sent = {}
        chosen = self.key if key is None else key
        if chosen:
            sent["Authorization"] = f"Bearer {chosen}"
        if isinstance(body, str):
            body = body.encode()
        elif body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        fresh = self._connection is None
        try:
            return self._exchange(method, target, body, sent)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self.close()
            if fresh:
                raise
            return self._exchange(method, target, body, sent)
        except BaseException:
            self.close()
            raise

    def _exchange(self, method, target, body, headers):
        if self._connection is None:
            if self.tls:
                self._connection = http.client.HTTPSConnection(self.host, self.port, timeout=self.timeout,
                                                               context=self.tls)
            else:
                self._connection = http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)
            self._connection.connect()
            self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connection.request(method, target, body=body, headers=headers)
        response = self._connection.getresponse()
        answer = Answer(response.status, response.getheaders(), response.read(), response.version)
        if response.will_close:
            self.close()
        return answer

    def get(self, target, **options):
        return self.request("GET", target, **options)

    def post(self, target, body=None, **options):
        return self.request("POST", target, body=body, **options)

    def delete(self, target, **options):
        return self.request("DELETE", target, **options)

    def put(self, target, body=None, **options):
        return self.request("PUT", target, body=body, **options)

    def patch(self, target, body=None, **options):
        return self.request("PATCH", target, body=body, **options)

    def send_event(self, event_type, payload, headers=None, **members):
        """Sends POST /events with this event. Returns the Answer."""
        return self.post("/events", {"event_type": event_type, "payload": payload, **members}, headers=headers)

    def inbox_pages(self, limit=50, event_type=None, seconds_max=120):
        """Every page, oldest first, as parsed JSON."""
        cursor = None
        deadline = time.monotonic() + seconds_max
        while time.monotonic() < deadline:
            target = f"/inbox?limit={limit}"
            target += f"&event_type={event_type}" if event_type else ""
            target += f"&cursor={cursor}" if cursor else ""
            answer = self.get(target)
            assert answer.status == 200, answer
            page = answer.json()
            yield page
            if not page["pagination"]["has_more"]:
                return
            cursor = page["pagination"]["next_cursor"]
        raise AssertionError(f"the inbox has not ended after {seconds_max} s")

    def inbox(self, limit=200, event_type=None):
        """Every unacknowledged event, oldest first."""
        return [event for page in self.inbox_pages(limit, event_type) for event in page["events"]]

    def close(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class RawConnection:
    """A socket, and just enough HTTP to read responses from it."""

    def __init__(self, port, host="127.0.0.1", timeout=15):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def send(self, data):
        """Sends as much as the server accepts: it may respond and close before the end of a bad request."""
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass
        return self

    def finish_sending(self):
        self.socket.shutdown(socket.SHUT_WR)
        return self

    def _more(self):
        try:
            data = self.socket.recv(65536)
        except ConnectionResetError:
            data = b""
        self._buffer += data
        return bool(data)

    def read_answer(self, head=False):
        """The next response; None if the connection ended before one began. `head`: a response to HEAD, without a body."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                assert self._buffer == b"", f"a torn answer: {self._buffer!r}"
                return None
        fields, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status_line, *lines = fields.decode("latin-1").split("\r\n")
        version, status = status_line.split(" ")[:2]
        assert version.startswith("HTTP/1."), status_line
        answer = Answer(int(status), [tuple(part.strip() for part in line.split(":", 1)) for line in lines], b"")
        length = int(answer.headers.get("Content-Length", "0"))
        if not head and answer.status not in (204, 304) and answer.status >= 200:
            while len(self._buffer) < length:
                assert self._more(), "the connection ended inside an answer"
            answer.body, self._buffer = self._buffer[:length], self._buffer[length:]
        return answer

    def ended(self):
        """True once the server has closed and sent nothing more; raises TimeoutError if it keeps the connection open."""
        while self._more():
            pass
        return self._buffer == b""

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def raw_request(method, target, body=b"", key=None, headers=(), host="127.0.0.1", length=True):
    """The bytes of a request. `headers` are (name, value) pairs; `length` adds Content-Length."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    lines += [f"{name}: {value}" for name, value in headers]
    if length and (body or method in ("POST", "PATCH")):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
