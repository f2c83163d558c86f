"""An HTTP server with known delays and stalls: the reference for the figures that a load generator reports."""

import asyncio
import time

from .background_server import BackgroundServer

ACCEPTED = b'{"status":"accepted","event_id":"01a20bbb-7022-7d01-8d91-44c476987c33"}'


class DelayingServer(BackgroundServer):
    """Answers every request 201 after `delay_s`. A stall of `stall_s` begins `stall_at_s` after the first request; requests
    that arrive in it are answered only after its end. `status` replaces 201 if given."""

    def __init__(self, delay_s=0.0, stall_at_s=None, stall_s=0.0, status=201):
        super().__init__()
        self.delay_s, self.stall_at_s, self.stall_s, self.status = delay_s, stall_at_s, stall_s, status
        self.first, self.requests, self.connections = None, 0, 0

    def _held_until(self, now):
        """The time at which to answer a request that arrives now."""
        if self.stall_at_s is not None and self.stall_at_s <= now - self.first < self.stall_at_s + self.stall_s:
            return self.first + self.stall_at_s + self.stall_s
        return now + self.delay_s

    async def _held(self, now):
        await asyncio.sleep(max(0.0, self._held_until(now) - now))

    def _answer(self, head):
        return self.status, ACCEPTED

    async def _connection(self, reader, writer):
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                now = time.monotonic()
                self.first = self.first or now
                self.requests += 1
                await self._held(now)
                status, body = self._answer(head)
                writer.write(b"HTTP/1.1 %d Known\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
