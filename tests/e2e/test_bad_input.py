"""Bad input for every endpoint, as one table: the request's bytes, and the status, error code and field of its response.
Nothing of it is stored, and the server then answers good requests. Bad framing of HTTP itself is in test_http.py."""

import gzip
import json
import uuid

import pytest

from support import routes
from support.client import raw_request
from support.server import Server

event_id = "018f0000-0000-7000-8000-000000000000"
bodies = ("POST", "PATCH", "PUT")

# The endpoints that take a JSON object, with one that they would take: rows are made from it by one fault each.
takes_object = {
    ("POST", "/events"): '{"event_type":"t","payload":{"a":1}}',
    ("POST", "/inbox/ack"): '{"event_ids":["%s"]}' % event_id,
    ("PUT", "/inboxes/default"): '{"max_attempts":9}',
    ("PATCH", "/inboxes/default"): '{"max_attempts":9}',
    ("POST", "/inboxes/test-filter"): '{"filter":{},"event":{"event_type":"t","payload":{}}}',
    ("POST", "/inboxes/default/lease"): '{"limit":1}',
    ("POST", "/inboxes/default/ack"): '{"event_ids":["%s"]}' % event_id,
    ("POST", "/inboxes/default/release"): '{"lease_id":"%s"}' % event_id,
    ("POST", "/inboxes/default/extend"): '{"lease_id":"%s","lease_seconds":9}' % event_id,
    ("POST", "/inboxes/default/requeue"): '{"event_ids":["%s"]}' % event_id,
    ("POST", "/inboxes/default/discard"): '{"event_ids":["%s"]}' % event_id,
    ("POST", "/inboxes/default/replay"): '{"since":"2026-01-01T00:00:00Z"}',
    ("POST", "/admin/keys"): '{"role":"viewer"}',
    ("PATCH", "/admin/keys/KEYID"): '{"description":"changed"}',
    ("POST", "/admin/keys/KEYID/rotate"): '{"grace_seconds":60}',
}

bad_json = {
    "blank": b" \r\n\t", "cut": b"{", "cut in a name": b'{"a', "cut in a value": b'{"a":tru', "cut after a colon": b'{"a":',
    "a list": b"[]", "a string": b'"text"', "a number": b"17", "null": b"null", "no JSON": b"event_type=t",
    "two values": b"{}{}", "more after the end": b"{} x", "trailing comma": b'{"a":1,}', "single quotes": b"{'a':1}",
    "a comment": b'{/**/}', "NaN": b'{"a":NaN}', "leading zero": b'{"a":01}', "hexadecimal": b'{"a":0x1}',
    "plus sign": b'{"a":+1}', "bare point": b'{"a":.5}', "raw control character": b'{"a":"\x01"}',
    "bad escape": b'{"a":"\\x41"}', "cut escape": b'{"a":"\\u12"}', "unquoted name": b"{a:1}", "NUL byte": b'{"a":1}\x00',
    "byte order mark": b"\xef\xbb\xbf{}", "UTF-16": '{"a":1}'.encode("utf-16"), "invalid UTF-8": b'{"a":"\xff"}',
    "overlong UTF-8": b'{"a":"\xc0\xaf"}', "surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}', "cut UTF-8": b'{"a":"\xe2\x82"}',
    "too deep": b'{"payload":' + b"[" * 101 + b"]" * 101 + b"}",
    "much too deep": b'{"payload":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "objects too deep": b'{"payload":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001,
    "deep and cut": b'{"payload":' + b"[" * 200_000,
}

events = ("POST", "/events")
batch = ("POST", "/events/batch")
ack = ("POST", "/inbox/ack")
create = ("POST", "/admin/keys")
update = ("PATCH", "/admin/keys/KEYID")
rotate = ("POST", "/admin/keys/KEYID/rotate")

# endpoint, body, field; every one is a 400.
bad_fields = [
    (events, '{"payload":{}}', "event_type"), (events, '{"event_type":"t"}', "payload"), (events, "{}", "event_type"),
    *[(events, '{"event_type":%s,"payload":{}}' % bad, "event_type")
      for bad in ('""', "1", "null", "true", "[]", "{}", '"%s"' % ("x" * 256), '"\\ud800"')],
    *[(events, '{"event_type":"t","payload":%s}' % bad, "payload") for bad in ("null", "1", '"{}"', "[]", "true")],
    *[(events, '{"event_type":"t","payload":{},"source":%s}' % bad, "source")
      for bad in ("1", "{}", "[]", "false", '"%s"' % ("x" * 256), '"\\udc00"')],
    *[(events, '{"event_type":"t","payload":{},"metadata":%s}' % bad, "metadata") for bad in ("1", '"a"', "[]", "true")],
    (events, '{"event_type":"t","payload":{},"event_id":"mine"}', "event_id"),
    (events, '{"event_type":"t","payload":{},"Payload":{}}', "Payload"),
    (events, '{"event_type":"t","event_type":"t","payload":{}}', "event_type"),
    (events, '{"event_type":"t","payload":{},"p\\u0061yload":{}}', "payload"),
    (events, '{"event_type":"t","payload":{},"source":"a","source":"b"}', "source"),
    (batch, "{}", "body"), (batch, "[]", "body"), (batch, "[,]", "body"), (batch, '[{"event_type":"t","payload":{}}', "body"),
    (batch, '[{"event_type":"t","payload":{}},]', "body"), (batch, "null", "body"), (batch, '"x"', "body"),
    (batch, "[" * 1002 + "]" * 1002, "body"), (batch, "[" * 500_000, "body"), (batch, "", "body"), (batch, " ", "body"),
    (batch, b'[{"event_type":"\xff","payload":{}}]', "body"), (batch, b"\xef\xbb\xbf[]", "body"),
    (ack, "{}", "event_ids"), (ack, '{"event_ids":[]}', "event_ids"), (ack, '{"event_ids":null}', "event_ids"),
    (ack, '{"event_ids":"%s"}' % event_id, "event_ids"), (ack, '{"event_ids":[1]}', "event_ids"),
    (ack, '{"event_ids":[null]}', "event_ids"), (ack, '{"event_ids":[["%s"]]}' % event_id, "event_ids"),
    (ack, '{"event_ids":{}}', "event_ids"), (ack, '{"ids":["%s"]}' % event_id, "ids"),
    (ack, '{"event_ids":["a"],"event_ids":["b"]}', "event_ids"), (ack, '{"event_ids":["a"],"more":1}', "more"),
    (ack, json.dumps({"event_ids": [event_id] * 501}), "event_ids"),
    *[(("POST", "/inboxes/default/lease"), '{"wait_seconds":%s}' % bad, "wait_seconds")
      for bad in ("31", "-1", "1.5", '"1"', "null", "true", "99999999999999999999")],
    *[(create, '{"role":%s}' % bad, "role") for bad in ('"root"', '""', "1", "null", '"Admin"')],
    (create, '{"role":"viewer","role":"admin"}', "role"), (create, '{"user":"x"}', "user"),
    (create, '{"api_key":"chosen"}', "api_key"), (create, '{"status":"active"}', "status"),
    (create, '{"user_id":1}', "user_id"),
    *[(endpoint, '{"rate_limit":%s}' % bad, "rate_limit") for endpoint in (create, update)
      for bad in ("0", "-1", "1.5", '"100"', "10000001", "null", "1e3", "99999999999999999999", '"Unlimited"')],
    *[(endpoint, '{"expires_at":%s}' % bad, "expires_at") for endpoint in (create, update)
      for bad in ('"2001-01-01T00:00:00Z"', '"tomorrow"', '""', "1", '"2099-02-30T00:00:00Z"', '"2099-01-01"')],
    *[(endpoint, '{"event_types":%s}' % bad, "event_types") for endpoint in (create, update)
      for bad in ('"a"', "null", "[1]", '[""]', '["%s"]' % ("x" * 256), json.dumps(["t"] * 101), '["\\u0000"]')],
    *[(endpoint, '{"inboxes":%s}' % bad, "inboxes") for endpoint in (create, update)
      for bad in ('"a"', "null", "[1]", '[""]', '["a b"]', '["-a"]', '["%s"]' % ("x" * 101), json.dumps(["a"] * 101))],
    *[(endpoint, '{"user_email":%s}' % bad, "user_email") for endpoint in (create, update)
      for bad in ('"nobody"', '"a@"', '"@b"', '"a b@c"', '"a@b@c"', "1", '"%s@b"' % ("x" * 320), '"a@b\\n"')],
    *[(endpoint, '{"description":%s}' % bad, "description") for endpoint in (create, update)
      for bad in ("1", '"%s"' % ("x" * 1001), '"\\u0000"')],
    *[(update, '{"status":%s}' % bad, "status") for bad in ('"revoked"', '"on"', "true", "null")],
    (update, "{}", "body"), (update, '{"user_id":"other"}', "user_id"), (update, '{"key_id":"key_2"}', "key_id"),
    (update, '{"all_tenants":"yes"}', "all_tenants"), (update, '{"status":"active","status":"inactive"}', "status"),
    *[(rotate, '{"grace_seconds":%s}' % bad, "grace_seconds") for bad in ("-1", "2592001", '"1h"', "1.5", "null", "true")],
    (rotate, '{"grace":1}', "grace"), (rotate, '{"grace_seconds":0,"grace_seconds":9}', "grace_seconds"),
]


def concrete(path):
    """A path of the table for an inbox and a key that are there."""
    return path.replace("/admin/keys/{id}", "/admin/keys/KEYID").replace("{id}", event_id).replace("{name}", "default")


def request(method, path, body=b"", headers=(), **options):
    """KEY and KEYID stand for the key and the id of a key of the same tenant."""
    return raw_request(method, path, body.encode() if isinstance(body, str) else body, key="KEY", headers=headers, **options)


def json_rows():
    for (method, path), _ in takes_object.items():
        for name, body in bad_json.items():
            yield f"{method} {path}: {name}", request(method, path, body), 400, "VALIDATION_ERROR", "body"
        if not path.endswith(("/rotate", "/lease")):  # For which an empty body means what is usual.
            yield f"{method} {path}: empty", request(method, path), 400, "VALIDATION_ERROR", "body"
    for (method, path), body, field in bad_fields:
        yield f"{method} {path}: {body[:60]!r}", request(method, path, body), 400, "VALIDATION_ERROR", field


def media_rows():
    for (method, path), good in {**takes_object, batch: '[{"event_type":"t","payload":{}}]'}.items():
        kinds = ["text/plain", "application/x-www-form-urlencoded", "application/jsonx", "json", "multipart/form-data"]
        kinds += [] if (method, path) == batch else ["application/x-ndjson"]
        for kind in kinds:
            yield (f"{method} {path}: {kind}", request(method, path, good, [("Content-Type", kind)]), 415,
                   "UNSUPPORTED_MEDIA_TYPE", "Content-Type")
        for coding in ("br", "deflate", "gzip, gzip", "zstd"):
            yield (f"{method} {path}: coding {coding}", request(method, path, good, [("Content-Encoding", coding)]), 415,
                   "UNSUPPORTED_MEDIA_TYPE", None)
        packed = gzip.compress(good.encode())
        broken = {"no gzip": good.encode(), "cut gzip": packed[:-9], "gzip with a wrong sum": packed[:-8] + b"\0" * 8,
                  "gzip and more": packed + b"x", "gzip of nothing and no end": packed[:10]}
        for name, body in broken.items():
            yield (f"{method} {path}: {name}", request(method, path, body, [("Content-Encoding", "gzip")]), 400,
                   "VALIDATION_ERROR", "body")


def size_rows():
    for (method, path), good in {**takes_object, batch: '[{"event_type":"t","payload":{}}]'}.items():
        limit = 5 * 1024 * 1024 if (method, path) == batch else 524_288
        body = good + " " * (limit + 1 - len(good))
        yield f"{method} {path}: one byte too large", request(method, path, body), 413, "PAYLOAD_TOO_LARGE", None
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (limit + 1, body.encode())
        yield (f"{method} {path}: one byte too large in chunks",
               request(method, path, length=False, headers=[("Transfer-Encoding", "chunked")]) + chunks, 413,
               "PAYLOAD_TOO_LARGE", None)
        packed = gzip.compress(body.encode(), 1)
        yield (f"{method} {path}: one byte too large in gzip",
               request(method, path, packed, [("Content-Encoding", "gzip")]), 413, "PAYLOAD_TOO_LARGE", None)
        yield (f"{method} {path}: a huge length", request(method, path, length=False, headers=[
            ("Content-Length", str(2 ** 63))]), 413, "PAYLOAD_TOO_LARGE", None)
    payload = '{"v":"%s"}' % ("x" * (262_145 - 8))
    assert len(payload) == 262_145
    yield ("payload one byte too large", request(*events, '{"event_type":"t","payload":%s}' % payload), 413,
           "PAYLOAD_TOO_LARGE", "payload")


def framing_rows():
    """Broken HTTP, to every method and path of the router."""
    for method, path in routes.endpoints():
        path = concrete(path)
        name = f"{method} {path}"
        line = f"{method} {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer KEY\r\n".encode()
        malformed = {
            "length and chunked": b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "chunked and length": b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
            "two lengths": b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
            "a list of lengths": b"Content-Length: 2, 3\r\n\r\n{}x",
            "a negative length": b"Content-Length: -1\r\n\r\n{}",
            "a length with a sign": b"Content-Length: +2\r\n\r\n{}",
            "a length in hexadecimal": b"Content-Length: 0x2\r\n\r\n{}",
            "no number as length": b"Content-Length: two\r\n\r\n{}",
            "a length beyond 64 bits": b"Content-Length: 99999999999999999999999\r\n\r\n{}",
            "a length that is too long": b"Content-Length: 100\r\n\r\n{}",
            "a bad chunk size": b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n{}\r\n0\r\n\r\n",
            "a chunk longer than its size": b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
            "a cut chunk": b"Transfer-Encoding: chunked\r\n\r\n10\r\n{}",
            "chunks without an end": b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
            "a field without a colon": b"Nonsense\r\n\r\n",
            "a blank before the colon": b"Name : value\r\n\r\n",
            "a folded field": b"Name: value\r\n more\r\n\r\n",
            "a bare line feed": b"Name: value\n\r\n\r\n",
            "a control character": b"Name: a\x00b\r\n\r\n",
            "no name": b": value\r\n\r\n",
            "two hosts": b"Host: b\r\n\r\n",
            "a header that is cut": b"Name: val",
        }
        of_the_body = {"a length that is too long", "a bad chunk size", "a chunk longer than its size", "a cut chunk",
                       "chunks without an end"}
        for fault, rest in malformed.items():
            if path == "/admin/backup" and fault in of_the_body:
                # It exists on the local socket only: that is told before the body is read.
                yield f"{name}: {fault}", line + rest, 404, "NOT_FOUND", None
                continue
            yield f"{name}: {fault}", line + rest, 400, "VALIDATION_ERROR", "request"
        yield f"{name}: no host", f"{method} {path} HTTP/1.1\r\n\r\n".encode(), 400, "VALIDATION_ERROR", "request"
        yield f"{name}: HTTP/2.0", line.replace(b"/1.1", b"/2.0") + b"\r\n", 505, "VERSION_NOT_SUPPORTED", None
        yield f"{name}: no version", f"{method} {path}\r\n\r\n".encode(), 400, "VALIDATION_ERROR", "request"
        yield f"{name}: coding", line + b"Transfer-Encoding: gzip\r\n\r\n", 501, "NOT_IMPLEMENTED", None
        yield f"{name}: expectation", line + b"Expect: wonders\r\n\r\n", 417, "EXPECTATION_FAILED", None
        yield f"{name}: field of 64 KiB", line + b"Name: " + b"x" * 65_536 + b"\r\n\r\n", 431, "HEADERS_TOO_LARGE", None
        yield f"{name}: fields of 64 KiB", line + b"Name: x\r\n" * 7282 + b"\r\n", 431, "HEADERS_TOO_LARGE", None
        yield (f"{name}: name of 64 KiB", line + b"x" * 65_536 + b": x\r\n\r\n", 431, "HEADERS_TOO_LARGE", None)
        yield (f"{name}: query of 64 KiB", line.replace(b" HTTP", b"?q=" + b"x" * 65_536 + b" HTTP") + b"\r\n", 431,
               "HEADERS_TOO_LARGE", None)
    for text in (b"\x16\x03\x01\x02\x00\x01\x00", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x00" * 100, b"{}\r\n\r\n",
                 b" GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", b"GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
                 b"GET nowhere HTTP/1.1\r\nHost: a\r\n\r\n", b"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n",
                 b"G\x00T / HTTP/1.1\r\nHost: a\r\n\r\n", b"CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n"):
        status, code, field = (505, "VERSION_NOT_SUPPORTED", None) if b"HTTP/2.0" in text else (400, "VALIDATION_ERROR", "request")
        yield f"no request: {text[:20]!r}", text, status, code, field


def target_rows():
    bad_ids = ["x", "1", event_id[:-1], event_id + "0", event_id.replace("-", ""), "%7B%7D", "..", "null",
               event_id[:-1] + "g", "{" + event_id + "}", "%00", "a" * 8000]
    for method, prefix in (("GET", "/events/"), ("DELETE", "/events/"), ("GET", "/inbox/"), ("DELETE", "/inbox/")):
        for bad in bad_ids:
            yield f"{method} {prefix}{bad[:40]}", request(method, prefix + bad), 400, "VALIDATION_ERROR", "event_id"
    for path in ("/inbox", "/events/inbox", "/inboxes/default/events"):
        for bad in ("31", "-1", "1.5", "x", "", "%00", "1&wait=2", "99999999999999999999"):
            yield f"GET {path}?wait={bad}", request("GET", f"{path}?wait={bad}"), 400, "VALIDATION_ERROR", "wait"
    for state in ("leased", "delayed", "dead"):
        target = f"/inboxes/default/events?wait=1&state={state}"
        yield f"GET {target}", request("GET", target), 400, "VALIDATION_ERROR", "wait"
    for query, field in (("signal=1", "signal"), ("signal=", "signal"), ("event_type=", "event_type"), ("wait=1", "query"),
                         ("signal=true&event_type=a", "event_type")):
        target = f"/inboxes/default/stream?{query}"
        yield f"GET {target}", request("GET", target), 400, "VALIDATION_ERROR", field
    for place in ("x", "AQGi", "A" * 2000):
        yield (f"Last-Event-ID {place[:10]}", request("GET", "/inboxes/default/stream", headers=(("Last-Event-ID", place),)),
               400, "VALIDATION_ERROR", "Last-Event-ID")
    for method in ("GET", "DELETE", "PATCH", "POST"):
        body = {"PATCH": '{"description":"x"}', "POST": "{}"}.get(method, "")
        tail = "/rotate" if method == "POST" else ""
        for bad in ("x", "key_", "key_" + event_id, "%00", "a" * 8000, ".."):
            yield (f"{method} /admin/keys/{bad[:20]}{tail}", request(method, f"/admin/keys/{bad}{tail}", body), 404,
                   "NOT_FOUND", None)
    for path in ("/nowhere", "/events/a/b", "/inbox/a/b", "//events", "/EVENTS", "/events/batch/x", "/admin", "/admin/keys//",
                 "/%65vents", "/events%2Fbatch", "/metrics/x", "/.well-known/x", "/inbox//"):
        yield f"GET {path}", request("GET", path), 404, "NOT_FOUND", None
    for query, field in (("limit=0", "limit"), ("limit=201", "limit"), ("limit=abc", "limit"), ("cursor=", "cursor"),
                         ("cursor=abc", "cursor"), ("cursor=" + "A" * 20_000, "cursor"), ("unknown=1", "query"),
                         ("event_type=%ff", "query"), ("event_type=", "event_type")):
        for path in ("/inbox", "/events/inbox"):
            yield f"GET {path}?{query[:30]}", request("GET", f"{path}?{query}"), 400, "VALIDATION_ERROR", field
    for method, path in routes.endpoints():
        if path in ("/", "/status", "/health", "/docs", "/openapi.json", "/favicon.ico", "/metrics", "/admin/backup"):
            continue  # Pages for anybody; and what exists on the local socket only.
        path = concrete(path)
        for query in ("unknown=1", "%", "dry_run"):
            yield (f"{method} {path}?{query}", request(method, f"{path}?{query}", "{}" if method in bodies else ""), 400,
                   "VALIDATION_ERROR", "query")
    for query, field in (("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("unknown=1", "query"),
                         ("user_id=", None)):
        status, code = (403, "FORBIDDEN") if query == "user_id=" else (400, "VALIDATION_ERROR")
        yield f"GET /admin/keys?{query}", request("GET", f"/admin/keys?{query}"), status, code, field or "user_id"
    for path, methods in routes.paths().items():
        if path == "/inboxes/test-filter":
            continue  # An inbox may have this name: for the other methods, it is one.
        target = concrete(path)
        for method in sorted({"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"} - methods):
            yield f"{method} {path}", request(method, target), 405, "METHOD_NOT_ALLOWED", None
    yield "batch of 501", request(*batch, json.dumps([{}] * 501)), 413, "PAYLOAD_TOO_LARGE", None
    for name, value in (("Idempotency-Key", "a b"), ("Idempotency-Key", "x" * 256), ("Idempotency-Key", '""')):
        for endpoint, body in ((events, takes_object[events]), (batch, '[{"event_type":"t","payload":{}}]')):
            yield f"{endpoint}: {name} {value[:5]}", request(*endpoint, body, [(name, value)]), 400, "VALIDATION_ERROR", name


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with Server(tmp_path_factory.mktemp("bad"), "--auth-failures-per-minute=0") as server:
        yield server.start()


@pytest.fixture(scope="module")
def admin(server):
    """An admin key and another key of its tenant."""
    key = server.create_key(user_id="bad-input", role="admin")
    return key["api_key"], server.create_key(user_id="bad-input", role="viewer")["key_id"]


def complaint(server, admin, row):
    """What is wrong about the answer to this row; None if nothing is."""
    name, data, status, code, field = row
    key, key_id = admin
    data = data.replace(b"Bearer KEY", b"Bearer " + key.encode()).replace(b"/KEYID", b"/" + key_id.encode())
    with server.connect() as raw:
        try:
            answer = raw.send(data).finish_sending().read_answer()
        except (OSError, AssertionError) as error:
            return f"{name}: {error!r}"
    if answer is None:
        return f"{name}: no answer"
    if answer.status < 400:
        return f"{name}: {answer}"
    error = answer.json()
    got = (answer.status, error["error_code"], error["details"].get("field"))
    if got != (status, code, field if field is not None else got[2]):
        return f"{name}: expected {(status, code, field)}, got {got}: {error['message']}"
    named = error["details"].get("field")
    if named and error["message"].startswith((f"{named}: {named} ", f'{named}: "{named}" ')):
        return f"{name}: it stutters: {error['message']}"
    if not error["message"] or error["correlation_id"] != answer.headers["X-Request-ID"]:
        return f"{name}: {error}"
    return None


def keys_and_events(server, key):
    """All that the tenant has, but for when its keys were used."""
    with server.client(key) as client:
        keys = client.get("/admin/keys").json()
        for record in keys["keys"]:
            record.pop("last_used_at")
        accepted = [line for line in client.get("/metrics").body.decode().splitlines()
                    if line.startswith("triggers_events_accepted_total")]
        return keys, client.get("/inbox").json(), accepted


@pytest.mark.parametrize("rows", [json_rows, media_rows, size_rows, framing_rows, target_rows],
                         ids=lambda rows: rows.__name__)
def test_every_row_is_refused_for_its_own_reason_and_stores_nothing(server, admin, rows):
    before = keys_and_events(server, admin[0])
    complaints = [wrong for row in rows() if (wrong := complaint(server, admin, row))]
    assert not complaints, f"{len(complaints)} rows:\n" + "\n".join(complaints)
    assert keys_and_events(server, admin[0]) == before
    assert server.running()


def test_each_row_differs_from_a_good_request_by_one_fault(server, admin):
    """Were the good bodies refused too, the table would prove nothing."""
    key = server.create_key(user_id="good-input", role="admin")
    spare = server.create_key(user_id="good-input", role="viewer")["key_id"]
    with server.client(key["api_key"]) as client:
        for (method, path), body in takes_object.items():
            answer = client.request(method, path.replace("KEYID", spare), body=body)
            assert answer.status in (200, 201, 202), (method, path, answer)
        unique = str(uuid.uuid4())
        payload = '{"v":"%s"}' % (unique + "x" * (262_144 - 8 - len(unique)))
        body = '{"event_type":"t","payload":%s}' % payload
        assert client.post("/events", body + " " * (524_288 - len(body))).status == 201


def test_a_length_that_is_too_short_ends_the_connection_after_its_answer(server, admin):
    """The rest of the body is no request: it is refused, and nothing that follows is read as one."""
    body = b'{"event_type":"t","payload":{"a":1}}'
    data = raw_request("POST", "/events", key=admin[0], length=False, headers=[("Content-Length", "10")]) + body
    with server.connect() as raw:
        raw.send(data + raw_request("GET", "/status"))
        first, second = raw.read_answer(), raw.read_answer()
        assert (first.status, first.json()["details"]["field"]) == (400, "body")
        assert (second.status, second.json()["details"]["field"]) == (400, "request")
        assert raw.ended()
