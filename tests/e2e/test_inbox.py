"""GET /inbox: pages that repeat and skip nothing, cursors that clients cannot forge, and the filter by type."""

import base64
import threading
import urllib.parse

import pytest


def fill(client, count, event_type="t", start=0):
    elements = [{"event_type": event_type, "payload": {"n": number}} for number in range(start, start + count)]
    ids = []
    for first in range(0, count, 500):
        answer = client.post("/events/batch", elements[first:first + 500])
        assert answer.status == 200 and answer.json()["accepted"] == len(elements[first:first + 500])
        ids += [result["event_id"] for result in answer.json()["results"]]
    return ids


def ids_of(page):
    return [event["event_id"] for event in page["events"]]


def test_a_page_has_50_events_by_default(client):
    ids = fill(client, 60)
    page = client.get("/inbox").json()
    assert ids_of(page) == ids[:50]
    assert page["pagination"]["has_more"] is True and page["pagination"]["total_undelivered"] == 60
    rest = client.get(f"/inbox?cursor={page['pagination']['next_cursor']}").json()
    assert ids_of(rest) == ids[50:]
    assert rest["pagination"] == {"next_cursor": rest["pagination"]["next_cursor"], "has_more": False,
                                  "total_undelivered": 60}


def test_a_reader_that_does_not_acknowledge_continues_from_the_last_page(client):
    """Every page that showed something, or was given a cursor, has one to go on from; has_more says whether to ask now."""
    empty = client.get("/inbox").json()["pagination"]
    assert (empty["next_cursor"], empty["has_more"]) == (None, False)
    seen, cursor, ids = [], "", []
    for round in range(3):
        ids += fill(client, 5, start=round * 5)
        for expected in (ids[-5:], []):
            page = client.get("/inbox" + cursor).json()
            assert ids_of(page) == expected and page["pagination"]["has_more"] is False
            cursor = "?cursor=" + page["pagination"]["next_cursor"]
            seen += ids_of(page)
    assert seen == ids


def test_newest_first_on_request(client):
    ids = fill(client, 205)
    seen, cursor, newer = [], "", []
    while True:
        page = client.get("/inbox?order=desc&limit=50" + cursor).json()
        seen += ids_of(page)
        newer += fill(client, 1, start=1000 + len(newer))
        if not page["pagination"]["has_more"]:
            break
        cursor = "&cursor=" + page["pagination"]["next_cursor"]
    assert seen == ids[::-1]
    assert ids_of(client.get("/inbox?order=desc&limit=3").json()) == newer[:-4:-1]
    for other in ("", "&order=asc"):
        refused = client.get("/inbox?limit=1" + other + cursor)
        assert (refused.status, refused.json()["details"]["field"]) == (400, "cursor")


@pytest.mark.parametrize("limit", [1, 7, 199, 200])
def test_pages_of_any_size_are_the_whole_inbox(client, limit):
    ids = fill(client, 205)
    pages = list(client.inbox_pages(limit))
    assert [event_id for page in pages for event_id in ids_of(page)] == ids
    assert all(len(page["events"]) == limit for page in pages[:-1])


def test_acknowledging_while_paging_neither_repeats_nor_skips(client):
    ids = fill(client, 100)
    seen = []
    for page in client.inbox_pages(10):
        seen += ids_of(page)
        for event_id in ids_of(page)[:5]:
            assert client.delete(f"/events/{event_id}").status == 204
        ahead = ids[len(seen):][-1:]  # The newest of those that are still ahead goes too.
        if ahead and len(seen) <= 50:
            client.delete(f"/events/{ahead[0]}")
    assert len(seen) == len(set(seen)) and seen == ids[:len(seen)]
    assert seen == ids[:99]


def test_events_accepted_while_paging_are_on_later_pages(client):
    fill(client, 20)
    seen, added = [], 20
    for page in client.inbox_pages(5):
        there_when_asked = added
        seen += [event["payload"]["n"] for event in page["events"]]
        if added < 40:
            fill(client, 2, start=added)
            added += 2
    assert there_when_asked > 20 and seen == list(range(there_when_asked))


def test_two_readers_page_while_others_write(shared_server, client):
    fill(client, 200)
    failures, done = [], threading.Event()

    def write():
        with shared_server.client(client.key) as writer:
            for number in range(1000, 1200):
                if writer.send_event("t", {"n": number}).status != 201:
                    failures.append("not accepted")
        done.set()

    def read():
        with shared_server.client(client.key) as reader:
            rounds = 0
            while not (done.is_set() and rounds >= 1) and rounds < 500:
                numbers = [event["payload"]["n"] for event in reader.inbox(limit=50)]
                rounds += 1
                if numbers != sorted(set(numbers)) or numbers[:200] != list(range(200)):
                    failures.append(numbers)

    threads = [threading.Thread(target=work) for work in (write, read, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done.is_set() and failures == []
    assert len(client.inbox()) == 400


def test_the_filter_pages_through_its_type_only(client):
    wanted = []
    for group in range(5):
        fill(client, 40, "noise", start=group * 100)
        wanted += fill(client, 3, "wanted caf\u00e9&=+", start=group * 100)
    name = "wanted%20caf%C3%A9%26%3D%2B"
    assert [event["event_id"] for event in client.inbox(limit=2, event_type=name)] == wanted
    assert [event["event_id"] for event in client.inbox(event_type=name.replace("%20", "+"))] == wanted
    page = client.get(f"/inbox?event_type={name}").json()
    assert page["pagination"]["total_undelivered"] == 215
    assert client.inbox(event_type="wanted") == []


def test_a_cursor_may_be_used_again(client):
    ids = fill(client, 10)
    cursor = client.get("/inbox?limit=5").json()["pagination"]["next_cursor"]
    for _ in range(2):
        assert ids_of(client.get(f"/inbox?limit=3&cursor={cursor}").json()) == ids[5:8]


def test_a_cursor_survives_a_restart_and_its_event_being_acknowledged(start_server):
    server = start_server()
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        ids = fill(client, 6)
        cursor = client.get("/inbox?limit=3").json()["pagination"]["next_cursor"]
        client.delete(f"/events/{ids[2]}")
    server.restart()
    with server.client(key) as client:
        assert ids_of(client.get(f"/inbox?cursor={cursor}").json()) == ids[3:]


def test_a_cursor_that_we_did_not_make_is_400_and_never_a_first_page(client, new_client):
    fill(client, 10)
    fill(client, 10, "other")
    good = client.get("/inbox?limit=5").json()["pagination"]["next_cursor"]
    filtered = client.get("/inbox?limit=5&event_type=other").json()["pagination"]["next_cursor"]
    stranger = new_client()
    fill(stranger, 10)
    foreign = stranger.get("/inbox?limit=5").json()["pagination"]["next_cursor"]
    assert good != foreign

    raw = base64.urlsafe_b64decode(good + "=" * (-len(good) % 4))
    tampered = []
    for position in range(len(raw)):
        changed = bytearray(raw)
        changed[position] ^= 1
        tampered.append(base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("="))
    bad = [*tampered, foreign, filtered, "", "x", "null", "0", good[:-1], good + "A", good + "=", good.swapcase(),
           "%00", "A" * 4000, "..%2F..", good + "%20"]
    for cursor in bad:
        answer = client.get(f"/inbox?cursor={cursor}")
        assert (answer.status, answer.json()["error_code"]) == (400, "VALIDATION_ERROR"), cursor
        assert answer.json()["details"]["field"] == "cursor"
        assert "events" not in answer.json()
    for cursor, event_type in ((good, "other"), (filtered, "t"), (filtered, "")):
        assert client.get(f"/inbox?cursor={cursor}&event_type={event_type}").status == 400
    assert client.get(f"/inbox?cursor={good}").status == 200
    assert client.get(f"/inbox?cursor={filtered}&event_type=other").status == 200


@pytest.mark.parametrize("query, field", [
    ("limit=0", "limit"), ("limit=201", "limit"), ("limit=-1", "limit"), ("limit=abc", "limit"), ("limit=", "limit"),
    ("limit=1.5", "limit"), ("limit=1e1", "limit"), ("limit=%31%30x", "limit"), ("limit=99999999999999999999", "limit"),
    ("limit=1&limit=2", "limit"), ("offset=1", "query"), ("Limit=1", "query"), ("event_type=", "event_type"),
    ("event_type=" + "x" * 256, "event_type"), ("event_type=%ff", "query"), ("event_type=%", "query"),
    ("event_type=%zz", "query"), ("=1", "query"), ("_=1700000000", "query"), ("order=newest", "order"), ("order=", "order"), ("event_type=a&event_type=b", "event_type")])
def test_bad_queries_are_refused(client, query, field):
    for path in ("/inbox", "/events/inbox"):
        answer = client.get(f"{path}?{query}")
        assert (answer.status, answer.json()["error_code"]) == (400, "VALIDATION_ERROR")
        assert answer.json()["details"]["field"] == field


def test_the_longest_event_type_can_be_asked_for(client):
    longest = "é" * 255
    assert client.send_event(longest, {}).status == 201
    assert len(client.inbox(event_type=urllib.parse.quote(longest))) == 1


def test_total_undelivered_is_exact(client):
    def total():
        return client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"]

    ids = fill(client, 30)
    assert client.post("/events", {"event_type": "t", "payload": {"n": 3}}).json()["duplicate"] is True
    assert total() == 30
    client.post("/inbox/ack", {"event_ids": ids[:10] + ids[:10] + [ids[0]]})
    client.delete(f"/events/{ids[5]}")
    assert total() == 20
    client.post("/inbox/ack", {"event_ids": ids})
    assert total() == 0
