"""Load tests of the Triggers API, for Locust 2.12 or later.

    triggers keys create --user-id load-test --role creator --rate-limit unlimited
    export LOCUST_API_KEY=...
    locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 50 --spawn-rate 10

Headless, with its figures in files:

    locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 50 --spawn-rate 10 \
        --headless --run-time 60s --csv results TriggersAPIUser

An answer that was not expected is a failure, so Locust ends with exit status 1.
"""

import os
import random
import sys
import uuid
from collections import deque

from locust import HttpUser, between, task

API_KEY = os.environ.get("LOCUST_API_KEY", "").strip()
if not API_KEY:
    sys.exit("LOCUST_API_KEY is not set: make a key with\n"
             "  triggers keys create --user-id load-test --role creator --rate-limit unlimited\n"
             "and export LOCUST_API_KEY=<the key that it prints>")

# Ids that one user remembers, to get and acknowledge; the oldest is forgotten first.
REMEMBERED_IDS_MAX = 1000


class TriggersUser(HttpUser):
    """What both kinds of user share: the key, and one way to ask."""

    abstract = True

    def on_start(self):
        self.client.headers["Authorization"] = f"Bearer {API_KEY}"
        self.event_ids = deque(maxlen=REMEMBERED_IDS_MAX)

    def ask(self, method, path, name, status, **options):
        """Sends a request that counts as `name`; its parsed body, or None after any status but `status`."""
        with self.client.request(method, path, name=name, catch_response=True, **options) as answer:
            if answer.status_code == status:
                try:
                    body = answer.json() if answer.content else {}
                except ValueError:
                    answer.failure("the body is not JSON")
                    return None
                answer.success()
                return body
            if answer.status_code == 429:
                answer.failure("429: the key's rate limit, not the service, is measured; "
                               "make one with --rate-limit unlimited")
            elif answer.status_code == 0:
                answer.failure(f"no answer: {answer.error}")
            else:
                answer.failure(f"{answer.status_code} instead of {status}: {error_code(answer)}")
        return None

    def send_event(self):
        """Every event is another one, so that none is answered as a duplicate."""
        event = {
            "event_type": random.choice(("order.created", "order.paid", "user.signed_up", "invoice.sent")),
            "payload": {"id": str(uuid.uuid4()), "amount": round(random.uniform(1, 1000), 2), "currency": "EUR"},
            "source": "locust",
        }
        body = self.ask("POST", "/events", "POST /events", 201, json=event)
        if body is not None:
            self.event_ids.append(body["event_id"])


def error_code(answer):
    """The API's name for what was wrong."""
    try:
        return answer.json()["error_code"]
    except (ValueError, KeyError, TypeError):
        return "not an answer of the API"


class TriggersAPIUser(TriggersUser):
    """Sends events, polls the inbox, looks at events and acknowledges them, as an integration does."""

    wait_time = between(0.1, 2)

    @task(10)
    def send(self):
        self.send_event()

    @task(3)
    def poll_inbox(self):
        self.ask("GET", "/inbox?limit=50", "GET /inbox", 200)

    @task(2)
    def get_event(self):
        if not self.event_ids:
            return self.send_event()
        event_id = random.choice(self.event_ids)
        return self.ask("GET", f"/events/{event_id}", "GET /events/{id}", 200)

    @task(1)
    def acknowledge(self):
        if not self.event_ids:
            return self.send_event()
        return self.ask("DELETE", f"/events/{self.event_ids.popleft()}", "DELETE /events/{id}", 204)

    @task(1)
    def health(self):
        self.ask("GET", "/status", "GET /status", 200)


class HighThroughputUser(TriggersUser):
    """Only sends, and hardly waits."""

    wait_time = between(0.01, 0.1)

    @task
    def send(self):
        self.send_event()
