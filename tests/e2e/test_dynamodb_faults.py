"""DynamoDB behind a proxy that delays, drops, resets or falsifies: no event is lost or stored twice, errors arrive in time,
and the node recovers by itself. A second node, which uses DynamoDB without the proxy, shows what is really stored.

The scenarios mostly wait, so they run in parallel, each with a node and a proxy of its own."""

import collections
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import fault_proxy
from support.client import RawConnection, raw_request
from support.dynamodb import DynamoDB
from support.dynamodb_service import DynamoService
from support.fault_proxy import Proxy
from support.seed import seeded_random
from support.server import Server

fault_seconds = 4
# A call to DynamoDB ends within 5 s. A request that meets a fault that stays ends with its first or second call; one that
# meets a fault now and then may wait for several in turn.
refusal_seconds_max = 9
answer_seconds_max = 20
recovery_seconds_max = 5

rate_limit = 10_000
writes = {"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"}


class Scenario:
    def __init__(self, fault, accepts=None, health=None, rate_limit="unlimited"):
        """`accepts`: True, every event is accepted during the fault; False, none is; None, some may be. `health`: what
        /health answers during it; None, it may change. `rate_limit`: of the key, more than is sent."""
        self.fault, self.accepts, self.health, self.rate_limit = fault, accepts, health, rate_limit


def scenarios(random):
    chance = lambda fault: fault_proxy.sometimes(random, fault, 0.25)
    of_events = lambda fault: fault_proxy.that_contain(b'"t":{"S":"fault"}', fault)
    only_writes = lambda fault: fault_proxy.only(writes, fault)
    return {
        "slow": Scenario(fault_proxy.delays(0.15), True, 200),
        "silent": Scenario(fault_proxy.drops, False, 503),
        "reset before": Scenario(fault_proxy.resets_before, False, 503),
        "throttled": Scenario(fault_proxy.throttles, False, 200),
        "failing": Scenario(fault_proxy.fails, False, 503),
        "garbage": Scenario(fault_proxy.talks_garbage, False, 503),
        "not DynamoDB": Scenario(fault_proxy.answers_not_json, False, 503),
        "half an answer": Scenario(fault_proxy.answers_half, False, 503),
        "writes done, then silence": Scenario(only_writes(fault_proxy.swallows), False),
        "writes done, then reset": Scenario(only_writes(fault_proxy.resets_after)),
        "writes done, then 500": Scenario(only_writes(fault_proxy.fails_after)),
        "writes done, then half an answer": Scenario(only_writes(fault_proxy.answers_half)),
        "writes that arrive after their time": Scenario(only_writes(fault_proxy.delays(2.6)), False),
        # The claims pass, the event's own write is done, and its answer is lost: the node looks, and finds it.
        "event written, then silence": Scenario(of_events(fault_proxy.swallows), True),
        "event written, then reset": Scenario(of_events(fault_proxy.resets_after), True),
        "event written, then 500": Scenario(of_events(fault_proxy.fails_after), True),
        "now and then silent": Scenario(chance(fault_proxy.drops)),
        "now and then done, then silence": Scenario(chance(fault_proxy.swallows)),
        "now and then done, then reset": Scenario(chance(fault_proxy.resets_after)),
        "now and then done, then 500": Scenario(chance(fault_proxy.fails_after)),
        "now and then throttled": Scenario(chance(fault_proxy.throttles)),
        "now and then half an answer": Scenario(chance(fault_proxy.answers_half)),
        "slow, with a rate limit": Scenario(fault_proxy.delays(0.15), True, 200, rate_limit),
        "silent, with a rate limit": Scenario(fault_proxy.drops, False, 503, rate_limit),
        "throttled, with a rate limit": Scenario(fault_proxy.throttles, False, 200, rate_limit),
        "now and then done, then silence, with a rate limit": Scenario(chance(fault_proxy.swallows), rate_limit=rate_limit),
        "now and then half an answer, with a rate limit": Scenario(chance(fault_proxy.answers_half), rate_limit=rate_limit),
    }


names = list(scenarios(None))


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        made = DynamoService(local)
        made.dynamo = local
        yield made


@pytest.fixture(scope="module")
def healthy(service, tmp_path_factory):
    with Server(tmp_path_factory.mktemp("healthy"), env=service.env) as node:
        yield node.start()


@pytest.fixture(scope="module")
def outcomes(service, healthy, tmp_path_factory):
    """Future by name; its result is what run() returned or raised."""
    folder, random = tmp_path_factory.mktemp("nodes"), seeded_random()
    with ThreadPoolExecutor(len(names)) as pool:
        yield {name: pool.submit(run, scenario, service, healthy, folder / str(number))
               for number, (name, scenario) in enumerate(scenarios(random).items())}


@pytest.mark.parametrize("name", names)
def test_nothing_is_lost_or_doubled_while_dynamodb_is(name, outcomes):
    print(outcomes[name].result())


def run(scenario, service, healthy, folder):
    key = service.create_key(rate_limit=scenario.rate_limit)["api_key"]
    with Proxy(service.dynamo.port) as proxy, Server(folder, "--access-log=false", env=service.env_through(proxy)) as node:
        node.start()
        producers = [Producer(node, key, number) for number in range(4)]
        consumer = Consumer(node, key)
        before = len(producers)
        with ThreadPoolExecutor(len(producers) + 1) as pool, proxy.doing(scenario.fault):
            until = time.monotonic() + fault_seconds
            for done in [pool.submit(one.run, until) for one in [*producers, consumer]]:
                done.result()
            with node.client() as client:
                health = client.get("/health")
        met = sum(proxy.count.values())
        wait_until_healthy(node)
        proxy.wait_until_idle()

        refused = [marker for one in producers for marker in one.refused]
        accepted = {marker: event_id for one in producers for marker, event_id in one.accepted.items()}
        again = refused[::2]
        for marker in again:
            accepted[marker] = producers[0].send(marker)
        consumer.finish()
        with healthy.client(key) as client:
            there = collections.defaultdict(list)
            for event in client.inbox():
                there[event["payload"]["marker"]].append(event["event_id"])
            for event_id in consumer.ids:
                assert client.get(f"/events/{event_id}").json()["delivered"] is True
        assert {marker: [event_id] for marker, event_id in accepted.items()} == \
            {marker: there[marker] for marker in accepted}
        # Nobody knew whether these were stored; they are not stored twice, and nothing else is there.
        assert all(len(ids) == 1 for ids in there.values()), there
        assert set(there) <= set(accepted) | set(refused)

        assert met > 0
        if scenario.accepts is not None:
            assert len(refused) == 0 if scenario.accepts else (len(refused) > 0 and len(accepted) == before + len(again))
        if scenario.health is not None:
            assert health.status == scenario.health, health
            assert scenario.health == 200 or ("problem" in health.json() and "Retry-After" in health.headers)
        slowest = max(one.slowest for one in [*producers, consumer])
        assert slowest < (refusal_seconds_max if scenario.accepts is False else answer_seconds_max), slowest
        found = sum(marker in there for marker in set(refused) - set(again))
        return (f"{met} requests met the fault; {len(accepted) - len(again) - before} events accepted, {len(refused)} refused, of which "
                f"{len(again)} sent again and {found} of the others found; slowest answer {slowest:.1f} s")


def wait_until_healthy(node):
    """Nobody sends it a request meanwhile."""
    deadline = time.monotonic() + recovery_seconds_max
    with node.client() as client:
        while client.get("/health").status != 200:
            assert time.monotonic() < deadline, node.log()[-2000:]
            time.sleep(0.05)


class Producer:
    """Sends one event after the other, each once. Every second has an Idempotency-Key."""

    def __init__(self, node, key, number):
        self.client, self.number = node.client(key), number
        self.refused, self.slowest = [], 0
        # So the node knows the key, and the fault meets the writes too.
        self.accepted = {f"{number}-0": self.send(f"{number}-0")}

    def run(self, until):
        sent = 1
        while time.monotonic() < until:
            self._send_timed(f"{self.number}-{sent}")
            sent += 1

    def post(self, marker):
        headers = {"Idempotency-Key": marker} if int(marker.rpartition("-")[2]) % 2 else None
        return self.client.send_event("fault", {"marker": marker}, headers=headers)

    def send(self, marker):
        answer = self.post(marker)
        assert answer.status == 201, answer
        return answer.json()["event_id"]

    def _send_timed(self, marker):
        since = time.monotonic()
        answer = self.post(marker)
        self.slowest = max(self.slowest, time.monotonic() - since)
        if answer.status == 201:
            self.accepted[marker] = answer.json()["event_id"]
        else:
            check_refusal(answer)
            self.refused.append(marker)


class Consumer:
    """Acknowledges events that were there before the fault, and reads."""

    def __init__(self, node, key):
        self.client, self.slowest = node.client(key), 0
        self.ids = [self.client.send_event("before", {"before": number}).json()["event_id"] for number in range(12)]

    def run(self, until):
        for event_id in self.ids:
            if time.monotonic() > until:
                break
            since = time.monotonic()
            answer = self.client.delete(f"/events/{event_id}")
            self.slowest = max(self.slowest, time.monotonic() - since)
            if answer.status != 204:
                check_refusal(answer)
            since = time.monotonic()
            page = self.client.get("/inbox?limit=5")
            self.slowest = max(self.slowest, time.monotonic() - since)
            if page.status != 200:
                check_refusal(page)

    def finish(self):
        """To acknowledge again is safe, whatever became of the first time."""
        for event_id in self.ids:
            assert self.client.delete(f"/events/{event_id}").status == 204


def test_a_batch_and_an_acknowledgement_of_many_are_answered_in_time_while_dynamodb_is_silent(service, healthy, start_server):
    """As soon as one of their events, and not once for each."""
    key = service.create_key()["api_key"]
    batch = [{"event_type": "batch", "payload": {"number": number}} for number in range(500)]
    with Proxy(service.dynamo.port) as proxy:
        node = start_server("--access-log=false", env=service.env_through(proxy))
        with node.client(key, timeout=60) as client, healthy.client(key) as other:
            ids = [client.send_event("before", {"before": number}).json()["event_id"] for number in range(200)]
            with proxy.doing(fault_proxy.drops):
                since = time.monotonic()
                acknowledged = client.post("/inbox/ack", {"event_ids": ids})
                assert time.monotonic() - since < answer_seconds_max
                check_refusal(acknowledged)
                since = time.monotonic()
                refused = client.post("/events/batch", batch)
                assert time.monotonic() - since < answer_seconds_max
                assert refused.status in (200, 503), refused
            wait_until_healthy(node)
            assert client.post("/inbox/ack", {"event_ids": ids}).status == 200
            for sent, may_be in ((client, {"accepted", "duplicate"}), (other, {"duplicate"})):
                results = sent.post("/events/batch", batch).json()["results"]
                assert {result["status"] for result in results} <= may_be, results[:3]
            assert other.get("/inbox?limit=1").status == 200
            seen = [event["payload"]["number"] for event in other.inbox()]
            assert sorted(seen) == list(range(500))


def test_concurrent_requests_wait_together_for_their_keys_limit_while_dynamodb_is_slow(service, start_server):
    key = service.create_key(rate_limit=rate_limit)["api_key"]
    with Proxy(service.dynamo.port) as proxy:
        node = start_server("--access-log=false", env=service.env_through(proxy))

        def ask(_):
            with node.client(key, timeout=60) as client:
                return client.get("/events/00000000-0000-7000-8000-000000000000").status

        # A slice takes two calls, so it comes more than a second after it was asked for.
        with proxy.doing(fault_proxy.delays(0.6)), ThreadPoolExecutor(60) as pool:
            assert list(pool.map(ask, range(60))) == [404] * 60
        assert proxy.count["PutItem"] < 15, proxy.count


def test_a_page_over_32_kb_comes_through_a_slow_dynamodb(service, start_server):
    """DynamoDB Local sends such an answer in chunks."""
    key = service.create_key()["api_key"]
    with Proxy(service.dynamo.port) as proxy:
        node = start_server("--access-log=false", env=service.env_through(proxy))
        with node.client(key) as client:
            for number in range(12):
                assert client.send_event("large", {"number": number, "text": "x" * 20_000}).status == 201
            with proxy.doing(fault_proxy.delays(0.1)):
                page = client.get("/inbox?limit=12")
            assert page.status == 200 and proxy.count["Query"] > 0
            assert sorted(event["payload"]["number"] for event in page.json()["events"]) == list(range(12))
            with proxy.doing(fault_proxy.only({"Query"}, fault_proxy.answers_half)):
                check_refusal(client.get("/inbox?limit=12"))
            assert len(client.get("/inbox?limit=12").json()["events"]) == 12


def test_a_stop_begins_at_once_while_dynamodb_is_silent(service, start_server):
    """Whatever the node waits for beside its requests: it looks whether DynamoDB is back, for 5 s each time."""
    key = service.create_key()["api_key"]
    with Proxy(service.dynamo.port) as proxy:
        node = start_server("--access-log=false", env=service.env_through(proxy))
        with proxy.doing(fault_proxy.drops):
            with node.client(key, timeout=60) as client:
                check_refusal(client.get("/inbox"))
            time.sleep(2)
            since = time.monotonic()
            node.terminate()
            while "server_stopping" not in node.log():
                assert time.monotonic() - since < 1, node.log()[-2000:]
                time.sleep(0.01)
            assert node.wait() == 0
            # The look that is under way, and no more.
            assert time.monotonic() - since < 6


def check_refusal(answer):
    assert answer.status == 503, answer
    assert answer.json()["error_code"] == "SERVICE_UNAVAILABLE" and int(answer.headers["Retry-After"]) >= 1, answer


in_flight = 400
payload_bytes = 32 * 1024
# Each request is held as its body, as DynamoDB's JSON of it, and as the answer's and the sockets' buffers.
resident_bytes_max = 96 * 1024 * 1024


def resident_bytes(node):
    with open(f"/proc/{node.pid}/status", encoding="ascii") as status:
        fields = dict(line.split(":", 1) for line in status)
    return int(fields["VmRSS"].split()[0]) * 1024


def test_memory_stays_within_its_bound_while_dynamodb_is_silent_and_is_not_kept(service, start_server):
    key = service.create_key()["api_key"]
    with Proxy(service.dynamo.port) as proxy:
        node = start_server("--access-log=false", env=service.env_through(proxy))
        peaks = []
        for round_number in range(3):
            wait_until_healthy(node)
            with node.client(key) as client:
                assert client.send_event("memory", {"warm": round_number}).status == 201
            with proxy.doing(fault_proxy.drops):
                peaks.append(silent_round(node, key, round_number))
        print([f"{peak / 2**20:.0f} MiB" for peak in peaks])
        assert max(peaks) < resident_bytes_max, peaks
        assert peaks[2] < 1.2 * peaks[1] + 8 * 2**20, peaks
        wait_until_healthy(node)
        with node.client(key) as client:
            assert client.send_event("memory", {"after": True}).status == 201


def silent_round(node, key, round_number):
    """All are sent, and all are refused in time; the largest resident size until then."""
    peak, ended = resident_bytes(node), threading.Event()

    def watch():
        nonlocal peak
        while not ended.wait(0.02):
            peak = max(peak, resident_bytes(node))

    watcher = threading.Thread(target=watch)
    watcher.start()
    connections = []
    try:
        since = time.monotonic()
        for number in range(in_flight):
            body = b'{"event_type":"memory","payload":{"round":%d,"number":%d,"text":"%s"}}' % (
                round_number, number, b"x" * payload_bytes)
            connection = RawConnection(node.port, timeout=30)
            connections.append(connection)
            connection.send(raw_request("POST", "/events", body, key=key, headers=[("Content-Type", "application/json")]))
        for connection in connections:
            check_refusal(connection.read_answer())
        assert time.monotonic() - since < refusal_seconds_max + 3
    finally:
        ended.set()
        watcher.join()
        for connection in connections:
            connection.close()
    return peak
