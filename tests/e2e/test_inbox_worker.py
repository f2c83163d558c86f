"""swarm's and Locust's InboxWorkerUser on the built server: what it leases, acknowledges, releases and abandons, its options, its
journal, and the rules by which `--verify` judges leases. The rules in detail are in swarm/verify/lease_check_test.cc."""

import json
import re
import signal
import time

import pytest

from support import locust, metrics, swarm
from support.seed import seeded_random

NAMES = {"POST /inboxes/{name}/lease", "POST /inboxes/{name}/ack", "POST /inboxes/{name}/release"}
lease_id, other_lease_id = "01a20bcd-c5b1-7a1c-9ffc-2feafd7dd7e6", "01a20bcd-c5b1-7a1c-9ffc-2feafd7dd7e7"


def classes(*names):
    return [argument for name in names for argument in ("--user-class", name)]


def named(done):
    return {entry["name"]: entry for entry in json.loads(done.stdout)["names"]}


def lines_of(journal, kind):
    return [line.split() for line in journal.read_text(encoding="ascii").splitlines() if line.startswith(kind + " ")]


def test_it_leases_handles_and_settles_and_what_it_did_is_verified(start_server, tmp_path):
    server = start_server("--access-log=false")
    key, journal = server.create_key()["api_key"], tmp_path / "journal"
    done = swarm.run(server.port, key, "-u", 10, "-r", 10, "-t", 5, "-s", 5, "--json", "--journal", journal, "--lease-seconds", 1,
                     "--lease-limit", 5, "--handling-ms", 20, "--release-percent", 20, "--abandon-percent", 10,
                     *classes("HighThroughputUser", "InboxWorkerUser"))
    assert done.returncode == 0, done.stderr
    names = named(done)
    assert NAMES <= set(names) and all(entry["failures"] == 0 for entry in names.values()), names
    leased = [word for line in lines_of(journal, "L") for word in line[6:]]
    settled = {kind: [word for line in lines_of(journal, "G") if line[2] == kind for word in line[5:]] for kind in "ar"}
    abandoned = len(leased) - sum(map(len, settled.values()))
    assert all(len(line[6:]) <= 5 and line[2] == "default" and line[3] == "1" for line in lines_of(journal, "L"))
    # Seven, two and one of ten; five standard deviations.
    for number, share in ((len(settled["a"]), 0.7), (len(settled["r"]), 0.2), (abandoned, 0.1)):
        assert abs(number / len(leased) - share) < 5 * (share * (1 - share) / len(leased)) ** 0.5, (number, len(leased))
    assert any(not word.endswith("/1") for word in leased)  # what was released or abandoned has been leased again
    verdict = swarm.verify(server.port, key, journal, "--exclusive")
    assert (verdict.status, verdict.wrong) == (0, {}), verdict
    assert verdict.counts["leased"] == len(leased) and verdict.counts["lost_leases"] == verdict.counts["cut_short"] == 0
    with server.client() as client:
        counted = metrics.read(client)
    asked = counted['triggers_http_requests_total{method="POST",route="/inboxes/{name}/lease",status="200"}']
    assert asked == names["POST /inboxes/{name}/lease"]["requests"]


def test_it_runs_only_if_it_is_named(shared_server):
    key = shared_server.create_key()["api_key"]
    done = swarm.run(shared_server.port, key, "-u", 6, "-r", 6, "-t", 2, "--json")
    assert done.returncode == 0 and not NAMES & set(named(done)), done.stderr
    assert '"InboxWorkerUser"' not in done.stderr
    listed = swarm.run(shared_server.port, key, "--list").stdout
    assert listed.split()[2:] == ["HighThroughputUser", "InboxWorkerUser", "TriggersAPIUser"]


def test_it_works_on_the_inbox_that_is_named(new_client, shared_server, tmp_path):
    admin = new_client(role="admin")
    assert admin.request("PUT", "/inboxes/billing", body={"max_attempts": 2}).status == 201
    key, journal = admin.record["api_key"], tmp_path / "journal"
    done = swarm.run(shared_server.port, key, "-u", 8, "-r", 8, "-t", 5, "-s", 5, "--no-wait", "--json", "--journal", journal,
                     "--inbox", "billing", "--lease-seconds", 1, "--release-percent", 50, "--abandon-percent", 5,
                     *classes("HighThroughputUser", "InboxWorkerUser"))
    assert done.returncode == 0, done.stderr
    verdict = swarm.verify(shared_server.port, key, journal, "--exclusive")
    assert (verdict.status, verdict.wrong) == (0, {}), verdict
    assert verdict.counts["dead"] > 0 and verdict.counts["acknowledged"] == 0  # `default` has everything still
    # The events that it left are lost for its journal if somebody takes them out of the inbox.
    page = admin.get("/inboxes/billing/events?state=dead&limit=200").json()
    taken = [event["event_id"] for event in page["events"]][:3]
    assert admin.post("/inboxes/billing/ack", {"event_ids": taken}).status == 200
    assert swarm.verify(shared_server.port, key, journal).wrong == {"lost": sorted(taken)}


def test_a_dead_event_of_the_default_inbox_is_not_lost(new_client, shared_server, tmp_path):
    admin = new_client(role="admin")
    assert admin.request("PATCH", "/inboxes/default", body={"max_attempts": 1}).status == 200
    key, journal = admin.record["api_key"], tmp_path / "journal"
    done = swarm.run(shared_server.port, key, "-u", 4, "-r", 4, "-t", 3, "-s", 5, "--journal", journal, "--release-percent", 100,
                     "--abandon-percent", 0, *classes("HighThroughputUser", "InboxWorkerUser"))
    assert done.returncode == 0, done.stderr
    verdict = swarm.verify(shared_server.port, key, journal, "--exclusive")
    assert (verdict.status, verdict.wrong) == (0, {}) and verdict.counts["dead"] > 0, verdict


def test_no_promise_to_its_workers_is_broken_by_kill_9(start_server, tmp_path):
    random = seeded_random()
    server = start_server("--access-log=false")
    key, journal = server.create_key()["api_key"], tmp_path / "journal"
    for number in range(6):
        run = swarm.start(server.port, key, "--journal", journal, "-u", 12, "-r", 1000, "--only-summary", "--json", "--no-wait",
                          "--lease-seconds", 1, "--release-percent", 20, "--abandon-percent", 5,
                          *classes("HighThroughputUser", "InboxWorkerUser", "TriggersAPIUser"), out=tmp_path / f"out{number}",
                          log=tmp_path / "log")
        deadline = time.monotonic() + 20
        size = journal.stat().st_size if journal.exists() else 0
        while not (journal.exists() and journal.stat().st_size > size + 20_000) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(random.uniform(0, 0.4))  # The moment of the crash.
        server.kill()
        run.send_signal(signal.SIGTERM)
        assert run.wait(30) in (0, 1)
        failures = json.loads((tmp_path / f"out{number}").read_text(encoding="utf-8"))["failures"]
        assert not [one for one in failures if "instead of" in one["error"] or "200 " in one["error"]], failures
        server.start()
    verdict = swarm.verify(server.port, key, journal, "--exclusive")
    # The embedded store ends no lease early, although the API would allow that after a crash.
    assert (verdict.status, verdict.wrong, verdict.counts["cut_short"]) == (0, {}, 0), verdict
    assert verdict.counts["broken_lines"] == 0 and lines_of(journal, "N"), verdict
    assert any(not word.endswith("/1") for line in lines_of(journal, "L") for word in line[6:])


# Faults of a service, written into a journal about a real one.

@pytest.fixture
def leased(client, shared_server, tmp_path):
    """(journal, event id): an event in the inbox, and a journal in which a run that has ended accepted it."""
    event_id = client.send_event("t", {}).json()["event_id"]
    journal = swarm.WrittenJournal(tmp_path / "journal", version=2)
    journal.line("R", "boot")
    journal.line("A", event_id, swarm.digest("t", "{}"))
    yield journal, event_id, lambda *options: swarm.verify(shared_server.port, client.record["api_key"], journal.path, *options)


def seconds(number):
    return str(int(number * 1_000_000))


def grant(journal, event_id, at, attempt, lease=lease_id, duration=30):
    journal.line("L", lease, "default", str(duration), seconds(at), seconds(at + 0.1), f"{event_id}/{attempt}")


def settle(journal, event_id, at, result, lease=lease_id):
    journal.line("F", lease, "a" if result in "ay" else "r", seconds(at), event_id)
    journal.line("G", lease, "a" if result in "ay" else "r", seconds(at), seconds(at + 0.1), f"{event_id}/{result}")


@pytest.mark.parametrize("kind, write", {
    "overlapping": lambda journal, event: (grant(journal, event, 0, 1), grant(journal, event, 20, 2, other_lease_id)),
    "repeated": lambda journal, event: (grant(journal, event, 0, 1), grant(journal, event, 40, 1, other_lease_id)),
    "late": lambda journal, event: (grant(journal, event, 0, 1), settle(journal, event, 40, "r")),
    "returned": lambda journal, event: (grant(journal, event, 0, 1), settle(journal, event, 1, "a")),
}.items())
def test_a_fault_of_each_kind_is_found(leased, kind, write):
    journal, event_id, verify = leased
    write(journal, event_id)
    journal.line("E", "-")
    verdict = verify()
    found = dict(verdict.wrong)
    if kind != "repeated":
        found.pop("repeated", None)  # the service lists fewer attempts than this journal
    assert verdict.status == 1 and found == {kind: [event_id] * len(found[kind])}, verdict
    assert event_id in verdict.text


def test_an_attempt_that_the_service_forgets_is_repeated(leased):
    journal, event_id, verify = leased
    grant(journal, event_id, 0, 1)
    journal.line("E", "-")
    assert verify().wrong == {"repeated": [event_id]}


def test_a_holder_that_lost_a_valid_lease_is_a_fault_only_if_nobody_else_may_acknowledge(leased, client):
    journal, event_id, verify = leased
    assert client.post("/inboxes/default/lease", {"lease_seconds": 1}).json()["events"][0]["attempt"] == 1
    grant(journal, event_id, 0, 1)
    settle(journal, event_id, 5, "l")
    journal.line("E", "-")
    verdict = verify()
    assert (verdict.status, verdict.counts["lost_leases"]) == (0, 1), verdict
    assert verify("--exclusive").wrong == {"unexpected": [event_id]}


def test_what_a_crash_or_a_killed_run_explains_is_no_fault(leased, client):
    journal, event_id, verify = leased
    assert client.post("/inboxes/default/lease", {"limit": 1}).json()["events"]
    assert client.post("/inboxes/default/ack", {"event_ids": [event_id]}).json()["results"][0]["status"] == "acknowledged"
    grant(journal, event_id, 0, 1)
    journal.line("R", "boot")  # the run before was killed: it may have acknowledged
    grant(journal, event_id, 20, 2, other_lease_id)
    journal.line("F", other_lease_id, "a", seconds(21), event_id)
    journal.line("N", seconds(22))
    journal.line("E", "-")
    verdict = verify("--exclusive")
    assert (verdict.status, verdict.wrong) == (0, {}), verdict


def test_an_inbox_that_is_not_there_is_no_verdict(leased):
    journal, event_id, verify = leased
    journal.line("L", lease_id, "gone", "30", "0", "9", f"{event_id}/1")
    journal.line("E", "-")
    verdict = verify()
    assert (verdict.status, verdict.clean) == (2, None) and "has the inbox gone" in verdict.text, verdict


def test_a_journal_of_an_earlier_version_is_verified_but_not_continued(client, shared_server, tmp_path):
    event_id = client.send_event("t", {}).json()["event_id"]
    journal = swarm.WrittenJournal(tmp_path / "journal")
    journal.line("A", event_id, swarm.digest("t", "{}"))
    assert swarm.verify(shared_server.port, client.record["api_key"], journal.path, "--exclusive").status == 0
    done = swarm.run(shared_server.port, client.record["api_key"], "-t", 1, "--journal", journal.path, "HighThroughputUser")
    assert done.returncode == 1 and "is a journal of an earlier version, which can only be verified" in done.stderr, done.stderr


# Options.

@pytest.mark.parametrize("arguments, told", [
    (("--inbox", "a/b"), "--inbox 'a/b' is not the name of an inbox"), (("--lease-seconds", 0), "--lease-seconds"),
    (("--lease-limit", 501), "--lease-limit"), (("--handling-ms", -1), "--handling-ms"),
    (("--release-percent", 101), "--release-percent"),
    (("--release-percent", 60, "--abandon-percent", 50), "are together more than 100")])
def test_a_wrong_value_is_an_error_before_the_start(arguments, told):
    done = swarm.run(1, "k" * 64, "-t", 1, *arguments)
    assert done.returncode == 2 and told in done.stderr, done.stderr


# Locust.

@locust.installed
def test_locust_has_the_same_class_with_the_same_options(start_server, tmp_path):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    done = locust.run("--host", f"http://127.0.0.1:{server.port}", "-u", 10, "-r", 10, "-t", "5s", "--stop-timeout", "10",
                      "--only-summary", "--lease-seconds", 1, "--lease-limit", 3, "--handling-ms", 10, "--release-percent", 30,
                      "--user-class", "HighThroughputUser", "--user-class", "InboxWorkerUser", key=key, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    table = locust.table(done.stderr)
    assert NAMES <= set(table) and all(failures == 0 for _, failures in table.values()), done.stderr
    with server.client(key) as client:
        left = client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"]
    assert left < table["POST /events"][0]


@locust.installed
@pytest.mark.parametrize("arguments, told", [
    (("--inbox", "a/b"), "is not the name of an inbox"), (("--lease-seconds", "0"), "is not a number from 1 to 43200"),
    (("--release-percent", "60", "--abandon-percent", "50"), "are together more than 100")])
def test_locust_refuses_the_same_values(arguments, told, tmp_path):
    done = locust.run("--host", "http://127.0.0.1:9", "-t", "1s", *arguments, key="k" * 64, cwd=tmp_path)
    assert done.returncode in (1, 2) and told in done.stderr + done.stdout, done.stderr
    assert "Traceback" not in done.stderr


def test_the_locustfile_has_the_defaults_of_swarm():
    text = locust.locustfile.read_text(encoding="utf-8")
    helped = swarm.run(1, "k" * 64, "--help").stdout
    for option in ("--inbox", "--lease-seconds", "--lease-limit", "--handling-ms", "--release-percent", "--abandon-percent"):
        default = text.partition(f'"{option}"')[2].partition("default=")[2].partition(",")[0].strip('"').removesuffix(".0")
        ours = re.search(rf"{option} .*?\[(\w+)\]", helped, re.DOTALL)[1]
        assert default == ours != "", (option, default, ours)
