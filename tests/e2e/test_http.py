"""HTTP/1.1 itself: framings of bodies, connections, deadlines, TLS, and a stop that loses no request. What endpoints answer
is in test_contract.py."""

import contextlib
import gzip
import json
import socket
import ssl
import subprocess
import time
import zlib

import pytest

from support import metrics
from support.client import raw_request
from support.program import run
from support.server import Server

retry_seconds_max = 10


def event_body(number=0):
    return json.dumps({"event_type": "t", "payload": {"n": number}}).encode()


def chunked(body, size=7):
    pieces = [body[start:start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


# -- Bodies


def test_chunked_bodies_are_accepted(shared_server, client):
    request = raw_request("POST", "/events", key=client.key, length=False, headers=[("Transfer-Encoding", "chunked")])
    with shared_server.connect() as raw:
        for size in (1, 7, 1000):
            assert raw.send(request + chunked(event_body(size), size)).read_answer().status == 201
        extended = b"5;name=value\r\n" + event_body(0)[:5] + b"\r\n" + chunked(event_body(0)[5:])
        assert raw.send(request + extended.replace(b"0\r\n\r\n", b"0\r\nTrailer: x\r\n\r\n")).read_answer().status == 201
    assert len(client.inbox()) == 4


def test_gzip_bodies_are_accepted(client):
    body = gzip.compress(event_body(1))
    for name in ("gzip", "GZIP", "x-gzip"):
        assert client.post("/events", body, headers={"Content-Encoding": name}).status == 201
    assert client.post("/events", event_body(2), headers={"Content-Encoding": "identity"}).status == 201
    batch = gzip.compress(b"\n".join(event_body(number) for number in range(3, 103)))
    answer = client.post("/events/batch", batch, headers={"Content-Encoding": "gzip",
                                                          "Content-Type": "application/x-ndjson"})
    assert answer.json()["accepted"] == 100
    assert [event["payload"]["n"] for event in client.inbox()] == list(range(1, 103))


def test_a_chunked_gzip_body_is_accepted(shared_server, client):
    request = raw_request("POST", "/events", key=client.key, length=False,
                          headers=[("Transfer-Encoding", "chunked"), ("Content-Encoding", "gzip")])
    with shared_server.connect() as raw:
        assert raw.send(request + chunked(gzip.compress(event_body()), 5)).read_answer().status == 201


def gzip_bomb(mebibytes):
    packer, blank = zlib.compressobj(9, zlib.DEFLATED, 31), b" " * 1024 * 1024
    return b"".join(packer.compress(blank) for _ in range(mebibytes)) + packer.flush()


def test_a_gzip_bomb_is_413(client):
    bomb = gzip_bomb(200)
    assert len(bomb) < 500_000
    for path in ("/events", "/events/batch", "/inbox/ack"):
        answer = client.post(path, bomb, headers={"Content-Encoding": "gzip"})
        assert (answer.status, answer.json()["error_code"]) == (413, "PAYLOAD_TOO_LARGE")


def test_100_continue_is_sent_when_the_client_waits_for_it(shared_server, client):
    body = event_body()
    fields = raw_request("POST", "/events", body, key=client.key, headers=[("Expect", "100-continue")])[:-len(body)]
    with shared_server.connect() as raw:
        assert raw.send(fields).read_answer().status == 100
        assert raw.send(body).read_answer().status == 201
        raw.send(fields.replace(b"100-continue", b"200-ok"))
        assert raw.read_answer().status == 417


def test_a_body_that_is_too_large_is_refused_before_it_is_sent(shared_server, client):
    with shared_server.connect() as raw:
        raw.send(raw_request("POST", "/events", key=client.key, length=False,
                             headers=[("Content-Length", "524289"), ("Expect", "100-continue")]))
        answer = raw.read_answer()
        assert answer.status == 413
        assert answer.json()["details"] == {"limit_bytes": 524288, "size_bytes": 524289}
        assert raw.ended()


# -- Connections


def test_a_connection_serves_many_requests(shared_server, client):
    with shared_server.connect() as raw:
        for _ in range(50):
            answer = raw.send(raw_request("GET", "/inbox?limit=1", key=client.key)).read_answer()
            assert answer.status == 200 and answer.headers.get("Connection", "").lower() != "close"


def test_pipelined_requests_are_answered_in_order(shared_server, client):
    requests = b"".join(raw_request("POST", "/events", event_body(number), key=client.key,
                                    headers=[("X-Request-ID", f"r{number}")]) for number in range(40))
    with shared_server.connect() as raw:
        raw.send(requests + raw_request("GET", "/inbox?limit=40", key=client.key))
        answers = [raw.read_answer() for _ in range(41)]
    assert [answer.headers["X-Request-ID"] for answer in answers[:40]] == [f"r{number}" for number in range(40)]
    assert [event["payload"]["n"] for event in answers[40].json()["events"]] == list(range(40))


def test_pipelined_requests_in_single_bytes_are_answered(shared_server, client):
    with shared_server.connect() as raw:
        for byte in raw_request("POST", "/events", event_body(), key=client.key) + raw_request("GET", "/status"):
            raw.send(bytes([byte]))
        assert [raw.read_answer().status, raw.read_answer().status] == [201, 200]


def test_connection_close_and_http_1_0_end_the_connection(shared_server):
    with shared_server.connect() as raw:
        answer = raw.send(raw_request("GET", "/status", headers=[("Connection", "close")])).read_answer()
        assert (answer.status, answer.headers["Connection"].lower()) == (200, "close")
        assert raw.ended()
    with shared_server.connect() as raw:
        assert raw.send(b"GET /status HTTP/1.0\r\n\r\n").read_answer().status == 200
        assert raw.ended()


def test_an_absolute_target_is_its_path(shared_server):
    with shared_server.connect() as raw:
        assert raw.send(raw_request("GET", "http://example.com/status")).read_answer().status == 200


# -- Slow ones and too many


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory):
    flags = ("--header-deadline-ms=300", "--body-deadline-ms=300", "--idle-deadline-ms=600", "--max-connections=3")
    with Server(tmp_path_factory.mktemp("strict"), *flags) as server:
        yield server.start()


@pytest.fixture(scope="module")
def strict_key(strict_server):
    return strict_server.create_key()["api_key"]


def connect_when_there_is_room(server):
    """A connection that has been served: earlier ones may take a moment to be counted out."""
    deadline = time.monotonic() + retry_seconds_max
    while time.monotonic() < deadline:
        raw = server.connect()
        answer = raw.send(raw_request("GET", "/status")).read_answer()
        if answer is not None and answer.status == 200:
            return raw
        raw.close()
    raise AssertionError("there was no room for a connection")


@pytest.mark.parametrize("start", [b"", b"GET /status HTT", b"GET /status HTTP/1.1\r\nHost: a\r\nX: "])
def test_a_slow_header_is_408(strict_server, start):
    connect_when_there_is_room(strict_server).close()
    with strict_server.connect() as raw:
        began = time.monotonic()
        answer = raw.send(start).read_answer()
        assert time.monotonic() - began < 5
        if answer is not None:  # Whoever has sent nothing is told or not; whoever has begun is told.
            assert (answer.status, answer.json()["error_code"]) == (408, "REQUEST_TIMEOUT")
        assert answer is not None or start == b""
        assert raw.ended()


@pytest.mark.parametrize("framing", ["length", "chunks"])
def test_a_slow_body_is_408_and_stores_nothing(strict_server, strict_key, framing):
    body = event_body()
    if framing == "length":
        request = raw_request("POST", "/events", body, key=strict_key)[:-1]
    else:
        request = raw_request("POST", "/events", key=strict_key, length=False,
                              headers=[("Transfer-Encoding", "chunked")]) + chunked(body)[:-2]
    with connect_when_there_is_room(strict_server) as raw:
        answer = raw.send(request).read_answer()
        assert (answer.status, answer.json()["error_code"]) == (408, "REQUEST_TIMEOUT")
        assert raw.ended()
    with connect_when_there_is_room(strict_server) as raw:
        page = raw.send(raw_request("GET", "/inbox", key=strict_key)).read_answer().json()
        assert page["events"] == []


def test_a_body_that_trickles_does_not_outlive_its_deadline(strict_server, strict_key):
    with connect_when_there_is_room(strict_server) as raw:
        raw.send(raw_request("POST", "/events", key=strict_key, length=False, headers=[("Content-Length", "400")]))
        began = time.monotonic()
        for _ in range(100):
            raw.send(b" ")
            time.sleep(0.02)
            if time.monotonic() - began > 0.6:
                break
        assert raw.read_answer().status == 408


def test_an_idle_connection_is_closed_without_a_word(strict_server):
    with connect_when_there_is_room(strict_server) as raw:
        assert raw.read_answer() is None


def test_one_connection_too_many_is_503_while_all_have_requests_under_way(start_server):
    server = start_server("--max-connections=3")
    key = server.create_key()["api_key"]
    body = event_body()
    busy = [connect_when_there_is_room(server) for _ in range(3)]
    for raw in busy:
        raw.send(raw_request("POST", "/events", key=key, length=False,
                             headers=[("Content-Length", str(len(body))), ("Expect", "100-continue")]))
        assert raw.read_answer().status == 100
    with server.connect() as raw:
        answer = raw.read_answer()
        assert (answer.status, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
        assert int(answer.headers["Retry-After"]) >= 1
        assert raw.ended()
    for raw in busy:
        assert raw.send(body).read_answer().status == 201
    connect_when_there_is_room(server).close()
    for raw in busy:
        raw.close()


@pytest.mark.parametrize("start", [b"", b"GET /status HTTP/1.1\r\nX: "], ids=["idle", "slow header"])
def test_whoever_holds_all_places_without_a_request_makes_room(start_server, start):
    """Also /health must be reachable then."""
    server = start_server("--max-connections=20", "--header-deadline-ms=600000", "--idle-deadline-ms=600000")
    key = server.create_key()["api_key"]
    with contextlib.ExitStack() as stack:
        holders = [stack.enter_context(server.connect()) for _ in range(20)]
        for holder in holders:
            holder.send(start)
        for _ in range(3):
            stack.enter_context(connect_when_there_is_room(server))
        with server.client(key) as client:
            assert client.get("/health").status == 200
            assert client.send_event("t", {"n": 1}).status == 201
            figures = metrics.read(client)
        assert figures["triggers_http_connections_evicted_total"] > 0
        assert figures["triggers_http_connections"] <= 20
    server.wait_for_log('"connections_evicted"')


# -- TLS


def handshake(server, context):
    """Greets the server; the TLS version, or the SSLError."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as secure:
            return secure.version()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_tls_serves_1_2_and_1_3_and_refuses_older_ones(tmp_path, certificate):
    with Server(tmp_path, f"--tls-cert={certificate[0]}", f"--tls-key={certificate[1]}") as server:
        server.tls = ssl.create_default_context(cafile=str(certificate[0]))
        server.start()
        with server.client(server.create_key()["api_key"]) as client:
            assert client.send_event("t", {"n": 1}).status == 201
            assert len(client.inbox()) == 1
            big = {"v": "x" * 200_000}
            assert client.get(client.send_event("t", big).headers["Location"]).json()["payload"] == big

        for version, name in ((ssl.TLSVersion.TLSv1_2, "TLSv1.2"), (ssl.TLSVersion.TLSv1_3, "TLSv1.3")):
            context = ssl.create_default_context(cafile=str(certificate[0]))
            context.minimum_version = context.maximum_version = version
            assert handshake(server, context) == name

        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("ALL:@SECLEVEL=0")
        old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionResetError)) as refused:
            handshake(server, old)
        assert "NO_PROTOCOLS_AVAILABLE" not in str(refused.value), "this test's own OpenSSL refuses TLS 1.1"

        with server.connect() as plain:
            answer = plain.send(raw_request("GET", "/status")).socket.recv(100)
            assert not answer.startswith(b"HTTP/1.1 200")
        with server.client() as client:
            assert client.get("/status").status == 200
        assert server.stop() == 0


@pytest.mark.parametrize("flags, wrong", [(["--tls-cert=/nowhere.pem", "--tls-key=/nowhere.pem"], "/nowhere.pem"),
                                          (["--tls-cert=/etc/hostname"], "tls-key")])
def test_tls_that_cannot_work_is_refused_at_the_start(tmp_path, flags, wrong):
    done = run("serve", "--port=0", f"--data-dir={tmp_path}/data", *flags)
    assert done.returncode != 0 and wrong in done.stderr


# -- The end


def refused_soon(server):
    """True once the port takes no connection any more."""
    deadline = time.monotonic() + retry_seconds_max
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", server.port), timeout=5).close()
        except (ConnectionRefusedError, ConnectionResetError):
            return True
        time.sleep(0.005)
    return False


def test_sigterm_answers_what_has_begun_refuses_new_work_and_exits_0(start_server):
    server = start_server()
    key = server.create_key()["api_key"]
    body = event_body()
    request = raw_request("POST", "/events", body, key=key)
    idle, busy = server.connect(), server.connect()
    assert idle.send(raw_request("GET", "/status")).read_answer().status == 200
    busy.send(request[:-5])
    # The first bytes are in the server's hands once it has answered something that came later.
    with server.client() as client:
        assert client.get("/status").status == 200

    began = time.monotonic()
    server.terminate()
    assert refused_soon(server)
    assert idle.read_answer() is None
    answer = busy.send(request[-5:]).read_answer()
    assert (answer.status, answer.headers["Connection"].lower()) == (201, "close")
    assert busy.ended()
    assert server.wait() == 0
    assert time.monotonic() - began < 10
    idle.close()
    busy.close()

    server.start()
    with server.client(key) as client:
        assert [event["event_id"] for event in client.inbox()] == [answer.json()["event_id"]]


def test_sigterm_does_not_wait_for_ever(start_server):
    server = start_server("--shutdown-grace-ms=300")
    stuck = server.connect().send(b"POST /events HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
    with server.client() as client:
        client.get("/status")
    began = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - began < 5
    stuck.close()


def test_sigterm_under_load_loses_nothing_that_was_answered(start_server):
    server = start_server()
    key = server.create_key()["api_key"]
    connections = [server.connect() for _ in range(20)]
    for number, raw in enumerate(connections):
        raw.send(b"".join(raw_request("POST", "/events", event_body(number * 100 + i), key=key) for i in range(50)))
    accepted = [raw.read_answer().json()["event_id"] for raw in connections[:3]]
    server.terminate()
    for raw in connections:
        while (answer := raw.read_answer()) is not None:
            assert answer.status == 201
            accepted.append(answer.json()["event_id"])
        raw.close()
    assert server.wait() == 0
    server.start()
    with server.client(key) as client:
        assert set(accepted) <= {event["event_id"] for event in client.inbox()}
