"""The history of an inbox: what concurrent clients asked, what was answered, and when. inbox_load.py makes one with real nodes;
inbox_promises.py judges it."""

import dataclasses
import http.client
import itertools
import json
import math
import socket
import threading
import time

NEVER = math.inf


@dataclasses.dataclass(eq=False)
class Call:
    """One request. Times are of the monotonic clock of the machine of all clients, in seconds."""

    client: str
    node: str
    verb: str          # accept, lease, ack, release, extend, discard, look or counts
    asked: float
    request: dict
    answered: float = None  # None: no response
    status: int = None
    answer: dict = dataclasses.field(default_factory=dict)
    over: float = NEVER     # an unanswered request has taken effect by then, or never will

    @property
    def ok(self):
        return self.status is not None and self.status < 300

    @property
    def unknown(self):
        """The request may have taken effect or not."""
        return self.status is None or self.status >= 500

    @property
    def effect_by(self):
        """When its effect was there at the latest, if it had one."""
        return self.over if self.answered is None else self.answered

    def statuses(self):
        """{event id: status} of the results, without those of repeated ids."""
        found = {}
        for one in self.answer.get("results", ()):
            found.setdefault(one["event_id"], one["status"])
        return found


class History:
    """All calls of one inbox that takes every event, in the order in which they were made. Thread-safe for recording."""

    def __init__(self, max_attempts=None):
        self.max_attempts = max_attempts
        self.calls = []
        self.crashes = []
        self._deaths = {}  # node: when it was found dead
        self._lock = threading.Lock()

    def add(self, call):
        with self._lock:
            self.calls.append(call)
        return call

    def crashed(self, node, when=None):
        """The node is dead since `when`, and runs nothing more of what it was asked before."""
        when = time.monotonic() if when is None else when
        with self._lock:
            self.crashes.append(when)
            self._deaths.setdefault(node, []).append(when)
            for call in self.calls:
                if call.node == node and call.answered is None and call.asked <= when:
                    call.over = min(call.over, when)


    def unanswered(self, call, connected):
        """The connection that was made at `connected` failed. Forgets a call that was sent after the node's death."""
        with self._lock:
            if any(connected < death < call.asked for death in self._deaths.get(call.node, ())):
                self.calls.remove(call)


class Node:
    """A server of the fleet. `port` may change while it is restarted."""

    def __init__(self, name, port, host="127.0.0.1"):
        self.name, self.host, self.port = name, host, port

    @classmethod
    def at(cls, address):
        host, _, port = address.rpartition(":")
        return cls(address, int(port), host)


class RecordingClient:
    """A client of one inbox on several nodes, with a connection to each. Every request becomes a Call of the history."""

    numbers = itertools.count()

    def __init__(self, history, nodes, key, inbox, timeout=20):
        self.name, self._connected = f"client{next(self.numbers)}", {}
        self.history, self.nodes, self.key, self.inbox, self.timeout = history, nodes, key, inbox, timeout
        self._connections = {}

    def accept(self, node, marker):
        return self._ask(node, "accept", "POST", "/events", {"event_type": "t", "payload": {"marker": marker}},
                         {"marker": marker})

    def lease(self, node, seconds, limit):
        return self._act(node, "lease", {"lease_seconds": seconds, "limit": limit})

    def ack(self, node, lease_id=None, event_ids=None):
        return self._act(node, "ack", chosen(lease_id=lease_id, event_ids=event_ids))

    def release(self, node, lease_id, event_ids=None, delay_seconds=None):
        return self._act(node, "release", chosen(lease_id=lease_id, event_ids=event_ids, delay_seconds=delay_seconds))

    def extend(self, node, lease_id, seconds, event_ids=None):
        return self._act(node, "extend", chosen(lease_id=lease_id, event_ids=event_ids, lease_seconds=seconds))

    def discard(self, node, event_ids):
        return self._act(node, "discard", {"event_ids": event_ids})

    def counts(self, node):
        return self._ask(node, "counts", "GET", f"/inboxes/{self.inbox}", None, {})

    def look(self, node):
        """Every entry: one call over several requests. None if one of them got no response."""
        call = Call(self.name, node.name, "look", time.monotonic(), {})
        entries = {}
        for state in ("undelivered", "dead"):  # in this order: an entry may become dead meanwhile, but not the other way
            cursor = ""
            while cursor is not None:
                path = f"/inboxes/{self.inbox}/events?state={state}&limit=200" + (f"&cursor={cursor}" if cursor else "")
                try:
                    status, page = self._send(node, "GET", path, None)
                except (OSError, http.client.HTTPException):
                    return None
                assert status == 200, (status, page)
                entries.update({one["event_id"]: one for one in page["events"]})
                cursor = page["pagination"]["next_cursor"] if page["pagination"]["has_more"] else None
        call.answered, call.status, call.answer = time.monotonic(), 200, {"entries": entries}
        return self.history.add(call)

    def close(self):
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()

    def _act(self, node, verb, request):
        return self._ask(node, verb, "POST", f"/inboxes/{self.inbox}/{verb}", request, request)

    def _ask(self, node, verb, method, path, body, request):
        """The Call; None if the node could not be reached, so that nothing was asked."""
        try:
            self._connect(node)
        except OSError:
            self._drop(node)
            return None
        call = Call(self.name, node.name, verb, time.monotonic(), request)
        self.history.add(call)  # before the request: a crash must find it
        try:
            status, answer = self._send(node, method, path, body)
            call.status, call.answer = status, answer
            call.answered = time.monotonic()
        except (OSError, http.client.HTTPException):
            self._drop(node)
            self.history.unanswered(call, self._connected[node.name])
        return call

    def _connect(self, node):
        connection = self._connections.get(node.name)
        if connection is not None and connection.port == node.port:
            return
        self._drop(node)
        self._connected[node.name] = time.monotonic()
        connection = http.client.HTTPConnection(node.host, node.port, timeout=self.timeout)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._connections[node.name] = connection

    def _send(self, node, method, path, body):
        self._connect(node)
        connection = self._connections[node.name]
        text = None if body is None else json.dumps(body)
        connection.request(method, path, text, {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"})
        response = connection.getresponse()
        data = response.read()
        if response.will_close:
            self._drop(node)
        return response.status, json.loads(data) if data else {}

    def _drop(self, node):
        connection = self._connections.pop(node.name, None)
        if connection is not None:
            connection.close()


def chosen(**members):
    return {name: value for name, value in members.items() if value is not None}
