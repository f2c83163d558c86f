"""Concurrent clients of one inbox on one or several nodes, under accept, lease, release, extend and ack. They survive the
restart of a node, and go on with the leases that they held. What they did is an inbox_history.History."""

import random
import threading
import time

from .inbox_history import RecordingClient

backlog_max = 150       # accepted events that no worker has acknowledged: more would only take memory
counts_interval_s = 0.4


class Load:
    """`with Load(history, nodes, key, "billing", seed) as load: …`. Its clients run until the end of the `with`. `nodes` are
    inbox_history.Node, of which each request takes one at random."""

    def __init__(self, history, nodes, key, inbox, seed, producers=2, workers=5):
        self.history, self.nodes = history, nodes
        self.stopping, self.failure = threading.Event(), None
        self.accepted = self.removed = 0
        make = lambda kind, number: kind(self, RecordingClient(history, nodes, key, inbox), random.Random(f"{seed}-{kind}-{number}"))
        self.clients = [*(make(Producer, number) for number in range(producers)),
                        *(make(Worker, number) for number in range(workers)), make(Observer, 0)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        for client in self.clients:
            client.join(30)
            assert not client.is_alive(), client
        if self.failure is not None:
            raise self.failure


class LoadClient(threading.Thread):
    """Makes one step after the other. If no node answers, it tries again until one does."""

    def __init__(self, load, client, random_numbers):
        super().__init__(daemon=True)
        self.load, self.client, self.random = load, client, random_numbers

    def run(self):
        try:
            while not self.load.stopping.is_set():
                call = self.step(self.random.choice(self.load.nodes))
                if call is None:
                    self.load.stopping.wait(0.01)  # the node is dead
                elif call.status is not None and not call.ok and not call.unknown:
                    raise AssertionError(f"unexpected: {call}")
        except BaseException as failure:  # pylint: disable=broad-except
            self.load.failure = failure
            self.load.stopping.set()
        finally:
            self.client.close()

    def step(self, node):
        raise NotImplementedError


class Producer(LoadClient):
    """Sends events, each with a marker of its own."""

    sent = 0

    def step(self, node):
        if self.load.accepted - self.load.removed > backlog_max:
            return None
        self.sent += 1
        call = self.client.accept(node, f"{self.client.name}-{self.sent}")
        self.load.accepted += bool(call and call.ok)
        return call


class Worker(LoadClient):
    """Leases entries, and acknowledges, releases, extends or forgets what it holds; sometimes with a lease that has ended."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.held = []     # (lease id, ids of its events)
        self.earlier = []  # the same, of leases that it has let go of

    def step(self, node):
        chance = self.random.random()
        if not self.held or chance < 0.3:
            return self.lease(node)
        if chance < 0.36 and self.earlier:
            return self.misuse(node, *self.random.choice(self.earlier))
        lease_id, ids = self.held[self.random.randrange(len(self.held))]
        part = self.random.choice((None, self.random.sample(ids, self.random.randint(1, len(ids)))))
        if chance < 0.7:
            return self.settled(lease_id, part, self.client.ack(node, lease_id, part))
        if chance < 0.82:
            delay = self.random.choice((None, None, 1))
            return self.settled(lease_id, part, self.client.release(node, lease_id, part, delay))
        if chance < 0.9:
            return self.client.extend(node, lease_id, self.random.randint(1, 3), part)
        if chance < 0.93:
            return self.removed(self.client.ack(node, event_ids=[self.random.choice(ids)]))
        self.forget(lease_id)
        return self.lease(node)

    def lease(self, node):
        call = self.client.lease(node, self.random.randint(1, 3), self.random.randint(1, 6))
        if call and call.ok and call.answer["events"]:
            self.held.append((call.answer["lease_id"], [event["event_id"] for event in call.answer["events"]]))
        return call

    def misuse(self, node, lease_id, ids):
        verb = self.random.choice((self.client.ack, self.client.release))
        return self.removed(verb(node, lease_id, [self.random.choice(ids)]))

    def settled(self, lease_id, part, call):
        if part is None or self.random.random() < 0.5:
            self.forget(lease_id)
        return self.removed(call)

    def forget(self, lease_id):
        """What is not settled goes on until the lease ends."""
        gone = next(one for one in self.held if one[0] == lease_id)
        self.held.remove(gone)
        self.earlier = [*self.earlier[-20:], gone]

    def removed(self, call):
        self.load.removed += sum(status == "acknowledged" for status in call.statuses().values()) if call and call.ok else 0
        return call


class Observer(LoadClient):
    """Reads the counts, and now and then the whole inbox."""

    reads = 0

    def step(self, node):
        self.load.stopping.wait(counts_interval_s)
        self.reads += 1
        return self.client.look(node) if self.reads % 4 == 0 else self.client.counts(node)


def wait_until_quiet(client, node, seconds_max=20):
    """Waits until no entry is leased or delayed any more, so that only time and no request can have changed anything."""
    deadline = time.monotonic() + seconds_max
    while True:
        call = client.counts(node)
        if call.ok and call.answer["counts"]["leased"] == call.answer["counts"]["delayed"] == 0:
            return
        assert time.monotonic() < deadline, call
        time.sleep(0.05)


def drain(client, node):
    """Leases and acknowledges everything that is available."""
    while (lease := client.lease(node, 30, 100)).answer["events"]:
        client.ack(node, lease.answer["lease_id"])
