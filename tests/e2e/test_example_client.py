"""examples/triggers_client.py as a library: unusual but valid JSON, failures of the consumer's own code, and batches that
the service refuses."""

import decimal
import importlib.util
import io

import pytest

from support.program import repository

specification = importlib.util.spec_from_file_location("triggers_client", repository / "examples" / "triggers_client.py")
triggers_client = importlib.util.module_from_spec(specification)
specification.loader.exec_module(triggers_client)

digits = "7" * 4_301


@pytest.fixture
def library(shared_server, client):
    return triggers_client.TriggersClient(f"http://127.0.0.1:{shared_server.port}", client.key, retries=0)


def send_raw(client, payload):
    answer = client.post("/events", '{"event_type":"odd","payload":' + payload + "}")
    assert answer.status == 201, answer
    return answer.json()["event_id"]


def test_numbers_of_any_length_are_read(client, library):
    send_raw(client, '{"n":' + digits + ',"negative":-' + digits + ',"large":1e400,"long":' + "7" * 4_300 +
             ',"plain":[1,1.5],"huge":1e9999999999999999999}')
    (event,) = library.inbox()
    payload = event["payload"]
    assert (payload["n"], payload["negative"]) == (decimal.Decimal(digits), decimal.Decimal("-" + digits))
    assert payload["large"] == decimal.Decimal("1e400") and payload["long"] == int("7" * 4_300)
    assert payload["huge"] == "1e9999999999999999999"
    assert payload["plain"] == [1, 1.5] and type(payload["plain"][1]) is float
    assert library.get(event["event_id"])["payload"] == payload


def test_a_lone_surrogate_is_read_and_sent_again(client, library):
    send_raw(client, r'{"text":"\ud800"}')
    (event,) = library.inbox()
    assert event["payload"] == {"text": "\ud800"}
    again = library.send("again", event["payload"])
    assert library.get(again["event_id"])["payload"] == event["payload"]
    assert client.get(f"/events/{again['event_id']}").body.count(rb'"payload":{"text": "\ud800"}') == 1


def test_a_poisoned_event_does_not_block_later_ones(client, library):
    ids = [send_raw(client, payload) for payload in
           ('{"n":1}', '{"n":' + digits + "}", r'{"n":"\udc00"}', '{"n":null}', '{"n":2}')]
    out, tries, set_aside = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), [], []

    def handle(event):
        tries.append(event["event_id"])
        out.write(f"{event['payload']['n']}\n")
        int(event["payload"]["n"])

    def keep(event, error):
        set_aside.append((event["event_id"], type(error)))
        assert triggers_client.to_json(event).isascii()

    handled = library.consume(handle, set_aside=keep)
    assert handled == 3 and [event_id for event_id, _ in set_aside] == ids[2:4]
    assert [tries.count(event_id) for event_id in ids] == [1, 1, 3, 3, 1]
    assert client.inbox() == []


def test_an_event_that_cannot_be_set_aside_stays(client, library):
    event_id = send_raw(client, '{"n":null}')

    def fail(*_):
        raise OSError("no room")

    with pytest.raises(OSError, match="no room"):
        library.consume(lambda event: int(event["payload"]["n"]), set_aside=fail)
    assert [event["event_id"] for event in client.inbox()] == [event_id]


def test_a_batch_that_failed_whole_has_its_results(library):
    results = library.send_batch([{"event_type": "", "payload": {}}, {"event_type": "t"}])
    assert [result["error_code"] for result in results] == ["VALIDATION_ERROR"] * 2
    with pytest.raises(triggers_client.TriggersError, match="400"):
        library.send_batch([])
