"""Prepares the hostile tenant's data before its attacks: keys, a backlog to search, large events, and many keys to list."""

import http.client
import json
import subprocess

large_events, large_payload_bytes, types_a_key = 40, 250_000, 100


class Seed:
    """The tenants of the attack, each made when a shape first needs it. `hostile` has no events. `backlog` has many small
    events. `large` has large events and, for its admin, many keys with many event types."""

    def __init__(self, server, events, keys):
        self.server, self.events, self.keys = server, events, keys
        self.filled = set()

    def context(self, shape, limit):
        """A new key with this limit, so that its burst is unused. The large tenant is a user with long lists of keys."""
        user = shape.tenant
        if user not in self.filled:
            self.filled.add(user)
            {"hostile": lambda: None, "backlog": self.fill_backlog, "large": self.fill_large}[user]()
        return {"key": self.create_key(user, shape.key, str(limit)) if shape.key else None}

    def create_key(self, user, role, limit):
        made = subprocess.run([str(self.server.BINARY), "keys", "create", "--user-id", user, "--role", role, "--rate-limit", limit,
                               "--json", "--data-dir", str(self.server.data)], capture_output=True, text=True, check=True)
        return json.loads(made.stdout)["api_key"]

    def send(self, key, method, target, bodies, expected):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for body in bodies:
            connection.request(method, target, json.dumps(body), {"Authorization": f"Bearer {key}", "Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read()
            if answer.status != expected:
                raise RuntimeError(f"{method} {target} was answered {answer.status}: {text[:300]}")
        connection.close()

    def fill_backlog(self):
        batches = ([{"event_type": "backlog.event", "payload": {"n": first + i}} for i in range(500)]
                   for first in range(0, self.events, 500))
        self.send(self.create_key("backlog", "creator", "unlimited"), "POST", "/events/batch", batches, 200)

    def fill_large(self):
        events = ({"event_type": "large.event", "payload": {"n": n, "filler": "x" * large_payload_bytes}} for n in range(large_events))
        self.send(self.create_key("large", "creator", "unlimited"), "POST", "/events", events, 201)
        types = [f"{'some.rather.long.name.of.an.event' * 6}.{n}" for n in range(types_a_key)]
        keys = ({"role": "viewer", "event_types": types, "user_email": "someone@example.com"} for _ in range(self.keys))
        self.send(self.create_key("large", "admin", "unlimited"), "POST", "/admin/keys", keys, 201)
