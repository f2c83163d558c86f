"""Requests without a usable key: the server refuses them by their header, and keeps or decodes nothing of the body. The
server's own counters show it. Which key may do what is in test_tenants.py."""

import contextlib
import gzip
import json

import pytest

from support import metrics
from support.client import raw_request

BLANKS = gzip.compress(b" " * (5 * 2**20 - 100), 9)  # 5 KB on the wire.
GZIP = [("Content-Encoding", "gzip")]


@pytest.fixture
def server(start_server):
    return start_server("--access-log=false")


def bodies(client):
    """What the server has held, refused and inflated of bodies."""
    figures = metrics.read(client)
    return {name: figures[f"triggers_http_{name}"]
            for name in ("bodies_bytes", "bodies_refused_total", "inflated_bytes_total", "refused_before_body_total")}


def test_packed_bodies_without_a_key_are_refused_and_never_inflated(server):
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        for n in range(20):
            with server.connect() as stranger:
                request = raw_request("POST", "/events/batch", BLANKS, key="wrong" if n % 2 else None, headers=GZIP)
                answer = stranger.send(request).read_answer()
            assert answer.status == 401, answer
        seen = bodies(client)
        assert seen["inflated_bytes_total"] == 0 and seen["bodies_bytes"] == 0
        assert seen["refused_before_body_total"] == 20
        # The counter counts: the same with a key is inflated.
        assert client.post("/events/batch", BLANKS, headers={"Content-Encoding": "gzip"}).status == 400
        assert bodies(client)["inflated_bytes_total"] == 5 * 2**20 - 100


def test_a_preflight_with_a_body_counts_as_no_refusal(server):
    key = server.create_key()["api_key"]
    with server.client(key) as client, server.connect() as browser:
        assert browser.send(raw_request("OPTIONS", "/events", b"x" * 20_000)).read_answer().status == 204
        assert bodies(client)["refused_before_body_total"] == 0
        with server.connect() as stranger:
            assert stranger.send(raw_request("POST", "/events", b"x" * 20_000)).read_answer().status == 401
        assert bodies(client)["refused_before_body_total"] == 1


def test_packed_bodies_without_a_key_that_never_end_hold_nothing(server):
    key = server.create_key()["api_key"]
    request = raw_request("POST", "/events/batch", BLANKS, headers=GZIP)
    with server.client(key) as client, contextlib.ExitStack() as stack:
        strangers = [stack.enter_context(server.connect()) for _ in range(60)]
        for stranger in strangers:
            stranger.send(request[:-1])
        # The first 30 failures of an address are told as 401.
        assert {stranger.read_answer().status for stranger in strangers} == {401, 429}
        seen = bodies(client)
        assert seen["bodies_bytes"] == 0 and seen["inflated_bytes_total"] == 0
        large = json.dumps({"event_type": "large", "payload": {"filler": "x" * 250_000}})
        assert client.post("/events", large).status == 201
        assert bodies(client)["bodies_refused_total"] == 0


def test_keys_that_may_not_send_are_refused_by_their_header(server):
    admin = server.create_key(user_id="acme", role="admin")["api_key"]
    viewer = server.create_key(user_id="acme", role="viewer")["api_key"]
    revoked = server.create_key(user_id="acme")
    spent = server.create_key(user_id="acme", rate_limit=1)["api_key"]
    with server.client(admin) as client:
        assert client.delete("/admin/keys/" + revoked["key_id"]).status == 200
    with server.client(spent) as client:
        assert client.get("/inbox").status == 200
    expected = [(viewer, 403), (revoked["api_key"], 403), (spent, 429)]
    with server.client(admin) as client:
        for key, status in expected:
            for headers in (GZIP, [("Content-Encoding", "br")], [("Content-Type", "text/plain")]):
                with server.connect() as raw:
                    answer = raw.send(raw_request("POST", "/events/batch", BLANKS * 3, key=key, headers=headers)).read_answer()
                assert answer.status == status, (answer, headers)
            with server.connect() as raw:
                head = raw_request("POST", "/events/batch", key=key, length=False, headers=[("Content-Length", "99999999")])
                answer = raw.send(head).read_answer()
                assert answer.status == status, "before the length"
        assert bodies(client)["inflated_bytes_total"] == 0


def test_a_body_costs_its_key_by_its_size(server):
    key = server.create_key(rate_limit=100)["api_key"]

    def left(answer):
        return int(answer.headers["RateLimit"].split(";r=")[1].split(";")[0])

    with server.client(key) as client:
        small = client.post("/events", '{"event_type":"t","payload":{}}')
        assert small.status == 201 and left(small) == 99
        # 5 MiB are 80 pieces of 64 KiB, whether they were packed or not.
        batch = b'[{"event_type":"t","payload":{}}' + b" " * (5 * 2**20 - 33) + b"]"
        packed = client.post("/events/batch", gzip.compress(batch), headers={"Content-Encoding": "gzip"})
        assert packed.status == 200 and 19 <= left(packed) <= 22
        # One more is let in, for it has one left, and is owed: then the key waits.
        plain = client.post("/events/batch", batch)
        assert plain.status == 200 and left(plain) == 0
        refused = client.get("/inbox")
        assert refused.status == 429 and refused.json()["details"]["retry_after_ms"] > 20_000


def test_a_body_that_never_ends_is_paid_for(server):
    key = server.create_key(rate_limit=100)["api_key"]
    with server.client(key) as client:
        with server.connect() as raw:
            raw.send(raw_request("POST", "/events/batch", BLANKS, key=key, headers=GZIP)[:-1])
            metrics.read_when(client, "triggers_http_inflated_bytes_total", 5 * 2**20 - 100)
        answer = client.get("/inbox")
        assert answer.status == 200
        assert int(answer.headers["RateLimit"].split(";r=")[1].split(";")[0]) <= 22


def test_a_refused_body_leaves_the_connection_usable(server):
    key = server.create_key()["api_key"]
    with server.connect() as raw:
        for headers in (GZIP, []):
            answer = raw.send(raw_request("POST", "/events/batch", BLANKS, headers=headers)).read_answer()
            assert answer.status == 401 and answer.headers.get("Connection") != "close"
        answer = raw.send(raw_request("POST", "/events", b'{"event_type":"t","payload":{}}', key=key)).read_answer()
        assert answer.status == 201


@pytest.mark.parametrize("key", [None, "good"])
def test_only_an_admitted_client_is_told_to_continue(server, key):
    key = key and server.create_key()["api_key"]
    body = b'{"event_type":"t","payload":{}}'
    with server.connect() as raw:
        head = raw_request("POST", "/events", key=key, length=False,
                           headers=[("Expect", "100-continue"), ("Content-Length", str(len(body)))])
        answer = raw.send(head).read_answer()
        if not key:
            assert answer.status == 401 and answer.headers["Connection"] == "close"
            return
        assert answer.status == 100
        assert raw.send(body).read_answer().status == 201
