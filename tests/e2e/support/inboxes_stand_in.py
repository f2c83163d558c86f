"""Stands in for a server that keeps inboxes, by the contract of /inboxes, until the built one does. It knows one tenant, takes
any key and ignores filters."""

import http.server
import json
import re
import threading
import uuid

defaults = {"description": "", "filter": {}, "collect": True, "lease_seconds": 30, "max_attempts": 10, "retention_days": None,
            "dead_retention_days": 30}
now = "2026-11-24T04:06:03.042Z"


class Refused(Exception):
    """Of a request: (status, error_code, message)."""


class Inbox:
    def __init__(self, settings):
        self.settings, self.revision, self.entries, self.jobs = {**defaults, **settings}, 1, {}, {}

    @property
    def etag(self):
        return f'"1-{self.revision}"'

    def json(self, name):
        counts = {state: sum(entry["state"] == state for entry in self.entries.values())
                  for state in ("available", "leased", "delayed", "dead")}
        return {"name": name, **self.settings, "created_at": now, "updated_at": now, "counts": counts, "oldest_available_at": None,
                "last_consumed_at": None}


class InboxesStandIn:
    """`with InboxesStandIn() as service: …service.port`."""

    def __init__(self):
        self.inboxes, self.log = {"default": Inbox({})}, []
        stand_in = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                text = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                fields = {}
                try:
                    if not self.headers.get("Authorization", "").startswith("Bearer "):
                        raise Refused(401, "UNAUTHORIZED", "An API key is required.")
                    status, body, fields = stand_in.handle(self.command, self.path, json.loads(text or b"{}"), self.headers.get("If-Match"))
                except Refused as refused:
                    status, code, message = refused.args
                    body = {"status": "error", "error_code": code, "message": message}
                data = b"" if body is None else json.dumps(body).encode() + b"\n"
                self.send_response(status)
                for name, value in fields.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_PUT = do_PATCH = do_DELETE = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()

    def handle(self, method, path, body, tag):
        """Status, body and fields of the answer."""
        if (method, path) == ("GET", "/inboxes"):
            return 200, {"inboxes": [inbox.json(name) for name, inbox in self.inboxes.items()]}, {}
        if (method, path) == ("POST", "/events"):
            return 201, self.accept(body), {}
        name, action, job_id = re.fullmatch(r"/inboxes/([^/]+)(?:/([a-z]+)(?:/([^/]+))?)?", path).groups()
        inbox = self.inboxes.get(name)
        if inbox is None and (method != "PUT" or tag):
            raise Refused(404, "NOT_FOUND", f"There is no inbox {name}.") if not tag else Refused(412, "PRECONDITION_FAILED", "No such inbox.")
        if tag and tag != inbox.etag:
            raise Refused(412, "PRECONDITION_FAILED", "The settings of this inbox have changed since.")
        if method in ("PUT", "PATCH"):
            return self.change(name, inbox, body, method)
        if method == "DELETE":
            if name == "default":
                raise Refused(400, "VALIDATION_ERROR", "The inbox default cannot be deleted.")
            del self.inboxes[name]
            return 202, None, {}
        if method == "GET":
            return (200, inbox.jobs[job_id], {}) if job_id else (200, inbox.json(name), {"ETag": inbox.etag})
        return getattr(self, action)(inbox, body)

    def accept(self, event):
        event_id = str(uuid.uuid4())
        self.log.append((event_id, event))
        for inbox in self.inboxes.values():
            if inbox.settings["collect"]:
                inbox.entries[event_id] = {"state": "available", "attempts": 0, "event_type": event["event_type"]}
        return {"status": "accepted", "event_id": event_id}

    def change(self, name, inbox, body, method):
        for member in body:
            if member not in defaults:
                raise Refused(400, "VALIDATION_ERROR", f"{member} is not known.")
        if not 1 <= body.get("lease_seconds", 30) <= 43_200:
            raise Refused(400, "VALIDATION_ERROR", "lease_seconds must be a whole number from 1 to 43200.")
        status = 200 if inbox else 201
        inbox = inbox or self.inboxes.setdefault(name, Inbox({}))
        inbox.settings = {**(defaults if method == "PUT" else inbox.settings), **body}
        inbox.revision += 1
        shown = {key: value for key, value in inbox.json(name).items() if key in (*defaults, "name")}
        return status, shown, {"ETag": inbox.etag}

    def lease(self, inbox, body):
        taken = [event_id for event_id, entry in inbox.entries.items() if entry["state"] == "available"][:body["limit"]]
        for event_id in taken:
            inbox.entries[event_id].update(state="leased", attempts=inbox.entries[event_id]["attempts"] + 1)
        return 200, {"lease_id": "l1", "leased_until": now, "events": [{"event_id": event_id} for event_id in taken]}, {}

    def release(self, inbox, _):
        for entry in inbox.entries.values():
            if entry["state"] == "leased":
                entry["state"] = "dead" if entry["attempts"] == inbox.settings["max_attempts"] else "available"
        return 200, {"results": []}, {}

    def requeue(self, inbox, body):
        return self.change_dead(inbox, body, "requeued")

    def discard(self, inbox, body):
        return self.change_dead(inbox, body, "discarded")

    def change_dead(self, inbox, body, status):
        """With `all`, two entries at a time, so that a client must ask again."""
        dead = [event_id for event_id, entry in inbox.entries.items()
                if entry["state"] == "dead" and body.get("event_type", entry["event_type"]) == entry["event_type"]]
        asked = dead[:2] if body.get("all") else body["event_ids"]
        for event_id in set(asked) & set(dead):
            if status == "requeued":
                inbox.entries[event_id].update(state="available", attempts=0)
            else:
                del inbox.entries[event_id]
        if body.get("all"):
            return 200, {"count": len(asked), "has_more": len(dead) > 2}, {}
        return 200, {"results": [{"event_id": event_id, "status": status if event_id in dead else "not_found"} for event_id in asked]}, {}

    def purge(self, inbox, _):
        undelivered = [event_id for event_id, entry in inbox.entries.items() if entry["state"] != "dead"]
        for event_id in undelivered:
            del inbox.entries[event_id]
        return self.job(inbox, "purge", len(undelivered))

    def replay(self, inbox, body):
        if body.get("until", "9") <= body["since"]:
            raise Refused(400, "VALIDATION_ERROR", "until must be later than since.")
        again = [(event_id, event) for event_id, event in self.log if body.get("event_type", event["event_type"]) == event["event_type"]]
        for event_id, event in again:
            inbox.entries.setdefault(event_id, {"state": "available", "attempts": 0, "event_type": event["event_type"]})
        return self.job(inbox, "replay", len(again))

    def job(self, inbox, kind, count):
        job_id = str(uuid.uuid4())
        inbox.jobs[job_id] = {"job_id": job_id, "kind": kind, "state": "done", "count": count, "started_at": now, "ended_at": now}
        return 202, {**inbox.jobs[job_id], "state": "running", "ended_at": None}, {}
