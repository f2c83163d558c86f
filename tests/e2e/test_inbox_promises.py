"""The checker of histories (support/inbox_promises.py) finds a fault of each kind: in histories that are written here call by call, and
in those of real clients behind a proxy that lies (support/lying_proxy.py). It finds none in what a correct service may answer."""

import itertools
import time

import pytest

from support.inbox_history import Call, History, Node, RecordingClient
from support.inbox_load import Load
from support.inbox_promises import check, explain
from support.lying_proxy import LIES, LyingProxy, honest
from support.seed import seeded_random

first, second, third = "01a0", "01a1", "01a2"


class Script:
    """Writes a history. Times are in seconds; each request takes `took`."""

    def __init__(self, max_attempts=None, took=0.1):
        self.history, self.took, self.leases = History(max_attempts), took, itertools.count(1)

    def call(self, verb, at, request, answer, status=200):
        answered = None if answer is None else at + self.took
        return self.history.add(Call("client", "node", verb, at, request, answered, status if answer is not None else None,
                                     answer or {}))

    def accept(self, at, event_id, answered=True):
        self.call("accept", at, {"marker": event_id}, {"event_id": event_id} if answered else None, 201)
        return self

    def lease(self, at, *events, seconds=30, limit=None):
        """`events`: (event id, attempt). The lease id."""
        lease_id = f"lease{next(self.leases)}"
        handed = [{"event_id": event_id, "attempt": attempt, "payload": {"marker": event_id}} for event_id, attempt in events]
        self.call("lease", at, {"lease_seconds": seconds, "limit": limit or max(1, len(events))},
                  {"lease_id": lease_id if events else None, "events": handed})
        return lease_id

    def blind_lease(self, at, seconds=30):
        self.call("lease", at, {"lease_seconds": seconds, "limit": 1}, None)

    def use(self, verb, at, lease_id, event_id, status, **request):
        """`status` None: no answer."""
        request = {**({"lease_id": lease_id} if lease_id else {}), "event_ids": [event_id], **request}
        answer = None if status is None else {"results": [{"event_id": event_id, "status": status}]}
        self.call(verb, at, request, answer)

    def look(self, at, *entries):
        """`entries`: (event id, attempts)."""
        listed = {event_id: {"event_id": event_id, "state": "available", "attempts": attempts, "payload": {"marker": event_id}}
                  for event_id, attempts in entries}
        self.call("look", at, {}, {"entries": listed})

    def counts(self, at, available=0, leased=0, delayed=0, dead=0):
        self.call("counts", at, {}, {"counts": {"available": available, "leased": leased, "delayed": delayed, "dead": dead}})

    def broken(self, **options):
        """The promises that are broken."""
        found = check(self.history, **options)
        explain(self.history, found)
        return {violation.promise for violation in found}


def accepted(*events, **options):
    script = Script(**options)
    for number, event_id in enumerate(events):
        script.accept(number * 0.2, event_id)
    return script


# Promise 1.

def test_a_second_lease_of_a_valid_one_is_found():
    script = accepted(first)
    script.lease(1, (first, 1))
    script.lease(30.7, (first, 2))  # the first ends at 31 at the earliest
    assert script.broken() == {1}


def test_a_lease_after_the_end_of_another_is_right():
    for ended in ("by time", "release", "ack without an answer", "extend"):
        script = accepted(first)
        lease = script.lease(1, (first, 1), seconds=30)
        if ended == "release":
            script.use("release", 2, lease, first, "released")
        elif ended == "ack without an answer":
            script.use("ack", 2, lease, first, None)
        elif ended == "extend":
            script.use("extend", 2, lease, first, "extended", lease_seconds=1)
        script.lease(31 if ended == "by time" else 3.2, (first, 2))
        assert script.broken() == set(), ended


def test_an_extended_lease_holds_longer():
    script = accepted(first)
    lease = script.lease(1, (first, 1), seconds=2)
    script.use("extend", 2, lease, first, "extended", lease_seconds=30)
    script.lease(10, (first, 2))
    assert script.broken() == {1}


def test_a_holder_that_is_refused_early_is_found_unless_somebody_may_have_acknowledged():
    script = accepted(first)
    lease = script.lease(1, (first, 1))
    script.use("ack", 5, lease, first, "lease_lost")
    assert script.broken() == {1}
    script.use("ack", 4, None, first, None)
    assert script.broken() == set()


def test_a_release_that_was_refused_ends_a_lease_only_if_the_answer_may_be_wrong():
    script = accepted(first)
    lease = script.lease(1, (first, 1))
    script.use("release", 5, lease, first, "lease_lost")
    script.lease(6, (first, 2))
    assert script.broken() == {1}
    assert script.broken(releases_are_told=False) == set()
    script.lease(7, (first, 3))  # nobody has released the second
    assert script.broken(releases_are_told=False) == {1}


def test_a_crash_may_end_a_lease_early_only_if_that_is_allowed():
    script = accepted(first)
    script.lease(1, (first, 1))
    script.history.crashed("node", 2)
    script.lease(3, (first, 2))
    assert script.broken() == {1}
    assert script.broken(crash_ends_leases=True) == set()
    script.lease(4, (first, 3))
    assert script.broken(crash_ends_leases=True) == {1}


# Promise 2.

def test_an_entry_that_is_gone_is_found_unless_it_may_have_been_acknowledged():
    script = accepted(first, second)
    script.look(5, (second, 0))
    assert script.broken() == {2}
    script.use("ack", 4, None, first, None)
    assert script.broken() == set()


def test_an_acknowledgement_that_a_lost_lease_was_refused_explains_no_loss():
    script = accepted(first)
    lease = script.lease(1, (first, 1), seconds=1)
    script.use("ack", 3, lease, first, "lease_lost")
    script.look(5)
    assert script.broken() == {2}


def test_an_event_without_an_answer_may_be_there_or_not():
    for there in (False, True):
        script = Script().accept(0, first, answered=False)
        script.look(5, *([(first, 0)] if there else []))
        assert script.broken() == set()


@pytest.mark.parametrize("how", ["lease", "look"])
def test_what_was_acknowledged_does_not_come_back(how):
    script = accepted(first)
    lease = script.lease(1, (first, 1))
    script.use("ack", 2, lease, first, "acknowledged")
    if how == "lease":
        script.lease(3, (first, 2))
    else:
        script.look(3, (first, 1))
    assert script.broken() == {2}


def test_an_entry_that_nobody_sent_and_a_second_copy_are_found():
    script = accepted(first)
    script.look(1, (first, 0), (second, 0))
    assert script.broken() == {2}
    copy = accepted(first)
    copy.look(1, (first, 0))
    copy.history.calls[-1].answer["entries"][second] = {**copy.history.calls[-1].answer["entries"][first], "event_id": second}
    assert copy.broken() == {2}


# Promise 3.

@pytest.mark.parametrize("verb, status", [("ack", "acknowledged"), ("release", "released"), ("extend", "extended")])
def test_an_ended_lease_that_does_something_is_found(verb, status):
    request = {"lease_seconds": 9} if verb == "extend" else {}
    script = accepted(first)
    lease = script.lease(1, (first, 1), seconds=2)
    script.use(verb, 3.05, lease, first, status, **request)
    assert script.broken() == set()  # it may have ended at 3.1
    late = accepted(first)
    lease = late.lease(1, (first, 1), seconds=2)
    late.use(verb, 3.3, lease, first, status, **request)
    assert late.broken() == {3}
    after_another = accepted(first)
    lease = after_another.lease(1, (first, 1), seconds=2)
    after_another.lease(3.05, (first, 2))
    after_another.use(verb, 3.17, lease, first, status, **request)
    assert 3 in after_another.broken()


def test_a_released_entry_is_not_acknowledged_by_its_lease():
    script = accepted(first)
    lease = script.lease(1, (first, 1))
    script.use("release", 2, lease, first, "released")
    script.use("ack", 3, lease, first, "acknowledged")
    assert script.broken() == {3}


def test_a_repeated_acknowledgement_is_told_and_only_that():
    for again, broken in (("already_acknowledged", set()), ("acknowledged", {3}), ("lease_lost", {3}), (None, set())):
        script = accepted(first)
        lease = script.lease(1, (first, 1))
        script.use("ack", 2, lease, first, "acknowledged")
        script.use("ack", 3, lease, first, again)
        assert script.broken() == broken, again
    script = accepted(first)
    lease = script.lease(1, (first, 1))
    script.use("ack", 2, lease, first, "already_acknowledged")
    assert script.broken() == {3}


# Promise 4.

def test_an_attempt_that_is_repeated_or_goes_back_is_found():
    for attempts in ((1, 1), (2, 1), (0, 1)):
        script = accepted(first)
        script.blind_lease(0.3, seconds=0.1)
        script.history.crashed("node", 0.4)
        script.lease(1, (first, attempts[0]), seconds=1)
        script.lease(3, (first, attempts[1]), seconds=1)
        assert 4 in script.broken(), attempts


def test_a_repeated_attempt_after_a_crash_is_found():
    script = accepted(first)
    script.lease(1, (first, 1), seconds=1)
    script.history.crashed("node", 2)
    script.lease(3, (first, 1), seconds=1)
    assert script.broken() == {4}


def test_attempts_are_skipped_only_by_leases_without_an_answer():
    script = accepted(first)
    script.lease(1, (first, 2))
    assert script.broken() == {4}
    script.blind_lease(0.5, seconds=0.1)
    assert script.broken() == set()


def test_a_listing_does_not_forget_attempts():
    script = accepted(first)
    script.lease(1, (first, 1), seconds=1)
    script.look(3, (first, 0))
    assert script.broken() == {4}


def test_a_long_listing_may_show_a_lease_that_was_granted_meanwhile():
    for leased_at, broken in ((2, set()), (5, {4})):
        script = accepted(first)
        script.took = 3
        script.look(1, (first, 1))  # until 4
        script.took = 0.1
        script.lease(leased_at, (first, 1))
        assert script.broken() == broken, leased_at


# Promise 5.

def test_a_newer_entry_before_an_available_older_one_is_found():
    script = accepted(first, second)
    script.lease(1, (second, 1))
    assert script.broken() == {5}


def test_what_comes_back_keeps_its_place():
    script = accepted(first, second, third)
    lease = script.lease(1, (first, 1))
    script.use("release", 2, lease, first, "released")
    script.lease(3, (second, 1))
    assert script.broken() == {5}
    delayed = accepted(first, second, third)
    lease = delayed.lease(1, (first, 1))
    delayed.use("release", 2, lease, first, "released", delay_seconds=5)
    delayed.lease(3, (second, 1))
    assert delayed.broken() == set()
    delayed.lease(7.3, (third, 1))
    assert delayed.broken() == {5}


def test_the_end_of_a_lease_makes_available_and_a_lease_without_an_answer_hides():
    script = accepted(first, second)
    script.lease(1, (first, 1), seconds=1)
    script.lease(2.05, (second, 1), seconds=1)
    assert script.broken() == set()
    script.lease(3.3, (second, 2))
    assert script.broken() == {5}
    hidden = accepted(first, second)
    hidden.blind_lease(0.5, seconds=1)
    hidden.history.crashed("node", 0.7)
    hidden.lease(1, (second, 1))
    hidden.look(1.5, (first, 1), (second, 1))
    assert hidden.broken() == set()


def test_a_lease_that_leaves_available_entries_is_found():
    script = accepted(first, second)
    script.lease(1, (first, 1), limit=2)
    assert script.broken() == {5}
    assert script.broken(leases_are_full=False) == set()
    empty = accepted(first)
    empty.lease(1)
    assert empty.broken() == {5}


def test_a_lease_may_miss_what_became_available_only_for_as_long_as_a_node_may_need_to_see_it():
    for at, broken in ((1.5, set()), (2.5, {5})):
        script = accepted(first, second)  # by 0.3
        script.lease(at, (second, 1))
        assert script.broken(seen_within=2.0) == broken, at
        back = accepted(first, second)
        lease = back.lease(3, (first, 1))
        back.use("release", 4, lease, first, "released")
        back.lease(4 + at, (second, 1))
        assert back.broken(seen_within=2.0) == broken, at


def test_a_dead_entry_is_not_available():
    script = accepted(first, second, max_attempts=1)
    script.lease(1, (first, 1), seconds=1)
    script.lease(5, (second, 1))
    assert script.broken() == set()


# Promise 6.

def test_counts_that_no_state_explains_are_found():
    def script():
        one = accepted(first, second, third, max_attempts=1)
        lease = one.lease(1, (first, 1))
        one.lease(1.2, (second, 1), seconds=2)
        one.use("ack", 3, lease, first, "acknowledged")
        return one

    right = script()
    right.counts(2, available=1, leased=2)
    right.counts(5, available=1, dead=1)
    assert right.broken() == set()
    for number, wrong in enumerate([{"available": 2, "leased": 1}, {"available": 1, "leased": 3}, {"leased": 2},
                                    {"available": 1, "leased": 1, "delayed": 1}, {"available": 1, "leased": 1, "dead": 1}]):
        one = script()
        one.counts(2, **wrong)
        assert one.broken() == {6}, number
    for wrong in ({"available": 2, "dead": 1}, {"available": 1}, {"available": 2}, {"available": 1, "leased": 1}):
        one = script()
        one.counts(5, **wrong)
        assert one.broken() == {6}, wrong


def test_a_delayed_entry_counts_as_one_until_its_delay_ends():
    for at, state, other in ((3, "delayed", "available"), (7.5, "available", "delayed")):
        for told, broken in ((state, set()), (other, {6})):
            script = accepted(first)
            lease = script.lease(1, (first, 1))
            script.use("release", 2, lease, first, "released", delay_seconds=5)
            script.counts(at, **{told: 1})
            assert script.broken() == broken, (at, told)


# What is found is explained.

def test_an_explanation_has_the_calls_about_the_entry_in_order_and_no_others():
    script = accepted(first, second)
    lease = script.lease(1, (first, 1), seconds=1)
    script.lease(1.5, (second, 1))
    script.use("ack", 5, lease, first, "acknowledged")
    text = explain(script.history, check(script.history))
    assert f"promise 3: {first} was acknowledged by the lease of attempt 1, 2.900 s after that lease had ended" in text, text
    told = [line.split(": ", 1)[1] for line in text.splitlines() if " node: " in line]
    assert told == ["accept this event", "lease lease1 for 1 s: attempt 1", "ack by lease1 : acknowledged"], text


# Real clients and a real server, with a proxy between that lies.

def history_of(admin, nodes, enough):
    """What real clients did on these nodes until `enough()`."""
    assert admin.request("PUT", "/inboxes/billing", body={"max_attempts": None}).status == 201
    key, history = admin.record["api_key"], History()
    with Load(history, nodes, key, "billing", seeded_random().getrandbits(64), workers=3) as load:
        deadline = time.monotonic() + 30
        while not enough(history) and time.monotonic() < deadline and not load.stopping.wait(0.05):
            pass
    client = RecordingClient(history, nodes, key, "billing")
    client.look(nodes[0])
    client.close()
    assert enough(history)
    return history


@pytest.mark.parametrize("promise", LIES)
def test_a_lie_of_each_kind_is_found_in_a_real_history(new_client, promise):
    admin = new_client(role="admin")
    with LyingProxy(admin.port, LIES[promise], admin.record["api_key"]) as proxy:
        history = history_of(admin, [Node("proxy", proxy.port)], lambda _: proxy.lies >= 25)
    found = check(history)
    assert promise in {violation.promise for violation in found}, explain(history, found)


def test_clients_use_every_node_and_the_server_breaks_no_promise(new_client):
    admin = new_client(role="admin")
    key = admin.record["api_key"]
    with LyingProxy(admin.port, honest, key) as first_proxy, LyingProxy(admin.port, honest, key) as second_proxy:
        nodes = [Node.at(f"127.0.0.1:{proxy.port}") for proxy in (first_proxy, second_proxy)]
        history = history_of(admin, nodes, lambda history: len(history.calls) > 1000)
    found = check(history)
    assert not found, explain(history, found)
    for node in nodes:
        assert {"accept", "lease", "ack", "release", "extend"} <= {call.verb for call in history.calls if call.node == node.name}


def test_crashes_are_recorded_only_for_what_was_asked_before():
    history = History()
    before = history.add(Call("client", "node", "lease", 1.0, {}))
    after = history.add(Call("client", "node", "lease", 3.0, {}))
    elsewhere = history.add(Call("client", "other", "lease", 1.0, {}))
    history.crashed("node", 2.0)
    assert (before.over, after.over, elsewhere.over) == (2.0, float("inf"), float("inf"))
    history.unanswered(after, connected=2.5)  # the node had come back
    assert after in history.calls
    history.unanswered(after, connected=1.5)  # a connection to the dead one
    assert history.calls == [before, elsewhere]
