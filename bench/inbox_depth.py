"""Measures whether a lease becomes slower while many entries of its inbox are leased, dead and available, how soon a server
with such an inbox is ready, and how much memory a hidden entry takes. A part of `./dev bench inboxes`.

A second server has few entries; the two take turns."""

import http.client
import json
import signal
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import wrk
from servers import Triggers

BATCH, LARGEST = 10, 500
LEASES_A_TURN = 100
HIDING_CONNECTIONS = 4
COST_MAX, READY_SECONDS_MAX, BYTES_MAX = 1.2, 5, 64


class Inbox:
    """The inbox `default` of a server of its own. `hidden`: how many entries are leased, and how many are dead."""

    def __init__(self, folder, hidden):
        self.folder, self.hidden = folder, hidden
        self.start()
        self.admin = self.server.create_key("admin")

    def start(self):
        self.server = Triggers(self.folder, "--leased-max=10000000")
        self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)

    def stop(self, with_signal=signal.SIGTERM):
        self.connection.close()
        self.server.stop(with_signal)

    def restart(self, with_signal=signal.SIGTERM):
        """The seconds from the start until the server is ready."""
        self.stop(with_signal)
        self.start()
        return self.server.seconds_to_ready

    def ask(self, path, body, connection=None):
        status, answer = self.server.call("POST", f"/inboxes/default/{path}", body, connection=connection or self.connection)
        if status != 200:
            raise RuntimeError(f"{path} was answered {status}: {answer}")
        return answer

    def fill(self, available):
        """Stores events for all entries, in batches."""
        wanted = 2 * self.hidden + available
        while (missing := wanted - self.server.unacknowledged()) > 0:
            if missing <= 20_000:
                self.server.post_batches(missing, LARGEST)
            else:
                wrk.run(self.server.port, "unique_posts.lua", ("POST", "/events/batch", self.server.key, LARGEST, uuid.uuid4().hex[:16]),
                        4, 1 if missing < 300_000 else 3)

    def hide(self):
        """Makes the first entries dead and leased, in turn."""
        self.set_attempts(1)
        with ThreadPoolExecutor(HIDING_CONNECTIONS) as pool:
            list(pool.map(lambda _: self.hide_some(self.hidden // HIDING_CONNECTIONS), range(HIDING_CONNECTIONS)))
        self.set_attempts(10)

    def hide_some(self, entries):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        for done in range(0, entries, LARGEST):
            limit = min(LARGEST, entries - done)
            dying = self.ask("lease", {"limit": limit}, connection)
            self.ask("release", {"lease_id": dying["lease_id"], "error": "no such customer"}, connection)
            self.ask("lease", {"limit": limit, "lease_seconds": 43_200}, connection)
        connection.close()

    def set_attempts(self, attempts):
        status, answer = self.server.call("PATCH", "/inboxes/default", {"max_attempts": attempts}, self.admin)
        if status != 200:
            raise RuntimeError(f"the settings were answered {status}: {answer}")

    def counts(self):
        return self.server.call("GET", "/inboxes/default")[1]["counts"]


@dataclass
class Turn:
    lease_ms: float  # The median.
    server_us: float  # Of a lease.


def lease(inbox):
    """One turn: some leases, then their acknowledgements, which are not measured."""
    inbox.server.post_batches(LEASES_A_TURN * BATCH, LARGEST)
    leases, times = [], []
    before = inbox.server.cpu_nanoseconds()
    for _ in range(LEASES_A_TURN):
        started = time.perf_counter()
        leases.append(inbox.ask("lease", {"limit": BATCH}))
        times.append((time.perf_counter() - started) * 1e3)
    used = inbox.server.cpu_nanoseconds() - before
    for leased in leases:
        if len(leased["events"]) != BATCH:
            raise RuntimeError(f"a lease has {len(leased['events'])} events")
        inbox.ask("ack", {"lease_id": leased["lease_id"]})
    return Turn(statistics.median(times), used / LEASES_A_TURN / 1e3)


def compare_leases(few, many, rounds, report):
    turns = {"few": [], "many": []}
    for number in range(-1, rounds):
        pair = [("few", few), ("many", many)]
        for name, inbox in pair if number % 2 == 0 else reversed(pair):
            turn = lease(inbox)
            if number >= 0:
                turns[name].append(turn)
    ratio = statistics.median(a.lease_ms / b.lease_ms for a, b in zip(turns["many"], turns["few"]))
    time_ratio = statistics.median(a.server_us / b.server_us for a, b in zip(turns["many"], turns["few"]))
    for name, inbox in (("few", few), ("many", many)):
        report.say(f"a lease of {BATCH} with {json.dumps(inbox.counts())}: p50 {statistics.median(turn.lease_ms for turn in turns[name]):.3f} ms, "
                   f"{statistics.median(turn.server_us for turn in turns[name]):.0f} us of server time")
    report.say(f"median of the ratios of {rounds} pairs: {ratio:.2f} of the latency, {time_ratio:.2f} of the server time")
    report.goal(f"a lease of {BATCH} with {many.hidden} leased and dead, of one with {few.hidden} (<= {COST_MAX})", f"{ratio:.2f}", ratio <= COST_MAX)


def measure(folder, plan, report):
    """Prints what it finds, and the goals."""
    few, many = Inbox(folder / "few", 1000), Inbox(folder / "many", plan.hidden)
    try:
        few.fill(few.hidden)
        many.fill(plan.available)
        many.server.wait_until_idle()
        many.restart()
        before_mib = many.server.resident_mib()
        few.hide(), many.hide()
        many.server.wait_until_idle()
        ready = many.restart()
        hidden = many.counts()["leased"] + many.counts()["dead"]
        bytes_each = (many.server.resident_mib() - before_mib) * 2**20 / hidden
        report.say(f"start with {json.dumps(many.counts())}: ready in {ready:.2f} s, {many.server.resident_mib():.0f} MiB resident; "
                   f"{before_mib:.0f} MiB before any entry was hidden")
        compare_leases(few, many, plan.depth_rounds, report)
        after_kill = many.restart(signal.SIGKILL)
        report.say(f"start after kill -9: ready in {after_kill:.2f} s")
    finally:
        few.stop(), many.stop()
    report.goal(f"ready with {hidden} hidden entries, also after kill -9 (<= {READY_SECONDS_MAX} s)", f"{max(ready, after_kill):.2f} s",
                max(ready, after_kill) <= READY_SECONDS_MAX)
    report.goal(f"resident memory of a hidden entry (aim: {BYTES_MAX} bytes)", f"{bytes_each:.0f}", bytes_each <= BYTES_MAX)
