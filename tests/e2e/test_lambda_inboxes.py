"""Inboxes on the packed Lambda function: settings, leases, dead letters, waits that are cut to the function's time, and streams,
which it refuses."""

import json
import time
import uuid

import pytest

from support.api_gateway import http_event, response
from support.dynamodb import DynamoDB
from support.dynamodb_service import DynamoService
from support.lambda_runtime import Function, Runtime
from support.server import Server


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        yield DynamoService(local)


@pytest.fixture(scope="module")
def function(service, tmp_path_factory):
    with Runtime() as runtime, Function(tmp_path_factory.mktemp("root") / "root", runtime, service.env) as started:
        yield started


@pytest.fixture
def ask(service, function):
    """Asks the function as an admin of a new tenant."""
    key = service.create_key(role="admin")["api_key"]

    def request(method, target, body=None, seconds=20.0):
        fields = [("Authorization", f"Bearer {key}")] + ([("Content-Type", "application/json")] if body is not None else [])
        event = http_event(method, target, body, fields, False)
        return response(function.runtime.invoke(event, seconds=seconds))

    request.key = key
    return request


def test_an_inbox_is_made_filled_leased_and_acknowledged(ask):
    made = ask("PUT", "/inboxes/billing", {"filter": {"event_type": [{"prefix": "invoice."}]}, "max_attempts": 1})
    assert made.status == 201, made
    ids = [ask("POST", "/events", {"event_type": kind, "payload": {}}).json()["event_id"] for kind in ("invoice.paid", "order.paid")]
    lease = ask("POST", "/inboxes/billing/lease", {"limit": 10}).json()
    assert [(event["event_id"], event["attempt"]) for event in lease["events"]] == [(ids[0], 1)]
    released = ask("POST", "/inboxes/billing/release", {"lease_id": lease["lease_id"], "error": "no such customer"}).json()
    assert [one["status"] for one in released["results"]] == ["released"]
    dead = ask("GET", "/inboxes/billing/events?state=dead").json()["events"]
    assert [(event["event_id"], event["last_error"]) for event in dead] == [(ids[0], "no such customer")]
    assert ask("POST", "/inboxes/billing/requeue", {"event_ids": [ids[0]]}).json()["results"][0]["status"] == "requeued"
    lease = ask("POST", "/inboxes/billing/lease", {}).json()
    done = ask("POST", "/inboxes/billing/ack", {"lease_id": lease["lease_id"]}).json()
    assert done["results"] == [{"event_id": ids[0], "status": "acknowledged"}]
    assert sorted(event["event_id"] for event in ask("GET", "/inbox").json()["events"]) == sorted(ids)


def test_a_wait_is_cut_to_the_time_of_the_function(ask):
    since = time.monotonic()
    lease = ask("POST", "/inboxes/default/lease", {"wait_seconds": 30}, seconds=4.0)
    assert lease.status == 200 and lease.json() == {"lease_id": None, "leased_until": None, "events": []}
    assert 1 < time.monotonic() - since < 4


def test_a_waiting_lease_gets_what_a_server_accepts_meanwhile(ask, service, function, tmp_path):
    with Server(tmp_path, env=service.env) as server, server.start().client(ask.key) as client:
        event = http_event("POST", "/inboxes/default/lease", {"wait_seconds": 20},
                           [("Authorization", f"Bearer {ask.key}"), ("Content-Type", "application/json")], False)
        waiting = function.runtime.send(event, seconds=25.0)
        time.sleep(1.5)
        event_id = client.send_event("t", {"sent": uuid.uuid4().hex}).json()["event_id"]
        leased = response(function.runtime.result(waiting)).json()
    assert [event["event_id"] for event in leased["events"]] == [event_id]


def test_a_stream_is_refused_with_what_to_use_instead(ask):
    refused = ask("GET", "/inboxes/default/stream")
    assert refused.status == 501, refused
    assert "wait" in json.dumps(refused.json())
