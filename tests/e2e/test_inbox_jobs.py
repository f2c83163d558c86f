"""Purges and replays of an inbox over HTTP: they run beside other requests, and go on after a kill."""

import time

EVENTS = 3000
wait_seconds_max = 60


def send(client, count, begin=0):
    for number in range(begin, begin + count, 500):
        events = [{"event_type": "order.paid", "payload": {"number": n}} for n in range(number, min(number + 500, begin + count))]
        answer = client.post("/events/batch", events)
        assert answer.status in (200, 201, 207), answer


def wait_for_end(client, path):
    deadline = time.monotonic() + wait_seconds_max
    while (job := client.get(path).json())["state"] == "running":
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return job


def counts(client, name):
    return client.get(f"/inboxes/{name}").json()["counts"]


def test_a_replay_and_a_purge_go_on_after_a_kill(start_server):
    server = start_server()
    key = server.create_key(role="admin")["api_key"]
    with server.client(key) as client:
        assert client.request("PUT", "/inboxes/billing", {"collect": False}).status == 201
        send(client, EVENTS)
    for kind, before, after in (("replay", 0, EVENTS), ("purge", EVENTS, 0)):
        body = {"since": "2020-01-01T00:00:00Z"} if kind == "replay" else None
        with server.client(key) as client:
            assert counts(client, "billing")["available"] == before
            started = client.post(f"/inboxes/billing/{kind}", body)
            assert started.status == 202, started
            path = started.headers["location"]
            assert path == f"/inboxes/billing/jobs/{started.json()['job_id']}"
        server.kill()
        server.start()
        with server.client(key) as client:
            job = wait_for_end(client, path)
            assert (job["kind"], job["state"], job["count"]) == (kind, "done", EVENTS)
            assert counts(client, "billing") == {"available": after, "leased": 0, "delayed": 0, "dead": 0}
            assert counts(client, "default")["available"] == EVENTS


def test_one_job_of_an_inbox_runs_at_a_time_and_others_are_served_meanwhile(start_server):
    server = start_server()
    with server.client(server.create_key(role="admin")["api_key"]) as client:
        send(client, EVENTS)
        started = client.post("/inboxes/default/purge")
        again = client.post("/inboxes/default/replay", {"since": "2020-01-01T00:00:00Z"})
        sent = client.post("/events", {"event_type": "order.paid", "payload": {"number": -1}})
        assert (started.status, sent.status) == (202, 201)
        job = wait_for_end(client, started.headers["location"])
        assert job["count"] == EVENTS
        # The purge may have ended already.
        assert again.status in (202, 409), again
        if again.status == 202:
            wait_for_end(client, again.headers["location"])
        else:
            assert again.json()["error_code"] == "CONFLICT"
            page = client.get("/inbox").json()
            assert [event["event_id"] for event in page["events"]] == [sent.json()["event_id"]]
        text = client.get("/metrics").body.decode()
        assert 'triggers_inbox_jobs_total{state="done"}' in text and "triggers_inbox_jobs_running 0" in text
