"""The built program on DynamoDB Local: tables and keys by command, and two nodes that share nothing but the tables, with keys
and rate limits that hold on both. Faults are in test_dynamodb_faults.py, larger fleets in test_dynamodb_fleet.py."""

import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import metrics
from support.dynamodb import DynamoDB
from support.program import binary, environment, repository, run


@pytest.fixture(scope="module")
def dynamo(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        yield local


@pytest.fixture
def env(dynamo):
    """The environment of a service with tables of its own, which are made."""
    name = uuid.uuid4().hex
    variables = {**dynamo.environment, "DYNAMODB_TABLE_EVENTS": f"{name}-events", "DYNAMODB_TABLE_API_KEYS": f"{name}-keys"}
    done = run("tables", "create", env=variables)
    assert done.returncode == 0, done.stderr
    return variables


def create_key(env, role="creator", **flags):
    options = [f"--{name.replace('_', '-')}={value}" for name, value in flags.items()]
    done = run("keys", "create", "--user-id=acme", f"--role={role}", *options, env=env)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip().splitlines()[-1]


def post(client, number):
    return client.post("/events", {"event_type": "order.paid", "payload": {"order": number}})


def test_tables_are_made_once_checked_and_deleted_only_when_meant(env):
    assert run("tables", "create", env=env).stdout.count("was there") == 2
    assert run("tables", "check", env=env).returncode == 0
    assert run("tables", "delete", "--yes-delete=something-else", env=env).returncode == 1
    assert run("tables", "delete", f"--yes-delete={env['DYNAMODB_TABLE_EVENTS']}", env=env).returncode == 0
    missing = run("tables", "check", env=env)
    assert missing.returncode == 1 and "missing" in missing.stdout
    refused = run("serve", "--port=0", env=env)
    assert refused.returncode == 1 and "triggers tables create" in refused.stderr


def test_the_guides_script_runs_the_command(env):
    script = repository / "infrastructure" / "dynamodb_tables.py"
    done = subprocess.run([sys.executable, script, "check"], env=environment({"TRIGGERS_BINARY": binary(), **env}),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0 and done.stdout.count("good") == 2


def test_two_nodes_are_one_service(env, start_server):
    one, two = start_server(env=env), start_server(env=env)
    key = create_key(env, rate_limit="unlimited")
    with one.client(key) as first, two.client(key) as second:
        accepted = post(first, 1)
        assert accepted.status == 201
        again = post(second, 1)
        assert again.status == 201 and again.json()["event_id"] == accepted.json()["event_id"]
        assert again.json()["duplicate"] is True
        for number in range(2, 32):
            assert post(first if number % 2 else second, number).status == 201
        pages, cursor = [], ""
        while cursor is not None and len(pages) < 31:
            page = (second if len(pages) % 2 else first).get(f"/inbox?limit=7{cursor and '&cursor=' + cursor}").json()
            pages.append([event["payload"]["order"] for event in page["events"]])
            cursor = page["pagination"]["next_cursor"] if page["pagination"]["has_more"] else None
        assert sorted(sum(pages, [])) == list(range(1, 32))
        path = f"/events/{accepted.json()['event_id']}"
        assert second.delete(path).status == 204
        assert first.get(path).json()["delivered"] is True
        assert first.get("/inbox").json()["pagination"]["total_undelivered"] == 30
    two.kill()
    with one.client(key) as first:
        assert post(first, 100).status == 201


def test_a_key_asks_any_node_whose_it_is(env, start_server):
    one, two = start_server(env=env), start_server(env=env)
    key = create_key(env, rate_limit=60)
    for node in (one, two):
        with node.client(key) as client:
            me = client.get("/me")
            assert me.status == 200, me
            assert (me.json()["rate_limit"], me.json()["role"]) == (60, "creator")
            assert 0 <= me.json()["rate_limit_remaining"] < 60


def test_a_revoked_key_is_refused_by_every_node_within_five_seconds(env, start_server):
    nodes = [start_server(env=env), start_server(env=env)]
    key = create_key(env)
    for node in nodes:
        with node.client(key) as client:
            assert client.get("/inbox").status == 200
    listed = run("keys", "list", "--json", env=env)
    key_id = listed.stdout.split('"key_id":"')[1].split('"')[0]
    assert run("keys", "revoke", key_id, env=env).returncode == 0
    since = time.monotonic()
    for node in nodes:
        with node.client(key) as client:
            while client.get("/inbox").status != 403:
                assert time.monotonic() - since < 5


def test_concurrent_requests_are_all_served_within_their_keys_limit(env, start_server):
    node = start_server(env=env)
    key = create_key(env, rate_limit=200)

    def send(_):
        with node.client(key) as client:
            return [client.get("/inbox").status for _ in range(3)]

    with ThreadPoolExecutor(60) as pool:
        statuses = [status for some in pool.map(send, range(60)) for status in some]
    assert statuses == [200] * 180


def test_two_nodes_together_keep_a_keys_limit(env, start_server):
    nodes = [start_server(env=env), start_server(env=env)]
    key = create_key(env, rate_limit=60)
    since = time.monotonic()
    served = 0
    for _ in range(60):
        for node in nodes:
            with node.client(key) as client:
                answer = client.get("/inbox")
                assert answer.status in (200, 429)
                assert answer.status == 200 or int(answer.headers["Retry-After"]) >= 1
                served += answer.status == 200
    allowed = 60 + (time.monotonic() - since)
    assert 0.9 * 60 <= served <= 1.1 * allowed


def test_a_tenant_has_limits_that_all_nodes_keep_and_metrics_that_tell(env, start_server):
    one, two = (start_server("--tenant-undelivered-max=3", "--leased-max=2", env=env) for _ in range(2))
    key = create_key(env, rate_limit="unlimited")
    with one.client(key) as first, two.client(key) as second:
        assert [post(first, number).status for number in range(3)] == [201] * 3
        refused = post(first, 3)
        assert refused.status == 507 and refused.json()["error_code"] == "STORAGE_FULL", refused
        assert refused.json()["details"] == {"limit": "tenant-undelivered-max", "limit_events": 3}
        assert post(first, 1).json()["duplicate"] is True
        # A node writes its counts within 3 s.
        deadline = time.monotonic() + 10
        while second.get("/inboxes/default").json()["counts"]["available"] < 3:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        late = post(second, 4)
        assert late.status == 507 and late.json()["details"]["limit"] == "tenant-undelivered-max"
        lease = first.post("/inboxes/default/lease", {"limit": 2}).json()
        assert len(lease["events"]) == 2
        assert first.post("/inboxes/default/lease", {}).status == 429
        assert first.post("/inboxes/default/ack", {"lease_id": lease["lease_id"]}).status == 200
        lost = first.post("/inboxes/default/release", {"lease_id": lease["lease_id"], "event_ids": [lease["events"][0]["event_id"]]})
        assert lost.json()["results"][0]["status"] == "lease_lost"
    admin = create_key(env, role="admin")
    with one.client(admin) as client:
        shown = metrics.read_when(client, "triggers_inboxes", 1, seconds_max=1)
        assert shown["triggers_leases_total"] == 1 and shown["triggers_entries_leased_total"] == 2
        assert shown["triggers_entries_acknowledged_by_lease_total"] == 2 and shown["triggers_entries_lease_lost_total"] == 1
        assert shown['triggers_leases_refused_total{limit="leased-max"}'] == 1
        assert shown['triggers_events_without_room_total{limit="tenant-undelivered-max"}'] == 1
        assert {"triggers_inboxes", 'triggers_entries{state="dead"}', "triggers_oldest_available_age_seconds", "triggers_entries_died_total",
                "triggers_inbox_jobs_running", 'triggers_inbox_jobs_total{state="done"}', "triggers_inbox_expired_total"} <= shown.keys()
