"""kill -9 at random moments under load, repeatedly on one data directory: the server keeps every promise to its clients.

Two tenants send at once. One belongs to swarm, which sends as fast as it can and keeps a journal that `swarm --verify`
checks. The other belongs to four slower clients (support/crash_clients.py), which send what swarm does not. Loss of power
is tests/crash/crash_test.cc."""

import json
import signal
import time

from support import swarm
from support.crash_clients import ClientJournal, Sender, check_delivered, check_inbox, send_again
from support.seed import seeded_random

rounds = 20
senders = 4
swarm_users = 16


class SwarmLoad:
    """swarm as a client of the tenant of `key`, with one journal for all its runs."""

    def __init__(self, key, folder):
        self.key, self.folder, self.journal, self.runs = key, folder, folder / "swarm.journal", 0
        self.process = None

    def first_promise(self, server):
        """Something to verify, however early the first crash comes."""
        done = swarm.run(server.port, self.key, "--journal", self.journal, "-t", "1s", "HighThroughputUser")
        assert done.returncode == 0, done.stderr

    def start(self, server):
        self.runs += 1
        self.process = swarm.start(server.port, self.key, "--journal", self.journal, "-u", swarm_users, "-r", 1000,
                                   "--no-wait", "--only-summary", "--json", "TriggersAPIUser",
                                   out=self.folder / f"swarm{self.runs}.json", log=self.folder / "swarm.log")

    def end(self):
        """After the server's: every answer until then must have been the expected one."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(30) in (0, 1)
        report = json.loads((self.folder / f"swarm{self.runs}.json").read_text(encoding="utf-8"))
        assert report["exceptions"] == []
        answered = [failure for failure in report["failures"] if "instead of" in failure["error"]]
        assert answered == [], answered
        return report["total"]["requests"]

    def check(self, server):
        verdict = swarm.verify(server.port, self.key, self.journal, "--exclusive")
        assert (verdict.status, verdict.clean) == (0, True), verdict
        assert verdict.counts["broken_lines"] == 0, verdict
        with server.client(self.key) as client:
            total = client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"]
        assert total == verdict.counts["undelivered"] + verdict.counts["explained"], verdict
        return verdict.counts

    def unanswered(self):
        with open(self.journal, encoding="ascii") as file:
            return sum(line.startswith("U ") for line in file)


def crash(server, random):
    time.sleep(random.uniform(0.02, 0.35))  # The moment of the crash.
    server.kill()


def test_kill_9_under_load_loses_and_repeats_nothing(start_server, tmp_path):
    random = seeded_random()
    journal = ClientJournal()
    server = start_server("--access-log=false")
    key = server.create_key(user_id="clients")["api_key"]
    load = SwarmLoad(server.create_key(user_id="swarm")["api_key"], tmp_path)
    load.first_promise(server)
    requests, swarm_requests, left_open, delivered_before = 0, 0, 0, set()
    for number in range(rounds):
        threads = [Sender(f"round{number}-{i}", server, key, journal, type(random)(random.getrandbits(64)))
                   for i in range(senders)]
        load.start(server)
        for thread in threads:
            thread.start()
        crash(server, random)
        swarm_requests += load.end()
        for thread in threads:
            thread.join(30)
            assert not thread.is_alive()
            if thread.failure:
                raise thread.failure
        requests += sum(thread.requests for thread in threads)

        if random.random() < 0.25:  # And once more while it recovers.
            server.start(wait=False)
            time.sleep(random.uniform(0, 0.06))
            server.kill()
        server.start()
        counts = load.check(server)
        with server.client(key) as client:
            kept, gone = check_inbox(client, journal)
            left_open += len(kept) + len(gone)
            old = random.sample(sorted(delivered_before), min(20, len(delivered_before)))
            check_delivered(client, journal, sorted(journal.acknowledged - delivered_before) + old)
            send_again(client, journal, kept, gone)
            delivered_before = set(journal.acknowledged)

    with server.client(key) as client:
        assert check_inbox(client, journal) == ([], set())
    with server.client(load.key) as client:
        inbox = [event["event_id"] for event in client.inbox()]
    assert inbox == sorted(set(inbox))
    unanswered = load.unanswered()
    print(f"clients: {requests} requests, {len(journal.ids)} events, {len(journal.acknowledged)} acknowledged, "
          f"{left_open} without an answer")
    print(f"swarm: {swarm_requests} requests, {unanswered} without an answer, {counts}")
    # A test that the machine was too slow for has shown nothing.
    assert requests > rounds * senders and left_open > 0 and journal.acknowledged
    assert counts["accepted"] > rounds * swarm_users and counts["acknowledged"] and unanswered
    assert server.stop() == 0
