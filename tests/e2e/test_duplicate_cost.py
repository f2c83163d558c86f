"""Batches that are built to make the search for duplicates expensive: the cost of each is bounded by its own size. Which
events are duplicates is in test_duplicates.py."""

import gzip
import itertools
import json
import threading

import pytest

from support.metrics import read_when

EVENTS = 500


def equal_events():
    return json.dumps([{"event_type": "t", "payload": {}}] * EVENTS)


def permutations_of_one_name():
    """Each payload has seven members "a" in an order of its own, before 1,000 equal members."""
    rest = ",".join(['"b":0'] * 1000)
    payloads = ("{" + ",".join(f'"a":{value}' for value in order) + "," + rest + "}"
                for order in itertools.islice(itertools.permutations(range(7)), EVENTS))
    return "[" + ",".join(f'{{"event_type":"t","payload":{payload}}}' for payload in payloads) + "]"


@pytest.fixture
def server(start_server):
    return start_server("--max-connections", "200")


def compared_bytes(server, accepted):
    """Of payloads, once so many events were accepted."""
    figures = read_when(server.client(), "triggers_events_accepted_total", accepted)
    assert figures["triggers_events_accepted_total"] == accepted
    return figures["triggers_commit_compared_bytes_total"]


def test_many_batches_of_equal_events_with_keys_are_compared_once_each(server):
    key, body, answers = server.create_key()["api_key"], equal_events(), []

    def send(number):
        with server.client(key) as client:
            answers.append(client.post("/events/batch", body, headers={"Idempotency-Key": f"batch-{number}"}).json())

    threads = [threading.Thread(target=send, args=(number,)) for number in range(60)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer["accepted"] for answer in answers] == [EVENTS] * 60
    assert compared_bytes(server, 60 * EVENTS) <= 60 * EVENTS * len("{}")


def test_permutations_of_one_name_are_told_apart_without_a_comparison(server):
    body = gzip.compress(permutations_of_one_name().encode())
    assert len(body) < 100_000
    with server.client(server.create_key()["api_key"]) as client:
        answer = client.post("/events/batch", body,
                             headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}).json()
        assert answer["accepted"] == EVENTS
        assert compared_bytes(server, EVENTS) == 0
        again = client.post("/events/batch", body,
                            headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}).json()
        assert (again["accepted"], again["duplicates"]) == (0, EVENTS)
