"""Limits inside the server hold under load: the queue before the disk, memory under many connections, the search of a page.
The system's limits on the process are in test_process_limits.py."""

import collections
import contextlib
import json
import threading
import time

import pytest

from support import metrics
from support.client import raw_request


def resident_mib(server):
    with open(f"/proc/{server.pid}/status", encoding="ascii") as status:
        line = next(line for line in status if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


@pytest.mark.parametrize("limit", ["--queue-max-events=1", "--queue-max-bytes=1048576"])
def test_a_full_queue_is_503_with_retry_after_and_loses_nothing(start_server, limit):
    server = start_server("--access-log=false", limit)
    key = server.create_key()["api_key"]
    accepted, refused, failures = {}, [], []
    filler = "x" * (10 if "events" in limit else 200_000)

    def send(number):
        try:
            with server.client(key) as client:
                for n in range(25):
                    answer = client.send_event("queue", {"sender": number, "n": n, "filler": filler})
                    if answer.status == 201:
                        accepted[answer.json()["event_id"]] = (number, n)
                    else:
                        refused.append(answer)
        except BaseException as failure:  # pylint: disable=broad-except
            failures.append(failure)

    threads = [threading.Thread(target=send, args=(number,), daemon=True) for number in range(48)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if failures:
        raise failures[0]

    assert accepted and refused, (len(accepted), len(refused))
    for answer in refused:
        assert answer.status == 503, answer
        assert answer.headers["Retry-After"] == "1"
        assert answer.json()["details"]["reason"] == "overloaded"
    with server.client(key) as client:
        inbox = {event["event_id"]: event["payload"] for event in client.inbox()}
        assert {event_id: (payload["sender"], payload["n"]) for event_id, payload in inbox.items()} == accepted
        # Busy is not broken, and passes by itself.
        assert client.get("/health").status == 200
        assert client.send_event("queue", {"after": True}).status == 201
        figures = metrics.read_when(client, "triggers_events_accepted_total", len(accepted) + 1)
        assert figures['triggers_refusals_total{reason="SERVICE_UNAVAILABLE"}'] == len(refused)
        assert figures["triggers_events_accepted_total"] == len(accepted) + 1
        assert figures["triggers_commit_queue_operations"] == 0


def test_a_thousand_idle_connections_cost_little(start_server):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    with server.client(key) as client, contextlib.ExitStack() as stack:
        client.get("/inbox")
        before = resident_mib(server)
        idle = [stack.enter_context(server.connect()) for _ in range(1000)]
        for connection in idle:
            connection.send(raw_request("GET", "/inbox", key=key))
        for connection in idle:
            assert connection.read_answer().status == 200
        assert metrics.read(client)["triggers_http_connections"] == 1001
        assert resident_mib(server) - before < 40
        assert client.get("/inbox").status == 200


def test_readers_that_do_not_read_cost_little(start_server):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    with server.client(key) as client, contextlib.ExitStack() as stack:
        for n in range(20):
            assert client.send_event("large", {"n": n, "filler": "x" * 100_000}).status == 201
        page_mib = len(client.get("/inbox").body) / 2**20
        before = resident_mib(server)
        # Each asks for twenty pages and takes none: it is owed one at a time.
        slow = [stack.enter_context(server.connect()) for _ in range(50)]
        for connection in slow:
            connection.send(raw_request("GET", "/inbox", key=key) * 20)
        deadline = time.monotonic() + 10
        asked = 'triggers_http_request_duration_seconds_count{route="/inbox"}'
        while metrics.read(client)[asked] < len(slow) and time.monotonic() < deadline:
            time.sleep(0.02)
        figures = metrics.read(client)
        assert figures[asked] >= len(slow)
        assert figures[asked] < len(slow) * 10, "pages are made for somebody who does not read them"
        assert resident_mib(server) - before < len(slow) * page_mib * 3 + 40
        assert client.get("/inbox?limit=1").status == 200
        # One of them wakes up: all that it was owed comes, in order.
        for _ in range(20):
            assert len(slow[0].read_answer().body) / 2**20 > page_mib * 0.99


def test_unread_pages_use_no_more_memory_than_their_limit(start_server):
    limit_mib, viewers = 32, 60
    server = start_server("--access-log=false", f"--max-answers-size-bytes={limit_mib * 2**20}")
    key = server.create_key(user_id="greedy", rate_limit="unlimited")["api_key"]
    other = server.create_key(user_id="other", rate_limit="unlimited")["api_key"]
    with server.client(key) as client, server.client(other) as another, contextlib.ExitStack() as stack:
        for n in range(40):
            for sender in (client, another):
                assert sender.send_event("large", {"n": n, "filler": "x" * 200_000}).status == 201
        assert len(client.get("/inbox").body) > 7 * 2**20
        before = resident_mib(server)
        slow = [stack.enter_context(server.connect()) for _ in range(viewers)]
        for connection in slow:
            connection.send(raw_request("GET", "/inbox", key=key))
        asked = 'triggers_http_request_duration_seconds_count{route="/inbox"}'
        figures = metrics.read_when(client, asked, viewers + 1)
        assert 0 < figures["triggers_answers_bytes"] <= limit_mib * 2**20
        assert figures["triggers_answers_refused_total"] >= viewers / 2
        # One is made on each thread, and malloc keeps some.
        assert resident_mib(server) - before < limit_mib + 60
        # Another tenant's large pages have room all the time.
        for _ in range(3):
            assert len(another.get("/inbox").body) > 7 * 2**20
        assert client.send_event("small", {"n": 1}).status == 201
        statuses = collections.Counter()
        for connection in slow:
            answer = connection.read_answer()
            statuses[answer.status] += 1
            if answer.status == 503:
                assert answer.json()["details"]["reason"] == "overloaded" and answer.headers["Retry-After"] == "1"
        assert statuses[200] >= 2 and statuses[200] + statuses[503] == viewers, statuses
        metrics.read_when(client, "triggers_answers_bytes", 0)
        assert client.get("/inbox").status == 200


def test_unread_lists_of_keys_use_no_more_than_their_tenants_share(start_server):
    limit_mib = 32
    server = start_server("--access-log=false", f"--max-answers-size-bytes={limit_mib * 2**20}")
    admin = server.create_key(user_id="greedy", role="admin", rate_limit="unlimited")["api_key"]
    other = server.create_key(user_id="other", role="admin", rate_limit="unlimited")["api_key"]
    types = [f"{n:03}" + "x" * 250 for n in range(100)]
    with server.client(admin) as client, contextlib.ExitStack() as stack:
        for _ in range(100):
            assert client.post("/admin/keys", json.dumps({"role": "viewer", "event_types": types})).status == 201
        # A page ends at a MiB, whatever was asked for.
        page = client.get("/admin/keys?limit=1000")
        assert 2**20 <= len(page.body) < 1.25 * 2**20 and page.json()["has_more"]
        before = resident_mib(server)
        # Twenty lists for each connection, so that the system's buffers do not take them all.
        slow = [stack.enter_context(server.connect()) for _ in range(95)]
        for connection in slow:
            connection.send(raw_request("GET", "/admin/keys?limit=1000", key=admin) * 20)
        deadline = time.monotonic() + 20
        while metrics.read(client)["triggers_answers_refused_total"] == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        figures = metrics.read(client)
        assert figures["triggers_answers_refused_total"] > 0
        assert 0 < figures["triggers_answers_bytes"] <= limit_mib * 2**20 / 2
        assert resident_mib(server) - before < limit_mib + 60
        with server.client(other) as another:
            assert another.get("/admin/keys?limit=1000").status == 200
            assert another.send_event("t", {"n": 1}).status == 201
            assert another.get("/inbox").status == 200


def test_bodies_that_never_end_cost_no_more_than_their_tenants_share(start_server):
    limit_mib, body_bytes = 32, 5 * 2**20
    server = start_server("--access-log=false", f"--max-bodies-size-bytes={limit_mib * 2**20}")
    greedy = server.create_key(user_id="greedy", rate_limit="unlimited")["api_key"]
    key = server.create_key(user_id="other", rate_limit="unlimited")["api_key"]
    with server.client(key) as client, contextlib.ExitStack() as stack:
        before = resident_mib(server)
        head = raw_request("POST", "/events/batch", key=greedy, headers=[("Content-Length", str(body_bytes))], length=False)
        for _ in range(60):
            connection = stack.enter_context(server.connect())
            connection.send(head + b"[" * (body_bytes - 1))
        deadline = time.monotonic() + 20
        while metrics.read(client)["triggers_http_bodies_refused_total"] < 50 and time.monotonic() < deadline:
            time.sleep(0.02)
        figures = metrics.read(client)
        assert figures["triggers_http_bodies_refused_total"] >= 50
        # One that is alone may be larger than the half.
        assert 0 < figures["triggers_http_bodies_bytes"] <= limit_mib * 2**20 / 2
        assert resident_mib(server) - before < limit_mib + 40
        refused = connection.read_answer()
        assert refused.status == 503 and refused.json()["details"]["reason"] == "overloaded"
        assert refused.headers["Retry-After"] == "1"
        # Another tenant's largest body has room all the time.
        for _ in range(3):
            answer = client.post("/events/batch", b"[" + b" " * (body_bytes - 100) + b'{"event_type":"t","payload":{}}]')
            assert answer.status == 200, answer


def test_a_filter_pages_through_a_large_backlog_of_another_type(start_server):
    backlog, batch = 500_000, 500
    server = start_server("--access-log=false", "--dedup-window-seconds=0")
    key = server.create_key()["api_key"]

    def rare(client, n):
        answer = client.send_event("rare", {"n": n})
        assert answer.status == 201
        return answer.json()["event_id"]

    with server.client(key) as client:
        wanted = [rare(client, 0)]
        for first in range(0, backlog, batch):
            lines = "\n".join(f'{{"event_type":"common","payload":{{"n":{n}}}}}' for n in range(first, first + batch))
            answer = client.post("/events/batch", lines, headers={"Content-Type": "application/x-ndjson"})
            assert answer.status == 200 and answer.json()["accepted"] == batch, answer
            if first % (backlog // 4) == 0:
                wanted.append(rare(client, first + 1))
        wanted.append(rare(client, backlog))
        assert len(wanted) == 6

        found, pages, slowest = [], 0, 0.0
        started = time.monotonic()
        for page in client.inbox_pages(limit=2, event_type="rare"):
            slowest = max(slowest, time.monotonic() - started)
            pages += 1
            found += [event["event_id"] for event in page["events"]]
            assert page["pagination"]["next_cursor"] is not None
            assert page["pagination"]["total_undelivered"] == backlog + len(wanted)
            started = time.monotonic()
        assert found == wanted
        assert 3 <= pages <= 1000
        assert slowest < 2, f"a page took {slowest} s"
        figures = metrics.read(client)
        inbox = 'triggers_http_request_duration_seconds_%s{route="/inbox"%s}'
        assert figures[inbox % ("bucket", ',le="1"')] == figures[inbox % ("count", "")] == pages

        # A type that nobody sent: every page is empty, and the last one says so.
        nothing = list(client.inbox_pages(event_type="never"))
        assert not any(page["events"] for page in nothing) and len(nothing) <= 1000
        print(f"{pages} pages, {len(nothing)} without a hit, the slowest took {slowest * 1000:.0f} ms")
