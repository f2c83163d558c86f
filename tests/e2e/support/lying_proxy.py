"""An HTTP proxy between clients and a server that changes some of what the server answers, or does something behind its back: one
kind of lie for each promise that inbox_promises.py judges. A proxy with the faults of networks is fault_proxy.py."""

import http.client
import http.server
import json
import threading


class LyingProxy:
    """`with LyingProxy(server.port, lie) as proxy: …proxy.port…`. `lie(proxy, path, request, status, answer)` returns the answer
    that the client gets; it may call proxy.ask(). `proxy.lies` counts how often it changed something."""

    def __init__(self, port, lie, key):
        self.upstream_port, self.lie, self.key, self.lies = port, lie, key, 0
        self.memory, self.lock = [], threading.Lock()  # for the lie
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def answer(self):
                size = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(size)
                with proxy.lock:
                    status, answer = proxy.ask(self.command, self.path, body)
                    answer = proxy.lie(proxy, self.path, json.loads(body) if body else {}, status, answer)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)

    @property
    def port(self):
        return self.server.server_address[1]

    def ask(self, method, path, body):
        """One request to the server: (status, parsed answer)."""
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.connection.request(method, path, body or None, headers)
        response = self.connection.getresponse()
        return response.status, json.loads(response.read() or b"{}")

    def post(self, path, body):
        return self.ask("POST", path, json.dumps(body))[1]

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
        self.connection.close()


def every_fifth(proxy):
    proxy.turn = getattr(proxy, "turn", 0) + 1
    return proxy.turn % 5 == 0


def leases_an_entry_twice(proxy, path, request, status, answer):
    """Promise 1: the next lease also gets an entry of the one before, which is still valid."""
    if status == 200 and path.endswith("/lease") and answer["events"]:
        if proxy.memory and proxy.memory[0] not in answer["events"]:
            old = {**proxy.memory.pop(), "attempt": 2}
            answer = {**answer, "events": [old, *answer["events"]]}
            proxy.lies += 1
        elif every_fifth(proxy):
            proxy.memory[:] = answer["events"][:1]
    return answer


def loses_an_event(proxy, path, request, status, answer):
    """Promise 2: some accepted events leave the inbox at once."""
    if status == 201 and path == "/events" and every_fifth(proxy):
        proxy.post("/inboxes/billing/ack", {"event_ids": [answer["event_id"]]})
        proxy.lies += 1
    return answer


def acknowledges_by_a_lost_lease(proxy, path, request, status, answer):
    """Promise 3: `lease_lost` becomes `acknowledged`."""
    for one in answer.get("results", ()):
        if path.endswith("/ack") and one["status"] == "lease_lost":
            one["status"] = "acknowledged"
            proxy.lies += 1
    return answer


def forgets_attempts(proxy, path, request, status, answer):
    """Promise 4: every attempt is the first."""
    for event in answer.get("events", ()):
        if event.get("attempt", 1) > 1:
            event["attempt"] = 1
            proxy.lies += 1
    return answer


def hides_the_oldest(proxy, path, request, status, answer):
    """Promise 5: a lease is answered without its oldest entry, which goes back. Its attempts do not show that."""
    if not proxy.memory:
        proxy.memory.append({})
    hidden = proxy.memory[0]  # {event id: how often}
    for event in answer.get("events", ()):
        for name in {"attempt", "attempts"} & event.keys():
            event[name] -= hidden.get(event["event_id"], 0)
    if path.endswith("/lease") and len(answer.get("events", ())) > 1 and every_fifth(proxy):
        event_id = answer["events"].pop(0)["event_id"]
        proxy.post("/inboxes/billing/release", {"lease_id": answer["lease_id"], "event_ids": [event_id]})
        hidden[event_id] = hidden.get(event_id, 0) + 1
        proxy.lies += 1
    return answer


def miscounts(proxy, path, request, status, answer):
    """Promise 6: there are always 40 leased entries too many."""
    if path == "/inboxes/billing" and "counts" in answer:
        answer["counts"]["leased"] += 40
        proxy.lies += 1
    return answer


def honest(proxy, path, request, status, answer):
    return answer


LIES = {1: leases_an_entry_twice, 2: loses_an_event, 3: acknowledges_by_a_lost_lease, 4: forgets_attempts, 5: hides_the_oldest,
        6: miscounts}
