"""POST /events/batch: JSON arrays and NDJSON, one result per event in order."""

import json

import pytest

ndjson = {"Content-Type": "application/x-ndjson"}


def event(number, event_type="t"):
    return {"event_type": event_type, "payload": {"n": number}}


def lines(*texts, end="\n"):
    return end.join(text if isinstance(text, str) else json.dumps(text) for text in texts) + end


def results(answer):
    assert answer.status == 200, answer
    body = answer.json()
    assert set(body) == {"results", "accepted", "duplicates", "failed"}
    counts = [sum(1 for result in body["results"] if result["status"] == status)
              for status in ("accepted", "duplicate", "error")]
    assert counts == [body["accepted"], body["duplicates"], body["failed"]]
    return body["results"]


def send_array(client, elements):
    return results(client.post("/events/batch", elements))


def send_lines(client, elements):
    return results(client.post("/events/batch", lines(*elements), headers=ndjson))


both = pytest.mark.parametrize("send", [send_array, send_lines])


@both
def test_a_batch_is_stored_in_order(client, send):
    sent = send(client, [event(number) for number in range(10)])
    assert all(set(result) == {"status", "event_id", "timestamp"} for result in sent)
    stored = client.inbox()
    assert [e["event_id"] for e in stored] == [result["event_id"] for result in sent]
    assert [e["payload"]["n"] for e in stored] == list(range(10))


@both
def test_each_bad_event_has_its_own_error_and_the_others_are_stored(client, send):
    elements = [event(1), {"event_type": "t"}, event(1), {"event_type": "", "payload": {}}, 17, None, event(2),
                {"event_type": "t", "payload": {"v": "x" * 262_144}}]
    sent = send(client, elements)
    assert [result["status"] for result in sent] == ["accepted", "error", "duplicate", "error", "error", "error",
                                                     "accepted", "error"]
    assert sent[2]["event_id"] == sent[0]["event_id"] and sent[2]["duplicate"] is True
    assert [sent[i]["error_code"] for i in (1, 3, 4, 5, 7)] == ["VALIDATION_ERROR"] * 4 + ["PAYLOAD_TOO_LARGE"]
    assert [sent[i]["details"]["field"] for i in (1, 3, 4, 5, 7)] == ["payload", "event_type", "body", "body", "payload"]
    assert all(result["message"] for result in sent if result["status"] == "error")
    assert [e["payload"]["n"] for e in client.inbox()] == [1, 2]


@both
def test_500_events_are_accepted_and_501_refused_as_a_whole(client, send):
    assert len(send(client, [event(number) for number in range(500)])) == 500
    elements = [event(number) for number in range(500, 1001)]
    body, headers = (elements, None) if send is send_array else (lines(*elements), ndjson)
    refused = client.post("/events/batch", body, headers=headers)
    assert (refused.status, refused.json()["error_code"]) == (413, "PAYLOAD_TOO_LARGE")
    assert refused.json()["details"] == {"limit_events": 500, "events": 501}
    assert client.get("/inbox").json()["pagination"]["total_undelivered"] == 500


@pytest.mark.parametrize("media_type", ["application/x-ndjson", "application/ndjson", "application/jsonl",
                                        "Application/X-NDJSON; charset=utf-8"])
def test_lines_are_known_by_their_media_type(client, media_type):
    body = lines(event(1), "", event(2), "not json", end="\r\n")
    sent = results(client.post("/events/batch", body, headers={"Content-Type": media_type}))
    assert [result["status"] for result in sent] == ["accepted", "accepted", "error"]


def test_the_last_line_needs_no_end(client):
    body = lines(event(1), event(2)).rstrip("\n")
    assert len(results(client.post("/events/batch", body, headers=ndjson))) == 2


def test_a_broken_array_stores_nothing(client):
    body = json.dumps([event(1), event(2)])[:-1]
    refused = client.post("/events/batch", body)
    assert (refused.status, refused.json()["details"]["field"]) == (400, "body")
    assert client.inbox() == []


@both
def test_a_batch_with_an_idempotency_key_is_replayed_event_by_event(client, send):
    headers = {"Idempotency-Key": "batch-1"}
    if send is send_lines:
        headers.update(ndjson)
    def body(*numbers):
        elements = [event(number) for number in numbers]
        return elements if send is send_array else lines(*elements)
    first = results(client.post("/events/batch", body(1, 1, 2), headers=headers))
    assert [result["status"] for result in first] == ["accepted"] * 3, "with a key no content is compared"
    again = results(client.post("/events/batch", body(1, 1, 3), headers=headers))
    assert [result["status"] for result in again] == ["duplicate", "duplicate", "error"]
    assert [result["event_id"] for result in again[:2]] == [result["event_id"] for result in first[:2]]
    assert again[2]["error_code"] == "CONFLICT"
    assert len(client.inbox()) == 3


@both
def test_a_batch_of_which_nothing_is_stored_is_422(client, send):
    elements = [{"event_type": ""}, {"event_type": "t"}]
    body, headers = (elements, None) if send is send_array else (lines(*elements), ndjson)
    failed = client.post("/events/batch", body, headers=headers)
    assert failed.status == 422
    assert [result["error_code"] for result in failed.json()["results"]] == ["VALIDATION_ERROR"] * 2
    assert (failed.json()["accepted"], failed.json()["duplicates"], failed.json()["failed"]) == (0, 0, 2)
    send(client, [event(1)])
    assert [result["status"] for result in send(client, [event(1), {}])] == ["duplicate", "error"]


def test_numbers_in_batches_stay_as_they_were_sent(client):
    body = '[{"event_type":"t","payload":{"v": 1.0 }} , {"payload":{"v":1e400},"event_type":"t"}]'
    assert [result["status"] for result in results(client.post("/events/batch", body))] == ["accepted"] * 2
    page = client.get("/inbox").body
    assert b'"payload":{"v": 1.0 },' in page and b'"payload":{"v":1e400},' in page


def test_a_batch_may_have_5_mib_and_no_byte_more(client):
    filler = "x" * 200_000
    elements = [json.dumps({"event_type": "t", "payload": {"n": number, "v": filler}}) for number in range(26)]
    body = lines(*elements)
    room = 5 * 1024 * 1024 - len(body)
    assert room > 0
    assert len(results(client.post("/events/batch", body + "\n" * room, headers=ndjson))) == 26
    refused = client.post("/events/batch", body + "\n" * (room + 1), headers=ndjson)
    assert (refused.status, refused.json()["details"]["limit_bytes"]) == (413, 5 * 1024 * 1024)
