"""The command `triggers inboxes`, for people and for programs. What inboxes do is tested with the API."""

import json
import re
import time
import types

import pytest

from support.client import Client
from support.program import run

wait_seconds_max = 20


class Inboxes:
    """`triggers inboxes` of one tenant."""

    def __init__(self, port, key):
        self.client = Client(port, key=key)
        self.env = {"TRIGGERS_URL": f"http://127.0.0.1:{port}", "TRIGGERS_API_KEY": key}

    def run(self, *arguments, env=None):
        return run("inboxes", *arguments, env={**self.env, **(env or {})})

    def text(self, *arguments):
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), done
        return done.stdout

    def json(self, *arguments):
        return json.loads(self.text(*arguments, "--json"))

    def error(self, *arguments, status=1):
        done = self.run(*arguments)
        assert done.returncode == status and done.stdout == "" and done.stderr.count("\n") == status, done
        return done.stderr

    def counts(self, name):
        return types.SimpleNamespace(**self.json("show", name)["counts"])

    def send(self, event_type, number):
        return self.client.post("/events", {"event_type": event_type, "payload": {"n": number}}).json()["event_id"]

    def kill(self, name):
        """Every available entry of an inbox with max_attempts 1 dies."""
        lease = self.client.post(f"/inboxes/{name}/lease", {"limit": 500, "lease_seconds": 30}).json()
        self.client.post(f"/inboxes/{name}/release", {"lease_id": lease["lease_id"]})
        return [event["event_id"] for event in lease["events"]]

    def await_job(self, name, job_id):
        deadline = time.monotonic() + wait_seconds_max
        while (job := self.json("job", name, job_id))["state"] == "running":
            assert time.monotonic() < deadline
        assert job["state"] == "done"
        return job


@pytest.fixture
def inboxes(shared_server):
    user = Inboxes(shared_server.port, shared_server.create_key(role="admin")["api_key"])
    yield user
    for inbox in user.json("list")["inboxes"]:
        if inbox["name"] != "default":
            user.text("delete", inbox["name"], "--yes-delete", inbox["name"])
    user.client.close()


def test_the_whole_life_of_an_inbox(inboxes):
    made = inboxes.json("create", "billing", "--description", "for Ann", "--filter", '{"event_type":[{"prefix":"order."}]}', "--no-collect",
                        "--lease-seconds", "60", "--max-attempts", "unlimited", "--retention-days", "7", "--dead-retention-days", "5")
    wanted = {"name": "billing", "description": "for Ann", "filter": {"event_type": [{"prefix": "order."}]}, "collect": False, "lease_seconds": 60,
              "max_attempts": None, "retention_days": 7, "dead_retention_days": 5}
    assert {name: made[name] for name in wanted} == wanted
    changed = inboxes.json("update", "billing", "--collect", "--max-attempts", "3", "--retention-days", "forever")
    wanted.update(collect=True, max_attempts=3, retention_days=None)
    assert {name: changed[name] for name in wanted} == wanted
    shown = inboxes.json("show", "billing")
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["counts"] == {"available": 0, "leased": 0, "delayed": 0, "dead": 0}
    assert {inbox["name"] for inbox in inboxes.json("list")["inboxes"]} == {"billing", "default"}
    assert inboxes.json("delete", "billing", "--yes-delete", "billing") == {}
    assert "billing" in inboxes.error("show", "billing")
    assert [inbox["name"] for inbox in inboxes.json("list")["inboxes"]] == ["default"]


def test_create_says_whether_the_inbox_is_new_and_sets_the_rest_to_the_defaults(inboxes):
    assert inboxes.text("create", "crm", "--lease-seconds", "60").startswith("The inbox crm is new.\n")
    again = inboxes.text("create", "crm", "--description", "d")
    assert again.startswith("The inbox crm was there already. It now has these settings.\n")
    assert re.search(r"^lease_seconds +30$", again, re.M) and re.search(r"^description +d$", again, re.M)
    assert re.search(r'^etag +"\S+"$', again, re.M)


def test_people_get_tables_and_fields(inboxes):
    inboxes.text("create", "crm", "--description", "first\x1b[2J line")
    inboxes.send("a", 1)
    lines = inboxes.text("list").splitlines()
    assert lines[0].split() == ["name", "available", "leased", "delayed", "dead", "oldest_available_at", "last_consumed_at", "description"]
    crm = next(line for line in lines if line.startswith("crm"))
    assert crm.split()[1:5] == ["1", "0", "0", "0"] and "\x1b" not in crm and "\\x1b" in crm
    shown = inboxes.text("show", "crm")
    assert re.search(r"^available +1$", shown, re.M) and re.search(r"^max_attempts +10$", shown, re.M) and re.search(r"^filter +\{\}$", shown, re.M)


def test_a_change_can_be_bound_to_the_settings_that_were_shown(inboxes):
    inboxes.text("create", "crm")
    tag = re.search(r'^etag +("\S+")$', inboxes.text("show", "crm"), re.M)[1]
    inboxes.text("update", "crm", "--lease-seconds", "31", "--if-match", tag)
    for command in (["update", "crm", "--lease-seconds", "32"], ["create", "crm"], ["delete", "crm", "--yes-delete", "crm"]):
        assert "changed since" in inboxes.error(*command, "--if-match", tag)
    assert inboxes.json("show", "crm")["lease_seconds"] == 31


def test_dead_entries_are_requeued_and_discarded(inboxes):
    inboxes.text("create", "crm", "--max-attempts", "1")
    ids = [inboxes.send("a", number) for number in range(5)] + [inboxes.send("b", 5)]
    assert sorted(inboxes.kill("crm")) == sorted(ids) and inboxes.counts("crm").dead == 6
    assert inboxes.text("requeue", "crm", *ids[:2]).splitlines() == [f"{event_id}\trequeued" for event_id in ids[:2]]
    assert (inboxes.counts("crm").available, inboxes.counts("crm").dead) == (2, 4)
    gone = inboxes.run("discard", "crm", ids[2], ids[0])
    assert (gone.returncode, gone.stdout) == (1, f"{ids[2]}\tdiscarded\n{ids[0]}\tnot_found\n")
    assert inboxes.run("discard", "crm", ids[0], "--json").returncode == 1
    assert inboxes.text("discard", "crm", "--all", "--event-type", "b") == "Discarded 1 entries.\n"
    inboxes.kill("crm")
    assert inboxes.json("requeue", "crm", "--all") == {"count": 4, "has_more": False}
    assert (inboxes.counts("crm").available, inboxes.counts("crm").dead) == (4, 0)


def test_purge_and_replay_start_jobs_that_can_be_looked_at(inboxes):
    inboxes.text("create", "crm")
    for number in range(3):
        inboxes.send("a", number)
    inboxes.send("b", 3)
    purged = inboxes.text("purge", "crm", "--yes-purge", "crm")
    assert "triggers inboxes job crm JOB_ID" in purged
    inboxes.await_job("crm", re.search(r"^job_id +(\S+)$", purged, re.M)[1])
    assert inboxes.counts("crm").available == 0
    inboxes.await_job("crm", inboxes.json("replay", "crm", "--since", "1h", "--event-type", "a")["job_id"])
    assert inboxes.counts("crm").available == 3
    inboxes.await_job("crm", inboxes.json("replay", "crm", "--since", "2020-01-01T00:00:00Z", "--until", "2099-01-01T00:00:00Z")["job_id"])
    assert inboxes.counts("crm").available == 4
    assert "until: must be later" in inboxes.error("replay", "crm", "--since", "1h", "--until", "2h")


@pytest.mark.parametrize("arguments, words", [
    ([], "subcommand"), (["creat", "a"], "create"), (["show"], "name is required"), (["show", "../x"], "name"), (["show", "."], "name"),
    (["show", "x" * 101], "name"), (["delete", "a"], "--yes-delete is required"), (["delete", "a", "--yes-delete", "b"], "the name of the inbox, a"),
    (["purge", "a", "--yes-purge", "A"], "the name of the inbox, a"), (["update", "a"], "name a setting to change"),
    (["create", "a", "--filter", "{} x"], "--filter: it must be one JSON object"), (["create", "a", "--filter", '{},"collect":false'], "one JSON"),
    (["create", "a", "--lease-seconds", "1.5"], "a whole number"), (["create", "a", "--max-attempts", "007"], "or unlimited"),
    (["create", "a", "--retention-days", "-1"], "or forever"), (["create", "a", "--lease-seconds", "9" * 30], "a whole number"),
    (["replay", "a"], "--since is required"), (["replay", "a", "--since", "yesterday"], "RFC 3339"), (["requeue", "a"], "event ids or --all"),
    (["requeue", "a", "id", "--all"], "event ids or --all"), (["discard", "a", "id", "--event-type", "x"], "it needs --all"),
    (["update", "a", "--lease-seconds", "1", "--if-match", "\"1\"\r\nX: y"], "an ETag"), (["job", "a"], "job_id is required")], ids=str)
def test_wrong_arguments_are_named(inboxes, arguments, words):
    assert words in inboxes.error(*arguments, status=2)


def test_errors_of_the_service_are_one_line(inboxes):
    assert "lease_seconds" in inboxes.error("create", "a", "--lease-seconds", "0")
    assert json.loads(inboxes.run("create", "a", "--lease-seconds", "0", "--json").stderr)["error_code"] == "VALIDATION_ERROR"
    assert "default" in inboxes.error("delete", "default", "--yes-delete", "default")
    nowhere = inboxes.run("list", "--url", "http://127.0.0.1:1")
    assert nowhere.returncode == 1 and "cannot reach 127.0.0.1:1" in nowhere.stderr
    assert "set TRIGGERS_API_KEY" in inboxes.run("list", env={"TRIGGERS_API_KEY": ""}).stderr
