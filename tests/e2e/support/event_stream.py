"""A client of GET /inboxes/{name}/stream: reads Server-Sent Events as they come."""

import http.client
import json
import time


class Message:
    def __init__(self, kind, data, place):
        self.kind, self.data, self.place = kind, data, place

    def json(self):
        return json.loads(self.data)


class EventStream:
    """`with EventStream(server.port, key, "billing") as stream: stream.read()`. `place` is the last `id`."""

    def __init__(self, port, key, inbox="default", query="", last_id=None, timeout=20):
        headers = {"Authorization": f"Bearer {key}"}
        if last_id:
            headers["Last-Event-ID"] = last_id
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        self.connection.request("GET", f"/inboxes/{inbox}/stream{query}", headers=headers)
        self.response = self.connection.getresponse()
        self.status = self.response.status
        self.place, self.comments = last_id, 0
        if self.status == 200:
            assert self.response.headers["Content-Type"] == "text/event-stream"
            assert self._block() == {"retry": ["1000"], **({"id": [self.place]} if self.place else {})}

    def _block(self):
        """The fields of the next message; None at the end of the stream."""
        fields = {}
        while line := self.response.readline():
            line = line.decode().rstrip("\n")
            if not line:
                return fields
            name, _, value = line.partition(":")
            if not name:
                self.comments += 1
                continue
            fields.setdefault(name, []).append(value.removeprefix(" "))
            if name == "id":
                self.place = value.removeprefix(" ")
        return None

    def read(self):
        """The next message with data; None at the end of the stream."""
        while (fields := self._block()) is not None:
            if "data" in fields:
                return Message(fields.get("event", [""])[0], "\n".join(fields["data"]), fields.get("id", [None])[0])
        return None

    def ids(self, count):
        """The ids of the next events."""
        return [self.read().json()["event_id"] for _ in range(count)]

    def ended(self):
        """True if the stream ends, and says nothing more but comments."""
        return self.read() is None

    def close(self):
        self.response.close()
        self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def await_figure(client, name, value, seconds_max=20):
    """Waits until a figure of the metrics has this value."""
    deadline = time.monotonic() + seconds_max
    while f"\n{name} {value}\n" not in (text := client.get("/metrics").body.decode()):
        assert time.monotonic() < deadline, text
        time.sleep(0.01)
