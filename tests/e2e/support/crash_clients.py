"""Clients of the crash test for what swarm does not do: batches, idempotency keys, large events, and repeated requests. Also
the journal of what they were told, and the check of a store against it."""

import http.client
import threading


class ClientJournal:
    """What the clients know: every event that was sent, by its marker, and the responses to it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.sent = {}            # marker: the event as it was sent
        self.ids = {}             # marker: its id, once a client has received it
        self.unanswered = set()   # markers whose request got no response
        self.acknowledged = set()    # markers, after 204
        self.half_acknowledged = set()  # markers whose acknowledgement got no response
        self.waiting = []            # markers that no client has tried to acknowledge

    def accepted(self, marker, event_id):
        with self.lock:
            assert self.ids.setdefault(marker, event_id) == event_id, f"{marker} has two ids"
            self.unanswered.discard(marker)
            self.waiting.append(marker)

    def take_waiting(self, random):
        with self.lock:
            if not self.waiting:
                return None
            at = random.randrange(len(self.waiting))
            self.waiting[at], self.waiting[-1] = self.waiting[-1], self.waiting[at]
            return self.waiting.pop()


class Sender(threading.Thread):
    """One client: sends and acknowledges until the server is gone."""

    def __init__(self, name, server, key, journal, random):
        super().__init__(name=name, daemon=True)
        self.client, self.journal, self.random = server.client(key), journal, random
        self.count, self.requests, self.failure = 0, 0, None

    def run(self):
        try:
            while True:
                chance = self.random.random()
                if chance < 0.55:
                    self.send_one()
                elif chance < 0.7:
                    self.send_batch()
                else:
                    self.acknowledge()
                self.requests += 1
        except (OSError, http.client.HTTPException):
            pass  # The server is gone, as intended.
        except BaseException as failure:  # pylint: disable=broad-except
            self.failure = failure
        finally:
            self.client.close()

    def new_event(self):
        self.count += 1
        marker = f"{self.name}-{self.count}"
        event = {"event_type": f"crash.{self.count % 3}",
                 "payload": {"marker": marker, "filler": "x" * self.random.choice((0, 10, 700, 9000))},
                 "source": self.name, "metadata": {"count": self.count}}
        with self.journal.lock:
            self.journal.sent[marker] = event
            self.journal.unanswered.add(marker)
        return marker, event

    def send_one(self):
        marker, event = self.new_event()
        headers = {"Idempotency-Key": marker} if self.random.random() < 0.3 else {}
        answer = self.client.post("/events", event, headers=headers)
        assert answer.status == 201, answer
        self.journal.accepted(marker, answer.json()["event_id"])

    def send_batch(self):
        events = [self.new_event() for _ in range(self.random.randint(1, 20))]
        answer = self.client.post("/events/batch", [event for _, event in events])
        assert answer.status == 200, answer
        results = answer.json()["results"]
        assert len(results) == len(events)
        for (marker, _), result in zip(events, results):
            assert result["status"] == "accepted", result
            self.journal.accepted(marker, result["event_id"])

    def acknowledge(self):
        marker = self.journal.take_waiting(self.random)
        if marker is None:
            return
        with self.journal.lock:
            self.journal.half_acknowledged.add(marker)
        answer = self.client.delete(f"/events/{self.journal.ids[marker]}")
        assert answer.status == 204, answer
        with self.journal.lock:
            self.journal.half_acknowledged.discard(marker)
            self.journal.acknowledged.add(marker)


def check_inbox(client, journal):
    """Compares the inbox with the journal, and records what the crash had left open. Returns how much that was."""
    pages = list(client.inbox_pages(200))
    inbox = [event for page in pages for event in page["events"]]
    found = {event["payload"]["marker"]: event for event in inbox}
    assert len(found) == len(inbox), "an event is there twice"
    assert [event["event_id"] for event in inbox] == sorted(event["event_id"] for event in inbox)
    assert {page["pagination"]["total_undelivered"] for page in pages} == {len(inbox)}

    must = set(journal.ids) - journal.acknowledged - journal.half_acknowledged
    assert not must - set(found), "accepted events are lost"
    assert not journal.acknowledged & set(found), "acknowledged events are back"
    assert set(found) <= set(journal.sent), "events that nobody sent"
    for marker, event in found.items():
        sent = journal.sent[marker]
        assert {name: event[name] for name in sent} == sent, "an event is not whole"
        assert journal.ids.get(marker, event["event_id"]) == event["event_id"], "another id than the client was told"

    kept = [marker for marker in journal.unanswered if marker in found]
    gone = journal.unanswered - set(found)
    for marker in kept:
        journal.accepted(marker, found[marker]["event_id"])
    for marker in journal.half_acknowledged:
        if marker in found:
            journal.waiting.append(marker)
        else:
            journal.acknowledged.add(marker)
    journal.half_acknowledged.clear()
    return kept, gone


def check_delivered(client, journal, markers):
    for marker in markers:
        event = client.get(f"/events/{journal.ids[marker]}").json()
        assert event["delivered"] is True and event["delivered_at"], event
        assert event["payload"] == journal.sent[marker]["payload"]


def send_again(client, journal, kept, gone):
    """A client without a response repeats its request: the event is stored once, whatever happened the first time."""
    for marker in kept:
        answer = client.post("/events", journal.sent[marker])
        assert answer.status == 201 and answer.json()["event_id"] == journal.ids[marker], answer
        assert answer.json().get("duplicate") is True, answer
    for marker in sorted(gone):
        answer = client.post("/events", journal.sent[marker], headers={"Idempotency-Key": marker})
        assert answer.status == 201, answer
        assert "duplicate" not in answer.json(), "it was not in the inbox, yet it is known"
        journal.accepted(marker, answer.json()["event_id"])
