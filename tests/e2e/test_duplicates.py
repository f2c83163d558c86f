"""Which events are duplicates over HTTP, and what an Idempotency-Key changes."""

import time

import pytest

from support.keys import fresh_user


def replayed(answer, first):
    """The duplicate has the first one's answer, and says so."""
    same = {name: first.json()[name] for name in ("status", "event_id", "timestamp", "message")}
    return (answer.status == 201 and answer.json() == {**same, "duplicate": True}
            and answer.headers.get("Idempotent-Replayed") == "true"
            and answer.headers["Location"] == first.headers["Location"])


def post(client, payload, event_type='"t"', key=None, rest=""):
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post("/events", f'{{"event_type":{event_type},"payload":{payload}{rest}}}', headers=headers)


def test_equal_content_is_a_duplicate_whatever_its_spelling(client):
    first = post(client, '{"a":1,"b":{"c":[1,2],"d":"\u00e9"}}')
    assert first.status == 201 and "duplicate" not in first.json()
    for payload in ('{"a":1,"b":{"c":[1,2],"d":"\u00e9"}}', ' { "b" : { "d":"\\u00e9", "c":[ 1 , 2 ] } , "a":1 }'):
        assert replayed(post(client, payload), first)
        assert replayed(post(client, payload, event_type='"\\u0074"'), first)
    assert replayed(post(client, '{"a":1,"b":{"c":[1,2],"d":"\u00e9"}}', rest=',"source":"elsewhere","metadata":{}'), first)
    assert len(client.inbox()) == 1


@pytest.mark.parametrize("payload", ['{"a":1.0}', '{"a":"1"}', '{"a":[1]}', '{"a":1,"b":null}', '{"A":1}', "{}",
                                     '{"a":10e-1}', '{"a":true}'])
def test_other_content_is_no_duplicate(client, payload):
    first, second = post(client, '{"a":1}'), post(client, payload)
    assert second.status == 201 and "duplicate" not in second.json()
    assert second.json()["event_id"] != first.json()["event_id"]


def test_another_type_or_another_order_of_a_list_is_no_duplicate(client):
    post(client, '{"a":[1,2]}')
    assert "duplicate" not in post(client, '{"a":[2,1]}').json()
    assert "duplicate" not in post(client, '{"a":[1,2]}', event_type='"T"').json()
    assert len(client.inbox()) == 3


def test_an_acknowledged_event_still_has_duplicates(client):
    first = post(client, '{"a":1}')
    client.delete(first.headers["Location"])
    assert replayed(post(client, '{"a":1}'), first)
    assert client.inbox() == []


def test_idempotency_key_replays_the_same_event_and_refuses_another(client):
    first = post(client, '{"a":1}', key="order-17")
    assert first.status == 201
    assert replayed(post(client, '{ "a": 1 }', key="order-17"), first)
    assert replayed(post(client, '{"a":1}', key='"order-17"'), first), "the draft's quoted form is the same key"
    for other in (post(client, '{"a":2}', key="order-17"), post(client, '{"a":1}', event_type='"u"', key="order-17")):
        assert (other.status, other.json()["error_code"]) == (422, "CONFLICT")
        assert other.json()["details"]["first_event_id"] == first.json()["event_id"]
    assert len(client.inbox()) == 1


def test_with_idempotency_keys_no_content_is_compared(client):
    first = post(client, '{"a":1}', key="k1")
    second = post(client, '{"a":1}', key="k2")
    assert second.status == 201 and "duplicate" not in second.json()
    assert second.json()["event_id"] != first.json()["event_id"]
    without = post(client, '{"a":1}')
    assert without.json()["duplicate"] is True, "without a key it equals an event accepted before"


@pytest.mark.parametrize("key", ["", '""', "a b", "x" * 256, "caf\u00e9"])
def test_a_bad_idempotency_key_is_refused(client, key):
    answer = post(client, '{"a":1}', key=key.encode("latin-1"))
    assert (answer.status, answer.json()["details"]["field"]) == (400, "Idempotency-Key")
    assert client.inbox() == []


def test_the_longest_idempotency_key_is_accepted(client):
    first = post(client, '{"a":1}', key="x" * 255)
    assert first.status == 201
    assert replayed(post(client, '{"a":1}', key="x" * 255), first)


def test_another_tenants_equal_event_and_key_are_its_own(new_client):
    one, two = new_client(), new_client()
    for key in (None, "k"):
        first, second = post(one, '{"a":1}', key=key), post(two, '{"a":1}', key=key)
        assert "duplicate" not in first.json() and "duplicate" not in second.json()
    assert post(two, '{"a":2}', key="k").json()["details"]["first_event_id"] == second.json()["event_id"]


def test_two_keys_of_one_tenant_share_what_is_a_duplicate(new_client):
    user = fresh_user()
    first = post(new_client(user_id=user), '{"a":1}')
    assert replayed(post(new_client(user_id=user), '{"a":1}'), first)


def test_duplicates_are_known_after_a_kill(start_server):
    server = start_server()
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        plain, keyed = post(client, '{"a":1}'), post(client, '{"a":2}', key="k")
    server.kill()
    server.start()
    with server.client(key) as client:
        assert replayed(post(client, '{"a":1}'), plain)
        assert replayed(post(client, '{"a":2}', key="k"), keyed)
        assert post(client, '{"a":3}', key="k").status == 422
        assert len(client.inbox()) == 2


def test_window_0_turns_the_comparison_off_but_not_the_keys(start_server):
    server = start_server(env={"DEDUPLICATION_WINDOW_SECONDS": "0"})
    with server.client(server.create_key()["api_key"]) as client:
        answers = [post(client, '{"a":1}') for _ in range(3)]
        assert len({answer.json()["event_id"] for answer in answers}) == 3
        first = post(client, '{"a":1}', key="k")
        assert replayed(post(client, '{"a":1}', key="k"), first)
        assert len(client.inbox()) == 4


def test_after_the_window_an_equal_event_is_new(start_server):
    server = start_server("--dedup-window-seconds=1")
    with server.client(server.create_key()["api_key"]) as client:
        first = post(client, '{"a":1}')
        deadline = time.monotonic() + 10
        while replayed(again := post(client, '{"a":1}'), first):
            assert time.monotonic() < deadline, "the window has not ended"
            time.sleep(0.02)
        assert again.status == 201 and again.json()["event_id"] != first.json()["event_id"]
        assert replayed(post(client, '{"a":1}'), again)
