"""HTTP services with hostile responses: endless, or in a framing that costs the reader more than the sender."""

import socket
import threading

CHUNKED = b"HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n"

# By name: the bytes that are sent once, and the bytes that are then repeated forever.
ENDLESS = {
    "interim answers 100": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 2000),
    "interim answers 103": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n" * 1000),
    "a status line": (b"HTTP/1.1 201 ", b"x" * 65536),
    "a header": (b"HTTP/1.1 201 Created\r\n", b"X-Field: and its value\r\n" * 2000),
    "trailers": (CHUNKED + b"0\r\n", b"X-Trailer: and its value\r\n" * 2000),
    "one-byte chunks": (CHUNKED, b"1\r\nx\r\n" * 10000),
    "chunks with extensions": (CHUNKED, b"1;name=" + b"v" * 4000 + b"\r\nx\r\n"),
    "a chunk's line": (CHUNKED, b"0" * 65536),
    "a body without a length": (b"HTTP/1.1 201 Created\r\n\r\n", b"x" * 65536),
}


class HostileService:
    """On each connection that has sent a request, sends `begin`, then `again` for as long as the client accepts it."""

    def __init__(self, begin=b"", again=b"", context=None):
        self.begin, self.again, self.context = begin, again, context
        self.bytes, self.stopping, self.threads = 0, False, []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for thread in self.threads:
            thread.join(10)

    def _start(self, target, *arguments):
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self.threads.append(thread)
        thread.start()

    def _accept(self):
        while not self.stopping:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self._start(self._serve, connection)

    def _serve(self, connection):
        try:
            connection.settimeout(1)
            if self.context is not None:
                connection = self.context.wrap_socket(connection, server_side=True)
            connection.recv(65536)
            connection.sendall(self.begin)
            while not self.stopping:
                try:
                    if self.again:
                        self.bytes += connection.send(self.again)
                    elif not connection.recv(65536):
                        break
                except TimeoutError:
                    continue
        except OSError:
            pass
        finally:
            connection.close()
