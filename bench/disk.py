"""The time that the disk itself takes to make an append durable: a lower bound for every accepted event."""

import os
import time


def sync_ms(folder, appends=300, size=1024):
    """(p50, p95, p99) in ms of an append of this many bytes and its fdatasync(2), one append after another."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "sync"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)
    times = []
    try:
        for _ in range(appends):
            started = time.perf_counter()
            os.write(descriptor, b"x" * size)
            os.fdatasync(descriptor)
            times.append((time.perf_counter() - started) * 1e3)
    finally:
        os.close(descriptor)
        path.unlink()
    times.sort()
    return tuple(times[int(len(times) * quantile)] for quantile in (0.5, 0.95, 0.99))
