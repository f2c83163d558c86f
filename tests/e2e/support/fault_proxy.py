"""An HTTP proxy between a node and DynamoDB that causes the faults of real networks and services. A proxy that only records
is in recording_proxy.py."""

import asyncio
import contextlib
import json
import time

from .background_server import BackgroundServer

piece_bytes = 64 * 1024


class Proxy(BackgroundServer):
    """`with Proxy(dynamo.port) as proxy:` The node's endpoint is `proxy.url`. `proxy.fault` is a function of this module, or
    None. It may be set at any time, and applies to requests that arrive afterwards. `proxy.count` counts the affected
    requests by operation."""

    def __init__(self, port):
        super().__init__()
        self.upstream_port = port
        self.fault, self.count, self._busy = None, {}, 0

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @contextlib.contextmanager
    def doing(self, fault):
        self.fault = fault
        try:
            yield
        finally:
            self.fault = None

    def wait_until_idle(self, seconds_max=15):
        """Waits until everything that a fault held back has been passed on or given up."""
        deadline = time.monotonic() + seconds_max
        while self._busy > 0:
            assert time.monotonic() < deadline, f"{self._busy} requests are still held"
            time.sleep(0.01)

    async def _connection(self, reader, writer):
        exchange = Exchange(self.upstream_port, reader, writer)
        try:
            while await exchange.read_request():
                fault = self.fault
                if fault is None:
                    await exchange.answer(await exchange.pass_on())
                    continue
                self.count[exchange.operation] = self.count.get(exchange.operation, 0) + 1
                self._busy += 1
                try:
                    await fault(exchange)
                finally:
                    self._busy -= 1
        except (OSError, asyncio.IncompleteReadError, Ended):
            pass
        finally:
            exchange.close()
            writer.close()


class Ended(Exception):
    """The fault has ended the connection."""


class Exchange:
    """One request on a connection to the proxy, and the connection from the proxy to DynamoDB."""

    def __init__(self, upstream_port, reader, writer):
        self._upstream_port, self._reader, self._writer, self._upstream = upstream_port, reader, writer, None
        self.request = self.operation = None

    async def read_request(self):
        """Reads the request. False if there are no more."""
        try:
            self.request = await _read_message(self._reader)
        except asyncio.IncompleteReadError as cut:
            if cut.partial:
                raise
            return False
        self.operation = _field(self.request, b"x-amz-target").rpartition(b".")[2].decode()
        return True

    async def pass_on(self):
        """Passes the request to DynamoDB, which executes it. Returns the bytes of the response."""
        if self._upstream is None:
            self._upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        self._upstream[1].write(self.request)
        answer = await _read_message(self._upstream[0])
        if _field(answer, b"connection").lower() == b"close":
            self.close()
        return answer

    async def answer(self, data):
        self._writer.write(data)
        await self._writer.drain()

    async def answer_error(self, status, error_type):
        body = json.dumps({"__type": f"com.amazonaws.dynamodb.v20120810#{error_type}", "message": "as a test wants it"})
        head = (f"HTTP/1.1 {status} Fault\r\nContent-Type: application/x-amz-json-1.0\r\n"
                f"Content-Length: {len(body)}\r\n\r\n")
        await self.answer((head + body).encode())

    async def be_silent(self):
        """Waits until the other side gives up."""
        await self._reader.read(1)
        raise Ended

    def reset(self):
        """Ends the connection with a reset."""
        self._writer.transport.abort()
        raise Ended

    def close(self):
        if self._upstream is not None:
            self._upstream[1].close()
            self._upstream = None


async def _read_message(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    if _field(head, b"transfer-encoding").lower() == b"chunked":
        return head + await _read_chunks(reader)
    length = _field(head, b"content-length")
    return head + await reader.readexactly(int(length or 0))


async def _read_chunks(reader):
    """The chunks as they are sent, including the last, empty one. DynamoDB Local sends no trailers."""
    chunks, size = b"", None
    while size != 0:
        line = await reader.readuntil(b"\r\n")
        size = int(line.partition(b";")[0], 16)
        chunks += line + await reader.readexactly(size + len(b"\r\n"))
    return chunks


def _field(message, name):
    for line in message.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


def delays(seconds):
    async def fault(exchange):
        await asyncio.sleep(seconds)
        await exchange.answer(await exchange.pass_on())
    return fault


async def drops(exchange):
    """DynamoDB never sees the request, and the node gets no response."""
    await exchange.be_silent()


async def resets_before(exchange):
    exchange.reset()


async def resets_after(exchange):
    """DynamoDB executes the request, but the connection is reset before the response."""
    await exchange.pass_on()
    exchange.reset()


async def swallows(exchange):
    """DynamoDB executes the request, and the node gets no response."""
    await exchange.pass_on()
    await exchange.be_silent()


async def throttles(exchange):
    await exchange.answer_error(400, "ProvisionedThroughputExceededException")


async def fails(exchange):
    await exchange.answer_error(500, "InternalServerError")


async def fails_after(exchange):
    """A 500 does not prove that nothing was done."""
    await exchange.pass_on()
    await exchange.answer_error(500, "InternalServerError")


async def talks_garbage(exchange):
    await exchange.pass_on()
    await exchange.answer(b"\x16\x03\x01 what is this?\r\n\r\n" * 4)
    exchange.reset()


async def answers_not_json(exchange):
    """A well-formed response of a server that is not DynamoDB."""
    await exchange.pass_on()
    await exchange.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n<html>hi</html>")


async def answers_half(exchange):
    answer = await exchange.pass_on()
    await exchange.answer(answer[:len(answer) - max(1, len(answer) // 20)])
    exchange.reset()


def sometimes(random, fault, chance):
    """Applies `fault` to a random part of the requests; the others pass."""
    async def either(exchange):
        if random.random() < chance:
            await fault(exchange)
        else:
            await exchange.answer(await exchange.pass_on())
    return either


def that_contain(text, fault):
    """Applies `fault` to requests that contain these bytes."""
    async def chosen(exchange):
        if text in exchange.request:
            await fault(exchange)
        else:
            await exchange.answer(await exchange.pass_on())
    return chosen


def only(operations, fault):
    """Applies `fault` to these operations."""
    async def chosen(exchange):
        if exchange.operation in operations:
            await fault(exchange)
        else:
            await exchange.answer(await exchange.pass_on())
    return chosen
