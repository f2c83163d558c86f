"""Every GitHub webhook payload is accepted, read from the inbox unchanged, and acknowledged."""

import json

from support import webhooks


def spelled(number, payload):
    """The payload as one of four JSON texts that mean the same: only the bytes differ."""
    styles = ({}, {"ensure_ascii": False}, {"indent": 1}, {"separators": (",", ":")})
    return json.dumps(payload, **styles[number % len(styles)])


def post_all(client, examples):
    """Posts every example: {event_id: (event type, payload text)} of the accepted ones, and how many were duplicates."""
    sent, first_ids, duplicates = {}, {}, 0
    for number, (event_type, payload) in enumerate(examples):
        text = spelled(number, payload)
        body = f'{{"payload": {text}, "event_type": {json.dumps(event_type)}}}'
        answer = client.post("/events", body)
        assert answer.status == 201, (event_type, answer)
        accepted = answer.json()
        content = (event_type, json.dumps(payload, sort_keys=True))
        if content in first_ids:
            assert accepted["event_id"] == first_ids[content] and accepted["duplicate"] is True
            assert answer.headers["Idempotent-Replayed"] == "true"
            duplicates += 1
        else:
            assert "duplicate" not in accepted and "Idempotent-Replayed" not in answer.headers
            first_ids[content] = accepted["event_id"]
            sent[accepted["event_id"]] = (event_type, text)
    return sent, duplicates


def drain(client, limit):
    """The inbox by pages: [(event, bytes of the page)], having checked each page's count."""
    drained, cursor = [], ""
    while True:
        answer = client.get(f"/inbox?limit={limit}{cursor}")
        assert answer.status == 200, answer
        page = answer.json()
        drained += [(event, answer.body) for event in page["events"]]
        assert 0 < len(page["events"]) <= limit
        if not page["pagination"]["has_more"]:
            return drained
        assert len(page["events"]) == limit
        cursor = "&cursor=" + page["pagination"]["next_cursor"]


def test_every_webhook_comes_back_unchanged(client):
    examples = webhooks.load()
    assert len(examples) == 329
    distinct = {(event_type, json.dumps(payload, sort_keys=True)) for event_type, payload in examples}

    sent, duplicates = post_all(client, examples)
    assert len(sent) == len(distinct)
    assert duplicates == len(examples) - len(distinct) > 0

    for limit in (7, 200):
        drained = drain(client, limit)
        assert [event["event_id"] for event, _ in drained] == list(sent), "each once, oldest first"
        for event, page_bytes in drained:
            event_type, text = sent[event["event_id"]]
            assert event["event_type"] == event_type
            assert event["payload"] == json.loads(text)
            assert f'"payload":{text},"source"'.encode() in page_bytes

    filtered = client.inbox(limit=3, event_type="github.push")
    assert [event["event_id"] for event in filtered] == [i for i, (kind, _) in sent.items() if kind == "github.push"]

    ids = list(sent)
    one_by_one, together = ids[::2], ids[1::2]
    for event_id in one_by_one:
        assert client.delete(f"/events/{event_id}").status == 204
    assert [event["event_id"] for event in client.inbox()] == together
    answer = client.post("/inbox/ack", {"event_ids": together})
    assert answer.status == 200
    assert answer.json() == {"results": [{"event_id": i, "status": "acknowledged"} for i in together],
                             "acknowledged": len(together)}
    assert client.get("/inbox").json() == {"events": [], "pagination": {"next_cursor": None, "has_more": False,
                                                                        "total_undelivered": 0}}
    for event_id in ids:
        assert client.get(f"/events/{event_id}").json()["delivered"] is True
