"""Promises 1 to 6 of inboxes on the built program: concurrent clients accept, lease, release, extend and acknowledge while the
server is killed again and again. support/inbox_promises.py judges what they were answered. That it finds faults is shown in
test_inbox_promises.py."""

import time

from support.inbox_history import History, Node, RecordingClient
from support.inbox_load import Load, drain, wait_until_quiet
from support.inbox_promises import check, explain
from support.seed import seeded_random

inbox = "billing"
max_attempts = 4
rounds = 12


def make_inbox(server, key):
    with server.client(key) as client:
        settings = {"max_attempts": max_attempts, "lease_seconds": 2}
        assert client.request("PUT", f"/inboxes/{inbox}", body=settings).status == 201


def crash(server, node, history, random):
    time.sleep(random.uniform(0.1, 0.9))  # The moment of the crash.
    server.kill()
    history.crashed(node.name)
    if random.random() < 0.3:  # And once more while it recovers.
        server.start(wait=False)
        time.sleep(random.uniform(0, 0.06))
        server.kill()
    server.start()
    node.port = server.port


def summary(history):
    by_verb = {}
    for call in history.calls:
        by_verb.setdefault(call.verb, []).append(call)
    statuses = {}
    for call in history.calls:
        for status in call.statuses().values():
            statuses[status] = statuses.get(status, 0) + 1
    attempts = max((event["attempt"] for call in by_verb["lease"] for event in call.answer.get("events", ())), default=0)
    unanswered = sum(call.answered is None for call in history.calls)
    return {verb: len(calls) for verb, calls in by_verb.items()}, statuses, attempts, unanswered


def test_kill_9_under_leases_breaks_no_promise(start_server):
    random = seeded_random()
    server = start_server("--access-log=false")
    admin = server.create_key(user_id="one", role="admin")["api_key"]
    make_inbox(server, admin)
    history, node = History(max_attempts), Node("node", server.port)
    with Load(history, [node], admin, inbox, random.getrandbits(64)):
        for _ in range(rounds):
            crash(server, node, history, random)
        time.sleep(random.uniform(0.1, 0.5))
    client = RecordingClient(history, [node], admin, inbox)
    client.look(node)
    wait_until_quiet(client, node)
    client.look(node)
    drain(client, node)
    left = client.look(node).answer["entries"]
    client.close()
    violations = check(history)
    calls, statuses, attempts, unanswered = summary(history)
    print(calls, statuses, f"attempts up to {attempts}, {unanswered} unanswered, {len(left)} dead at the end")
    assert not violations, explain(history, violations)
    assert {entry["state"] for entry in left.values()} <= {"dead"}, left
    # A test that the machine was too slow for has shown nothing.
    assert attempts >= 3 and unanswered >= rounds and calls["counts"] > rounds
    assert min(statuses.get(name, 0) for name in ("acknowledged", "already_acknowledged", "released", "extended", "lease_lost")) > 0
    assert server.stop() == 0
