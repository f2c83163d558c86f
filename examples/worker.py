#!/usr/bin/env python3
"""A worker in one file beside triggers_client.py: Python 3.9 or later, standard library only.

    TRIGGERS_API_KEY=… examples/worker.py billing ./handle-event

It leases events of an inbox and runs a command for each, with the event as JSON on standard input. If the command exits with
status 0, the worker acknowledges the event. Otherwise the worker releases it with a delay, and with the last line that the
command wrote to standard error. Several workers may share one inbox. As a library:

    worker = Worker(url, api_key, "billing", handle)
    signal.signal(signal.SIGTERM, lambda *_: worker.stop())
    worker.run()
"""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import Callable, Optional

from triggers_client import JsonObject, TriggersClient, TriggersError, to_json

# The service refuses, or cannot be reached, or something on the way answers with text that is not JSON.
Failure = (TriggersError, http.client.HTTPException, OSError, ValueError)
delay_seconds_max = 43_200
error_characters_max = 1_000


class Worker:
    """Handles the events of one inbox, one after another. It never handles an event that it does not hold a lease of.

    - `handle` gets an event, with its `attempt`. If `handle` returns, the event is acknowledged. If it raises an exception,
      the event is released, and comes again after `retry_seconds`, doubled with each attempt. After the inbox's
      `max_attempts`, the event is dead.
    - While `handle` runs, a second thread extends the lease. After `handling_seconds_max` it stops, so that a `handle` that
      hangs does not keep its event forever.
    - `stop()` lets the current event finish. The other events of its lease are released, for other workers.
    """

    def __init__(self, url: str, api_key: str, inbox: str, handle: Callable[[JsonObject], None], *, limit: int = 10,
                 lease_seconds: int = 30, wait_seconds: int = 10, retry_seconds: int = 5,
                 handling_seconds_max: float = 3_600) -> None:
        self.inbox = inbox
        self.handle = handle
        self.limit, self.lease_seconds, self.wait_seconds = limit, lease_seconds, wait_seconds
        self.retry_seconds, self.handling_seconds_max = retry_seconds, handling_seconds_max
        self.client = TriggersClient(url, api_key)
        # run() itself repeats a lease, because stop() can end that pause. Each thread has a client of its own.
        self.leasing = TriggersClient(url, api_key, retries=0)
        self.extending = TriggersClient(url, api_key, retries=1)
        self.stopping = threading.Event()

    def stop(self) -> None:
        """Lets run() return soon. A signal handler or another thread may call it. A request that waits for events is not
        cut off, because the events of its lease would be hidden until the lease ends: this takes up to `wait_seconds`."""
        self.stopping.set()

    def run(self) -> None:
        """Returns after stop(). Raises TriggersError if the service refuses to lease: a wrong key, or no such inbox."""
        pause_s = 1.0
        while not self.stopping.is_set():
            try:
                lease = self.leasing.lease(self.inbox, limit=self.limit, lease_seconds=self.lease_seconds,
                                           wait_seconds=self.wait_seconds)
            except Failure as error:
                if isinstance(error, TriggersError) and error.status not in TriggersClient.RETRIED:
                    raise
                log(f"no lease for now: {error}")
                self.stopping.wait(pause_s)
                pause_s = min(2 * pause_s, 30)
                continue
            pause_s = 1.0
            if lease["events"]:
                self._handle_all(lease["lease_id"], lease["events"])

    def _handle_all(self, lease_id: str, events: list[JsonObject]) -> None:
        with KeptLease(self.extending, self.inbox, lease_id, self.lease_seconds) as kept:
            for index, event in enumerate(events):
                if kept.lost.is_set():
                    log(f"lease {lease_id} has ended early: other workers get its events")
                    return
                if self.stopping.is_set():
                    self._settle("release", lease_id, [rest["event_id"] for rest in events[index:]])
                    return
                kept.until = time.monotonic() + self.handling_seconds_max
                self._handle_one(lease_id, event)

    def _handle_one(self, lease_id: str, event: JsonObject) -> None:
        try:
            self.handle(event)
        except Exception as error:  # Any error concerns only the handling of this event.
            delay = min(self.retry_seconds * 2 ** min(event["attempt"] - 1, 20), delay_seconds_max)
            self._settle("release", lease_id, [event["event_id"]], delay_seconds=delay, error=printable(error))
        else:
            self._settle("ack", lease_id, [event["event_id"]])

    def _settle(self, request: str, lease_id: str, event_ids: list[str], **members: object) -> None:
        """If this fails, the events come again when the lease ends. So it is not a reason to stop."""
        call = self.client.acknowledge_leased if request == "ack" else self.client.release
        try:
            results = call(self.inbox, lease_id, event_ids, **members)  # type: ignore[operator]
        except Failure as error:
            log(f"{request} failed: {error}")
            return
        for result in results:
            if result["status"] == "lease_lost":
                log(f"the lease of {result['event_id']} has ended early: another worker may handle it again")


class KeptLease:
    """Extends a lease three times in its length, until the `with` block ends or `until` has passed. `lost` is set when the
    lease holds nothing any more."""

    def __init__(self, client: TriggersClient, inbox: str, lease_id: str, lease_seconds: int) -> None:
        self.client, self.inbox, self.lease_id, self.lease_seconds = client, inbox, lease_id, lease_seconds
        self.until = time.monotonic() + lease_seconds
        self.lost = threading.Event()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._extend, daemon=True)

    def __enter__(self) -> KeptLease:
        self.thread.start()
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 trace: Optional[TracebackType]) -> None:
        self.ended.set()
        self.thread.join()

    def _extend(self) -> None:
        while not self.ended.wait(self.lease_seconds / 3):
            if time.monotonic() > self.until:
                continue
            try:
                results = self.client.extend(self.inbox, self.lease_id, self.lease_seconds)
            except Failure as error:
                log(f"extend failed: {error}")
                continue
            # Between two events, the lease may hold nothing because all is acknowledged. Then `lost` harms nobody.
            if not any(result["status"] == "extended" for result in results):
                self.lost.set()


def printable(error: Exception) -> str:
    """The service refuses text that is not UTF-8, such as lone surrogates."""
    text = str(error) or type(error).__name__
    return text.encode("utf-8", "replace").decode()[:error_characters_max]


def log(text: str) -> None:
    print(f"worker.py: {text}", file=sys.stderr, flush=True)


def run_command(command: list[str], seconds_max: float) -> Callable[[JsonObject], None]:
    """A `handle` that runs a command. The command has a session of its own, so Ctrl+C does not reach it."""

    def handle(event: JsonObject) -> None:
        done = subprocess.run(command, input=to_json(event).encode() + b"\n", stderr=subprocess.PIPE, timeout=seconds_max,
                              start_new_session=True, check=False)
        sys.stderr.buffer.write(done.stderr)
        sys.stderr.flush()
        if done.returncode != 0:
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise RuntimeError(lines[-1] if lines else f"exit status {done.returncode}")

    return handle


def main() -> int:
    api_key = os.environ.get("TRIGGERS_API_KEY")
    if not api_key:
        print("Set TRIGGERS_API_KEY: triggers keys create --user-id me --role creator", file=sys.stderr)
        return 2
    if len(sys.argv) < 3:
        print("usage: worker.py INBOX COMMAND [ARGUMENT...]", file=sys.stderr)
        return 2

    def setting(name: str, default: int) -> int:
        return int(os.environ.get(f"WORKER_{name}", default))

    seconds_max = setting("HANDLING_SECONDS_MAX", 3_600)
    worker = Worker(os.environ.get("TRIGGERS_URL", "http://localhost:8000"), api_key, sys.argv[1],
                    run_command(sys.argv[2:], seconds_max), limit=setting("LIMIT", 10),
                    lease_seconds=setting("LEASE_SECONDS", 30), wait_seconds=setting("WAIT_SECONDS", 10),
                    retry_seconds=setting("RETRY_SECONDS", 5), handling_seconds_max=seconds_max)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: worker.stop())
    try:
        worker.run()
    except TriggersError as error:
        log(f"the service refuses the lease: {error}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
