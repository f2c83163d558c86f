"""The contents of both logs: the fields of each line, and that no line has a payload or a key."""

import json
import re
import time

import pytest

from support.client import raw_request


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_logs_are_json_and_hold_no_payload_and_no_key(start_server):
    server = start_server("--log-level=debug", "--auth-failures-per-minute=0")
    record = server.create_key(role="admin", user_id="logged-user")
    secret, wrong_key, own_id = "S3CRET-payload-text", "W" * 64, "trace-me-1"
    with server.client(record["api_key"]) as client:
        made = client.send_event("secret.kind", {"card": secret}, source=secret, metadata={"m": secret},
                                 headers={"Idempotency-Key": secret, "X-Request-ID": own_id})
        event_id = made.json()["event_id"]
        client.post("/events", '{"event_type":"t","payload":{"card":"%s"' % secret)
        client.post("/events", {"event_type": "t", "payload": secret})
        client.post("/events/batch", [{"event_type": "t", "payload": {"card": secret}}, secret])
        client.get(f"/inbox?event_type={secret}")
        client.get(f"/inbox?cursor={secret}")
        client.get(f"/events/{secret}")
        client.get(f"/{secret}")
        client.get("/inbox", key=wrong_key)
        client.get("/inbox", headers={"Authorization": f"Basic {secret}"})
        client.post("/inbox/ack", {"event_ids": [event_id, secret]})
        fresh = client.post("/admin/keys", {"description": secret}).json()["api_key"]
        rotated = client.post(f"/admin/keys/{record['key_id']}/rotate").json()["api_key"]
    with server.connect() as raw:
        raw.send(raw_request("BREW", f"/{secret}", secret.encode(), headers=[("X-Secret", secret)])).read_answer()
        raw.send(f"{secret}\r\n\r\n".encode())
    assert server.stop() == 0

    lines, access = objects(server.log()), objects(server.access_log())
    assert [line["event"] for line in lines][0] == "server_started" and lines[-1]["event"] == "server_stopped"
    for line in [*lines, *access]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in ("debug", "info", "warning", "error") and line["event"]
    everything = server.log() + server.access_log()
    for text in (secret, wrong_key, record["api_key"], fresh, rotated, event_id):
        assert text not in everything

    of_event = next(line for line in access if line["request_id"] == own_id)
    expected = {"event": "request", "method": "POST", "route": "/events", "status": 201, "key_id": record["key_id"],
                "user_id": "logged-user", "client": "127.0.0.1"}
    assert {name: of_event[name] for name in expected} == expected
    assert of_event["duration_us"] > 0 and of_event["bytes_in"] > 0 and of_event["bytes_out"] > 0
    assert {(line["route"], line["status"]) for line in access} >= {
        ("/events", 400), ("/events/batch", 200), ("/inbox", 200), ("/inbox", 400), ("/inbox", 401), ("/events/{id}", 400),
        ("none", 404), ("/inbox/ack", 200), ("/admin/keys", 201), ("/admin/keys/{id}/rotate", 200)}


def test_no_log_holds_a_key_that_a_client_put_in_the_wrong_place(start_server):
    server = start_server("--log-level=debug", "--trusted-proxies=127.0.0.1")
    key = server.create_key(role="admin")["api_key"]
    fields = ["X-Request-ID", "Idempotency-Key", "User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Origin",
              "Accept", "Content-Type", "Content-Encoding", "Expect", "X-Amzn-Trace-Id"]
    with server.client(key) as client:
        for field in fields:
            answer = client.post("/events", {"event_type": "t", "payload": {"field": field}}, headers={field: key})
            assert answer.headers["X-Request-ID"] != key
        for path in (f"/{key}", f"/events/{key}", f"/inbox?key={key}", f"/inbox?cursor={key}", f"/inbox?event_type={key}",
                     f"/admin/keys/{key}", f"/admin/keys?after={key}", f"/admin/keys?user_id={key}", f"/me?{key}"):
            client.get(path, headers={"X-Request-ID": f"key={key}"})
        client.send_event(key, {})
        client.request(key, "/events")
        metrics = client.get("/metrics").body.decode()
    assert server.stop() == 0
    assert server.access_log().count('"event":"request"') >= len(fields) + 10
    assert key not in server.log() + server.access_log() + metrics


def test_the_access_log_is_written_while_the_server_runs(start_server):
    server = start_server()
    with server.client() as client:
        client.get("/docs", headers={"X-Request-ID": "seen-at-once"})
    deadline = time.monotonic() + 10
    while "seen-at-once" not in server.access_log():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("arguments, env", [(["--no-access-log"], {}), (["--access-log=false"], {}), ([], {"ACCESS_LOG": "off"})])
def test_the_access_log_can_be_turned_off(start_server, arguments, env):
    server = start_server(*arguments, env=env)
    with server.client() as client:
        assert client.get("/nowhere").status == 404
    assert server.stop() == 0
    assert server.access_log() == "" and "server_stopped" in server.log()


def test_behind_a_trusted_proxy_the_client_is_who_it_says(start_server):
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    for flags, expected in ((["--trusted-proxies=127.0.0.0/8"], "198.51.100.7"), ([], "127.0.0.1")):
        server = start_server(*flags)
        with server.client() as client:
            client.get("/docs", headers=forwarded)
        server.stop()
        assert [line["client"] for line in objects(server.access_log()) if line["route"] == "/docs"] == [expected]
