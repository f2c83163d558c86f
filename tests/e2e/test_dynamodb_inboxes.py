"""Inboxes on several nodes that share one DynamoDB. Their clients use every node, while nodes are killed and DynamoDB fails.
support/inbox_promises.py judges what the clients were answered. That it finds faults is shown in test_inbox_promises.py."""

import contextlib
import json
import statistics
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import fault_proxy, keys
from support.dynamodb import DynamoDB
from support.dynamodb_service import DynamoService
from support.event_stream import EventStream, await_figure
from support.fault_proxy import Proxy
from support.inbox_history import History, Node, RecordingClient
from support.inbox_load import Load, drain
from support.inbox_promises import check, explain
from support.program import binary, environment, run
from support.seed import seeded_random
from support.server import Server

inbox = "billing"
max_attempts = 4
# A reader hears within a second of what another node did; the rest is for a machine that is busy with other tests.
seen_within = 4.0
# After a write that DynamoDB executes late, consumers may not see an entry until a reminder brings it back (15 s).
fault_lasts = 20.0
writes = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems"}


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        yield DynamoService(local)


@pytest.fixture(scope="module")
def nodes(service, tmp_path_factory):
    """Two nodes, for the tests that end none."""
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(Server(tmp_path_factory.mktemp("node"), env=service.env)).start() for _ in range(2)]


@pytest.fixture
def key(service):
    return service.create_key(role="admin")["api_key"]


def make_inbox(node, key, name=inbox, **settings):
    with node.client(key) as client:
        answer = client.request("PUT", f"/inboxes/{name}", body=settings)
        assert answer.status == 201, answer


def act(client, verb, body, name=inbox):
    answer = client.post(f"/inboxes/{name}/{verb}", body)
    assert answer.status == 200, answer
    return answer.json()


def broken(history, within=seen_within, **options):
    """The broken promises. The counts (promise 6) are exact on the embedded engine only."""
    found = check(history, leases_are_full=False, seen_within=within, **options)
    return [one for one in found if one.promise != 6]


def end_of(history, node, key):
    """Waits for the ends of all leases, and acknowledges what is left. The entries that are then still there."""
    client = RecordingClient(history, [node], key, inbox)
    deadline = time.monotonic() + 20
    while {"leased", "delayed"} & {entry["state"] for entry in client.look(node).answer["entries"].values()}:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    # What a node gave up in the middle of a change comes back by a reminder.
    deadline = time.monotonic() + fault_lasts
    while True:
        time.sleep(0.5)
        drain(client, node)
        left = client.look(node).answer["entries"]
        if {entry["state"] for entry in left.values()} <= {"dead"} or time.monotonic() > deadline:
            break
    client.close()
    return left


def statuses_of(history):
    found = {}
    for call in history.calls:
        for status in call.statuses().values():
            found[status] = found.get(status, 0) + 1
    return found


def test_kill_9_of_nodes_under_leases_breaks_no_promise(service, key, tmp_path):
    random = seeded_random()
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(Server(tmp_path / str(number), "--access-log=false", env=service.env)).start()
                   for number in range(3)]
        make_inbox(servers[0], key, max_attempts=max_attempts, lease_seconds=2)
        history, nodes = History(max_attempts), [Node(str(number), one.port) for number, one in enumerate(servers)]
        with Load(history, nodes, key, inbox, random.getrandbits(64)):
            for _ in range(8):
                time.sleep(random.uniform(0.3, 1.2))  # The moment of the crash.
                at = random.randrange(len(servers))
                servers[at].kill()
                history.crashed(nodes[at].name)
                servers[at].start()
                nodes[at].port = servers[at].port
            time.sleep(1)
        left = end_of(history, nodes[0], key)
        found = broken(history)
        assert not found, explain(history, found)
        assert {entry["state"] for entry in left.values()} <= {"dead"}, left
        statuses = statuses_of(history)
        print(statuses)
        assert min(statuses.get(name, 0) for name in ("acknowledged", "released", "extended", "lease_lost")) > 0, statuses
        assert [server.stop() for server in servers] == [0, 0, 0]


FAULTS = {
    "slow": lambda random: fault_proxy.delays(0.15),
    "now and then silent": lambda random: fault_proxy.sometimes(random, fault_proxy.drops, 0.05),
    "now and then done, then silence": lambda random: fault_proxy.only(writes, fault_proxy.sometimes(random, fault_proxy.swallows, 0.05)),
    "now and then done, then reset": lambda random: fault_proxy.only(writes, fault_proxy.sometimes(random, fault_proxy.resets_after, 0.15)),
    "now and then done, then 500": lambda random: fault_proxy.only(writes, fault_proxy.sometimes(random, fault_proxy.fails_after, 0.15)),
    "now and then throttled": lambda random: fault_proxy.sometimes(random, fault_proxy.throttles, 0.15),
    "now and then half an answer": lambda random: fault_proxy.sometimes(random, fault_proxy.answers_half, 0.1),
    "writes that arrive late": lambda random: fault_proxy.only(writes, fault_proxy.sometimes(random, fault_proxy.delays(2.6), 0.05)),
}


@pytest.fixture(scope="module")
def outcomes(service, tmp_path_factory):
    """Future by the name of the fault. The scenarios mostly wait, so three run at once."""
    folder, random = tmp_path_factory.mktemp("faults"), seeded_random()
    with ThreadPoolExecutor(3) as pool:
        yield {name: pool.submit(under_fault, service, folder / str(number), make, random.getrandbits(64))
               for number, (name, make) in enumerate(FAULTS.items())}


@pytest.mark.parametrize("name", FAULTS)
def test_no_promise_is_broken_while_dynamodb_is(name, outcomes):
    print(outcomes[name].result())


def under_fault(service, folder, make_fault, seed):
    """Two nodes, one of which reaches DynamoDB through a proxy that fails."""
    key = service.create_key(role="admin")["api_key"]
    random = seeded_random()
    with Proxy(service.dynamo.port) as proxy, \
            Server(folder / "good", "--access-log=false", env=service.env) as good, \
            Server(folder / "bad", "--access-log=false", env=service.env_through(proxy)) as bad:
        make_inbox(good.start(), key, max_attempts=max_attempts, lease_seconds=2)
        nodes = [Node("good", good.port), Node("bad", bad.start().port)]
        history = History(max_attempts)
        with proxy.doing(make_fault(random)), Load(history, nodes, key, inbox, seed, producers=1, workers=4):
            time.sleep(8)
        proxy.wait_until_idle()
        time.sleep(3)  # what the node has given up and DynamoDB still executes
        left = end_of(history, nodes[0], key)
        found = broken(history, within=fault_lasts, attempts_are_told=False, releases_are_told=False)
        assert not found, explain(history, found)
        assert {entry["state"] for entry in left.values()} <= {"dead"}, left
        acknowledged = statuses_of(history).get("acknowledged", 0)
        assert acknowledged > 0 and sum(proxy.count.values()) > 20
        return f"{len(history.calls)} calls, {acknowledged} acknowledged, {sum(call.unknown for call in history.calls)} without a result"


def test_what_a_killed_node_had_leased_is_another_nodes_when_the_lease_ends(service, key, nodes, tmp_path):
    make_inbox(nodes[0], key, max_attempts=2)
    with Server(tmp_path / "killed", env=service.env) as killed:
        with nodes[0].client(key) as client:
            sent = [client.send_event("t", {"number": number}).json()["event_id"] for number in range(20)]
        with killed.start().client(key) as client:
            lease = act(client, "lease", {"limit": 20, "lease_seconds": 3})
        ends = time.monotonic() + 3
        killed.kill()
    assert [event["event_id"] for event in lease["events"]] == sent
    with nodes[1].client(key) as client:
        assert act(client, "lease", {"limit": 20})["events"] == []
        again = act(client, "lease", {"limit": 20, "lease_seconds": 1, "wait_seconds": 20})
        assert -0.1 < time.monotonic() - ends < seen_within
        assert all(event["attempt"] == 2 for event in again["events"]) and again["events"]
        while len(again["events"]) < len(sent):  # they come back one by one
            more = act(client, "lease", {"limit": 20, "lease_seconds": 1, "wait_seconds": 20})["events"]
            assert more and all(event["attempt"] == 2 for event in more)
            again["events"] += more
        assert sorted(event["event_id"] for event in again["events"]) == sorted(sent)
        results = act(client, "ack", {"lease_id": lease["lease_id"], "event_ids": sent})["results"]
        assert {result["status"] for result in results} == {"lease_lost"}
        # The second was the last attempt of each.
        deadline = time.monotonic() + 10
        while client.get(f"/inboxes/{inbox}/events?state=dead&limit=200").json()["events"][19:] == []:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        act(client, "requeue", {"event_ids": sent})
    with nodes[0].client(key) as client:
        lease = act(client, "lease", {"limit": 50, "wait_seconds": 5})
        assert [(event["event_id"], event["attempt"]) for event in lease["events"]] == [(one, 1) for one in sent]


def test_two_nodes_that_race_never_lease_an_entry_twice(service, key, nodes):
    make_inbox(nodes[0], key)
    with nodes[0].client(key) as client:
        batch = [{"event_type": "t", "payload": {"number": number}} for number in range(300)]
        sent = [result["event_id"] for result in client.post("/events/batch", batch).json()["results"]]
    taken, lock = [], threading.Lock()

    def take(node):
        with node.client(key, timeout=60) as client:
            empty = 0
            while empty < 3:
                events = act(client, "lease", {"limit": 7, "lease_seconds": 600})["events"]
                empty = 0 if events else empty + 1
                with lock:
                    taken.extend((event["event_id"], event["attempt"]) for event in events)
                if not events:
                    time.sleep(0.4)

    with ThreadPoolExecutor(6) as pool:
        list(pool.map(take, [*nodes] * 3))
    assert sorted(taken) == sorted((event_id, 1) for event_id in sent)


def test_waiting_readers_hear_within_a_second_of_what_another_node_accepts(service, key, nodes):
    make_inbox(nodes[0], key)
    times = {"lease": [], "page": [], "page of default": []}

    def waited(kind):
        with nodes[1].client(key, timeout=60) as reader, nodes[0].client(key) as sender:
            def ask():
                if kind == "lease":
                    answer = act(reader, "lease", {"wait_seconds": 20})
                elif kind == "page":
                    answer = reader.get(f"/inboxes/{inbox}/events?wait=20").json()
                else:
                    answer = reader.get("/inbox?wait=20").json()
                return time.monotonic(), [event["event_id"] for event in answer["events"]]

            with ThreadPoolExecutor(1) as pool:
                future = pool.submit(ask)
                time.sleep(1.2)
                event_id = sender.send_event("t", {"kind": kind, "at": time.monotonic()}).json()["event_id"]
                accepted = time.monotonic()
                heard, ids = future.result()
            assert ids == [event_id]
            sender.post("/inbox/ack", {"event_ids": [event_id]})
            act(sender, "ack", {"event_ids": [event_id]})
            return heard - accepted

    for kind in times:
        times[kind] = [waited(kind) for _ in range(4)]
    print({kind: f"{statistics.median(found):.2f} s, at most {max(found):.2f} s" for kind, found in times.items()})
    assert max(max(found) for found in times.values()) < seen_within, times


def test_a_stream_has_what_other_nodes_accept_and_goes_on_at_another_node(service, key, nodes):
    make_inbox(nodes[0], key, filter={"event_type": ["kept"]})
    with nodes[0].client(key) as sender, EventStream(nodes[1].port, key, inbox, "?signal=true") as counts:
        assert counts.read().json() == {"available": 0, "leased": 0, "delayed": 0, "dead": 0}

        def send(number):
            sender.send_event("left", {"number": number})
            return sender.send_event("kept", {"number": number}).json()["event_id"]

        times = []
        with EventStream(nodes[1].port, key, inbox) as stream:
            for number in range(4):
                event_id, accepted = send(number), time.monotonic()
                event = stream.read().json()
                times.append(time.monotonic() - accepted)
                assert (event["event_id"], event["payload"], event["state"]) == (event_id, {"number": number}, "available")
        print(f"{statistics.median(times):.2f} s, at most {max(times):.2f} s")
        assert max(times) < seen_within
        assert counts.read().kind == "counts"
        missed = [send(number) for number in range(4, 8)]
        with EventStream(nodes[0].port, key, inbox, last_id=stream.place) as stream:
            assert sorted(stream.ids(4)) == missed
            event_id = send(8)
            assert stream.ids(1) == [event_id]
            assert sender.delete(f"/inboxes/{inbox}").status == 202
            assert stream.ended()
        while counts.read() is not None:
            pass


def test_the_commands_about_inboxes_speak_to_a_fleet(service, key, nodes):
    env = {"TRIGGERS_URL": f"http://127.0.0.1:{nodes[0].port}", "TRIGGERS_API_KEY": key}

    def command(*arguments):
        done = run(*arguments, "--json", env=env)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    assert command("inboxes", "create", inbox, "--max-attempts", 1)["max_attempts"] == 1
    assert command("inboxes", "update", inbox, "--lease-seconds", 60)["lease_seconds"] == 60
    tail = subprocess.Popen([binary(), "tail", "--inbox", inbox, "--json"], env=environment(env), stdout=subprocess.PIPE)
    try:
        with nodes[0].client() as anyone:
            await_figure(anyone, "triggers_streams", 1)
        event_id = command("send", "t", "{}")["event_id"]
        assert json.loads(tail.stdout.readline())["event_id"] == event_id
    finally:
        tail.kill()
        tail.communicate()
    with nodes[1].client(key) as client:
        lease = act(client, "lease", {"wait_seconds": 5})
        act(client, "release", {"lease_id": lease["lease_id"], "error": "broken"})
    assert command("inboxes", "requeue", inbox, event_id)["results"] == [{"event_id": event_id, "status": "requeued"}]
    job = command("inboxes", "purge", inbox, "--yes-purge", inbox)["job_id"]
    deadline = time.monotonic() + 20
    while (shown := command("inboxes", "job", inbox, job))["state"] == "running":
        assert time.monotonic() < deadline
    assert (shown["state"], shown["count"]) == ("done", 1)
    assert {one["name"] for one in command("inboxes", "list")["inboxes"]} == {inbox, "default"}
    command("inboxes", "delete", inbox, "--yes-delete", inbox)
    assert "no inbox billing" in run("inboxes", "show", inbox, env=env).stderr


def test_a_change_of_an_inbox_applies_to_what_any_node_accepts_after_its_answer(service, key, nodes):
    for number in range(6):
        make_inbox(nodes[number % 2], key, f"inbox-{number}", filter={"event_type": [f"type-{number}"]})
        with nodes[(number + 1) % 2].client(key) as client:
            event_id = client.send_event(f"type-{number}", {}).json()["event_id"]
            leased = act(client, "lease", {}, f"inbox-{number}")["events"]
            assert [event["event_id"] for event in leased] == [event_id]
    with nodes[0].client(key) as client:
        assert client.request("DELETE", "/inboxes/inbox-0").status == 202
    with nodes[1].client(key) as client:
        assert client.get("/inboxes/inbox-0").status == 404
        assert client.send_event("type-0", {"after": True}).status == 201
    make_inbox(nodes[1], key, "inbox-0", filter={"event_type": ["type-0"]})
    with nodes[0].client(key) as client:
        assert act(client, "lease", {}, "inbox-0")["events"] == []


def test_tenants_do_not_see_each_others_inboxes(service, nodes):
    one, other = (service.create_key(role="admin")["api_key"] for _ in range(2))
    make_inbox(nodes[0], one)
    with nodes[0].client(one) as client:
        event_id = client.send_event("t", {}).json()["event_id"]
        lease_id = act(client, "lease", {})["lease_id"]
    with nodes[1].client(other) as client:
        assert client.get(f"/inboxes/{inbox}").status == 404
        assert client.post(f"/inboxes/{inbox}/ack", {"lease_id": lease_id}).status == 404
        results = act(client, "ack", {"event_ids": [event_id]}, "default")["results"]
        assert [result["status"] for result in results] == ["not_found"]


def test_a_key_that_is_bound_to_an_inbox_sees_no_other(service, nodes):
    user = keys.fresh_user()
    admin = service.create_key(user_id=user, role="admin")["api_key"]
    make_inbox(nodes[0], admin)
    with nodes[0].client(admin) as client:
        bound = client.post("/admin/keys", {"user_id": user, "role": "creator", "inboxes": [inbox]}).json()["api_key"]
    with nodes[1].client(bound) as client:
        assert client.get(f"/inboxes/{inbox}").status == 200
        assert client.get("/inboxes/default").status == 404
