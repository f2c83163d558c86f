"""What a worker may find instead of a Locust master: other services, and ZeroMQ peers that exceed every limit."""

import socket
import threading

# The handshake of a ROUTER in ZMTP 3.0 with the mechanism NULL; then READY.
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(16) + bytes(32)
READY = b"\x05READY\x0bSocket-Type\x00\x00\x00\x06ROUTER\x08Identity\x00\x00\x00\x00"
BANNER = b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n"


def zmtp(connection):
    connection.sendall(GREETING)
    got = 0
    while got < len(GREETING):
        got += len(connection.recv(65536))
    connection.sendall(b"\x04" + bytes([len(READY)]) + READY)


def for_ever(connection, piece):
    while True:
        connection.sendall(piece)


def ssh(connection):
    connection.sendall(BANNER * 30)  # a banner, repeated as if the server kept talking
    while connection.recv(65536):
        pass


def ssh_that_floods(connection):
    for_ever(connection, BANNER * 1000)


def huge_frame(connection):
    zmtp(connection)
    connection.sendall(b"\x02" + (1 << 33).to_bytes(8, "big"))
    for_ever(connection, b"x" * 65536)


def endless_frames(connection):
    zmtp(connection)
    for_ever(connection, (b"\x01\xc8" + b"x" * 200) * 500)  # each frame says that more of its message follows


def many_messages(connection):
    zmtp(connection)
    message = b"\x93\xa6custom\xc0\xa1x"
    for_ever(connection, (b"\x00" + bytes([len(message)]) + message) * 5000)


def http(connection):
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


class WrongMaster:
    """Serves each connection with one of the functions above."""

    def __init__(self, serve):
        self.serve = serve
        self.connections, self.threads = [], []

    def __enter__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in self.connections:
            connection.close()

    def _start(self, target, *arguments):
        self.threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.append(connection)
            self._start(self._serve, connection)

    def _serve(self, connection):
        try:
            with connection:
                self.serve(connection)
        except OSError:
            pass
