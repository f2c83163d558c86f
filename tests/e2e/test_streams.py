"""GET /inboxes/{name}/stream and the command `triggers tail`."""

import json
import signal
import socket
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import metrics
from support.event_stream import EventStream, await_figure
from support.program import binary, environment, run
from support.server import free_port


@pytest.fixture
def server(start_server):
    return start_server()


@pytest.fixture
def key(server):
    return server.create_key(role="admin", rate_limit="unlimited")["api_key"]


def send(client, number, event_type="t", **payload):
    return client.send_event(event_type, {"n": number, **payload}).json()["event_id"]


def test_a_stream_sends_events_as_they_come(server, key):
    with server.client(key) as client:
        send(client, 0)
        with EventStream(server.port, key) as stream:
            for number in range(1, 4):
                event_id = send(client, number)
                message = stream.read()
                event = message.json()
                assert event["event_id"] == event_id and event["payload"] == {"n": number}
                assert (event["state"], event["attempts"], message.kind) == ("available", 0, "")
            ids = client.post("/events/batch", [{"event_type": "t", "payload": {"b": n}} for n in range(300)]).json()
            assert stream.ids(300) == [result["event_id"] for result in ids["results"]]
        assert client.get("/inboxes/default").json()["counts"]["available"] == 304


def test_a_stream_continues_behind_the_last_place_also_after_a_kill(start_server):
    server = start_server(port=free_port())
    key = server.create_key(role="admin")["api_key"]
    with server.client(key) as client:
        with EventStream(server.port, key) as stream:
            pass
        missed = [send(client, number) for number in range(3)]
        with EventStream(server.port, key, last_id=stream.place) as stream:
            assert stream.ids(3) == missed
            server.kill()
            assert stream.ended()
        server.start()
        client.close()
        more = [send(client, number) for number in range(3, 6)]
        with EventStream(server.port, key, last_id=stream.place) as stream:
            assert stream.ids(3) == more
        # The cursor of a page does as well.
        page = client.get("/inboxes/default/events?limit=2").json()
        with EventStream(server.port, key, last_id=page["pagination"]["next_cursor"]) as stream:
            assert stream.ids(4) == (missed + more)[2:]


def test_a_stream_of_one_type_and_of_one_inbox(server, key):
    with server.client(key) as client:
        client.request("PUT", "/inboxes/paid", {"filter": {"event_type": ["paid"]}})
        with EventStream(server.port, key, "paid") as paid, EventStream(server.port, key, query="?event_type=sent") as sent:
            send(client, 0, "other")
            paid_id, sent_id = send(client, 1, "paid"), send(client, 2, "sent")
            assert paid.ids(1) == [paid_id] and sent.ids(1) == [sent_id]


def test_a_stream_of_counts(server, key):
    with server.client(key) as client, EventStream(server.port, key, query="?signal=true") as stream:
        first = stream.read()
        assert (first.kind, first.json()) == ("counts", {"available": 0, "leased": 0, "delayed": 0, "dead": 0})
        for number in range(20):
            send(client, number)
        counts = [stream.read().json()["available"]]
        while counts[-1] != 20:
            counts.append(stream.read().json()["available"])
        assert counts == sorted(counts)
        client.post("/inboxes/default/lease", {"limit": 5, "lease_seconds": 1})
        # Their end is told, though the counts are then those of before.
        assert stream.read().json() == {"available": 20, "leased": 0, "delayed": 0, "dead": 0}


def test_a_silent_stream_sends_comments(server, key):
    with EventStream(server.port, key, timeout=30) as stream:
        begun = time.monotonic()
        assert stream.response.readline() == b":\n"
        assert 14 < time.monotonic() - begun < 25


def test_a_stream_ends_with_the_server_the_key_and_the_inbox(server, key):
    with server.client(key) as client:
        viewer = client.post("/admin/keys", {"role": "viewer"}).json()
        client.request("PUT", "/inboxes/tasks", {})
        with EventStream(server.port, viewer["api_key"]) as revoked, EventStream(server.port, key, "tasks") as deleted, \
                EventStream(server.port, key, "tasks", "?signal=true") as counts, EventStream(server.port, key) as left:
            await_figure(client, "triggers_streams", 4)
            client.delete(f"/admin/keys/{viewer['key_id']}")
            event_id = send(client, 1)
            assert revoked.ended()
            client.delete("/inboxes/tasks")
            assert deleted.ids(1) == [event_id] and deleted.ended()
            assert [counts.read().json()["available"] for _ in range(2)] == [0, 1] and counts.ended()
            assert left.ids(1) == [event_id]
            await_figure(client, "triggers_streams", 1)
            server.terminate()
            assert left.ended()
        assert server.wait() == 0


def test_the_access_log_has_the_line_of_a_stream_at_its_end(start_server):
    server = start_server()
    key = server.create_key(role="admin")["api_key"]
    with server.client(key) as client:
        with EventStream(server.port, key) as stream:
            send(client, 1, filler="x" * 5000)
            stream.read()
        await_figure(client, "triggers_streams", 0)
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.access_log().splitlines()]
    of_stream = [line for line in lines if line["route"] == "/inboxes/{name}/stream"]
    assert [line["status"] for line in of_stream] == [200]
    assert 5000 < of_stream[0]["bytes_out"] < 6000 and of_stream[0]["user_id"]
    of_events = next(line for line in lines if line["route"] == "/events")
    assert lines.index(of_events) < lines.index(of_stream[0]) and of_stream[0]["duration_us"] > of_events["duration_us"]


def test_how_long_woken_readers_wait_is_measured(server, key):
    counted = "triggers_waiter_served_seconds_count"
    with server.client(key) as client:
        before = metrics.read(client)[counted]
        with EventStream(server.port, key) as stream:
            await_figure(client, "triggers_waiters", 1)
            send(client, 1)
            stream.read()
        figures = metrics.read_when(client, counted, before + 1)
        assert figures["triggers_waiter_served_seconds_sum"] < 10


def test_a_flood_of_commits_does_not_cost_a_read_each_for_every_stream(server, key):
    streams, events = 20, 2_000
    with server.client(key) as client:
        readers = [EventStream(server.port, key) for _ in range(streams)]
        await_figure(client, "triggers_waiters", streams)
        before = metrics.read(client)["triggers_waiter_served_seconds_count"]
        begin = time.monotonic()
        with ThreadPoolExecutor(streams) as pool:  # Each reads all the time: a stream that is not read is ended.
            read = [pool.submit(reader.ids, events) for reader in readers]
            ids = [send(client, number) for number in range(events)]
            seconds = time.monotonic() - begin
            assert all(one.result() == ids for one in read)
        for reader in readers:
            reader.close()
        served = metrics.read(client)["triggers_waiter_served_seconds_count"] - before
        # A hundred wakes in a second, and eight at once.
        assert served <= streams * (seconds * 100 + 8 + 2), (served, seconds)


def test_a_bound_key_loses_its_stream_with_the_inbox(server, key):
    with server.client(key) as client:
        client.request("PUT", "/inboxes/tasks", {})
        bound = client.post("/admin/keys", {"role": "viewer", "inboxes": ["tasks"]}).json()
        with EventStream(server.port, bound["api_key"]) as refused:
            assert refused.status == 404
        with EventStream(server.port, bound["api_key"], "tasks") as stream:
            event_id = send(client, 1)
            assert stream.ids(1) == [event_id]
            client.patch(f"/admin/keys/{bound['key_id']}", {"inboxes": ["default"]})
            send(client, 2)
            assert stream.ended()


def test_a_client_that_does_not_read_is_dropped_and_holds_nobody_up(server, key):
    request = f"GET /inboxes/default/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\n\r\n"
    with server.client(key) as client, EventStream(server.port, key, timeout=60) as reading:
        slow = socket.socket()
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", server.port))
        slow.sendall(request.encode())
        await_figure(client, "triggers_waiters", 2)  # Now its place is fixed.
        sent = [send(client, number, text="x" * 200_000) for number in range(30)]
        assert reading.ids(30) == sent
        # It has 30 s to take a piece.
        await_figure(client, "triggers_streams", 1, seconds_max=60)
        assert "\ntriggers_answers_bytes 0\n" in client.get("/metrics").body.decode()
        slow.close()


def test_places_of_streams_are_shared_fairly(start_server):
    server = start_server("--streams-max=2")
    first, second, third = (server.create_key(user_id=user)["api_key"] for user in ("first", "second", "third"))
    with EventStream(server.port, first), EventStream(server.port, first) as share, \
            EventStream(server.port, second) as other, EventStream(server.port, third) as full:
        assert (share.status, other.status, full.status) == (429, 200, 503)
        for refused in (share, full):
            assert json.loads(refused.response.read())["details"]["reason"] == "too_many_streams"


class Tail:
    """`triggers tail` in progress. Wait until its stream waits: only then is the place fixed where it begins."""

    def __init__(self, server, key, *arguments, env=None, stdout=subprocess.PIPE):
        variables = {"TRIGGERS_URL": f"http://127.0.0.1:{server.port}", "TRIGGERS_API_KEY": key, **(env or {})}
        self.process = subprocess.Popen([binary(), "tail", *arguments], env=environment(variables), text=True,
                                        stdout=stdout, stderr=subprocess.PIPE)

    def line(self):
        return self.process.stdout.readline().rstrip("\n")

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=20)
        return self.process.returncode, output, errors

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()


def test_tail_shows_a_line_for_each_event(server, key):
    with server.client(key) as client, Tail(server, key) as tail:
        await_figure(client, "triggers_waiters", 1)
        body = '{"event_type":"order.paid","payload":{"total": 1.0,\n"text":"a\\u001b[31m\u202e"}}'
        event = client.post("/events", body).json()
        payload = '{"total": 1.0, "text":"a\\u001b[31m\\u{202e}"}'
        assert tail.line().split("\t") == [event["timestamp"], "order.paid", event["event_id"], payload]
        assert tail.stop() == (0, "", "")


def test_tail_ends_with_1_if_it_cannot_print(server, key):
    with server.client(key) as client, open("/dev/full", "w", encoding="utf-8") as full, Tail(server, key, stdout=full) as tail:
        await_figure(client, "triggers_waiters", 1)
        client.send_event("order.paid", {})
        assert tail.process.wait(timeout=20) == 1
        assert tail.process.stderr.read() == "triggers: cannot write to standard output\n"


def test_tail_prints_json_of_one_type_and_one_inbox(server, key):
    with server.client(key) as client:
        client.request("PUT", "/inboxes/tasks", {})
        with Tail(server, key, "--inbox", "tasks", "--type", "a b", "--json") as tail:
            await_figure(client, "triggers_waiters", 1)
            send(client, 1, "other")
            event_id = send(client, 2, "a b")
            event = json.loads(tail.line())
            assert (event["event_id"], event["payload"], event["state"]) == (event_id, {"n": 2}, "available")
            assert tail.stop(signal.SIGTERM) == (0, "", "")


def test_tail_goes_on_behind_the_last_event_when_the_server_is_back(start_server):
    server = start_server(port=free_port())
    key = server.create_key(role="admin")["api_key"]
    with server.client(key) as client, Tail(server, key, "--json") as tail:
        await_figure(client, "triggers_waiters", 1)
        send(client, 1)
        assert json.loads(tail.line())["payload"] == {"n": 1}
        server.kill()
        server.start()
        client.close()
        for number in range(2, 5):
            send(client, number)
        assert [json.loads(tail.line())["payload"]["n"] for _ in range(3)] == [2, 3, 4]
        status, output, errors = tail.stop()
        assert (status, output) == (0, "") and errors.count("\n") == 1 and "continues" in errors


def test_tail_uses_the_server_of_this_machine_without_a_url(server, key):
    with server.client(key) as client, \
            Tail(server, key, "--data-dir", str(server.data_dir), env={"TRIGGERS_URL": ""}) as tail:
        await_figure(client, "triggers_waiters", 1)
        event_id = send(client, 1)
        assert event_id in tail.line()
        assert tail.stop() == (0, "", "")


def test_tail_says_what_is_wrong(server, key, tmp_path):
    env = {"TRIGGERS_URL": f"http://127.0.0.1:{server.port}", "TRIGGERS_API_KEY": key}
    assert "no inbox none" in run("tail", "--inbox", "none", env=env).stderr
    for arguments, words in ((("--inbox", "a b"), "--inbox"), (("--type", ""), "--type"), (("x",), "x"),
                             (("--inbox",), "--inbox"), (("--jsn",), "--json")):
        done = run("tail", *arguments, env=env)
        assert done.returncode == 2 and words in done.stderr, done
    for changed, words in (({"TRIGGERS_API_KEY": "wrong"}, "not known"), ({"TRIGGERS_API_KEY": ""}, "TRIGGERS_API_KEY"),
                           ({"TRIGGERS_URL": f"http://127.0.0.1:{free_port()}"}, "cannot reach"),
                           ({"TRIGGERS_URL": "ftp://x"}, "TRIGGERS_URL")):
        done = run("tail", env={**env, **changed})
        assert (done.returncode, done.stdout) == (1, "") and words in done.stderr and done.stderr.count("\n") == 1, done
    (tmp_path / "empty").mkdir()
    done = run("tail", "--data-dir", tmp_path / "empty", env={**env, "TRIGGERS_URL": ""})
    assert done.returncode == 1 and "no server answers" in done.stderr


def test_tail_ends_when_its_reader_does(server, key):
    with server.client(key) as client, Tail(server, key) as tail:
        await_figure(client, "triggers_waiters", 1)
        tail.process.stdout.close()
        send(client, 1)
        assert tail.process.wait(timeout=20) == 1
        assert "standard output" in tail.process.stderr.read()
