"""GET /metrics: what the server counts, and who may read it."""

import re
import time


def samples(text):
    """The exposition as {name with labels: value}, having checked that every sample was announced by HELP and TYPE."""
    values, announced = {}, {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            announced.setdefault(name, {})[kind] = rest
            continue
        series, value = line.rsplit(" ", 1)
        name = series.split("{")[0]
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert set(announced.get(name) or announced[family]) == {"HELP", "TYPE"}, line
        assert series not in values, f"{series} comes twice"
        values[series] = float(value)
    return values


def metrics(client):
    answer = client.get("/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return samples(answer.body.decode())


def requests(route, status, method="POST"):
    return f'triggers_http_requests_total{{method="{method}",route="{route}",status="{status}"}}'


def test_metrics_count_what_was_done(start_server):
    server = start_server()
    with server.client(server.create_key()["api_key"]) as client:
        ids = [client.send_event("t", {"n": n}).json()["event_id"] for n in (1, 2, 3, 3)]
        client.post("/events", "{")
        client.delete(f"/events/{ids[0]}")
        client.get("/nowhere")
        client.get("/inbox", key="wrong")
        # A commit is counted after its requests are answered.
        deadline = time.monotonic() + 10
        while (values := metrics(client))["triggers_events_acknowledged_total"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)

        assert values[requests("/events", 201)] == 4 and values[requests("/events", 400)] == 1
        assert values[requests("/events/{id}", 204, "DELETE")] == 1
        assert values[requests("none", 404, "GET")] == 1
        for reason in ("VALIDATION_ERROR", "NOT_FOUND", "UNAUTHORIZED"):
            assert values[f'triggers_refusals_total{{reason="{reason}"}}'] == 1
        assert values["triggers_events_accepted_total"] == 3
        assert values["triggers_events_duplicate_total"] == 1
        assert values["triggers_events_acknowledged_total"] == 1
        assert values["triggers_events_undelivered"] == 2
        assert values["triggers_store_writable"] == 1
        assert values["triggers_commit_queue_operations"] == values["triggers_commit_queue_bytes"] == 0
        assert values["triggers_commit_batch_operations_sum"] >= 5
        assert 0 < values["triggers_commit_sync_seconds_sum"] <= values["triggers_commit_seconds_sum"]
        assert values["triggers_http_connections"] >= 1
        assert values["process_resident_memory_bytes"] > 1e6

        series = 'triggers_http_request_duration_seconds_%s{%sroute="/events"%s}'
        bounds = [(float(le), value) for name, value in values.items() if (found := re.fullmatch(
            r'triggers_http_request_duration_seconds_bucket\{(?=.*route="/events"[,}]).*le="([^"]+)".*\}', name))
            for le in [found.group(1)]]
        counts = [value for _, value in sorted(bounds)]
        assert len(counts) > 5 and counts == sorted(counts)
        assert counts[-1] == values[series % ("count", "", "")] == 5
        assert values[series % ("sum", "", "")] > 0

        deadline = time.monotonic() + 10
        while metrics(client)["triggers_oldest_undelivered_age_seconds"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client.post("/inbox/ack", {"event_ids": ids})
        deadline = time.monotonic() + 10
        while metrics(client)["triggers_oldest_undelivered_age_seconds"] > 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def await_metrics(client, is_done):
    """The metrics when `is_done(metrics)`. The server counts what inboxes hold every second."""
    deadline = time.monotonic() + 20
    while not is_done(values := metrics(client)):
        assert time.monotonic() < deadline, {name: value for name, value in values.items() if "entries" in name or "lease" in name}
        time.sleep(0.05)
    return values


def label(text):
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def test_metrics_show_what_inboxes_hold_and_what_became_of_leases(start_server):
    server = start_server()
    user = 'a"} 7\\'
    with server.client(server.create_key(role="admin", user_id=user)["api_key"]) as client:
        assert client.request("PUT", "/inboxes/orders", {"max_attempts": 1}).status == 201
        ids = [client.send_event("t", {"n": n}).json()["event_id"] for n in range(8)]

        def lease(limit, seconds=600):
            taken = client.post("/inboxes/orders/lease", {"limit": limit, "lease_seconds": seconds}).json()
            assert len(taken["events"]) == limit
            return taken["lease_id"]

        def ask(verb, lease_id):
            return [one["status"] for one in client.post(f"/inboxes/orders/{verb}", {"lease_id": lease_id}).json()["results"]]

        late = lease(2, seconds=1)
        assert ask("ack", lease(1)) == ["acknowledged"]
        assert ask("release", lease(1)) == ["released"]  # It dies: it had one attempt.
        lease(1)
        await_metrics(client, lambda values: values["triggers_entries_lease_timeouts_total"] == 2)
        lost = client.post("/inboxes/orders/ack", {"lease_id": late, "event_ids": ids[:2]}).json()["results"]
        assert [one["status"] for one in lost] == ["lease_lost", "lease_lost"]

        inbox = f"inbox={label('orders')}"
        of_orders = {state: f'triggers_inbox_entries{{user_id={label(user)},{inbox},state="{state}"}}'
                   for state in ("available", "leased", "delayed", "dead")}
        values = await_metrics(client, lambda values: values["triggers_entries_lease_lost_total"] == 2
                               and values.get(of_orders["dead"]) == 3)
        assert {state: values[name] for state, name in of_orders.items()} == {"available": 3, "leased": 1, "delayed": 0, "dead": 3}
        totals = {state: values[f'triggers_entries{{state="{state}"}}'] for state in of_orders}
        assert totals == {"available": 3 + 8, "leased": 1, "delayed": 0, "dead": 3}
        assert values["triggers_inboxes"] == 2
        age = values[f"triggers_inbox_oldest_available_age_seconds{{user_id={label(user)},{inbox}}}"]
        assert 0 < age <= values["triggers_oldest_available_age_seconds"] < 60
        assert values["triggers_leases_total"] == 4
        assert values["triggers_entries_leased_total"] == 5
        assert values["triggers_entries_acknowledged_by_lease_total"] == values["triggers_events_acknowledged_total"] == 1
        assert values["triggers_entries_released_total"] == 1
        assert values["triggers_entries_died_total"] == 3

        client.request("DELETE", "/inboxes/orders")
        values = await_metrics(client, lambda values: values["triggers_inboxes"] == 1)
        assert not any(inbox in name for name in values), "the series of a removed inbox go"


def test_metrics_show_some_inboxes_of_each_tenant(start_server):
    server = start_server()
    small_key, flood_key = (server.create_key(role="admin", user_id=user)["api_key"] for user in ("small", "flood"))
    with server.client(small_key) as small, server.client(flood_key) as flood:
        assert small.request("PUT", "/inboxes/orders", {}).status == 201
        for number in range(99):
            assert flood.request("PUT", f"/inboxes/i{number}", {}).status == 201
        assert flood.send_event("t", {}).status == 201
        values = await_metrics(small, lambda values: values["triggers_inboxes"] == 102)

        def shown(values, user):
            return {name for name in values if name.startswith("triggers_inbox_entries{") and f'user_id="{user}"' in name}

        assert len(shown(values, "flood")) == 4 * 98
        assert len(shown(values, "small")) == 4 * 2


def test_metrics_of_single_inboxes_are_not_for_every_reader(start_server):
    server = start_server("--metrics-access=key")
    with server.client(server.create_key(role="creator", user_id="other")["api_key"]) as other:
        other.send_event("t", {})
    tenant = server.create_key(role="admin", user_id="acme")["api_key"]
    manager = server.create_key(role="admin", all_tenants=True)["api_key"]
    series = 'triggers_inbox_entries{user_id="other",inbox="default",state="available"}'
    with server.client(manager) as client:
        await_metrics(client, lambda values: values.get(series) == 1)
    with server.client(tenant) as client:
        values = metrics(client)
        assert values['triggers_entries{state="available"}'] == 1
        assert not any("user_id=" in name for name in values)


def test_metrics_are_for_an_admin_key_or_for_anybody_if_configured(start_server):
    guarded = start_server("--metrics-access=key")
    with guarded.client() as client:
        assert client.get("/metrics").status == 401
        assert client.get("/metrics", key=guarded.create_key(role="creator")["api_key"]).status == 403
        assert client.get("/metrics", key=guarded.create_key(role="admin")["api_key"]).status == 200
    with start_server(env={"METRICS_ACCESS": "open"}).client() as client:
        assert client.get("/metrics").status == 200


def test_metrics_are_not_given_away_through_a_proxy_on_this_machine(start_server):
    with start_server().client() as client:
        assert client.get("/metrics").status == 200
        for field in ({"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}):
            assert client.get("/metrics", headers=field).status == 401
