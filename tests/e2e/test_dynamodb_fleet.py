"""Several nodes on one DynamoDB act as one service, whichever node a client asks, while nodes start and stop."""

import asyncio
import collections
import json
import random
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import swarm
from support.client import Answer, Client
from support.dynamodb import DynamoDB
from support.dynamodb_service import DynamoService
from support.fault_proxy import Proxy
from support.load_balancer import LoadBalancer
from support.server import Server

node_count = 3
drain_ms = 1500


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        yield DynamoService(local)


@pytest.fixture(scope="module")
def nodes(service, tmp_path_factory):
    """Three nodes, for the tests that end none."""
    started = []
    try:
        for _ in range(node_count):
            started.append(Server(tmp_path_factory.mktemp("node"), env=service.env).start())
        yield started
    finally:
        for node in started:
            node.kill()


def at_once(work, arguments):
    """work(argument) for all, begun together by a thread each; the results in order."""
    start = threading.Barrier(len(arguments))

    def begin(argument):
        start.wait()
        return work(argument)

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(begin, arguments))


@pytest.mark.parametrize("headers", [None, {"Idempotency-Key": "race"}], ids=["content", "idempotency key"])
def test_of_equal_events_that_race_across_nodes_one_is_accepted(service, nodes, headers):
    key = service.create_key()["api_key"]
    clients = [node.client(key) for node in nodes for _ in range(3)]
    for number in range(12):
        sent = {**headers, "Idempotency-Key": f"race-{number}"} if headers else None
        answers = at_once(lambda client: client.send_event("race", {"number": number}, headers=sent), clients)
        assert [answer.status for answer in answers] == [201] * len(clients)
        bodies = [answer.json() for answer in answers]
        assert len({(body["event_id"], body["timestamp"]) for body in bodies}) == 1, bodies
        assert sum(not body.get("duplicate", False) for body in bodies) == 1, bodies
        assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == len(clients) - 1
    assert sorted(event["payload"]["number"] for event in clients[0].inbox()) == list(range(12))
    for client in clients:
        client.close()


def test_equal_events_that_race_beside_a_consumer_are_accepted_and_acknowledged_once(service, tmp_path, nodes):
    """Calls of DynamoDB take a random time, so writers finish each other's events, and come late to acknowledged ones."""
    key = service.create_key()["api_key"]
    races, sent = 40, threading.Event()
    acknowledged, accepted = collections.Counter(), collections.Counter()

    async def slow(exchange):
        await asyncio.sleep(random.random() * 0.25)
        await exchange.answer(await exchange.pass_on())

    def consume():
        """Until the inbox is empty after the last event was sent."""
        with nodes[0].client(key) as client:
            deadline = time.monotonic() + 120
            last = False
            while not last:
                assert time.monotonic() < deadline, f"the inbox does not become empty: {client.inbox()}"
                last = sent.is_set()
                ids = [event["event_id"] for event in client.inbox()]
                results = client.post("/inbox/ack", {"event_ids": ids}).json()["results"] if ids else []
                acknowledged.update(result["event_id"] for result in results if result["status"] == "acknowledged")
                last = last and not ids

    with Proxy(service.dynamo.port) as one, Proxy(service.dynamo.port) as other:
        with Server(tmp_path / "one", env=service.env_through(one)) as left, Server(tmp_path / "other", env=service.env_through(other)) as right:
            clients = [node.start().client(key) for node in (left, right)] + [left.client(key), right.client(key)]
            with one.doing(slow), other.doing(slow), ThreadPoolExecutor(1) as pool:
                consumer = pool.submit(consume)
                try:
                    for number in range(races):
                        answers = at_once(lambda client: client.send_event("race", {"consumed": number}), clients)
                        assert [answer.status for answer in answers] == [201] * len(clients)
                        accepted.update(body["event_id"] for body in map(Answer.json, answers) if not body.get("duplicate"))
                finally:
                    sent.set()
                consumer.result()
            for client in clients:
                client.close()
    assert len(accepted) == races and set(accepted.values()) == {1}, accepted
    assert acknowledged == accepted


def test_one_idempotency_key_for_different_events_across_nodes_stores_one(service, nodes):
    key = service.create_key()["api_key"]
    clients = [node.client(key) for node in nodes]
    for number in range(8):
        answers = at_once(lambda i: clients[i].send_event("mismatch", {"number": number, "node": i},
                                                          headers={"Idempotency-Key": f"same-{number}"}),
                          range(len(clients)))
        assert sorted(answer.status for answer in answers) == [201] + [422] * (len(clients) - 1), answers
    events = clients[-1].inbox()
    assert sorted(event["payload"]["number"] for event in events) == list(range(8))
    for client in clients:
        client.close()


def test_an_acknowledgement_on_one_node_is_seen_on_the_others_at_once(service, nodes):
    key = service.create_key()["api_key"]
    clients = [node.client(key) for node in nodes]
    for number in range(12):
        one, *others = clients[number % node_count:] + clients[:number % node_count]
        event_id = one.send_event("seen", {"number": number}).json()["event_id"]
        assert [event["event_id"] for event in others[0].inbox()] == [event_id]
        assert others[0].delete(f"/events/{event_id}").status == 204
        for client in clients:
            assert client.inbox() == []
            assert client.get(f"/events/{event_id}").json()["delivered"] is True
            assert client.delete(f"/events/{event_id}").status == 204
    for client in clients:
        client.close()


def test_acknowledgements_that_race_across_nodes_count_once(service, nodes):
    key = service.create_key()["api_key"]
    clients = [node.client(key) for node in nodes]
    ids = [clients[0].send_event("race", {"number": number}).json()["event_id"] for number in range(20)]
    answers = at_once(lambda client: client.post("/inbox/ack", {"event_ids": ids}), clients)
    statuses = [[result["status"] for result in answer.json()["results"]] for answer in answers]
    for outcomes in zip(*statuses):
        assert collections.Counter(outcomes)["acknowledged"] == 1, statuses
    assert clients[1].inbox() == []
    for client in clients:
        client.close()


def test_pages_of_two_nodes_skip_and_double_nothing_while_both_are_written_to(service, nodes):
    key = service.create_key()["api_key"]
    accepted, lock, ended = [], threading.Lock(), threading.Event()
    # Fewer are written than pages show, or a walk would never come to its end where writing is quicker.
    may_write = threading.Semaphore(40)

    def write(number):
        with nodes[number % 2].client(key) as client:
            sent = 0
            while not ended.is_set():
                if not may_write.acquire(timeout=0.1):
                    continue
                answer = client.send_event("page", {"writer": number, "sent": sent})
                assert answer.status == 201, answer
                with lock:
                    accepted.append(answer.json()["event_id"])
                sent += 1

    with ThreadPoolExecutor(4) as pool, nodes[0].client(key) as one, nodes[1].client(key) as two:
        writers = [pool.submit(write, number) for number in range(4)]
        try:
            deadline = time.monotonic() + 6
            walks = pages = 0
            while time.monotonic() < deadline:
                with lock:
                    before = set(accepted)
                seen, cursor = [], None
                while True:
                    assert time.monotonic() < deadline + 60, f"a walk has no end after {pages} pages in all"
                    pages += 1
                    answer = (one, two)[pages % 2].get("/inbox?limit=15" + (f"&cursor={cursor}" if cursor else ""))
                    assert answer.status == 200, answer
                    page = answer.json()
                    seen += [event["event_id"] for event in page["events"]]
                    for _ in range(len(page["events"]) // 3):
                        may_write.release()
                    cursor = page["pagination"]["next_cursor"]
                    if not page["pagination"]["has_more"]:
                        break
                assert len(seen) == len(set(seen)), "an event is on two pages"
                assert before <= set(seen), f"{len(before - set(seen))} events are on no page"
                walks += 1
        finally:
            ended.set()
        for writer in writers:
            writer.result()
        assert walks > 2 and pages > 2 * walks, (walks, pages)
        assert sorted(event["event_id"] for event in two.inbox()) == sorted(accepted)


def test_three_nodes_together_exceed_a_keys_limit_by_at_most_a_tenth(service, nodes):
    limit = 240
    key = service.create_key(rate_limit=limit)["api_key"]
    since = time.monotonic()

    def ask(node):
        served = 0
        with node.client(key) as client:
            while time.monotonic() - since < 5:
                answer = client.get("/events/00000000-0000-7000-8000-000000000000")
                assert answer.status in (404, 429), answer
                assert answer.status == 404 or int(answer.headers["Retry-After"]) >= 1
                served += answer.status == 404
        return served

    served = sum(at_once(ask, nodes * 2))
    allowed = limit + limit / 60 * (time.monotonic() - since)
    assert 0.9 * limit <= served <= 1.1 * allowed, (served, allowed)


def test_a_change_of_a_key_reaches_every_node_within_five_seconds(service, nodes):
    changes = [("update", "--role", "viewer"), ("update", "--status", "inactive"), ("revoke",)]
    records = [service.create_key() for _ in changes]
    pairs = [(record, node.client(record["api_key"])) for record in records for node in nodes]
    for _, client in pairs:
        assert client.send_event("before", {}).status == 201
    for (command, *arguments), record in zip(changes, records):
        service.keys(command, record["key_id"], *arguments)
    changed = time.monotonic()
    waiting = dict(enumerate(pairs))
    while waiting:
        for index, (record, client) in list(waiting.items()):
            answer = client.send_event("after", {})
            assert answer.status in (201, 403), answer
            if answer.status == 403:
                del waiting[index]
        assert not waiting or time.monotonic() - changed < 5, [record["key_id"] for record, _ in waiting.values()]
    for _, client in pairs:
        client.close()


def test_a_raised_rate_limit_reaches_every_node_within_five_seconds(service, nodes):
    record = service.create_key(rate_limit=1)
    clients = [node.client(record["api_key"]) for node in nodes]
    assert sum(client.get("/inbox").status == 200 for client in clients) == 1
    for client in clients:
        answer = client.get("/inbox")
        assert answer.status == 429 and int(answer.headers["Retry-After"]) > 30, answer
    service.keys("update", record["key_id"], "--rate-limit", "6000")
    changed = time.monotonic()
    for client in clients:
        while client.get("/inbox").status != 200:
            assert time.monotonic() - changed < 5
        client.close()


def consume(port, key, ended):
    """Reads and acknowledges until told to end: how many pages, and the ids. Every request must succeed; the client repeats
    one only on a kept connection that was closed while it was idle."""
    pages, acknowledged = 0, set()
    with Client(port, key=key) as client:
        while not ended.is_set():
            page = client.get("/inbox?limit=5")
            assert page.status == 200, page
            pages += 1
            for event in page.json()["events"][:2]:
                answer = client.delete(f"/events/{event['event_id']}")
                assert answer.status == 204, answer
                acknowledged.add(event["event_id"])
    return pages, acknowledged


class Load:
    """swarm at the load balancer, with a journal."""

    def __init__(self, balancer, key, folder, *arguments):
        self.key, self.folder, self.journal = key, folder, folder / "journal"
        self.process = swarm.start(balancer.port, key, "--journal", self.journal, "-u", 12, "-r", 1000, "--only-summary",
                                   "--json", *arguments, out=folder / "report.json", log=folder / "swarm.log")

    def accepted(self):
        if not self.journal.exists():
            return 0
        return sum(line.startswith("A ") for line in self.journal.read_text(encoding="ascii").splitlines())

    def wait_until_accepted(self, count, seconds_max=30):
        deadline = time.monotonic() + seconds_max
        while self.accepted() < count:
            assert self.process.poll() is None and time.monotonic() < deadline, (self.folder / "swarm.log").read_text()
            time.sleep(0.02)

    def end(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) in (0, 1)
        report = json.loads((self.folder / "report.json").read_text(encoding="utf-8"))
        assert report["exceptions"] == []
        return report

    def check(self, node):
        """Every event that was accepted is there once, and none that nobody sent; its counts."""
        verdict = swarm.verify(node.port, self.key, self.journal, "--exclusive")
        assert (verdict.status, verdict.clean) == (0, True), verdict
        return verdict.counts


@pytest.fixture
def load(tmp_path):
    started = []

    def start(*arguments):
        started.append(Load(*arguments[:2], tmp_path, *arguments[2:]))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def test_a_node_that_is_killed_in_the_middle_of_writes_loses_and_doubles_nothing(service, start_server, load):
    key = service.create_key()["api_key"]
    fleet = [start_server(env=service.env) for _ in range(node_count)]
    with LoadBalancer([node.port for node in fleet]) as balancer:
        for node in fleet:
            balancer.wait_until(node.port, True)
        running = load(balancer, key, "--no-wait", "TriggersAPIUser")
        for node in fleet[:-1]:
            running.wait_until_accepted(running.accepted() + 150)
            assert balancer.given[node.port] > 0
            node.kill()
        running.wait_until_accepted(running.accepted() + 150)
        report = running.end()
    # Only what was cut off has failed.
    assert all("instead of" not in failure["error"] for failure in report["failures"]), report["failures"]
    counts = running.check(fleet[-1])
    assert counts["accepted"] >= 450, counts


def test_a_rolling_restart_under_load_fails_no_request(service, start_server, load):
    key = service.create_key()["api_key"]
    fleet = [start_server(f"--drain-ms={drain_ms}", env=service.env) for _ in range(node_count)]
    for node in fleet:
        node.wanted_port = node.port
    with LoadBalancer([node.port for node in fleet]) as balancer:
        for node in fleet:
            balancer.wait_until(node.port, True)
        # It waits less than the nodes drain, and repeats nothing.
        running = load(balancer, key, "HighThroughputUser")
        with ThreadPoolExecutor(1) as pool:
            ended = threading.Event()
            consumer = pool.submit(consume, balancer.port, key, ended)
            try:
                for node in fleet:
                    running.wait_until_accepted(running.accepted() + 50)
                    node.terminate()
                    balancer.wait_until(node.port, False)
                    assert node.port in balancer.told_to_leave, "it closed its port before anybody could know"
                    assert node.wait() == 0
                    node.start()
                    balancer.wait_until(node.port, True)
                running.wait_until_accepted(running.accepted() + 50)
            finally:
                ended.set()
            pages, acknowledged = consumer.result()
        report = running.end()
    assert report["failures"] == [], report["failures"]
    assert report["total"]["failures"] == 0
    assert pages > 10 and len(acknowledged) > 10
    with fleet[0].client(key) as client:
        left = {event["event_id"] for event in client.inbox()}
        told = [line.split(" ")[1] for line in running.journal.read_text(encoding="ascii").splitlines() if line.startswith("A ")]
        assert len(told) == len(set(told))
        assert set(told) - acknowledged <= left, "an accepted event is gone"
        assert left.isdisjoint(acknowledged)
