"""The victim of the hostile-tenant benchmark: a small tenant that sends events and polls its inbox at a fixed rate, in
a process of its own, and measures its latencies."""

import asyncio
import gc
import itertools
import time

from hostile_http import Connection, request

answer_seconds_max = 10
idle_seconds_max = 30  # The server closes a connection that was idle for 75 s.
posts, pages = "POST /events", "GET /inbox"
numbers = itertools.count()


class Victim:
    """An open model: each request is sent when it is due, on a free connection, even if others still wait. A latency is the
    time from sending a request to its whole response; its lateness is recorded separately."""

    def __init__(self, port, key, rate):
        self.port, self.key, self.rate = port, key, rate
        self.free = []  # With the time of their last response; the most recently used is taken first.

    def connection(self):
        """The most recently used connection, or a new one. Closes old ones: during an attack many are opened. The server would
        close those that the quiet turn does not use, and the next attack would be blamed for that."""
        while self.free and time.monotonic() - self.free[0][1] > idle_seconds_max:
            self.free.pop(0)[0].close()
        return self.free.pop()[0] if self.free else Connection(self.port)

    async def run(self, seconds):
        self.latencies = {posts: [], pages: []}
        self.late, self.failures = [], {}
        count = int(seconds * self.rate)
        begin = time.perf_counter() + 0.05
        tasks = []
        for number in range(count):
            due = begin + number / self.rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.append(asyncio.create_task(self.ask(posts if number % 2 else pages, due)))
        await asyncio.gather(*tasks)
        return {"latencies": self.latencies, "late": self.late, "failures": self.failures}

    def raw(self, name):
        if name == pages:
            return request("GET", "/inbox?limit=10", self.key)
        event = {"event_type": "order.created", "payload": {"order": f"{time.time_ns()}-{next(numbers)}", "amount": 12.5}}
        return request("POST", "/events", self.key, event)

    async def ask(self, name, due):
        connection = self.connection()
        raw = self.raw(name)
        sent = time.perf_counter()
        self.late.append(sent - due)
        try:
            status, _ = await asyncio.wait_for(connection.exchange(raw), answer_seconds_max)
        except (OSError, EOFError, TimeoutError, asyncio.TimeoutError) as error:
            status = type(error).__name__
        self.latencies[name].append(time.perf_counter() - sent)
        if status in (200, 201):
            self.free.append((connection, time.monotonic()))
        else:
            self.failures[str(status)] = self.failures.get(str(status), 0) + 1
            connection.close()


def serve(pipe, port, key, rate):
    """A process that receives a number of seconds, measures for that time and sends the result; None ends it."""
    gc.freeze()
    gc.disable()
    loop = asyncio.new_event_loop()
    victim = Victim(port, key, rate)
    while (seconds := pipe.recv()) is not None:
        pipe.send(loop.run_until_complete(victim.run(seconds)))
