"""An HTTP server whose delays a test knows: the yardstick for what a load generator reports."""

import asyncio
import threading
import time

ACCEPTED = b'{"status":"accepted","event_id":"01a20bbb-7022-7d01-8d91-44c476987c33"}'


class DelayingServer:
    """Answers every request 201 after `delay_s`; and those that come in the stall, `stall_s` long from `stall_at_s` after the
    first request, only when it is over. `status` instead of 201 if given."""

    def __init__(self, delay_s=0.0, stall_at_s=None, stall_s=0.0, status=201):
        self.delay_s, self.stall_at_s, self.stall_s, self.status = delay_s, stall_at_s, stall_s, status
        self.first, self.requests, self.connections, self.port = None, 0, 0, None
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)

    async def _serve(self):
        self._loop, self._done = asyncio.get_running_loop(), asyncio.Event()
        server = await asyncio.start_server(self._connection, "127.0.0.1", 0, backlog=1024)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._done.wait()
        server.close()

    def _held_until(self, now):
        """When a request that has come now is to be answered."""
        if self.stall_at_s is not None and self.stall_at_s <= now - self.first < self.stall_at_s + self.stall_s:
            return self.first + self.stall_at_s + self.stall_s
        return now + self.delay_s

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
                await asyncio.sleep(max(0.0, self._held_until(now) - now))
                status, body = self._answer(head)
                writer.write(b"HTTP/1.1 %d Known\r\nContent-Length: %d\r\n\r\n%b" % (status, len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    def __enter__(self):
        self._thread.start()
        assert self._started.wait(10)
        return self

    def __exit__(self, *_):
        self._loop.call_soon_threadsafe(self._done.set)
        self._thread.join(10)
