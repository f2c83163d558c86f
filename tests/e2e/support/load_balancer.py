"""A load balancer for TCP connections in front of a fleet: it checks each node's health, gives new connections to healthy
nodes in turn, and tries the next one if a node refuses. It tries unhealthy nodes last. It repeats no request."""

import asyncio
import threading

from .background_server import BackgroundServer

health_interval_seconds = 0.02
piece_bytes = 64 * 1024


class LoadBalancer(BackgroundServer):
    """`with LoadBalancer(ports) as balancer: …balancer.port…`. `nodes` maps a port to whether it is healthy. A node has been
    given `given[port]` connections so far. Nodes in `told_to_leave` answered 503 while they still accepted connections."""

    def __init__(self, ports):
        super().__init__()
        self.nodes = dict.fromkeys(ports, False)
        self.given = dict.fromkeys(ports, 0)
        self.told_to_leave = set()
        self._turn = 0
        self._changed = threading.Condition()

    def wait_until(self, port, healthy, seconds_max=20):
        with self._changed:
            assert self._changed.wait_for(lambda: self.nodes[port] is healthy, seconds_max), f"{port}: {self.nodes}"

    async def _beside(self):
        while True:
            for port in list(self.nodes):
                healthy = await self._is_healthy(port)
                with self._changed:
                    if self.nodes.get(port, healthy) is not healthy:
                        self.nodes[port] = healthy
                        self._changed.notify_all()
            await asyncio.sleep(health_interval_seconds)

    async def _is_healthy(self, port):
        try:
            # Not wait_for(): in Python 3.11 it can swallow the cancellation that ends the balancer.
            async with asyncio.timeout(2):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.write(b"GET /health HTTP/1.1\r\nHost: balancer\r\nConnection: close\r\n\r\n")
                line = await reader.readline()
            writer.close()
            status = line.split(b" ")[1:2]
            if status == [b"503"]:
                self.told_to_leave.add(port)
            return status == [b"200"]
        except (OSError, TimeoutError):
            return False

    async def _open(self):
        """A connection to the next node that accepts one."""
        ports = list(self.nodes)
        self._turn += 1
        turned = [ports[(self._turn + i) % len(ports)] for i in range(len(ports))]
        for port in sorted(turned, key=lambda port: not self.nodes.get(port)):
            try:
                pair = await asyncio.open_connection("127.0.0.1", port)
                self.given[port] += 1
                return pair
            except OSError:
                continue
        return None

    async def _connection(self, reader, writer):
        pair = await self._open()
        if pair is None:
            writer.transport.abort()
            return
        await asyncio.gather(_copy(reader, pair[1]), _copy(pair[0], writer))
        writer.close()
        pair[1].close()


async def _copy(reader, writer):
    """Copies until the end of the stream, and passes the end on; a reset ends both directions."""
    try:
        while data := await reader.read(piece_bytes):
            writer.write(data)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()
    except OSError:
        writer.transport.abort()
