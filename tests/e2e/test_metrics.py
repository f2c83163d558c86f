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
