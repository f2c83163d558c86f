"""A TLS front for a plain port, and a name server that resolves every name to loopback. Proxies are in fault_proxy.py and
recording_proxy.py; the load balancer is in load_balancer.py."""

import socket
import ssl
import struct
import threading


class TlsFront:
    """Accepts TLS with this certificate on a free port, and forwards the bytes to `port`."""

    def __init__(self, port, certificate, key):
        self.target = port
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def _accept(self):
        while True:
            try:
                plain, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(plain,), daemon=True).start()

    def _serve(self, plain):
        try:
            with self.context.wrap_socket(plain, server_side=True) as client, \
                    socket.create_connection(("127.0.0.1", self.target)) as peer:
                # The program sends first, and one request at a time.
                back = threading.Thread(target=self._copy, args=(peer, client), daemon=True)
                back.start()
                self._copy(client, peer)
                back.join()
        except OSError:
            pass

    @staticmethod
    def _copy(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def __enter__(self):
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class NameServer:
    """Answers every A query with 127.0.0.1, and other queries with no record, on port 53 of `address`. Raises
    PermissionError if this process may not use that port."""

    def __init__(self, address="127.0.53.53"):
        self.address, self.names = address, []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))

    def _serve(self):
        while True:
            try:
                query, sender = self.socket.recvfrom(2048)
            except OSError:
                return
            if not query:
                return  # The socket was shut down.
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            question = query[12:at + 5]
            self.names.append(".".join(labels))
            is_a = struct.unpack(">H", query[at + 1:at + 3])[0] == 1
            record = b"\xc0\x0c" + struct.pack(">HHIH", 1, 1, 60, 4) + socket.inet_aton("127.0.0.1") if is_a else b""
            self.socket.sendto(query[:2] + struct.pack(">HHHHH", 0x8180, 1, int(is_a), 0, 0) + question + record, sender)

    def __enter__(self):
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def __exit__(self, *_):
        try:
            self.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # Not connected; this still wakes a thread that waits on it.
        self.socket.close()
