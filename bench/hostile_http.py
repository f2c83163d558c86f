"""Minimal HTTP/1.1 for the hostile-tenant benchmark: raw requests over persistent connections, without a library's cost."""

import asyncio
import json
import socket


def request(method, target, key=None, body=b"", headers=()):
    """The bytes of a request. A `body` that is not bytes is sent as JSON."""
    if not isinstance(body, bytes):
        body = json.dumps(body, separators=(",", ":")).encode()
    lines = [f"{method} {target} HTTP/1.1", "Host: bench"]
    if key:
        lines.append(f"Authorization: Bearer {key}")
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    elif method == "POST":
        lines.append("Content-Length: 0")
    lines += [f"{name}: {value}" for name, value in headers]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One persistent connection. It opens with the first request, and again after the server has closed it."""

    def __init__(self, port, receive_buffer=None):
        self.port, self.receive_buffer = port, receive_buffer
        self.reader = self.writer = None

    async def open(self):
        plain = socket.socket()
        if self.receive_buffer:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.setblocking(False)
        try:
            await asyncio.get_running_loop().sock_connect(plain, ("127.0.0.1", self.port))
            self.reader, self.writer = await asyncio.open_connection(sock=plain, limit=65536 if self.receive_buffer is None else 2048)
        except BaseException:
            plain.close()
            raise

    async def exchange(self, raw):
        """The status and the body of the response."""
        if self.writer is None:
            await self.open()
        try:
            self.writer.write(raw)
            header = await self.reader.readuntil(b"\r\n\r\n")
            status = int(header[9:12])
            length = 0
            for line in header.split(b"\r\n")[1:]:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
                elif name.lower() == b"connection" and value.strip().lower() == b"close":
                    status = -status
            body = await self.reader.readexactly(length) if length else b""
        except BaseException:
            self.close()
            raise
        if status < 0:
            self.close()
        return abs(status), body

    def close(self):
        if self.writer is not None:
            self.writer.close()
        self.reader = self.writer = None
