"""A network of its own for one thread: every port of loopback is free there, and nothing else is reached."""

import ctypes
import fcntl
import socket
import struct
from concurrent.futures import ThreadPoolExecutor

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS = 0x8914
IFF_UP = 1


def enter():
    """Moves the calling thread, and the processes that it starts from here on, into a new network. False: not permitted,
    and the thread is where it was."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return False
    with socket.socket() as loopback:
        fcntl.ioctl(loopback, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))
    return True


def taken(ports):
    """Those of the ports of loopback on which somebody listens."""
    found = []
    for port in ports:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                found.append(port)
    return found


def call(function, ports):
    """The function's result, called in a network of its own; where that is not permitted, in this machine's, on which
    nobody may listen on the ports that it needs."""
    def inside():
        if not enter():
            used = taken(ports)
            assert not used, f"without the right to make a network, these ports must be free: {used}"
        return function()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(inside).result()
