"""Requests that wait for entries of an inbox: what wakes and ends them. Streams are in test_streams.py."""

import concurrent.futures
import contextlib
import json
import os
import resource
import signal
import time

import pytest

from support import metrics
from support.client import raw_request
from support.event_stream import await_figure

lease_path = "/inboxes/default/lease"


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def key(server):
    return server.create_key(role="admin", rate_limit="unlimited")["api_key"]


@contextlib.contextmanager
def waiting(server, key, target, body=None, count=1):
    """Sends a request, waits until it waits, and gives a function that returns its Answer and how long it took."""
    def ask():
        with server.client(key) as client:
            begun = time.monotonic()
            answer = client.post(target, body) if body is not None else client.get(target)
            return answer, time.monotonic() - begun

    with concurrent.futures.ThreadPoolExecutor(1) as pool, server.client() as anyone:
        future = pool.submit(ask)
        await_figure(anyone, "triggers_waiters", count)
        yield future.result


def test_waiting_requests_are_woken_by_a_post_on_another_connection(server, key):
    with server.client(key) as client:
        for target, body in ((lease_path, {"wait_seconds": 20}), ("/inbox?wait=20", None),
                             ("/inboxes/default/events?wait=20", None)):
            with waiting(server, key, target, body) as result:
                event_id = client.send_event("t", {"at": target}).json()["event_id"]
                answer, seconds = result()
            assert answer.status == 200 and [event["event_id"] for event in answer.json()["events"]] == [event_id]
            assert seconds < 10
            client.post("/inbox/ack", {"event_ids": [event_id]})


def test_what_comes_back_wakes_a_waiting_lease(server, key):
    with server.client(key) as client:
        assert client.request("PUT", "/inboxes/tasks", {"max_attempts": 3}).status == 201
        event_id = client.send_event("t", {}).json()["event_id"]
        path = "/inboxes/tasks/lease"

        def leased(body):
            answer = client.post(path, body).json()
            assert [event["event_id"] for event in answer["events"]] == [event_id]
            return answer["lease_id"]

        def expect_woken(body, change):
            with waiting(server, key, path, body) as result:
                change()
                answer, seconds = result()
            assert [event["event_id"] for event in answer.json()["events"]] == [event_id], answer
            return answer.json()["lease_id"], seconds

        # The end of a lease, nobody's doing.
        leased({"lease_seconds": 1})
        lease_id, seconds = expect_woken({"wait_seconds": 20, "lease_seconds": 60}, lambda: None)
        assert seconds < 10
        lease_id, _ = expect_woken({"wait_seconds": 20, "lease_seconds": 60},
                                   lambda: client.post("/inboxes/tasks/release", {"lease_id": lease_id}))
        # That was its last attempt.
        client.post("/inboxes/tasks/release", {"lease_id": lease_id, "error": "broken"})
        assert client.get("/inboxes/tasks").json()["counts"]["dead"] == 1
        lease_id, _ = expect_woken({"wait_seconds": 20, "lease_seconds": 60},
                                   lambda: client.post("/inboxes/tasks/requeue", {"all": True}))
        client.post("/inboxes/tasks/release", {"lease_id": lease_id, "delay_seconds": 1})
        _, seconds = expect_woken({"wait_seconds": 20}, lambda: None)
        assert seconds < 10


def test_a_wait_ends_in_its_time(server, key):
    with server.client(key) as client:
        for target, body in ((lease_path, {"wait_seconds": 1}), ("/inbox?wait=1", None)):
            begun = time.monotonic()
            answer = client.post(target, body) if body else client.get(target)
            assert answer.status == 200 and answer.json()["events"] == []
            assert 0.9 < time.monotonic() - begun < 10


def test_a_client_that_leaves_frees_its_place_and_loses_no_event(server, key):
    request = json.dumps({"wait_seconds": 30})
    head = (f"POST {lease_path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(request)}\r\n\r\n")
    with server.client(key) as client:
        with server.connect() as connection:
            connection.send((head + request).encode())
            await_figure(client, "triggers_waiters", 1)
        await_figure(client, "triggers_waiters", 0)
        client.send_event("t", {})
        assert client.get("/inboxes/default").json()["counts"] == {"available": 1, "leased": 0, "delayed": 0, "dead": 0}


def test_a_stop_answers_those_who_wait(server, key):
    with waiting(server, key, lease_path, {"wait_seconds": 30}) as lease:
        with waiting(server, key, "/inbox?wait=30", count=2) as page:
            begun = time.monotonic()
            server.terminate()
            answers = [lease()[0], page()[0]]
    assert server.wait() == 0 and time.monotonic() - begun < 8
    assert [answer.status for answer in answers] == [200, 200]
    assert [answer.json()["events"] for answer in answers] == [[], []]


def test_places_to_wait_are_shared_fairly(start_server):
    server = start_server("--waiters-max=4")
    first, other = (server.create_key(user_id=user, role="admin")["api_key"] for user in ("first", "other"))
    with server.client(first) as client, server.client(other) as others:
        with waiting(server, first, "/inbox?wait=30"), waiting(server, first, "/inbox?wait=30", count=2):
            refused = client.get("/inbox?wait=30")
            assert (refused.status, refused.json()["details"]["reason"]) == (429, "too_many_waiters")
            assert refused.headers["Retry-After"] == "1"
            assert client.get("/inbox").status == 200
            # Others still have places.
            with waiting(server, other, "/inbox?wait=30", count=3) as result:
                others.send_event("t", {})
                assert result()[0].json()["pagination"]["total_undelivered"] == 1
            client.send_event("t", {})
        text = client.get("/metrics").body.decode()
    assert "\ntriggers_waiters_refused_total 1\n" in text


def test_a_key_that_is_revoked_while_it_waits_gets_no_event(server, key):
    with server.client(key) as client:
        viewer = client.post("/admin/keys", {"role": "viewer"}).json()
        with waiting(server, viewer["api_key"], "/inbox?wait=30") as result:
            client.delete(f"/admin/keys/{viewer['key_id']}")
            client.send_event("t", {})
            answer, _ = result()
    assert (answer.status, answer.json()["details"]["reason"]) == (403, "key_changed")


def test_a_wait_ends_when_the_inbox_is_deleted(server, key):
    with server.client(key) as client:
        client.request("PUT", "/inboxes/tasks", {})
        with waiting(server, key, "/inboxes/tasks/lease", {"wait_seconds": 30}) as result:
            client.delete("/inboxes/tasks")
            assert result()[0].status == 404


def test_nothing_is_lost_when_consumers_are_killed_while_they_wait(server, key):
    """Clients come, wait and go; every event is leased by one that stays."""
    with server.client(key) as client, server.client(key) as consumer:
        seen = []
        for number in range(30):
            with server.connect() as leaving:
                body = json.dumps({"wait_seconds": 30, "lease_seconds": 1}).encode()
                leaving.send(b"POST " + lease_path.encode() + b" HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer " + key.encode()
                             + b"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
                if number % 2:
                    await_figure(client, "triggers_waiters", 1)
                client.send_event("t", {"n": number})
            while not seen or seen[-1] != number:
                answer = consumer.post(lease_path, {"wait_seconds": 20, "limit": 1}).json()
                assert answer["events"], "an event is lost"
                seen.append(answer["events"][0]["payload"]["n"])
                consumer.post("/inboxes/default/ack", {"lease_id": answer["lease_id"]})
        assert seen == list(range(30))


def resident_mib(server):
    with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
        return int(next(line for line in status if line.startswith("VmRSS:")).split()[1]) / 1024


def processor_seconds(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as stat:
        user, system = stat.read().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@pytest.fixture
def many_files():
    """Lets this process open as many files as it may; how many these are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_ten_thousand_waiting_leases_cost_little_memory_and_no_time(start_server, many_files):
    count = min(10_000, many_files - 2_000)
    # A tenant may have half of the places.
    server = start_server("--access-log=false", f"--max-connections={count + 100}", f"--waiters-max={2 * count + 100}")
    key = server.create_key(role="admin", rate_limit="unlimited")["api_key"]
    request = raw_request("POST", lease_path, b'{"wait_seconds":30}', key, [("Content-Type", "application/json")])
    with server.client(key, timeout=60) as client, contextlib.ExitStack() as stack:
        client.get("/inbox")
        before = resident_mib(server)
        waiting = [stack.enter_context(server.connect(timeout=60)) for _ in range(count)]
        for connection in waiting:
            connection.send(request)
        await_figure(client, "triggers_waiters", count)
        grown, used = resident_mib(server) - before, processor_seconds(server)
        time.sleep(2)
        used = processor_seconds(server) - used
        print(f"{count} waiting: {grown:.1f} MiB, {used:.2f} s of processor time in 2 s")
        assert grown < 100 * count / 10_000
        assert used < 0.2
        # One event wakes one of them.
        event_id = client.send_event("t", {}).json()["event_id"]
        assert waiting[0].read_answer().json()["events"][0]["event_id"] == event_id
        assert metrics.read(client)["triggers_waiters"] == count - 1
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 8
        answers = [connection.read_answer() for connection in waiting[1:]]
    assert all(answer.status == 200 and answer.json()["events"] == [] for answer in answers)


def test_interrupt_ends_waits_too(start_server):
    server = start_server()
    key = server.create_key(role="admin")["api_key"]
    with waiting(server, key, "/inbox?wait=30") as page:
        server.process.send_signal(signal.SIGINT)
        assert page()[0].status == 200
    assert server.wait() == 0
