"""The HTTP contract, row by row: the status, fields and errors of each endpoint's responses; authentication, rate limits, CORS
and request ids. Bad input in all its forms is in test_bad_input.py."""

import datetime
import json
import re
import time
import uuid

import pytest

from support.keys import fresh_user

timestamp_shape = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
unknown_id = "018f0000-0000-7000-8000-000000000000"


def milliseconds(timestamp):
    assert timestamp_shape.match(timestamp), timestamp
    moment = datetime.datetime.strptime(timestamp, "%Y-%m-%dT%H:%M:%S.%f%z")
    return round(moment.timestamp() * 1000)


def send(client, number=0, **options):
    answer = client.send_event("thing.happened", {"number": number, "unique": str(uuid.uuid4())}, **options)
    assert answer.status == 201, answer
    return answer.json()["event_id"]


def test_accepted_event_is_answered_with_id_time_and_location(client):
    before = time.time() * 1000 - 5
    answer = client.send_event("order.created", {"n": 1})
    after = time.time() * 1000 + 5
    accepted = answer.json()
    assert answer.status == 201
    assert set(accepted) == {"status", "event_id", "timestamp", "message"}
    assert accepted["status"] == "accepted" and isinstance(accepted["message"], str)
    assert answer.headers["Location"] == f"/events/{accepted['event_id']}"
    assert answer.headers["Content-Type"] == "application/json"
    event_id = uuid.UUID(accepted["event_id"])
    assert (event_id.version, event_id.variant) == (7, uuid.RFC_4122)
    assert str(event_id) == accepted["event_id"]
    assert milliseconds(accepted["timestamp"]) == event_id.int >> 80
    assert before <= milliseconds(accepted["timestamp"]) <= after
    assert client.get(answer.headers["Location"]).status == 200


def test_ids_are_in_order_of_acceptance(client):
    ids = [send(client, number) for number in range(200)]
    assert ids == sorted(ids) and len(set(ids)) == 200


def test_an_event_can_be_got_until_and_after_it_is_acknowledged(client):
    event_id = send(client, source="a source", metadata={"k": [1]})
    event = client.get(f"/events/{event_id}").json()
    assert event["id"] == event_id
    assert set(event) == {"id", "event_id", "timestamp", "event_type", "payload", "source", "metadata", "delivered",
                          "delivered_at"}
    assert (event["delivered"], event["delivered_at"]) == (False, None)
    deleted = client.delete(f"/events/{event_id}")
    assert (deleted.status, deleted.body) == (204, b"")
    assert "Content-Length" not in deleted.headers
    assert client.delete(f"/events/{event_id}").status == 204
    event = client.get(f"/events/{event_id}").json()
    assert event["delivered"] is True
    assert milliseconds(event["delivered_at"]) >= milliseconds(event["timestamp"])
    assert client.inbox() == []


def test_unknown_events_are_not_found(client):
    for method, target in (("GET", "/events/"), ("DELETE", "/events/"), ("GET", "/inbox/"), ("DELETE", "/inbox/")):
        for event_id in (unknown_id, str(uuid.uuid4())):
            answer = client.request(method, target + event_id)
            assert (answer.status, answer.json()["error_code"]) == (404, "NOT_FOUND"), (method, target)


def test_the_other_names_are_the_same_endpoints(client):
    event_id = send(client)
    assert client.get(f"/inbox/{event_id}").json() == client.get(f"/events/{event_id}").json()
    assert client.get("/events/inbox?limit=1").json() == client.get("/inbox?limit=1").json()
    assert client.get("/events/inbox?event_type=none").json()["events"] == []
    assert client.get("/events/inbox?limit=0").status == 400
    assert client.delete(f"/inbox/{event_id}").status == 204
    assert client.get(f"/events/{event_id}").json()["delivered"] is True


def test_inbox_events_have_these_fields(client):
    event_id = send(client, source="s", metadata={"a": 1})
    bare = send(client)
    first, second = client.get("/inbox").json()["events"]
    assert set(first) == {"id", "event_id", "event_type", "payload", "timestamp", "source", "metadata"}
    assert (first["event_id"], first["source"], first["metadata"]) == (event_id, "s", {"a": 1})
    assert (second["event_id"], second["source"], second["metadata"]) == (bare, None, None)


def test_acknowledging_many_answers_one_result_per_id(client):
    ids = [send(client, number) for number in range(3)]
    client.delete(f"/events/{ids[1]}")
    asked = [ids[0], ids[1], unknown_id, "not an id", ids[0]]
    answer = client.post("/inbox/ack", {"event_ids": asked})
    assert answer.status == 200
    assert [(r["event_id"], r["status"]) for r in answer.json()["results"]] == [
        (ids[0], "acknowledged"), (ids[1], "already_acknowledged"), (unknown_id, "not_found"),
        ("not an id", "not_found"), (ids[0], "already_acknowledged")]
    assert answer.json()["acknowledged"] == 1
    assert [event["event_id"] for event in client.inbox()] == [ids[2]]


def test_500_ids_are_acknowledged_at_once_and_501_are_refused(client):
    assert len(client.post("/inbox/ack", {"event_ids": [unknown_id] * 500}).json()["results"]) == 500
    refused = client.post("/inbox/ack", {"event_ids": [unknown_id] * 501})
    assert (refused.status, refused.json()["details"]["field"]) == (400, "event_ids")


@pytest.mark.parametrize("path", ["/status", "/health"])
def test_status_needs_no_key(shared_server, path):
    with shared_server.client() as anyone:
        answer = anyone.get(path)
    assert answer.status == 200
    assert set(answer.json()) == {"status", "version", "uptime_seconds"}
    assert answer.json()["status"] == "ok" and answer.json()["uptime_seconds"] >= 0


def test_root_names_the_api_its_version_and_its_docs(shared_server, start_server):
    with shared_server.client() as anyone:
        root = anyone.get("/").json()
        assert root["name"] == "Triggers API" and root["version"]
        for name in ("docs", "openapi", "status"):
            assert anyone.get(root[name]).status == 200
        assert anyone.get("/docs").headers["Content-Type"].startswith("text/html")
        assert anyone.get("/openapi.json").json()["openapi"].startswith("3.")
    with start_server("--api-title=Events of ACME", env={"API_VERSION": "v9"}).client() as anyone:
        root = anyone.get("/").json()
        assert (root["name"], root["version"]) == ("Events of ACME", "v9")


def test_head_is_get_without_the_body(client):
    event_id = send(client)
    for path in ("/", "/status", "/inbox", f"/events/{event_id}", f"/inbox/{event_id}", "/openapi.json"):
        got, head = client.get(path), client.request("HEAD", path)
        assert (head.status, head.body) == (200, b"")
        assert head.headers["Content-Type"] == got.headers["Content-Type"]
        assert abs(int(head.headers["Content-Length"]) - len(got.body)) <= 2  # uptime_seconds may gain a digit
    assert client.request("HEAD", f"/events/{unknown_id}").status == 404
    assert client.request("HEAD", "/events").status == 405


# -- Fields of every answer


def test_every_answer_has_a_request_id(client):
    for answer in (client.get("/"), client.get("/inbox"), client.get("/nowhere"), client.get("/inbox", key="wrong"),
                   client.delete(f"/events/{unknown_id}"), client.request("PUT", "/events", body=b"{}")):
        assert len(answer.headers.all("X-Request-ID")) == 1
        assert uuid.UUID(answer.headers["X-Request-ID"]).version == 7


@pytest.mark.parametrize("own", ["a", "trace-1234_5.6:7/8+9=@", "x" * 128])
def test_the_clients_own_sane_request_id_is_kept(client, own):
    assert client.get("/inbox", headers={"X-Request-ID": own}).headers["X-Request-ID"] == own
    refused = client.get("/nowhere", headers={"X-Request-ID": own})
    assert refused.json()["correlation_id"] == refused.headers["X-Request-ID"] == own


@pytest.mark.parametrize("own", ["", "x" * 129, "a b", 'a"b', "<script>", "a\tb", "caf\u00e9", "{}"])
def test_an_insane_request_id_is_replaced(client, own):
    answer = client.get("/inbox", headers={"X-Request-ID": own.encode("latin-1")})
    assert answer.status == 200
    assert uuid.UUID(answer.headers["X-Request-ID"]).version == 7


def test_errors_say_what_was_wrong_in_one_shape(client):
    answer = client.get("/inbox?limit=0")
    error = answer.json()
    assert answer.headers["Content-Type"] == "application/json"
    assert set(error) == {"status", "error_code", "message", "details", "correlation_id"}
    assert (error["status"], error["error_code"]) == ("error", "VALIDATION_ERROR")
    assert error["details"]["field"] == "limit" and "200" in error["details"]["problem"]
    assert error["correlation_id"] == answer.headers["X-Request-ID"]


def test_problem_json_tells_the_same_facts(client):
    plain = client.get("/inbox?limit=0").json()
    answer = client.get("/inbox?limit=0", headers={"Accept": "application/problem+json"})
    problem = answer.json()
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.status == problem["status"] == 400
    assert problem["title"] == "Bad Request" and problem["type"] == "about:blank"
    assert problem["detail"] == plain["message"]
    assert problem["error_code"] == plain["error_code"] and problem["details"] == plain["details"]
    assert problem["correlation_id"] == answer.headers["X-Request-ID"]


# -- Who is it


@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer " + "a" * 64,
                                           "Bearer " + "a" * 63, "Bearer a b", "Bearer \u00e9", "Token x"])
def test_no_valid_key_is_401_with_the_challenge(shared_server, authorization):
    fields = {} if authorization is None else {"Authorization": authorization.encode("latin-1")}
    with shared_server.client() as anyone:
        for method, path in (("GET", "/inbox"), ("POST", "/events"), ("POST", "/events/batch"), ("POST", "/inbox/ack"),
                             ("GET", f"/events/{unknown_id}"), ("DELETE", f"/events/{unknown_id}"),
                             ("GET", "/admin/keys"), ("POST", "/admin/keys"), ("DELETE", "/admin/keys/key_1")):
            answer = anyone.request(method, path, headers=fields)
            assert (answer.status, answer.json()["error_code"]) == (401, "UNAUTHORIZED"), (method, path)
            assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_the_scheme_is_bearer_in_any_case_and_two_keys_are_none(shared_server, client):
    key = client.key
    with shared_server.client() as anyone:
        assert anyone.get("/inbox", headers={"Authorization": f"bEARER {key}"}).status == 200
    with shared_server.connect() as raw:
        fields = f"Authorization: Bearer {key}\r\n" * 2
        assert raw.send(f"GET /inbox HTTP/1.1\r\nHost: a\r\n{fields}\r\n".encode()).read_answer().status == 401


def test_authentication_failures_are_limited_per_address_and_keys_still_work(start_server):
    server = start_server("--auth-failures-per-minute=3")
    key = server.create_key()["api_key"]
    with server.client() as anyone:
        statuses = [anyone.get("/inbox", key="wrong").status for _ in range(3)]
        assert statuses == [401] * 3
        limited = anyone.get("/inbox", key="wrong")
        assert (limited.status, limited.json()["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
        assert 1 <= int(limited.headers["Retry-After"]) <= 20
        assert anyone.get("/inbox", key=key).status == 200


# -- Rate limits


def test_rate_limit_fields_count_down_to_429(new_client):
    client = new_client(rate_limit=5)
    remaining = []
    for _ in range(5):
        answer = client.get("/inbox")
        assert answer.status == 200
        assert answer.headers["RateLimit-Policy"] == '"default";q=5;w=60'
        left, reset = re.fullmatch(r'"default";r=(\d+);t=(\d+)', answer.headers["RateLimit"]).groups()
        remaining.append(int(left))
        assert 1 <= int(reset) <= 60
    assert remaining == [4, 3, 2, 1, 0]
    refused = client.get("/inbox")
    error = refused.json()
    assert (refused.status, error["error_code"]) == (429, "RATE_LIMIT_EXCEEDED")
    assert error["details"]["limit_per_minute"] == 5
    assert 11_000 < error["details"]["retry_after_ms"] <= 12_000
    assert int(refused.headers["Retry-After"]) == 12
    assert refused.headers["RateLimit"].startswith('"default";r=0;')


def test_retry_after_is_exact(new_client):
    client = new_client(rate_limit=600)
    for _ in range(5000):
        answer = client.get(f"/events/{unknown_id}")
        if answer.status == 429:
            break
    assert answer.status == 429
    time.sleep(answer.json()["details"]["retry_after_ms"] / 1000)
    assert client.get(f"/events/{unknown_id}").status == 404


def test_limits_are_per_key_and_unlimited_has_no_fields(new_client):
    user = fresh_user()
    slow, other, free = (new_client(user_id=user, rate_limit=rate) for rate in (1, 1, "unlimited"))
    assert [slow.get("/inbox").status for _ in range(2)] == [200, 429]
    assert other.get("/inbox").status == 200
    answer = free.get("/inbox")
    assert answer.status == 200 and "RateLimit" not in answer.headers and "RateLimit-Policy" not in answer.headers


# -- Methods and browsers


def test_wrong_methods_are_405_and_say_which_are_right(client):
    rows = {"/": "GET, HEAD, OPTIONS", "/status": "GET, HEAD, OPTIONS", "/events": "POST, OPTIONS",
            "/events/batch": "POST, OPTIONS", "/inbox": "GET, HEAD, OPTIONS", "/inbox/ack": "POST, OPTIONS",
            f"/events/{unknown_id}": "GET, HEAD, DELETE, OPTIONS", "/admin/keys": "GET, HEAD, POST, OPTIONS",
            "/admin/keys/key_1": "GET, HEAD, PATCH, DELETE, OPTIONS", "/admin/keys/key_1/rotate": "POST, OPTIONS"}
    for path, allow in rows.items():
        for method in ("PUT", "TRACE", "BREW", "GET", "POST", "PATCH", "DELETE"):
            if method in allow.split(", "):
                continue
            answer = client.request(method, path)
            assert (answer.status, answer.headers["Allow"]) == (405, allow), (method, path)
            assert answer.json()["error_code"] == "METHOD_NOT_ALLOWED"
        options = client.request("OPTIONS", path)
        assert (options.status, options.headers["Allow"], options.body) == (204, allow, b"")
        assert "Access-Control-Allow-Origin" not in options.headers
    nowhere = client.request("OPTIONS", "/nowhere")
    assert (nowhere.status, nowhere.headers["Allow"]) == (204, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
    assert client.get("/nowhere").status == 404
    assert client.request("OPTIONS", "*").status == 204


def test_cors_is_for_the_origins_that_are_configured(start_server):
    server = start_server("--cors-allow-origins=https://app.example.com,https://b.example.com")
    with server.client(server.create_key()["api_key"]) as client:
        origin = {"Origin": "https://app.example.com"}
        preflight = client.request("OPTIONS", "/events", headers={**origin, "Access-Control-Request-Method": "POST"})
        assert preflight.status == 204
        assert preflight.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
        assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
        for field in ("Authorization", "Content-Encoding"):
            assert field in preflight.headers["Access-Control-Allow-Headers"].split(", ")
        nowhere = client.request("OPTIONS", "/nowhere", headers={**origin, "Access-Control-Request-Method": "PATCH"})
        assert "PATCH" in nowhere.headers["Access-Control-Allow-Methods"]
        assert preflight.headers["Vary"] == "Origin"
        for answer in (client.get("/inbox", headers=origin), client.get("/inbox", headers=origin, key="wrong")):
            assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.com"
            assert "X-Request-ID" in answer.headers["Access-Control-Expose-Headers"]
        for other in ({"Origin": "https://evil.example.com"}, {"Origin": "null"}, {}):
            assert "Access-Control-Allow-Origin" not in client.get("/inbox", headers=other).headers
    with start_server("--cors-allow-origins=https://app.example.com:443").client() as anyone:
        assert anyone.get("/status", headers=origin).headers["Access-Control-Allow-Origin"] == "https://app.example.com"
    with start_server("--cors-allow-origins=*").client() as anyone:
        assert anyone.get("/status", headers={"Origin": "https://any"}).headers["Access-Control-Allow-Origin"] == "*"


# -- Payloads come back as they were sent

exact_texts = [
    "1.0", "-0", "-0.0", "9223372036854775808", "18446744073709551616", "1e400", "-1E-400", "1E+2",
    "123456789012345678901234567890", "0.1000000000000000055511151231257827", "3.141592653589793238462643383279",
    r'"\u00e9"', '"\u00e9"', r'"\u0041\/\b\f\n\r\t\"\\"', r'"\ud83d\ude00"', r'"\u0000"', '"\u2028"',
    "[1, 2 ,3 ]", '{ "b" : 1,\n\t"a" : [ ] }', '{"a":1,"a":2}', "true", "null", '""',
]


@pytest.mark.parametrize("text", exact_texts)
def test_payload_and_metadata_come_back_byte_for_byte(client, text):
    payload, metadata = f'{{"v":{text}}}', f'{{ "m":{text}}}'
    body = f'{{"event_type":"exact","payload":{payload},"metadata":{metadata}}}'
    answer = client.post("/events", body)
    assert answer.status == 201, answer
    for target in ("/inbox", answer.headers["Location"]):
        got = client.get(target).body
        assert f'"payload":{payload},'.encode() in got
        assert f'"metadata":{metadata}'.encode() in got


def test_text_fields_come_back_unescaped(client):
    event_type, source = "caf\u00e9.\U0001f600/\"\\\n", "\u0000 source \u2028"
    answer = client.send_event(event_type, {}, source=source)
    assert answer.status == 201
    event = client.get(answer.headers["Location"]).json()
    assert (event["event_type"], event["source"], event["payload"]) == (event_type, source, {})


def test_the_longest_fields_are_accepted(client):
    for event_type in ("x" * 255, "\U0001f600" * 255):
        answer = client.send_event(event_type, {"n": 1})
        assert answer.status == 201
        assert client.get(answer.headers["Location"]).json()["event_type"] == event_type
    payload = json.dumps({"v": "x" * (262_144 - 8)}, separators=(",", ":"))
    assert len(payload) == 262_144
    answer = client.post("/events", f'{{"event_type":"big","payload":{payload}}}')
    assert answer.status == 201
    assert f'"payload":{payload},'.encode() in client.get(answer.headers["Location"]).body
