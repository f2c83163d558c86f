"""Load tests of the Triggers API, for Locust 2.12 or later. README.md beside this file is the guide.

    export LOCUST_API_KEY=...
    locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 50 --spawn-rate 10

An unexpected answer is a failure. A 429 from the key's rate limit is neither a failure nor an accepted event. It counts
under its own name, `429 /events (POST)`, so that it does not distort other rows, and so that `grep "POST /events"` does
not find it. Other 429s are failures: the key is wrong, or the service had too much to do.
"""

import argparse
import itertools
import os
import pathlib
import random
import re
import sys
import uuid
from collections import deque

import gevent
from locust import HttpUser, between, events, task
from locust.runners import MasterRunner, WorkerRunner

# Users take turns with these.
KEY_VARIABLE = "LOCUST_API_KEY" if os.environ.get("LOCUST_API_KEY", "").strip(", \t\r\n") else "TRIGGERS_API_KEY"
API_KEYS = [key for key in re.split(r"[,\s]+", os.environ.get(KEY_VARIABLE, "")) if key]

# How many ids one user remembers to get and acknowledge; it forgets the oldest first.
REMEMBERED_IDS_MAX = 1000

LIMITED = "429 "

# Keys that the service has accepted. A key that is refused before that is a mistake, and ends the test.
KEYS_THAT_WORKED = set()

user_numbers = itertools.count()


class TriggersUser(HttpUser):
    """What all kinds of user share: a key, and one way to send requests."""

    abstract = True

    def on_start(self):
        # Workers start with different keys, so that few users on many workers still use all keys.
        number = next(user_numbers) + max(0, getattr(self.environment.runner, "worker_index", 0))
        self.key_number = number % len(API_KEYS)
        self.client.headers["Authorization"] = f"Bearer {API_KEYS[self.key_number]}"
        self.event_ids = deque(maxlen=REMEMBERED_IDS_MAX)

    def ask(self, method, path, name, status, check=None, **options):
        """Sends a request that counts as `name`. Returns the parsed body, or None after any status other than `status`.
        `check` returns what is wrong with an answer and its body, if anything."""
        with self.client.request(method, path, name=name, catch_response=True, **options) as answer:
            if answer.status_code == status:
                if name != "GET /status":
                    KEYS_THAT_WORKED.add(self.key_number)
                try:
                    body = answer.json() if answer.content else {}
                except ValueError:
                    answer.failure("the body is not JSON")
                    return None
                wrong = check and check(answer, body)
                if not wrong:
                    answer.success()
                    return body
                answer.failure(wrong)
            elif answer.status_code == 429 and reason(answer) is None:  # the others have a reason
                answer.request_meta["name"] = f"{LIMITED}{name.removeprefix(method + ' ')} ({method})"
                answer.success()
            elif answer.status_code == 0:
                answer.failure(f"no answer: {answer.error}")
            else:
                said = f"{answer.status_code} instead of {status}: {error_code(answer)}"
                said += f" ({reason(answer)})" if reason(answer) else ""
                answer.failure(said)
                refused = answer.status_code in (401, 403) or reason(answer) == "authentication_failures"
                if refused and self.key_number not in KEYS_THAT_WORKED:
                    stop_for_the_key(self.environment, self.key_number, said)
        return None

    def send_event(self):
        """Sends an event that differs from all others, so that none is answered as a duplicate."""
        event = {
            "event_type": random.choice(("order.created", "order.paid", "user.signed_up", "invoice.sent")),
            "payload": {"id": str(uuid.uuid4()), "amount": round(random.uniform(1, 1000), 2), "currency": "EUR"},
            "source": "locust",
        }
        body = self.ask("POST", "/events", "POST /events", 201, check=not_a_new_event, json=event)
        if body is not None:
            self.event_ids.append(body["event_id"])


def not_a_new_event(answer, body):
    """Returns why this 201 does not mean a new event in the store, or None if it does."""
    if not isinstance(body, dict) or "event_id" not in body:
        return "201 without an event_id"
    if answer.headers.get("Idempotent-Replayed"):
        return "201 for a duplicate, although every event is another one"
    return None


def error_code(answer):
    """Returns the API's code for the error."""
    try:
        return answer.json()["error_code"]
    except (ValueError, KeyError, TypeError):
        return "not an answer of the API"


def reason(answer):
    """Returns `details.reason` of an answer, if it has one."""
    try:
        return answer.json()["details"]["reason"]
    except (ValueError, KeyError, TypeError):
        return None


def stop_for_the_key(environment, key_number, said):
    """Ends a test whose key the service refuses. With the web page, only the test ends, not Locust."""
    if isinstance(environment.runner, WorkerRunner) or getattr(environment, "key_was_told", False):
        return
    environment.key_was_told = True
    which = f"key {key_number + 1} of {len(API_KEYS)}" if len(API_KEYS) > 1 else "the API key"
    print(f"ERROR: the service refuses {which} in {KEY_VARIABLE}: {said}. The test ends here. Make a key with\n"
          "  python3 scripts/manage_api_keys.py create --user-id load-test --role creator --rate-limit unlimited",
          file=sys.stderr, flush=True)
    if environment.web_ui is None:
        environment.process_exit_code = 1
        gevent.spawn(environment.runner.quit)
    else:
        gevent.spawn(environment.runner.stop)


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
    """Only sends events, and hardly waits."""

    wait_time = between(0.01, 0.1)

    @task
    def send(self):
        self.send_event()


class InboxWorkerUser(TriggersUser):
    """Leases events of the inbox of --inbox, handles them, acknowledges most, releases some, and lets some leases end.
    Runs only if a test names it: it consumes events that other users look for."""

    only_if_named = True
    wait_time = between(0.1, 0.5)

    @task
    def work(self):
        options = self.environment.parsed_options
        body = self.ask("POST", f"/inboxes/{options.inbox}/lease", "POST /inboxes/{name}/lease", 200, check=not_a_lease,
                        json={"limit": options.lease_limit, "lease_seconds": options.lease_seconds})
        if not body or not body["events"]:
            return
        gevent.sleep(random.uniform(0, options.handling_ms / 1000))
        handled, released = [], []
        for event in body["events"]:
            drawn = random.uniform(0, 100)
            if drawn < options.release_percent:
                released.append(event["event_id"])
            elif drawn >= options.release_percent + options.abandon_percent:
                handled.append(event["event_id"])
        self.settle("ack", body["lease_id"], handled)
        self.settle("release", body["lease_id"], released)

    def settle(self, verb, lease_id, event_ids):
        """Acknowledges or releases these events of a lease. `lease_lost` is no failure: the handling may have taken longer
        than the lease."""
        if not event_ids:
            return

        def wrong(_, body):
            results = body.get("results") if isinstance(body, dict) else None
            told = [one.get("event_id") for one in results] if isinstance(results, list) else None
            return None if told == event_ids else "200 without one result for each event, in order"

        self.ask("POST", f"/inboxes/{self.environment.parsed_options.inbox}/{verb}", "POST /inboxes/{name}/" + verb, 200,
                 check=wrong, json={"lease_id": lease_id, "event_ids": event_ids})


def not_a_lease(_, body):
    """Returns why this 200 is not a lease, or None if it is, or if nothing was available."""
    try:
        wrong = any(event["attempt"] < 1 or not event["event_id"] for event in body["events"])
        return "200 with an event without an id or attempt" if wrong else None
    except (KeyError, TypeError):
        return "200 without a lease"


def inbox_name(text):
    """Returns `text` if it can be the name of an inbox; it becomes a part of paths."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not the name of an inbox: 1 to 100 of A-Z a-z 0-9 - _ . that begin "
                                         "with a letter or a digit")
    return text


def number(convert, least, most):
    """Returns the type of an option: a number in these bounds."""
    def parse(text):
        value = convert(text)
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {least} to {most}")
        return value

    parse.__name__ = "number"  # for argparse's message about a text
    return parse


def in_a_folder(path):
    """Creates the folder of a file that Locust is about to write; Locust 2.12 does not."""
    try:
        pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"the folder of {path} cannot be made: {error.strerror}") from error
    return path


@events.init_command_line_parser.add_listener
def add_options(parser):
    parser.add_argument("--user-class", action="append", metavar="NAME", include_in_web_ui=False,
                        help="Run only users of this class; may be repeated, and adds to names given without it")
    parser.add_argument("--inbox", type=inbox_name, default="default", metavar="NAME",
                        help="Inbox on which users of InboxWorkerUser work [default]")
    parser.add_argument("--lease-seconds", type=number(int, 1, 43_200), default=30, help="How long a lease lasts [30]")
    parser.add_argument("--lease-limit", type=number(int, 1, 500), default=10, help="Events that one lease may have [10]")
    parser.add_argument("--handling-ms", type=number(int, 0, 3_600_000), default=200,
                        help="Users handle each lease for a random time of at most this [200]")
    parser.add_argument("--release-percent", type=number(float, 0, 100), default=10.0,
                        help="Share of the leased events that users release [10]")
    parser.add_argument("--abandon-percent", type=number(float, 0, 100), default=5.0,
                        help="Share whose lease users let end; they acknowledge the others [5]")
    # As the type of both options, this function sees their value, whether from flag, environment or file.
    for option in ("--csv", "--html"):
        parser._option_string_actions[option].type = in_a_folder


@events.init.add_listener
def prepare(environment, runner, **_):
    # A worker's master decides which classes run. A master sends nothing, so it needs no key.
    if not isinstance(runner, WorkerRunner):
        choose_classes(environment)
        events.quitting.add_listener(fail_if_nothing_was_measured)
        events.quit.add_listener(lambda **_: summarize(environment))
    # --run-time counts from the last turn of the event loop. Without this call, that is before Locust was loaded, and on
    # a busy machine a short run ends before it begins.
    gevent.get_hub().loop.update_now()
    options = environment.parsed_options
    if options.release_percent + options.abandon_percent > 100:
        sys.exit("--release-percent and --abandon-percent are together more than 100: lower one of them")
    if not API_KEYS and not isinstance(runner, MasterRunner):
        sys.exit("LOCUST_API_KEY is not set, nor is TRIGGERS_API_KEY: make a key with\n"
                 "  python3 scripts/manage_api_keys.py create --user-id load-test --role creator --rate-limit unlimited\n"
                 "and export LOCUST_API_KEY=<the key that it prints>; several, with commas between them, take turns")


def choose_classes(environment):
    """Chooses the classes given with --user-class, and those named without it; without names, all that need not be named."""
    flagged = getattr(environment.parsed_options, "user_class", None)
    if not flagged:
        if not getattr(environment.parsed_options, "user_classes", None):
            environment.user_classes[:] = [one for one in environment.user_classes if not getattr(one, "only_if_named", False)]
        return
    known = environment.available_user_classes
    unknown = [name for name in flagged if name not in known]
    if unknown:
        sys.exit(f"--user-class {', '.join(unknown)}: no such class. There are: {', '.join(sorted(known))}")
    chosen = {*flagged, *(environment.parsed_options.user_classes or [])}
    environment.user_classes[:] = [known[name] for name in known if name in chosen]


def accepted_events(environment):
    """Returns their number and their rate per second, from Locust's own tables, so that it is right on a master too."""
    sent = environment.stats.get("POST /events", "POST")
    return sent.num_requests - sent.num_failures, sent.total_rps - sent.total_fail_per_sec


def nothing_was_measured(environment):
    """True if no event was accepted and none acknowledged by its lease."""
    acks = environment.stats.entries.get(("POST /inboxes/{name}/ack", "POST"))  # get() of stats would add a row
    return accepted_events(environment)[0] == 0 and (acks is None or acks.num_requests == acks.num_failures)


def fail_if_nothing_was_measured(environment, **_):
    """Makes Locust fail if nothing was measured; by itself it exits with 0 if there was no request at all."""
    if environment.web_ui is None and nothing_was_measured(environment):
        environment.process_exit_code = environment.parsed_options.exit_code_on_error


def summarize(environment):
    """Prints our lines below Locust's tables."""
    stats = environment.stats
    if stats.total.num_requests == 0 and environment.web_ui is not None:
        return  # Nobody has pressed start.
    accepted, rate = accepted_events(environment)
    limited = sum(entry.num_requests for entry in stats.entries.values() if entry.name.startswith(LIMITED))
    lines = [f"Accepted events: {accepted} ({rate:.2f} a second)"]
    if limited:
        lines.append(f"WARNING: {limited} requests were answered 429: the rate limit of the keys was measured, not the "
                     "service. Make a key with --rate-limit unlimited, or give several in LOCUST_API_KEY")
    if nothing_was_measured(environment):
        lines.append("WARNING: no event was accepted: this run says nothing about the service")
    print(*lines, "", sep="\n", file=sys.stderr, flush=True)
