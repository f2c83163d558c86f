#!/usr/bin/env python3
"""A client for the Triggers API in one file: Python 3.9 or later, standard library only.

    client = TriggersClient("http://localhost:8000", api_key)
    accepted = client.send("order.paid", {"order": 42})
    client.consume(handle, set_aside=keep_for_a_person)

When run as a program, it demonstrates the whole flow. It reads TRIGGERS_URL and TRIGGERS_API_KEY from the environment.
"""

from __future__ import annotations

import decimal
import http.client
import json
import math
import os
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from typing import Any, Callable, Iterable, Iterator, Optional, Union

JsonObject = dict[str, Any]


class TriggersError(Exception):
    """An error from the service. `code` is stable, so programs may depend on it; `message` is for people."""

    def __init__(self, status: int, body: JsonObject) -> None:
        self.status = status
        self.body = body
        self.code = str(body.get("error_code", "UNKNOWN"))
        self.message = str(body.get("message", f"HTTP status {status}"))
        self.details: JsonObject = body.get("details", {})
        self.correlation_id = body.get("correlation_id")
        super().__init__(f"{status} {self.code}: {self.message}")


class TriggersClient:
    """Sends events, reads the inbox, leases and acknowledges events. Only one thread may use a client at a time.

    If a request gets no response, or gets 429, 500, 502, 503 or 504, the client repeats it up to `retries` times. It waits
    for `Retry-After` if the response has that header, otherwise for 0.5, 1, 2, … seconds. Repeating is safe: each event is
    sent with an Idempotency-Key, and reading and acknowledging may be repeated.
    """

    RETRIED = frozenset({429, 500, 502, 503, 504})

    def __init__(self, url: str, api_key: str, *, timeout_s: float = 30, retries: int = 5) -> None:
        self.url = url.rstrip("/")
        self.api_key = api_key
        self.timeout_s = timeout_s
        self.retries = retries

    def send(self, event_type: str, payload: JsonObject, *, source: Optional[str] = None,
             metadata: Optional[JsonObject] = None, idempotency_key: Optional[str] = None) -> JsonObject:
        """Sends one event. When this returns, the event is on disk. The response has `event_id`, `timestamp` and, if the
        event was stored before, `duplicate`.

        Pass your own `idempotency_key` (an order number, a message id) so that retries are also safe across restarts of
        your program. The generated default covers only the retries of this call: an equal event sent by another call
        counts as another event.
        """
        event = make_event(event_type, payload, source, metadata)
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        return self._call("POST", "/events", event, headers)

    def send_batch(self, events: Iterable[JsonObject], *, idempotency_key: Optional[str] = None) -> list[JsonObject]:
        """Sends up to 500 events (see make_event). Returns one result per event, in order. Its `status` is `accepted`,
        `duplicate` or `error`; an error has `error_code` and `message`. Errors of single events do not raise an exception,
        even if every event has one (422)."""
        headers = {"Idempotency-Key": idempotency_key or str(uuid.uuid4())}
        try:
            answer = self._call("POST", "/events/batch", list(events), headers)
        except TriggersError as error:
            if error.status != 422 or "results" not in error.body:
                raise
            answer = error.body
        results: list[JsonObject] = answer["results"]
        return results

    def inbox(self, *, event_type: Optional[str] = None, limit: int = 100) -> Iterator[JsonObject]:
        """Yields every unacknowledged event, oldest first, page by page. It ends at the newest event; call it again for
        later ones. You may acknowledge events while iterating. Numbers that int and float cannot represent are Decimal or
        the original text. Text may contain lone surrogates, which print() and encode() refuse: see consume()."""
        query: dict[str, Any] = {"limit": limit}
        if event_type is not None:
            query["event_type"] = event_type
        while True:
            page = self._call("GET", "/inbox?" + urllib.parse.urlencode(query))
            yield from page["events"]
            # The last page has a cursor too, and a page may be empty although there is more: rely on has_more alone.
            if not page["pagination"]["has_more"]:
                return
            query["cursor"] = page["pagination"]["next_cursor"]

    def consume(self, handle: Callable[[JsonObject], None], *, set_aside: Callable[[JsonObject, Exception], None],
                event_type: Optional[str] = None, attempts: int = 3) -> int:
        """Handles and acknowledges every unacknowledged event, and returns how many were handled. If handling an event
        has failed `attempts` times, the client calls `set_aside`, which must store the event for a person to look at.
        Then it acknowledges this event too, which would otherwise come first forever and block everything behind it. If
        `set_aside` raises, the event stays in the inbox."""
        handled = 0
        for event in self.inbox(event_type=event_type):
            for attempt in range(1, attempts + 1):
                try:
                    handle(event)
                    handled += 1
                    break
                except Exception as error:  # Any error concerns only the handling of this event.
                    if attempt == attempts:
                        set_aside(event, error)
            self.acknowledge([event["event_id"]])
        return handled

    def get(self, event_id: str) -> JsonObject:
        """Returns one event, with `delivered` and `delivered_at`, which tell whether and when it was acknowledged."""
        return self._call("GET", "/events/" + urllib.parse.quote(event_id, safe=""))

    def acknowledge(self, event_ids: Iterable[str]) -> list[JsonObject]:
        """Acknowledges up to 500 events, which then leave the inbox. Returns one result per id, in order. Its `status` is
        `acknowledged`, `already_acknowledged` or `not_found`."""
        results: list[JsonObject] = self._call("POST", "/inbox/ack", {"event_ids": list(event_ids)})["results"]
        return results

    def lease(self, inbox: str, *, limit: int = 10, lease_seconds: Optional[int] = None,
              wait_seconds: int = 0) -> JsonObject:
        """Leases up to `limit` events of an inbox: `lease_id`, `leased_until` and `events`, each with its `attempt`. If no
        event is available within `wait_seconds`, `lease_id` is None and `events` is empty. If the response of a lease is lost,
        its events come back after their lease has ended."""
        body: JsonObject = {"limit": limit, "wait_seconds": wait_seconds}
        if lease_seconds is not None:
            body["lease_seconds"] = lease_seconds
        return self._call("POST", inbox_path(inbox, "lease"), body, timeout_s=self.timeout_s + wait_seconds)

    def acknowledge_leased(self, inbox: str, lease_id: str, event_ids: Optional[Iterable[str]] = None) -> list[JsonObject]:
        """Acknowledges events that the lease holds, by default all. Returns one result per event. Its `status` is
        `acknowledged`, `already_acknowledged`, `lease_lost` (for example because the lease has ended) or `not_found`."""
        return self._settle(inbox, "ack", lease_id, event_ids, {})

    def release(self, inbox: str, lease_id: str, event_ids: Optional[Iterable[str]] = None, *, delay_seconds: int = 0,
                error: Optional[str] = None) -> list[JsonObject]:
        """Gives events back, at once or after a delay. The inbox keeps the error, of at most 1,000 characters."""
        body: JsonObject = {"delay_seconds": delay_seconds}
        if error is not None:
            body["error"] = error
        return self._settle(inbox, "release", lease_id, event_ids, body)

    def extend(self, inbox: str, lease_id: str, lease_seconds: int,
               event_ids: Optional[Iterable[str]] = None) -> list[JsonObject]:
        """Lets the lease end `lease_seconds` from now. Returns one result per event that the lease still holds."""
        return self._settle(inbox, "extend", lease_id, event_ids, {"lease_seconds": lease_seconds})

    def _settle(self, inbox: str, request: str, lease_id: str, event_ids: Optional[Iterable[str]],
                body: JsonObject) -> list[JsonObject]:
        body["lease_id"] = lease_id
        if event_ids is not None:
            body["event_ids"] = list(event_ids)
        results: list[JsonObject] = self._call("POST", inbox_path(inbox, request), body)["results"]
        return results

    def _call(self, method: str, path: str, body: Any = None, headers: Optional[dict[str, str]] = None,
              timeout_s: Optional[float] = None) -> JsonObject:
        fields = {"Authorization": f"Bearer {self.api_key}", **(headers or {})}
        data = None
        if body is not None:
            data = to_json(body).encode()
            fields["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, data=data, headers=fields, method=method)
        for attempt in range(self.retries + 1):
            wait_s = 0.5 * 2**attempt
            try:
                with urllib.request.urlopen(request, timeout=timeout_s or self.timeout_s) as answer:
                    result: JsonObject = from_json(answer.read())
                    return result
            except urllib.error.HTTPError as error:
                if error.code not in self.RETRIED or attempt == self.retries:
                    raise TriggersError(error.code, parse_object(error.read())) from None
                wait_s = retry_after_s(error.headers.get("Retry-After"), wait_s)
            except (urllib.error.URLError, http.client.HTTPException, OSError):
                if attempt == self.retries:
                    raise
            time.sleep(wait_s)
        raise AssertionError("unreachable")


def inbox_path(inbox: str, request: str) -> str:
    return f"/inboxes/{urllib.parse.quote(inbox, safe='')}/{request}"


def make_event(event_type: str, payload: JsonObject, source: Optional[str] = None,
               metadata: Optional[JsonObject] = None) -> JsonObject:
    """Makes an event for send_batch()."""
    event: JsonObject = {"event_type": event_type, "payload": payload}
    if source is not None:
        event["source"] = source
    if metadata is not None:
        event["metadata"] = metadata
    return event


Number = Union[int, float, decimal.Decimal, str]


def parse_int(text: str) -> Number:
    """Numbers in JSON may have any length, but Python's int refuses text of more than 4,300 digits."""
    try:
        return int(text)
    except ValueError:
        return parse_decimal(text)


def parse_float(text: str) -> Number:
    number = float(text)
    return number if math.isfinite(number) else parse_decimal(text)


def parse_decimal(text: str) -> Number:
    try:
        return decimal.Decimal(text)
    except decimal.InvalidOperation:  # The exponent is too large, as in 1e9999999999999999999.
        return text


def from_json(text: bytes) -> Any:
    return json.loads(text, parse_int=parse_int, parse_float=parse_float)


def to_json(value: Any) -> str:
    """Writes ASCII, so that lone surrogates, which have no UTF-8, stay escaped. A Decimal becomes text."""
    return json.dumps(value, allow_nan=False, default=str)


def parse_object(text: bytes) -> JsonObject:
    """Reads an error's body. An error from a proxy on the way may not be JSON."""
    try:
        value = from_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def retry_after_s(field: Optional[str], otherwise: float) -> float:
    return float(field) if field is not None and field.isdigit() else otherwise


def main() -> int:
    api_key = os.environ.get("TRIGGERS_API_KEY")
    if not api_key:
        print("Set TRIGGERS_API_KEY: triggers keys create --user-id me --role creator", file=sys.stderr)
        return 2
    client = TriggersClient(os.environ.get("TRIGGERS_URL", "http://localhost:8000"), api_key)
    run = str(uuid.uuid4())
    first = client.send("example.order_paid", {"order": run, "total": 12.5}, idempotency_key=f"order-{run}")
    again = client.send("example.order_paid", {"order": run, "total": 12.5}, idempotency_key=f"order-{run}")
    print("sent", first["event_id"], "and again:", again["event_id"], "duplicate:", again.get("duplicate", False))
    results = client.send_batch(make_event("example.user_created", {"user": f"{n}-{run}"}) for n in range(3))
    print("batch:", [result["status"] for result in results])
    sent = {first["event_id"], *(result["event_id"] for result in results)}
    found = [event["event_id"] for event in client.inbox(limit=2) if event["event_id"] in sent]
    print("found in the inbox:", len(found))
    print("acknowledged:", [result["status"] for result in client.acknowledge(found)])
    print("delivered:", client.get(first["event_id"])["delivered"])
    client.send("example.poisoned", {"order": run, "total": "a lot"})
    handled = client.consume(lambda event: print("total:", float(event["payload"]["total"])), set_aside=keep_for_a_person,
                             event_type="example.poisoned")
    print("handled:", handled)
    return 0 if len(found) == len(sent) else 1


def keep_for_a_person(event: JsonObject, error: Exception) -> None:
    """Stands in for what a real consumer does: write to a file or a table, or send an event of another type."""
    print("set aside:", type(error).__name__, to_json(event), file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
