"""`swarm --verify` finds each kind of difference between a journal and a store, accepts what is no fault, and gives no verdict
if it cannot read the journal or the service, or not in time. The crash tests (test_crash.py) rely on it."""

import http.server
import json
import threading
import time

import pytest

from support import keys, swarm
from support.program import run as run_triggers

plain = ("order.paid", '{"total": 1.0, "n": %d}', "shop", '{"a":1}')


class Store:
    """A tenant of a server, and the journal of what it was sent through post()."""

    def __init__(self, server, key, path):
        self.server, self.key, self.client = server, key, server.client(key)
        self.journal = swarm.WrittenJournal(path)

    def post(self, event_type, payload, source="", metadata="", key=None):
        """Sends the texts as they are; the id."""
        members = [f'"event_type":{json.dumps(event_type)}', f'"payload":{payload}']
        members += [f'"source":{json.dumps(source)}'] if source else []
        members += [f'"metadata":{metadata}'] if metadata else []
        answer = self.client.post("/events", "{" + ",".join(members) + "}",
                                  headers={"Idempotency-Key": key} if key else {})
        assert answer.status == 201, answer
        return answer.json()["event_id"]

    def accept(self, number):
        """An event of its own, in the journal as accepted."""
        event = (plain[0], plain[1] % number, *plain[2:])
        event_id = self.post(*event)
        self.journal.line("A", event_id, swarm.digest(*event))
        return event_id

    def acknowledge(self, event_id):
        self.journal.line("M", event_id)
        assert self.client.delete(f"/events/{event_id}").status == 204
        self.journal.line("K", event_id)

    def verify(self, *arguments):
        return swarm.verify(self.server.port, self.key, self.journal.path, *arguments)


@pytest.fixture
def store(shared_server, tmp_path):
    opened = Store(shared_server, shared_server.create_key(user_id=keys.fresh_user())["api_key"], tmp_path / "journal")
    yield opened
    opened.client.close()


def test_a_store_that_kept_its_promises_is_clean(store):
    ids = [store.accept(number) for number in range(450)]  # three pages
    for event_id in ids[::3]:
        store.acknowledge(event_id)
    verdict = store.verify("--exclusive")
    assert (verdict.status, verdict.clean, verdict.wrong) == (0, True, {}), verdict
    assert verdict.counts["accepted"] == 450 and verdict.counts["acknowledged"] == 150
    assert verdict.counts["undelivered"] == 300 and verdict.counts["foreign"] == 0


@pytest.mark.parametrize("event", [
    ("t", '{ "big" : 18446744073709551616, "small":1.0e-7,"zero":-0.0 }'),
    ("grün/été", '{"text":"gr\\u00fcn \\ud83d\\ude00 \\" \\\\ \\/","raw":"grün"}', "Käse \"x\" \\"),
    ("t", '{"b":1,"a":[ ],"c":{ "d" : null}}', "s", '{ "z":1 , "y":2.50 }'),
    ("t", "{}", "", "{}"),
], ids=["numbers", "text", "order and white space", "empty"])
def test_content_is_compared_byte_for_byte_pending_and_delivered(store, event):
    event_id = store.post(*event)
    store.journal.line("A", event_id, swarm.digest(*event))
    assert store.verify("--exclusive").status == 0
    store.acknowledge(event_id)
    assert store.verify("--exclusive").status == 0


@pytest.mark.parametrize("acknowledged", [False, True])
@pytest.mark.parametrize("promised", [
    ("order.paie", '{"total":1.0}', "shop", "{}"), ("order.paid", '{"total":1.00}', "shop", "{}"),
    ("order.paid", '{"total": 1.0}', "shop", "{}"), ("order.paid", '{"total":1.0}', "shoq", "{}"),
    ("order.paid", '{"total":1.0}', "shop", ""),
], ids=["type", "number", "white space", "source", "metadata"])
def test_a_change_of_one_byte_is_found(store, promised, acknowledged):
    stored = ("order.paid", '{"total":1.0}', "shop", "{}")
    event_id = store.post(*stored)
    store.journal.line("A", event_id, swarm.digest(*promised))
    if acknowledged:
        store.acknowledge(event_id)
    verdict = store.verify()
    assert (verdict.status, verdict.wrong) == (1, {"changed": [event_id]}), verdict


def test_what_an_older_backup_lacks_is_missing_and_what_it_has_again_is_returned(start_server, tmp_path):
    server = start_server()
    store = Store(server, server.create_key()["api_key"], tmp_path / "journal")
    before = [store.accept(number) for number in range(20)]
    assert run_triggers("backup", tmp_path / "copy", "--data-dir", server.data_dir).returncode == 0
    after = [store.accept(number) for number in range(20, 25)]
    for event_id in (before[3], before[4], after[0]):
        store.acknowledge(event_id)
    assert store.verify("--exclusive").status == 0
    store.client.close()
    server.stop()
    store.server = start_server(data_dir=tmp_path / "copy")
    verdict = store.verify("--exclusive")
    assert (verdict.status, verdict.clean) == (1, False), verdict
    assert verdict.wrong == {"missing": sorted(after), "returned": sorted(before[3:5])}, verdict
    assert before[3] in verdict.text and after[4] in verdict.text


def test_a_second_copy_under_another_id_is_doubled(store):
    store.accept(1)
    second = store.post(plain[0], plain[1] % 1, *plain[2:], key="not-compared-by-content")
    assert store.verify().wrong == {"doubled": [second]}
    store.journal.line("A", second, swarm.digest(plain[0], plain[1] % 1, *plain[2:]))
    assert store.verify("--exclusive").status == 0  # sent twice and accepted twice is no fault


def test_a_request_without_an_answer_explains_one_event_and_no_more(store):
    store.accept(0)
    event = ("t", '{"unanswered":true}', "shop")
    store.journal.line("U", swarm.digest(*event))
    assert store.verify("--exclusive").status == 0  # it was not stored
    store.post(*event)
    verdict = store.verify("--exclusive")
    assert (verdict.status, verdict.counts["explained"]) == (0, 1), verdict
    second = store.post(*event, key="again")
    verdict = store.verify("--exclusive")
    assert verdict.status == 1 and second in sum(verdict.wrong.values(), []), verdict


def test_strangers_are_counted_and_wrong_only_if_nobody_else_may_send(store):
    store.accept(1)
    stranger = store.post("other", "{}")
    verdict = store.verify()
    assert (verdict.status, verdict.counts["foreign"]) == (0, 1), verdict
    assert store.verify("--exclusive").wrong == {"unexpected": [stranger]}


def test_an_event_that_somebody_else_acknowledged_is_wrong_only_if_nobody_else_may(store):
    event_id = store.accept(1)
    assert store.client.delete(f"/events/{event_id}").status == 204
    verdict = store.verify()
    assert (verdict.status, verdict.counts["taken"]) == (0, 1), verdict
    assert store.verify("--exclusive").wrong == {"unexpected": [event_id]}


def test_an_acknowledgement_without_an_answer_is_right_either_way(store):
    pending, delivered = store.accept(1), store.accept(2)
    assert store.client.delete(f"/events/{delivered}").status == 204
    for event_id in (pending, delivered):
        store.journal.line("M", event_id)
    assert store.verify("--exclusive").status == 0


def test_an_acknowledged_event_of_somebody_else_must_not_be_back(store):
    store.accept(1)
    stranger = store.post("other", "{}")
    store.journal.line("K", stranger)
    assert store.verify().wrong == {"returned": [stranger]}


def test_a_duplicate_promises_the_event_but_not_its_bytes(store):
    event_id = store.post("t", '{"a":1,"b":2}', "first")
    store.journal.line("A", event_id, swarm.digest("t", '{"a":1,"b":2}', "first"))
    assert store.post("t", '{ "b":2, "a":1 }', "second") == event_id
    store.journal.line("D", event_id, swarm.digest("t", '{ "b":2, "a":1 }', "second"))
    assert store.verify("--exclusive").status == 0
    alone = "01a20bbb-7022-7d01-8d91-44c476987c33"
    store.journal.line("D", alone, swarm.digest("t", "{}"))
    assert store.verify().wrong == {"missing": [alone]}


def test_the_tenants_of_several_keys_are_read_and_a_key_more_doubles_nothing(shared_server, tmp_path):
    first, second = keys.fresh_user(), keys.fresh_user()
    stores = [Store(shared_server, shared_server.create_key(user_id=user)["api_key"], tmp_path / "journal")
              for user in (first, second, first)]
    accepted = []
    journal = swarm.WrittenJournal(tmp_path / "together")
    for number, store in enumerate(stores):
        store.journal = journal
        accepted += [store.accept(number), store.accept(number + 10)]
    stores[0].acknowledge(accepted[0])
    stores[1].acknowledge(accepted[2])
    every_key = ",".join(store.key for store in stores)
    verdict = swarm.verify(shared_server.port, every_key, journal.path, "--exclusive")
    assert (verdict.status, verdict.counts["undelivered"]) == (0, 4), verdict
    # With the key of one tenant, those of the other are not to be found.
    assert swarm.verify(shared_server.port, stores[0].key, journal.path).wrong == {"missing": sorted(accepted[2:4])}


def test_a_torn_line_is_reported_and_the_rest_verified(store):
    event_id = store.accept(1)
    with open(store.journal.path, "a", encoding="ascii") as file:
        file.write(f"K {event_id[:20]}")
    verdict = store.verify()
    assert (verdict.status, verdict.counts["broken_lines"]) == (0, 1), verdict


def test_a_generator_that_is_killed_leaves_a_journal_that_can_be_verified(start_server, tmp_path):
    server = start_server("--access-log=false")
    key, journal = server.create_key()["api_key"], tmp_path / "journal"
    run = swarm.start(server.port, key, "--journal", journal, "-u", "8", "-r", "1000", "--no-wait", "TriggersAPIUser",
                      out=tmp_path / "out", log=tmp_path / "log")
    deadline = time.monotonic() + 20
    while not (journal.exists() and journal.stat().st_size > 100_000) and time.monotonic() < deadline:
        time.sleep(0.005)
    run.kill()
    run.wait(20)
    # What it had not written yet is foreign, or taken; what it had is there. The server may still handle its last requests.
    with server.client(key) as client:
        for _ in range(10):
            everything = len(client.inbox())
            verdict = swarm.verify(server.port, key, journal)
            if len(client.inbox()) == everything:
                break
    assert verdict.status == 0 and verdict.counts["broken_lines"] <= 1, verdict
    assert verdict.counts["accepted"] > 0, verdict
    assert everything == sum(verdict.counts[name] for name in ("undelivered", "explained", "foreign")), verdict


class Lying(http.server.BaseHTTPRequestHandler):
    """A service of one event that lies: `inbox` and `single` of its server answer."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        status, document = (self.server.inbox if self.path.startswith("/inbox") else self.server.single)(self.path)
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


event_of_old = {"event_id": "01890000-0000-7000-8000-000000000001", "timestamp": "2023-06-27T23:00:00.000Z",
                "event_type": "t", "payload": {}, "source": None, "metadata": None}


def page(*events, next_cursor=None):
    return 200, {"events": list(events), "pagination": {"next_cursor": next_cursor, "has_more": next_cursor is not None,
                                                        "total_undelivered": len(events)}}


@pytest.fixture
def lie(tmp_path):
    """`lie(inbox, single, line...)`: the verdict on such a service, after a journal of these lines on its one event."""
    servers = []

    def verdict(inbox, single, *kinds, arguments=()):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Lying)
        server.inbox, server.single = inbox, single
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        journal = swarm.WrittenJournal(tmp_path / "journal")
        for kind in kinds:
            journal.line(kind, event_of_old["event_id"], *([swarm.digest("t", "{}")] if kind == "A" else []))
        return swarm.verify(server.server_port, "any", journal.path, *arguments)

    yield verdict
    for server in servers:
        server.shutdown()
        server.server_close()


def single(delivered):
    return lambda _: (200, {**event_of_old, "delivered": delivered})


def unknown(_):
    return 404, {"status": "error", "error_code": "NOT_FOUND"}


def test_an_event_that_is_neither_pending_nor_delivered_is_lost(lie):
    assert lie(lambda _: page(), single(True), "A", "K").status == 0
    verdict = lie(lambda _: page(), single(False), "A")
    assert (verdict.status, verdict.wrong) == (1, {"lost": [event_of_old["event_id"]]}), verdict
    assert lie(lambda _: page(), single(False), "A", "K").wrong == {"lost": [event_of_old["event_id"]]}


def test_an_id_that_is_listed_twice_is_doubled(lie):
    for inbox in (lambda _: page(event_of_old, event_of_old),
                  lambda path: page(event_of_old, next_cursor=None if "cursor" in path else "next")):
        assert lie(inbox, single(False), "A").wrong == {"doubled": [event_of_old["event_id"]]}


def test_a_stranger_that_is_listed_twice_is_doubled(lie):
    stranger = {**event_of_old, "event_id": "01890000-0000-7000-8000-000000000002", "event_type": "other"}
    verdict = lie(lambda _: page(event_of_old, stranger, stranger), single(False), "A")
    assert verdict.wrong == {"doubled": [stranger["event_id"]]}, verdict


def test_retention_explains_only_what_is_old_enough_and_was_acknowledged(lie):
    gone = lambda *lines, days: lie(lambda _: page(), unknown, *lines, arguments=("--retention-days", days))
    missing = {"missing": [event_of_old["event_id"]]}
    explained = gone("A", "K", days=30)
    assert (explained.status, explained.counts["expired"]) == (0, 1), explained
    assert gone("A", "M", days=30).status == 0
    assert gone("A", "K", days=3650).wrong == missing
    assert gone("A", days=30).wrong == missing


@pytest.mark.parametrize("inbox", [
    lambda _: (500, {}), lambda _: (401, {}), lambda _: (429, {}), lambda _: (200, {}), lambda _: (200, []),
    lambda _: (200, {"events": [{}], "pagination": {"has_more": False}}),
    lambda _: page(next_cursor=""), lambda _: page(next_cursor="the-same-for-ever"),
], ids=["500", "401", "429", "no page", "no object", "no event", "no cursor", "a cursor that does not move"])
def test_an_inbox_that_cannot_be_read_is_no_verdict(lie, inbox):
    verdict = lie(inbox, single(True), "A")
    assert (verdict.status, verdict.clean) == (2, None), verdict
    assert "/inbox" in verdict.text


def stranger(number):
    return {**event_of_old, "event_id": f"01890000-0000-7000-8000-{number:012x}", "event_type": "other"}


class Endless:
    """An inbox of which each page names a next one. `news`: each has an event that none had before."""

    def __init__(self, news):
        self.pages, self.news = 0, news

    def __call__(self, _):
        self.pages += 1
        return page(*([stranger(self.pages + 1)] if self.news else []), next_cursor=f"to-{self.pages}")


@pytest.mark.parametrize("event", [None, stranger(2)], ids=["nothing", "the same stranger"])
def test_an_inbox_whose_pages_bring_nothing_new_for_ever_is_no_verdict(lie, event):
    pages = []

    def inbox(_):
        pages.append(1)
        return page(*([event] if event else []), next_cursor=f"to-{len(pages)}")

    verdict = lie(inbox, single(True), "A")
    assert (verdict.status, verdict.clean) == (2, None), verdict
    assert "cannot be verified: the inbox does not end: " in verdict.text, verdict
    assert len(pages) >= 100


def test_pages_without_news_before_the_end_are_no_fault(lie):
    pages = []

    def inbox(_):
        pages.append(1)
        return page(event_of_old) if len(pages) == 100 else page(next_cursor=f"to-{len(pages)}")

    assert lie(inbox, single(False), "A").status == 0
    assert len(pages) == 100


def test_the_run_time_bounds_a_verification(lie):
    inbox = Endless(news=True)
    began = time.monotonic()
    verdict = lie(inbox, single(True), "A", arguments=("-t", "1s"))
    assert (verdict.status, verdict.clean) == (2, None), verdict
    assert "cannot be verified: the verification was not finished after 1 s; --run-time sets this limit" in verdict.text, verdict
    assert inbox.pages > 1 and time.monotonic() - began >= 1


def test_the_run_time_bounds_the_look_at_single_events(lie):
    def slow(_):
        time.sleep(1.1)  # longer than the whole verification may take
        return single(True)(_)

    verdict = lie(lambda _: page(), slow, "A", arguments=("-t", "1s"))
    assert (verdict.status, verdict.clean) == (2, None), verdict


def test_a_page_of_more_events_than_were_asked_for_is_no_verdict(lie):
    verdict = lie(lambda _: page(*map(stranger, range(2, 203))), single(True), "A")
    assert (verdict.status, verdict.clean) == (2, None), verdict
    assert "was answered with 201 events" in verdict.text, verdict


def test_a_single_event_that_cannot_be_read_is_no_verdict(lie):
    for answer in ((500, {}), (403, {}), (200, {"event_id": "x"})):
        verdict = lie(lambda _: page(), lambda _, answer=answer: answer, "A")
        assert (verdict.status, verdict.clean) == (2, None), verdict


def test_a_journal_without_a_promise_proves_nothing(lie):
    verdict = lie(lambda _: page(), unknown)
    assert (verdict.status, verdict.clean) == (2, None), verdict


def test_what_is_no_journal_and_a_dead_service_are_no_verdict(store, tmp_path):
    store.accept(1)
    (tmp_path / "other").write_text("id,total\n", encoding="ascii")
    for path in (tmp_path / "none", tmp_path / "other", tmp_path):
        assert swarm.verify(store.server.port, store.key, path).status == 2
    assert swarm.verify(1, store.key, store.journal.path).status == 2
    assert swarm.verify(store.server.port, "", store.journal.path).status == 2
