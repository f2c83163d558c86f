"""Tenants never see each other, and a key does what its role, status and event types allow: every endpoint and every
role, until the key is revoked, expires or is rotated. Making keys is in test_keys_cli.py."""

import time
import uuid

import pytest

from support import keys, routes

roles = ("viewer", "creator", "admin")
never_event_id = "018f0000-0000-7000-8000-000000000000"
never_key_id = "key_018f0000-0000-7000-8000-000000000000"
event = {"event_type": "t", "payload": {"a": 1}}

# Every endpoint: what is sent to it, and the roles that may (None: needs no key).
endpoints = {
    ("GET", "/"): (None, None), ("GET", "/status"): (None, None), ("GET", "/health"): (None, None),
    ("GET", "/docs"): (None, None), ("GET", "/openapi.json"): (None, None), ("GET", "/metrics"): (None, None),
    ("GET", "/favicon.ico"): (None, None), ("GET", "/me"): (None, set(roles)),
    ("POST", "/events"): (event, {"creator", "admin"}), ("POST", "/events/batch"): ([event], {"creator", "admin"}),
    ("GET", "/events/inbox"): (None, set(roles)), ("GET", "/inbox"): (None, set(roles)),
    ("GET", "/events/{id}"): (None, set(roles)), ("GET", "/inbox/{id}"): (None, set(roles)),
    ("DELETE", "/events/{id}"): (None, {"creator", "admin"}), ("DELETE", "/inbox/{id}"): (None, {"creator", "admin"}),
    ("POST", "/inbox/ack"): ({"event_ids": [never_event_id]}, {"creator", "admin"}),
    ("GET", "/inboxes"): (None, set(roles)), ("GET", "/inboxes/{name}"): (None, set(roles)),
    ("PUT", "/inboxes/{name}"): ({}, {"admin"}), ("PATCH", "/inboxes/{name}"): ({"max_attempts": 9}, {"admin"}),
    ("DELETE", "/inboxes/{name}"): (None, {"admin"}), ("GET", "/inboxes/{name}/events"): (None, set(roles)),
    ("GET", "/inboxes/{name}/stream"): (None, set(roles)),
    ("POST", "/inboxes/test-filter"): ({"filter": {}, "event": event}, set(roles)),
    ("POST", "/inboxes/{name}/lease"): ({"limit": 1}, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/ack"): ({"event_ids": [never_event_id]}, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/release"): ({"lease_id": never_event_id}, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/extend"): ({"lease_id": never_event_id, "lease_seconds": 9}, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/requeue"): ({"event_ids": [never_event_id]}, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/discard"): ({"event_ids": [never_event_id]}, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/purge"): (None, {"creator", "admin"}),
    ("POST", "/inboxes/{name}/replay"): ({"since": "2026-01-01T00:00:00Z"}, {"creator", "admin"}),
    ("GET", "/inboxes/{name}/jobs/{id}"): (None, set(roles)),
    ("GET", "/admin/keys"): (None, {"admin"}), ("POST", "/admin/keys"): ({"role": "viewer"}, {"admin"}),
    ("GET", "/admin/keys/{id}"): (None, {"admin"}), ("PATCH", "/admin/keys/{id}"): ({"description": "x"}, {"admin"}),
    ("DELETE", "/admin/keys/{id}"): (None, {"admin"}), ("POST", "/admin/keys/{id}/rotate"): ({}, {"admin"}),
    ("POST", "/admin/backup"): ({"directory": "/tmp/never"}, set()),
}


def test_the_roles_of_every_endpoint_are_stated():
    assert set(endpoints) == set(routes.endpoints())


def target(path, event_id=never_event_id, key_id=never_key_id, inbox="default"):
    return path.replace("/admin/keys/{id}", f"/admin/keys/{key_id}").replace("{id}", event_id).replace("{name}", inbox)


# Asked about an inbox that is not there: `default` cannot be deleted, one job of an inbox runs at a time, and a stream has
# no end.
of_no_inbox = {("DELETE", "/inboxes/{name}"), ("POST", "/inboxes/{name}/replay"), ("GET", "/inboxes/{name}/stream")}


@pytest.mark.parametrize("role", roles)
def test_a_role_may_what_it_may_and_no_more(new_client, role):
    client = new_client(role=role)
    for (method, path), (body, allowed) in endpoints.items():
        inbox = "never" if (method, path) in of_no_inbox else "default"
        answer = client.request(method, target(path, inbox=inbox), body=body)
        if path == "/admin/backup":  # Whatever the role: it is the operator's, on the machine itself.
            assert (answer.status, answer.json()["error_code"]) == (404, "NOT_FOUND")
        elif allowed is None or role in allowed:
            nothing_there = "{id}" in path or inbox == "never"
            good = (404,) if nothing_there else (204,) if path == "/favicon.ico" else (200, 201, 202)
            assert answer.status in good, (method, path, answer)
        else:
            assert (answer.status, answer.json()["error_code"]) == (403, "FORBIDDEN"), (method, path, answer)
            assert answer.json()["details"] == {"reason": "role", "role": role}


# -- Another tenant's ids


def facts(answer, *ids):
    """All that an answer tells, with these ids made equal."""
    body = answer.body.decode()
    for name in ids:
        body = body.replace(name, "ID")
    body = body.replace(answer.headers["X-Request-ID"], "REQUEST")
    return answer.status, body, sorted((k, v) for k, v in answer.headers.pairs
                                       if k not in ("X-Request-ID", "Date", "Content-Length"))


@pytest.fixture
def owner(new_client):
    """A tenant with an unacknowledged event, an acknowledged one, an admin key, and a cursor."""
    client = new_client(role="admin")
    client.waiting, client.done, _ = (client.send_event("secret.type", {"n": n}).json()["event_id"] for n in range(3))
    client.delete(f"/events/{client.done}")
    client.cursor = client.get("/inbox?limit=1").json()["pagination"]["next_cursor"]
    return client


@pytest.mark.parametrize("role", roles)
def test_another_tenants_ids_are_like_ids_that_never_were(new_client, owner, role):
    stranger = new_client(role=role)
    for (method, path), (body, _) in endpoints.items():
        if "{id}" not in path:
            continue
        is_key = path.startswith("/admin")
        theirs = (owner.record["key_id"],) if is_key else (owner.waiting, owner.done)
        never = never_key_id if is_key else never_event_id
        expected = facts(stranger.request(method, target(path), body=body), never)
        assert expected[0] in (403, 404)
        for name in theirs:
            answer = stranger.request(method, target(path, event_id=name, key_id=name), body=body)
            assert facts(answer, name) == expected, (method, path)
    if role != "viewer":
        asked = [owner.waiting, owner.done, never_event_id]
        answer = stranger.post("/inbox/ack", {"event_ids": asked}).json()
        assert answer == {"results": [{"event_id": i, "status": "not_found"} for i in asked], "acknowledged": 0}

    assert stranger.inbox() == []
    assert [e["event_id"] for e in owner.inbox()][0] == owner.waiting
    assert owner.get(f"/events/{owner.waiting}").json()["delivered"] is False
    assert owner.get(f"/admin/keys/{owner.record['key_id']}").json()["description"] == ""


@pytest.mark.parametrize("role", roles)
def test_another_tenants_cursor_is_refused_like_a_forged_one(new_client, owner, role):
    stranger = new_client(role=role)
    made_up = owner.cursor[:-4] + ("AAAA" if owner.cursor[-4:] != "AAAA" else "BBBB")
    for path in ("/inbox", "/events/inbox"):
        expected = facts(stranger.get(f"{path}?cursor={made_up}"))
        assert expected[0] == 400
        assert facts(stranger.get(f"{path}?cursor={owner.cursor}")) == expected
        assert facts(stranger.get(f"{path}?cursor={owner.cursor}&event_type=secret.type")) == expected
        assert stranger.get(f"{path}?event_type=secret.type").json() == stranger.get(f"{path}?event_type=none").json()


def test_another_tenants_keys_and_users_are_not_to_be_guessed(new_client, owner):
    stranger = new_client(role="admin")
    theirs, nobody = owner.record["user_id"], "nobody-at-all"
    for method, path, body in (("GET", "/admin/keys?user_id={}", None),
                               ("POST", "/admin/keys", {"user_id": "{}", "role": "viewer"})):
        seen = []
        for user in (theirs, nobody):
            sent = {**body, "user_id": user} if body else None
            seen.append(facts(stranger.request(method, path.format(user), body=sent), user))
        assert seen[0] == seen[1] and seen[0][0] == 403
    listed = stranger.get("/admin/keys").json()["keys"]
    assert [key["key_id"] for key in listed] == [stranger.record["key_id"]]
    assert stranger.get(f"/admin/keys?after={owner.record['key_id']}&limit=1000").json()["keys"] in (listed, [])
    for grant in ({"role": "admin", "all_tenants": True}, {"role": "admin", "all_tenants": True, "user_id": theirs}):
        assert stranger.post("/admin/keys", grant).status == 403
    assert stranger.patch(f"/admin/keys/{stranger.record['key_id']}", {"all_tenants": True}).status == 403


def test_equal_events_and_idempotency_keys_of_another_tenant_are_unknown(new_client, owner):
    stranger = new_client()
    answer = stranger.send_event("secret.type", {"n": 0})
    assert answer.status == 201 and "duplicate" not in answer.json()
    owner.send_event("t", {"n": 9}, headers={"Idempotency-Key": "shared"})
    answer = stranger.send_event("t", {"n": 10}, headers={"Idempotency-Key": "shared"})
    assert answer.status == 201 and "duplicate" not in answer.json()


def test_an_admin_of_all_tenants_manages_every_key_but_reads_its_own_events(new_client, owner):
    boss = new_client(role="admin", all_tenants=True)
    path = f"/admin/keys/{owner.record['key_id']}"
    assert boss.get(path).json()["user_id"] == owner.record["user_id"]
    assert boss.patch(path, {"description": "seen"}).status == 200
    made = boss.post("/admin/keys", {"user_id": owner.record["user_id"], "role": "viewer"})
    assert made.status == 201
    assert boss.get(f"/events/{owner.waiting}").status == 404
    assert boss.get(f"/inbox?cursor={owner.cursor}").status == 400
    assert boss.inbox() == []
    # Whom it outranks cannot take its rights.
    its_path = f"/admin/keys/{boss.record['key_id']}"
    assert owner.get(its_path).status == 404
    same_tenant = new_client(role="admin", user_id=boss.record["user_id"])
    for method, tail, body in (("PATCH", "", {"description": "x"}), ("DELETE", "", None), ("POST", "/rotate", {})):
        assert same_tenant.request(method, its_path + tail, body=body).status in (403, 404), method
    assert boss.get("/inbox").status == 200


# -- The life of a key


def refused(client, reason):
    answer = client.get("/inbox")
    return answer.status == 403 and answer.json()["details"] == {"reason": reason}


def wait_until(condition, seconds=10):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.02)


def test_a_revoked_key_stops_at_once_and_for_good(new_client):
    user = keys.fresh_user()
    admin, client = new_client(user_id=user, role="admin"), new_client(user_id=user)
    path = f"/admin/keys/{client.record['key_id']}"
    assert client.get("/inbox").status == 200
    assert admin.delete(path).json()["status"] == "revoked"
    assert refused(client, "revoked")
    assert admin.delete(path).status == 200
    for method, tail, body in (("PATCH", "", {"status": "active"}), ("POST", "/rotate", {})):
        answer = admin.request(method, path + tail, body=body)
        assert (answer.status, answer.json()["error_code"]) == (409, "CONFLICT")
    assert refused(client, "revoked")


def test_a_key_revoked_on_the_command_line_stops_at_once(shared_server, client):
    assert client.get("/inbox").status == 200
    assert keys.command(shared_server.data_dir, "revoke", client.record["key_id"]).returncode == 0
    assert refused(client, "revoked")


def test_an_inactive_key_is_refused_until_it_is_active_again(new_client):
    user = keys.fresh_user()
    admin, client = new_client(user_id=user, role="admin"), new_client(user_id=user)
    path = f"/admin/keys/{client.record['key_id']}"
    assert admin.patch(path, {"status": "inactive"}).json()["status"] == "inactive"
    assert refused(client, "inactive")
    assert admin.patch(path, {"status": "active"}).status == 200
    assert client.get("/inbox").status == 200


def test_a_key_ends_when_it_expires(new_client):
    client = new_client(expires="1s")
    wait_until(lambda: refused(client, "expired"))


def test_a_changed_role_or_rate_counts_from_the_next_request(new_client):
    user = keys.fresh_user()
    admin, client = new_client(user_id=user, role="admin"), new_client(user_id=user)
    path = f"/admin/keys/{client.record['key_id']}"
    assert client.send_event("t", {}).status == 201
    assert admin.patch(path, {"role": "viewer"}).status == 200
    assert client.send_event("t", {}).status == 403
    assert admin.patch(path, {"rate_limit": 7}).json()["rate_limit"] == 7
    assert client.get("/inbox").headers["RateLimit-Policy"] == '"default";q=7;w=60'


def test_a_key_sends_its_event_types_only(new_client):
    client = new_client(event_types="order.paid,user.*")
    for event_type, status in (("order.paid", 201), ("user.created", 201), ("user.", 201), ("order.created", 403),
                               ("order.paid.x", 403), ("user", 403), ("Order.paid", 403)):
        answer = client.send_event(event_type, {})
        assert answer.status == status, event_type
        if status == 403:
            assert answer.json()["details"] == {"reason": "event_type", "event_type": event_type}
    batch = client.post("/events/batch", [{"event_type": name, "payload": {"n": 2}}
                                          for name in ("order.paid", "order.created")]).json()
    assert [result["status"] for result in batch["results"]] == ["accepted", "error"]
    assert batch["results"][1]["error_code"] == "FORBIDDEN"
    assert {e["event_type"] for e in client.inbox()} == {"order.paid", "user.created", "user."}


def rotate(new_client, grace):
    user = keys.fresh_user()
    admin, client = new_client(user_id=user, role="admin"), new_client(user_id=user)
    assert client.get("/inbox").status == 200
    answer = admin.post(f"/admin/keys/{client.record['key_id']}/rotate", {"grace_seconds": grace})
    assert answer.status == 200
    fresh = answer.json()["api_key"]
    assert len(fresh) == 64 and fresh != client.key
    return client, fresh


def test_rotated_without_grace_only_the_new_secret_works(new_client):
    client, fresh = rotate(new_client, 0)
    assert client.get("/inbox", key=fresh).status == 200
    answer = client.get("/inbox")
    assert answer.status in (401, 403), answer


def test_rotated_with_grace_both_secrets_work_until_it_is_over(new_client):
    client, fresh = rotate(new_client, 2)
    assert client.get("/inbox").status == 200
    assert client.get("/inbox", key=fresh).status == 200
    wait_until(lambda: refused(client, "secret_expired"))
    assert client.get("/inbox", key=fresh).status == 200


def test_the_last_admin_can_end_itself(new_client):
    admin = new_client(role="admin")
    assert admin.delete(f"/admin/keys/{admin.record['key_id']}").status == 200
    assert refused(admin, "revoked")


def test_a_random_id_is_not_found_for_anybody(new_client):
    for role in roles:
        assert new_client(role=role).get(f"/events/{uuid.uuid4()}").status == 404
