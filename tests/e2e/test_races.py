"""Races over HTTP: many clients at once, each with its own connection, and exactly one outcome."""

import threading
import time

from support import keys

racers = 64


def race(make_client, work, count=racers):
    """Runs `work(client, index)` for `count` clients at the same moment; their results in order."""
    barrier = threading.Barrier(count)
    results, failures = [None] * count, []

    def run(index):
        client = make_client()
        try:
            assert client.get("/status").status == 200  # Connected before the start.
            barrier.wait(30)
            results[index] = work(client, index)
        except BaseException as failure:  # pylint: disable=broad-except
            barrier.abort()
            failures.append(failure)
        finally:
            client.close()

    threads = [threading.Thread(target=run, args=(index,), daemon=True) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    if failures:
        raise failures[0]
    return results


def one_wins(answers):
    """All have the same id and time, and exactly one is not told that it is a duplicate."""
    assert {answer.status for answer in answers} == {201}, answers
    bodies = [answer.json() for answer in answers]
    assert len({(body["event_id"], body["timestamp"]) for body in bodies}) == 1
    assert sum("duplicate" not in body for body in bodies) == 1
    assert sum("Idempotent-Replayed" not in answer.headers for answer in answers) == 1
    return bodies[0]["event_id"]


def tenant(shared_server, **fields):
    """A new tenant: a function that makes clients of it."""
    key = shared_server.create_key(user_id=keys.fresh_user(), **fields)["api_key"]
    return lambda: shared_server.client(key)


def test_of_racing_equal_events_one_is_stored(shared_server):
    make = tenant(shared_server)
    for number in range(3):
        texts = ('{"event_type":"race","payload":{"n":%d,"b":[1,2]}}',
                 '{"payload": {"b": [1, 2], "n": %d}, "event_type": "race"}')
        event_id = one_wins(race(make, lambda client, index, n=number: client.post("/events", texts[index % 2] % n)))
        with make() as client:
            assert [event["event_id"] for event in client.inbox()][number:] == [event_id]
            assert client.get("/inbox").json()["pagination"]["total_undelivered"] == number + 1


def test_of_racing_batches_with_the_same_events_each_is_stored_once(shared_server):
    make = tenant(shared_server)
    events = [{"event_type": "race", "payload": {"n": n}} for n in range(20)]
    answers = race(make, lambda client, index: client.post("/events/batch", events[index % 20:] + events[:index % 20]))
    assert {answer.status for answer in answers} == {200}
    results = [result for answer in answers for result in answer.json()["results"]]
    assert sum(result["status"] == "accepted" for result in results) == 20
    assert sum(result["status"] == "duplicate" for result in results) == 20 * (racers - 1)
    assert len({result["event_id"] for result in results}) == 20
    with make() as client:
        assert sorted(event["payload"]["n"] for event in client.inbox()) == list(range(20))


def test_of_racing_equal_idempotency_keys_one_is_stored(shared_server):
    make = tenant(shared_server)
    event_id = one_wins(race(make, lambda client, index: client.send_event(
        "race", {"n": 1}, headers={"Idempotency-Key": "one"})))
    with make() as client:
        assert [event["event_id"] for event in client.inbox()] == [event_id]


def test_of_racing_events_under_one_idempotency_key_one_is_stored_and_the_others_are_refused(shared_server):
    make = tenant(shared_server)
    answers = race(make, lambda client, index: client.send_event(
        "race", {"n": index % 8}, headers={"Idempotency-Key": "one"}))
    accepted = [(index, answer) for index, answer in enumerate(answers) if answer.status == 201]
    winner = {index % 8 for index, _ in accepted}
    assert len(winner) == 1 and len(accepted) == racers // 8
    event_id = one_wins([answer for _, answer in accepted])
    for answer in answers:
        if answer.status != 201:
            assert answer.status == 422 and answer.json()["error_code"] == "CONFLICT", answer
            assert answer.json()["details"]["first_event_id"] == event_id
    with make() as client:
        assert [event["payload"]["n"] for event in client.inbox()] == list(winner)


def test_racing_acknowledgements_all_succeed_and_count_once(shared_server):
    make = tenant(shared_server)
    with make() as client:
        event_id = client.send_event("race", {"n": 1}).json()["event_id"]
        other_id = client.send_event("race", {"n": 2}).json()["event_id"]

    def acknowledge(client, index):
        if index % 2:
            answer = client.delete(f"/events/{event_id}")
            assert answer.status == 204, answer
            return 0
        answer = client.post("/inbox/ack", {"event_ids": [event_id]})
        assert answer.status == 200, answer
        assert answer.json()["results"][0]["status"] in ("acknowledged", "already_acknowledged")
        return answer.json()["acknowledged"]

    assert sum(race(make, acknowledge)) <= 1
    with make() as client:
        page = client.get("/inbox").json()
        assert [event["event_id"] for event in page["events"]] == [other_id]
        assert page["pagination"]["total_undelivered"] == 1


def test_of_racing_acknowledgements_of_many_ids_each_id_is_acknowledged_once(shared_server):
    make = tenant(shared_server)
    with make() as client:
        results = client.post("/events/batch", [{"event_type": "race", "payload": {"n": n}} for n in range(100)])
        ids = [result["event_id"] for result in results.json()["results"]]
    answers = race(make, lambda client, index: client.post("/inbox/ack", {"event_ids": ids[index:] + ids[:index]}), 16)
    assert sum(answer.json()["acknowledged"] for answer in answers) == 100
    with make() as client:
        assert client.get("/inbox").json()["pagination"]["total_undelivered"] == 0


def test_pages_neither_repeat_nor_skip_while_others_write_and_acknowledge(shared_server):
    make = tenant(shared_server)
    with make() as client:
        before = []
        for first in range(0, 1500, 500):
            events = [{"event_type": f"t{n % 2}", "payload": {"n": n}} for n in range(first, first + 500)]
            before += [result["event_id"] for result in client.post("/events/batch", events).json()["results"]]
    acknowledged = before[::3]
    stay = set(before) - set(acknowledged)
    walks = 6
    walking = threading.Event()
    walking.set()

    def write(client, index):
        n = 0
        while walking.is_set() and n < 20_000:
            n += 1
            assert client.send_event("t0", {"writer": index, "n": n}).status == 201
        return n

    def acknowledge(client, _):
        for event_id in acknowledged:
            assert client.delete(f"/events/{event_id}").status == 204

    def walk_once(client, index):
        """From the oldest to what is the newest at the start; bounded, as the writers never stop."""
        limit, event_type = ((7, None), (50, None), (20, "t1"))[index % 3]
        newest = client.send_event("t1", {"walker": index, "at": time.monotonic()}).json()["event_id"]
        seen = []
        for page in client.inbox_pages(limit, event_type):
            seen += [event["event_id"] for event in page["events"]]
            if seen and seen[-1] >= newest:
                break
        assert seen == sorted(seen) and len(seen) == len(set(seen)), "a page repeats an event"
        wanted = stay if event_type is None else stay & set(before[1::2])
        assert not wanted - set(seen), "a page skipped an event"
        assert newest in seen

    def walk(client, index):
        for _ in range(walks):
            walk_once(client, index)

    jobs = [write, write, acknowledge, walk, walk, walk]
    walkers_left = [3]

    def work(client, index):
        job = jobs[index]
        try:
            return job(client, index)
        finally:
            if job is walk:
                walkers_left[0] -= 1
                if walkers_left[0] == 0:
                    walking.clear()

    written = sum(count for count in race(make, work, len(jobs))[:2])
    assert written > 0
    with make() as client:
        total = client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"]
        assert total == len(stay) + written + 3 * walks == len(client.inbox())


def test_a_rate_limit_is_exact_under_concurrency(shared_server):
    limit = 10  # A token every 6 s, so that none comes in the instant of the race.
    make = tenant(shared_server, rate_limit=limit)
    started = time.monotonic()
    answers = race(make, lambda client, _: client.get("/inbox?limit=1"), 3 * limit)
    took = time.monotonic() - started
    assert took < 5, "the machine was too slow for this test to say anything"
    passed = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 429]
    assert (len(passed), len(refused)) == (limit, 2 * limit)
    remaining = sorted(int(answer.headers["RateLimit"].split("r=")[1].split(";")[0]) for answer in passed)
    assert remaining == list(range(limit))
    for answer in refused:
        wait_ms = answer.json()["details"]["retry_after_ms"]
        assert 0 < wait_ms <= 60_000 / limit
        assert int(answer.headers["Retry-After"]) == -(-wait_ms // 1000)


def test_after_the_stated_wait_exactly_one_more_passes(shared_server):
    make = tenant(shared_server, rate_limit=60)  # A token every second.
    with make() as client:
        answers = [client.get("/inbox?limit=1") for _ in range(61)]
        while answers[-1].status == 200 and len(answers) < 80:  # A slow machine: some came back meanwhile.
            answers.append(client.get("/inbox?limit=1"))
        assert answers[-1].status == 429
        wait_ms = answers[-1].json()["details"]["retry_after_ms"]
        assert 0 < wait_ms <= 1000
        time.sleep(wait_ms / 1000)
        assert [client.get("/inbox?limit=1").status for _ in range(2)] == [200, 429]
