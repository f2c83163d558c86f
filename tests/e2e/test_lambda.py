"""The packed Lambda function, alone in an empty root, between a runtime interface and DynamoDB Local."""

import gzip
import json
import signal
import time
import urllib.parse
import uuid
import zipfile

import pytest

from support.api_gateway import http_event, response, rest_event
from support.dynamodb import DynamoDB
from support.fronts import NameServer, TlsFront
from support.lambda_runtime import Failed, Function, Runtime, archive
from support.program import run

archive_bytes_max = 15_000_000


@pytest.fixture(scope="module")
def dynamo(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        yield local


def tables(dynamo):
    name = uuid.uuid4().hex
    variables = {**dynamo.environment, "DYNAMODB_TABLE_EVENTS": f"{name}-events", "DYNAMODB_TABLE_API_KEYS": f"{name}-keys"}
    done = run("tables", "create", env=variables)
    assert done.returncode == 0, done.stderr
    return variables


def create_key(env):
    done = run("keys", "create", "--user-id=acme", "--role=creator", "--rate-limit=unlimited", env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


class Client:
    """Sends requests by way of one of API Gateway's forms."""

    def __init__(self, runtime, form, key):
        self.runtime, self.form, self.key = runtime, form, key

    def request(self, method, target, body=None, headers=(), binary=False, **options):
        fields = [("Authorization", f"Bearer {self.key}"), *headers] if self.key else list(headers)
        if body is not None:
            fields.append(("Content-Type", "application/json"))
        event = self.form(method, target, body, fields, binary)
        return response(self.runtime.invoke(event, **options))

    def post(self, number, **options):
        return self.request("POST", "/events", {"event_type": "order.paid", "payload": {"order": number}}, **options)


@pytest.fixture(scope="module")
def env(dynamo):
    return tables(dynamo)


@pytest.fixture(scope="module")
def function(env, tmp_path_factory):
    with Runtime() as runtime, Function(tmp_path_factory.mktemp("root") / "root", runtime, env) as started:
        yield started


@pytest.fixture(params=[http_event, rest_event], ids=["http-2.0", "rest-1.0"])
def client(request, function, env):
    return Client(function.runtime, request.param, create_key(env))


def test_archive_is_small_and_brings_no_engine_that_it_does_not_use():
    assert archive().stat().st_size < archive_bytes_max
    with zipfile.ZipFile(archive()) as packed:
        names = packed.namelist()
        assert all(entry.external_attr >> 16 & 0o777 == 0o755 for entry in packed.infolist())
    assert "bootstrap" in names
    assert not [name for name in names if "rocksdb" in name]


def test_event_is_accepted_read_and_acknowledged(client):
    number = time.time_ns()
    accepted = client.post(number)
    assert accepted.status == 201, accepted
    event_id = accepted.json()["event_id"]
    # The client's own address has the stage in front, which the function's path has not.
    address = "https://api.example/v1/events"
    assert urllib.parse.urljoin(address, accepted.headers["Location"]) == f"{address}/{event_id}"
    assert accepted.headers["Content-Type"] == "application/json"
    again = client.post(number).json()
    assert again["duplicate"] is True and again["event_id"] == event_id

    pages, cursor = [], ""
    while cursor is not None:
        page = client.request("GET", f"/inbox?limit=1{cursor and '&cursor=' + cursor}").json()
        pages += [event["event_id"] for event in page["events"]]
        cursor = page["pagination"]["next_cursor"] if page["pagination"]["has_more"] else None
    assert pages.count(event_id) == 1

    gone = client.request("DELETE", f"/events/{event_id}")
    assert (gone.status, gone.body) == (204, b"")
    assert client.request("GET", f"/events/{event_id}").json()["delivered"] is True
    left = client.request("GET", "/inbox?limit=200").json()
    assert event_id not in [event["event_id"] for event in left["events"]]


def test_refusals_are_those_of_the_server(client):
    for answer, status, code in [
            (client.request("GET", "/no/such/path"), 404, "NOT_FOUND"),
            (client.request("PATCH", "/inbox"), 405, "METHOD_NOT_ALLOWED"),
            (client.request("POST", "/events", "{"), 400, "VALIDATION_ERROR"),
            (client.request("GET", "/inbox?limit=0"), 400, "VALIDATION_ERROR"),
            (client.request("GET", "/inbox?cursor=made-up"), 400, "VALIDATION_ERROR"),
            (client.request("POST", "/events", "x" * 600_000), 413, "PAYLOAD_TOO_LARGE"),
            (client.request("POST", "/events", b"x", [("Content-Encoding", "br")]), 415, "UNSUPPORTED_MEDIA_TYPE"),
            (Client(client.runtime, client.form, None).request("GET", "/inbox"), 401, "UNAUTHORIZED")]:
        assert (answer.status, answer.json()["error_code"]) == (status, code), answer


def test_body_may_be_base64_and_gzip(client):
    event = json.dumps({"event_type": "order.paid", "payload": {"order": time.time_ns(), "name": "\u00e9\u4e2d"}}).encode()
    plain = client.request("POST", "/events", event, binary=True)
    assert plain.status == 201, plain
    packed = client.request("POST", "/events", gzip.compress(event), [("Content-Encoding", "gzip")])
    assert packed.status == 201 and packed.json()["event_id"] == plain.json()["event_id"]
    broken = client.request("POST", "/events", gzip.compress(event)[:-4], [("Content-Encoding", "gzip")])
    assert (broken.status, broken.json()["error_code"]) == (400, "VALIDATION_ERROR")


def test_gzip_body_is_not_inflated_before_its_request_is_admitted(client):
    """Inflated, it would be too large: the limit is looked at while it is decoded."""
    blanks = gzip.compress(b" " * 5_000_000)
    encoded = [("Content-Encoding", "gzip")]
    nobody = Client(client.runtime, client.form, None)
    wrong = Client(client.runtime, client.form, "trg_" + "0" * 40)
    for refused in (nobody, wrong):
        answer = refused.request("POST", "/events", blanks, encoded)
        assert (answer.status, answer.json()["error_code"]) == (401, "UNAUTHORIZED"), answer
    answer = client.request("POST", "/events", blanks, encoded)
    assert (answer.status, answer.json()["error_code"]) == (413, "PAYLOAD_TOO_LARGE"), answer


def test_bad_event_fails_and_the_next_is_served(client):
    for bad in (b'{"Records":[]}', b'"text"', b"{"):
        with pytest.raises(Failed, match="API Gateway"):
            client.runtime.invoke(bad)
    assert client.request("GET", "/inbox").status == 200


def test_trace_is_the_request_id_in_answer_and_log(client, function):
    root = f"1-65f0c0de-{uuid.uuid4().hex[:24]}"
    answer = client.request("GET", "/inbox", trace=f"Root={root};Parent=53995c3f42cd8ad8;Sampled=0")
    assert answer.headers["X-Request-ID"] == root
    # The function asks for its next invocation only when the line is written.
    client.request("GET", "/status")
    lines = [json.loads(line) for line in function.stdout_path.read_text().splitlines()]
    assert [line["client"] for line in lines if line["request_id"] == root] == ["203.0.113.7"]


def test_page_stays_below_what_lambda_lets_through(client):
    # Quotes are two bytes in the answer.
    for number in range(24):
        event = {"event_type": "large", "payload": {"order": f"{time.time_ns()}-{number}", "text": '"' * 100_000}}
        assert client.request("POST", "/events", event).status == 201
    seen, cursor = 0, ""
    while cursor is not None:
        answer = client.request("GET", f"/inbox?limit=200&event_type=large{cursor and '&cursor=' + cursor}")
        assert answer.status == 200, answer
        seen += len(answer.json()["events"])
        pagination = answer.json()["pagination"]
        cursor = pagination["next_cursor"] if pagination["has_more"] else None
    assert seen >= 24


def test_newest_first_and_a_reader_continues_from_the_end(client):
    sent = [client.post(f"{time.time_ns()}-{number}").json()["event_id"] for number in range(5)]
    newest = client.request("GET", "/inbox?order=desc&limit=3").json()
    assert [event["id"] for event in newest["events"]] == sent[:1:-1]
    cursor = newest["pagination"]["next_cursor"]
    behind = client.request("GET", f"/inbox?order=desc&limit=2&cursor={cursor}").json()
    assert [event["event_id"] for event in behind["events"]] == sent[1::-1]
    assert client.request("GET", f"/inbox?cursor={cursor}").status == 400
    page = client.request("GET", "/inbox?limit=200").json()
    while page["pagination"]["has_more"]:
        page = client.request("GET", f"/inbox?limit=200&cursor={page['pagination']['next_cursor']}").json()
    later = client.post(f"{time.time_ns()}-later").json()["event_id"]
    page = client.request("GET", f"/inbox?cursor={page['pagination']['next_cursor']}").json()
    assert [event["event_id"] for event in page["events"]] == [later]


def test_batch_that_failed_whole_and_the_own_key_are_answered_as_by_the_server(client):
    failed = client.request("POST", "/events/batch", [{"event_type": ""}])
    assert (failed.status, failed.json()["failed"]) == (422, 1)
    me = client.request("GET", "/me").json()
    assert (me["user_id"], me["role"], me["rate_limit"], me["rate_limit_remaining"]) == ("acme", "creator", "unlimited", None)


def behind_a_base_path(event, base):
    """The event as a domain of one's own sends it that maps `base` to the API's stage."""
    if event.get("version") == "2.0":
        event["rawPath"] = base + event["rawPath"]
    else:
        event["path"] = event["requestContext"]["path"] = base + event["path"]
    return event


def test_base_path_of_a_domain_of_ones_own_is_cut_off(env, tmp_path):
    key = create_key(env)
    configured = {**env, "BASE_PATH": "/triggers"}
    fields = [("Authorization", f"Bearer {key}"), ("Content-Type", "application/json")]
    with Runtime() as runtime, Function(tmp_path / "root", runtime, configured):
        forms = [lambda *parts: http_event(*parts, stage="$default"), rest_event]
        for number, form in enumerate(forms):
            def ask(method, target, body=None, form=form):
                return response(runtime.invoke(behind_a_base_path(form(method, target, body, fields), "/triggers")))

            assert ask("GET", "/health").status == 200
            accepted = ask("POST", "/events", {"event_type": "t", "payload": {"n": f"{time.time_ns()}-{number}"}})
            address = "https://api.example/triggers/events"
            event_id = accepted.json()["event_id"]
            assert urllib.parse.urljoin(address, accepted.headers["Location"]) == f"{address}/{event_id}"
            assert ask("GET", f"/events/{event_id}").json()["id"] == event_id
            assert ask("GET", "/openapi.json").json()["servers"][0]["url"].endswith("/triggers")
            assert ask("GET", "/nowhere").status == 404


def test_base_path_of_a_rest_api_needs_no_option(function):
    event = behind_a_base_path(rest_event("GET", "/health"), "/anything")
    assert response(function.runtime.invoke(event)).json()["status"] == "ok"


def test_event_of_a_load_balancer_is_an_error_of_its_invocation(function):
    event = {"requestContext": {"elb": {"targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/t/1"}},
             "httpMethod": "GET", "path": "/inbox", "queryStringParameters": {"event_type": "a%20b"},
             "headers": {"host": "lb.example", "x-forwarded-for": "192.0.2.1"}, "body": "", "isBase64Encoded": False}
    with pytest.raises(Failed, match="Application Load Balancer") as failed:
        function.runtime.invoke(event)
    assert "BadEvent" in str(failed.value)
    assert response(function.runtime.invoke(rest_event("GET", "/health"))).status == 200


def test_answer_comes_before_lambda_would_end_the_process(dynamo, tmp_path):
    env = tables(dynamo)
    with Runtime() as runtime, Function(tmp_path / "root", runtime, env) as function:
        client = Client(runtime, http_event, create_key(env))
        assert client.post(1).status == 201
        dynamo.process.send_signal(signal.SIGSTOP)
        try:
            since = time.monotonic()
            late = client.post(2, seconds=1.0)
            assert late.status == 503 and "Retry-After" in late.headers
            assert time.monotonic() - since < 1.0
        finally:
            dynamo.process.send_signal(signal.SIGCONT)
        accepted = client.post(2)
        assert accepted.status == 201, accepted
        orders = [event["payload"]["order"] for event in client.request("GET", "/inbox").json()["events"]]
        assert sorted(orders) == [1, 2]
        assert function.process.poll() is None


def test_count_lacks_at_most_two_seconds_of_a_process_that_is_ended_without_warning(dynamo, tmp_path):
    env = tables(dynamo)
    key = create_key(env)
    with Runtime() as runtime, Function(tmp_path / "one", runtime, env):
        for number in range(3):
            assert Client(runtime, http_event, key).post(number).status == 201
        time.sleep(2.1)
        assert Client(runtime, http_event, key).post(3).status == 201
        runtime.invoke(http_event("GET", "/status"))  # It is asked for when what was left to do is done.
    with Runtime() as runtime, Function(tmp_path / "two", runtime, env):
        client = Client(runtime, http_event, key)
        assert client.request("GET", "/inbox?limit=1").json()["pagination"]["total_undelivered"] == 4


def test_function_that_cannot_start_says_why(dynamo, tmp_path):
    missing = {**dynamo.environment, "DYNAMODB_TABLE_EVENTS": "none-events", "DYNAMODB_TABLE_API_KEYS": "none-keys"}
    for name, env, said in [("tables", missing, "triggers tables create"), ("option", {**missing, "EVENT_TTL_DAYS": "x"}, "event-ttl-days"),
                            ("store", {**missing, "DYNAMODB_ENDPOINT_URL": "ftp://x"}, "ftp")]:
        with Runtime() as runtime:
            function = Function(tmp_path / name, runtime, env).start(wait=False)
            try:
                assert function.process.wait(60) == 1
                assert said in runtime.init_error["errorMessage"], runtime.init_error
                assert said in function.errors()
            finally:
                function.stop()


def test_certificate_authorities_are_those_of_amazon_linux(dynamo, certificate, tmp_path):
    env, hosts = tables(dynamo), "127.0.0.1 localhost\n"
    with TlsFront(dynamo.port, *certificate) as front:
        secure = {**env, "DYNAMODB_ENDPOINT_URL": f"https://localhost:{front.port}"}
        etc = {"hosts": hosts, "pki/tls/certs/ca-bundle.crt": certificate[0].read_text()}
        with Runtime() as runtime, Function(tmp_path / "known", runtime, secure, etc):
            assert Client(runtime, http_event, create_key(env)).post(1).status == 201
        with Runtime() as runtime:
            function = Function(tmp_path / "unknown", runtime, secure, {"hosts": hosts}).start(wait=False)
            try:
                assert function.process.wait(60) == 1
                assert "not to be trusted" in runtime.init_error["errorMessage"]
            finally:
                function.stop()


def test_names_are_found_by_dns_whatever_the_system_is_configured_to_use(dynamo, tmp_path):
    env = tables(dynamo)
    try:
        server = NameServer()
    except PermissionError:
        pytest.skip("port 53 is for root")
    with server, Runtime() as runtime:
        named = {**env, "DYNAMODB_ENDPOINT_URL": f"http://dynamodb.example:{dynamo.port}"}
        etc = {"resolv.conf": f"nameserver {server.address}\n", "nsswitch.conf": "hosts: resolve myhostname\n"}
        with Function(tmp_path / "root", runtime, named, etc):
            assert Client(runtime, http_event, create_key(env)).post(1).status == 201
        assert "dynamodb.example" in server.names
