"""The attacks of the hostile-tenant benchmark: `shapes` has one entry for each form that a request can take. Also the
ways to send them, such as slowly or at the rate limit, and the process that attacks."""

import asyncio
import base64
import gzip
import itertools
import json
import os
import random
import re
import time
import uuid

from hostile_http import Connection, request

events_max, payload_bytes = 500, 250_000
keyless_rate = 200  # Per second: a larger flood tests the bandwidth, not this service.
answer_seconds_max, first_answer_seconds_max = 60, 20


class Tally:
    """The result of an attack: responses by status, and the requests without a response."""

    def __init__(self):
        self.answers, self.sent = {}, 0

    def count(self, status):
        self.answers[str(status)] = self.answers.get(str(status), 0) + 1


class Shape:
    """`make(context)` returns an endless iterator of requests. `key`: the role of its key, or None for no key at all.
    `drive` sends the requests. If no response has a status of `expects`, the attack did not happen, and the benchmark
    fails."""

    def __init__(self, name, make, drive, key="creator", expects=(200,), limits=(100, 6000), tenant="hostile"):
        self.name, self.make, self.drive, self.key, self.expects = name, make, drive, key, expects
        self.limits, self.tenant = (limits if key else (None,)), tenant


# Ways to send requests.

async def send_one(connection, raw, tally):
    tally.sent += 1
    try:
        status, body = await asyncio.wait_for(connection.exchange(raw), answer_seconds_max)
    except (OSError, EOFError, ValueError, asyncio.TimeoutError, asyncio.LimitOverrunError):
        connection.close()
        return tally.count("none"), b""
    return tally.count(status), body


def at_the_limit(connections=60):
    """Sends as fast as the key's rate allows, starting with its whole burst, on `connections` at once. Each connection waits
    for its response."""
    async def drive(context, requests, tally):
        per_second = context["limit"] / 60 if context["limit"] else keyless_rate
        allowed, begun = (context["limit"] or keyless_rate), time.monotonic()

        async def worker():
            nonlocal allowed
            connection = Connection(context["port"])
            while True:
                while tally.sent >= allowed + (time.monotonic() - begun) * per_second:
                    await asyncio.sleep(0.02)
                await send_one(connection, next(requests), tally)
        await asyncio.gather(*[worker() for _ in range(connections)])
    return drive


def following_cursors(connections=10):
    """Each worker follows the pages of an inbox to the end and starts again, at the key's rate."""
    async def drive(context, requests, tally):
        per_second, begun = context["limit"] / 60, time.monotonic()

        async def worker():
            connection, target = Connection(context["port"]), next(requests)
            while True:
                while tally.sent >= context["limit"] + (time.monotonic() - begun) * per_second:
                    await asyncio.sleep(0.02)
                _, body = await send_one(connection, request("GET", target, context["key"]), tally)
                found = re.search(rb'"next_cursor":"([^"]+)"', body)
                target = next(requests) + (f"&cursor={found[1].decode()}" if found else "")
        await asyncio.gather(*[worker() for _ in range(connections)])
    return drive


def reading_slowly(connections=50):
    """Each connection sends one request and then reads 1 KB a second."""
    async def drive(context, requests, tally):
        async def worker():
            connection = Connection(context["port"], receive_buffer=4096)
            await connection.open()
            connection.writer.write(next(requests))
            tally.sent += 1
            first = await connection.reader.read(12)
            tally.count(first[9:12].decode())
            while await connection.reader.read(1024):
                await asyncio.sleep(1)
        await asyncio.gather(*[worker() for _ in range(connections)], return_exceptions=True)
        await asyncio.Event().wait()
    return drive


def sending_slowly(connections=200, piece=1, begin=0):
    """Each connection sends the first `begin` bytes at once and then `piece` bytes a second. A new one starts a second after
    the server has closed it."""
    async def drive(context, requests, tally):
        async def worker():
            while True:
                connection, raw = Connection(context["port"]), next(requests)
                try:
                    await connection.open()
                    connection.writer.write(raw[:begin])
                    tally.sent += 1
                    tally.count("begun")
                    for at in range(begin, len(raw), piece):
                        connection.writer.write(raw[at:at + piece])
                        answer = asyncio.ensure_future(connection.reader.read(12))
                        done, _ = await asyncio.wait([answer], timeout=1)
                        if done:
                            tally.count(answer.result()[9:12].decode() or "closed")
                            break
                        answer.cancel()
                    else:
                        tally.count((await connection.reader.read(12))[9:12].decode() or "closed")
                except OSError:
                    tally.count("none")
                finally:
                    connection.close()
                await asyncio.sleep(1)
        await asyncio.gather(*[worker() for _ in range(connections)])
    return drive


# Requests to send.

def event(payload, event_type="hostile.event"):
    return {"event_type": event_type, "payload": payload}


def event_text(payload_text, event_type="hostile.event"):
    """An event whose payload is JSON text already, so names in it may repeat."""
    return f'{{"event_type":"{event_type}","payload":{payload_text}}}'.encode()


def fresh():
    return uuid.uuid4().hex


def batches(make_events, keyed=False, zipped=False):
    """Endless batches. `make_events(n)` returns the array of the n-th, as JSON or bytes. Of large batches, 20 are made and
    repeated."""
    def make(context):
        bodies = []
        for number in itertools.count():
            if len(bodies) < 20:
                body = make_events(number)
                body = body if isinstance(body, bytes) else json.dumps(body).encode()
                bodies.append(gzip.compress(body) if zipped else body)
            headers = [("Idempotency-Key", fresh())] if keyed else []
            headers += [("Content-Encoding", "gzip")] if zipped else []
            yield request("POST", "/events/batch", context["key"], bodies[number % len(bodies)], headers)
    return make


def singles(make_event, keyed=False):
    """Endless posts of one large event; 20 are made and repeated."""
    def make(context):
        bodies = [make_event(number) for number in range(20)]
        for number in itertools.count():
            headers = [("Idempotency-Key", fresh())] if keyed else []
            yield request("POST", "/events", context["key"], bodies[number % len(bodies)], headers)
    return make


def always(method, target, body=b"", headers=()):
    def make(context):
        raw = request(method, target, context["key"], body, headers)
        while True:
            yield raw
    return make


def each(build):
    """Calls `build(context)` for every request."""
    def make(context):
        while True:
            yield build(context)
    return make


def distinct_batch(number):
    return [event({"n": f"{number}-{i}-{fresh()}"}) for i in range(events_max)]


def wide(number, shuffled=False):
    members = [f'"m{i:05}":{i % 10}' for i in range(payload_bytes // 11)]
    if shuffled:
        random.Random(number).shuffle(members)
    return event_text("{" + ",".join(members) + "}", "hostile.wide" if shuffled else f"hostile.wide{number}")


def deep(number):
    nested = '{"a":' * 90 + str(number) + "}" * 90
    members = [f'"k{i}":{nested}' for i in range(payload_bytes // (len(nested) + 12))]
    return event_text("{" + ",".join(members) + "}")


def equal_names(number):
    return event_text("{" + ",".join(f'"a":{(i * 7 + number) % 10}' for i in range(payload_bytes // 6)) + "}")


def escapes(number):
    return event_text('{"text":"' + "\\u0041" * (payload_bytes // 6 - 20) + f'{number}"}}')


def permutations(number):
    """Payloads that differ only in the order of equal names, followed by 1,000 equal members."""
    tail = ",".join(['"b":0'] * 1000)
    orders = itertools.islice(itertools.permutations(range(7)), number % 10 * events_max, None)
    texts = ["{" + ",".join(f'"a":{value}' for value in order) + "," + tail + "}" for order in itertools.islice(orders, events_max)]
    return b"[" + b",".join(event_text(text) for text in texts) + b"]"


blanks_zipped = gzip.compress(b"[" + b" " * 5_000_000 + b"]")
bomb = [("Content-Encoding", "gzip"), ("Content-Type", "application/json")]


def unending(context):
    """A gzip body of 5 MB that never ends."""
    head = f"POST /events/batch HTTP/1.1\r\nHost: bench\r\nContent-Encoding: gzip\r\nContent-Length: {len(blanks_zipped) + 10}\r\n"
    if context["key"]:
        head += f"Authorization: Bearer {context['key']}\r\n"
    return head.encode() + b"Content-Type: application/json\r\n\r\n" + blanks_zipped


def unknown_ids(context):
    return request("POST", "/inbox/ack", context["key"], {"event_ids": [str(uuid.uuid4()) for _ in range(events_max)]})


def unknown_event(context, method="GET"):
    return request(method, f"/events/{uuid.uuid4()}", context["key"])


def unknown_key(_):
    return request("GET", "/inbox", base64.b64encode(os.urandom(48), b"-_").decode())


def forged_cursor(context):
    return request("GET", f"/inbox?cursor={base64.urlsafe_b64encode(os.urandom(40)).decode().rstrip('=')}", context["key"])


def targets(target):
    def make(_):
        while True:
            yield target
    return make


large_header = [(f"X-Filler-{i}", "x" * 1000) for i in range(30)]
slow_body = [("Content-Type", "application/json")]

shapes = [
    Shape("batches of equal events", batches(lambda n: [event({})] * events_max), at_the_limit()),
    Shape("batches of equal events, keyed", batches(lambda n: [event({})] * events_max, keyed=True), at_the_limit()),
    Shape("batches of distinct events", batches(distinct_batch), at_the_limit()),
    Shape("batches of distinct events, keyed", batches(distinct_batch, keyed=True), at_the_limit()),
    Shape("batches of permuted equal names, gzip", batches(permutations, zipped=True), at_the_limit()),
    Shape("wide payloads", singles(wide), at_the_limit(), expects=(201,)),
    Shape("wide payloads in another order", singles(lambda n: wide(n, True)), at_the_limit(), expects=(201,)),
    Shape("wide payloads in another order, keyed", singles(lambda n: wide(n, True), keyed=True), at_the_limit(), expects=(201,)),
    Shape("deep payloads", singles(deep), at_the_limit(), expects=(201,)),
    Shape("payloads of equal names", singles(equal_names), at_the_limit(), expects=(201,)),
    Shape("payloads of escapes", singles(escapes), at_the_limit(), expects=(201,)),
    Shape("gzip bodies of 5 MB blanks", always("POST", "/events/batch", blanks_zipped, bomb), at_the_limit(20), expects=(400, 413, 422, 429)),
    Shape("gzip bodies of 5 MB blanks, no key", always("POST", "/events/batch", blanks_zipped, bomb), at_the_limit(20), key=None,
          expects=(401, 429)),
    Shape("gzip bodies that never end, no key", each(unending), sending_slowly(60, 1, 10_000), key=None, expects=("begun",)),
    Shape("acknowledgements of unknown ids", each(unknown_ids), at_the_limit()),
    Shape("single unknown events", each(unknown_event), at_the_limit(), expects=(404,)),
    Shape("deletes of unknown events", each(lambda c: unknown_event(c, "DELETE")), at_the_limit(), expects=(404,)),
    Shape("filters that find nothing", always("GET", "/inbox?limit=200&event_type=absent"), at_the_limit(50), tenant="backlog"),
    Shape("filters that follow cursors", targets("/inbox?limit=200&event_type=absent"), following_cursors(), tenant="backlog"),
    Shape("pages that follow cursors", targets("/inbox?limit=200"), following_cursors(), tenant="backlog"),
    Shape("forged cursors", each(forged_cursor), at_the_limit(), expects=(400,)),
    Shape("large pages", always("GET", "/inbox?limit=200"), at_the_limit(10), key="viewer", tenant="large"),
    Shape("large pages read at 1 KB/s", always("GET", "/inbox?limit=200"), reading_slowly(), key="viewer", tenant="large"),
    Shape("lists of 1,000 keys", always("GET", "/admin/keys?limit=1000"), at_the_limit(10), key="admin", tenant="large"),
    Shape("lists of 1,000 keys read at 1 KB/s", always("GET", "/admin/keys?limit=1000"), reading_slowly(95), key="admin", tenant="large"),
    Shape("bodies sent at 1 KB/s", always("POST", "/events", b"x" * 200_000, slow_body), sending_slowly(100, 1000, 500), expects=("begun",)),
    Shape("headers sent at 1 byte/s, no key", always("GET", "/inbox"), sending_slowly(), key=None, expects=("begun",)),
    Shape("headers of 30 KB, no key", always("GET", "/inbox", headers=large_header), at_the_limit(20), key=None, expects=(401, 429)),
    Shape("unknown keys", each(unknown_key), at_the_limit(20), key=None, expects=(401, 429)),
    Shape("scrapes of /metrics, no key", always("GET", "/metrics"), at_the_limit(20), key=None),
]


async def attack(pipe, shape, context, requests):
    tally = Tally()
    driving = asyncio.create_task(shape.drive(context, requests, tally))
    stopped = asyncio.get_running_loop().run_in_executor(None, pipe.recv)
    await asyncio.wait([driving, stopped], return_when=asyncio.FIRST_COMPLETED)
    if driving.done() and driving.exception():
        raise driving.exception()
    await stopped
    # A short turn may end before the first response, but one is needed to know whether the attack works as intended.
    until = time.monotonic() + first_answer_seconds_max
    while not any(str(status) in tally.answers for status in shape.expects) and time.monotonic() < until:
        await asyncio.sleep(0.05)
    pipe.send({"sent": tally.sent, "answers": tally.answers})
    os._exit(0)  # Closes its connections, like a client that gives up.


def serve(pipe, name, context):
    """A process that attacks until it is told to stop, then reports the result. Its low priority favours the measured
    processes."""
    os.nice(10)
    shape = next(shape for shape in shapes if shape.name == name)
    endless = shape.make(context)
    made = list(itertools.islice(endless, 20))  # Makes large bodies before the attack begins.
    pipe.send("ready")
    pipe.recv()
    asyncio.run(attack(pipe, shape, context, itertools.chain(made, endless)))
