"""Scripts in Lua in the built load generator: the figures of a run, options, tags, mistakes, and that the project's script
makes the traffic of the locustfile beside it. What a script may do in detail is tested beside the code, in swarm/script."""

import json
import re

import pytest

from support import locust, swarm
from support.delaying_server import DelayingServer
from support.program import repository

SWARMFILE = repository / "tests/performance/swarmfile.lua"
ANY_KEY = "k" * 64

POSTER = """
local count = swarm.option("events", {default = 1, min = 1, max = 9, help = "Events of one task"})
local Poster = swarm.user("Poster")
Poster:task({tags = "write"}, "post", function(self)
  for _ = 1, count do
    local answer = self:post("/events", {name = "POST /events", expect = 201,
                                         json = {event_type = "test.made", payload = {id = swarm.uuid()}}})
    if answer.status == 201 then answer:accepted(1) end
  end
end)
function Poster:on_start() self:set_header("Authorization", "Bearer " .. swarm.env.LOCUST_API_KEY) end
Poster:task({tags = "read"}, "look", function(self) self:get("/status") end)
"""


@pytest.fixture
def script(tmp_path):
    def write(text):
        path = tmp_path / "load.lua"
        path.write_text(text, encoding="utf-8")
        return path
    return write


def figures(done):
    assert done.stdout, done.stderr
    document = json.loads(done.stdout)
    return document, {entry["name"]: entry for entry in document["names"]}


def test_a_script_posts_unique_events_and_the_report_counts_what_the_server_has(shared_server, script):
    server, key = shared_server, shared_server.create_key()["api_key"]
    done = swarm.run(server.port, key, "-f", script(POSTER), "-T", "write", "-u", 5, "-r", 5, "--no-wait", "-t", 2, "--json")
    document, names = figures(done)
    assert done.returncode == 0, done.stderr
    assert document["total"]["failures"] == 0 and list(names) == ["POST /events"]
    accepted = names["POST /events"]["accepted"]
    assert accepted == names["POST /events"]["requests"] > 50
    stored = server.client(key).get("/inbox?limit=1").json()["pagination"]["total_undelivered"]
    # Requests that the end cut off may have been stored.
    assert accepted <= stored <= accepted + 5


def test_its_options_are_in_the_help_and_have_bounds(script):
    path = script(POSTER)
    helped = swarm.run(1, ANY_KEY, "-f", path, "--help")
    assert helped.returncode == 0
    assert re.search(r"Options of the script:\n +--events NUMBER +Events of one task \[1\]", helped.stdout), helped.stdout
    assert "--inbox" not in helped.stdout  # of the users whose place the script takes
    wrong = swarm.run(1, ANY_KEY, "-f", path, "--events", 10)
    assert wrong.returncode == 2 and "--events: '10' is not a number from 1 to 9" in wrong.stderr
    with DelayingServer() as server:
        done = swarm.run(server.port, ANY_KEY, "-f", path, "-T", "write", "--events", 7, "--iterations", 3, "--json")
    assert figures(done)[1]["POST /events"]["requests"] == 21, done.stderr


@pytest.mark.parametrize("arguments, mistake", [
    (["-f", "none.lua"], "the script none.lua cannot be read: No such file or directory"),
    (["-f", "tests/performance/locustfile.py"], "is a locustfile: swarm runs scripts in Lua"),
    (["-T", "read"], "--tags and --exclude-tags choose tasks of a script: they need -f"),
    (["-f", str(SWARMFILE), "--journal", "j"], "--journal records what swarm's own users send"),
    (["-f", str(SWARMFILE), "--lease-limit", "501"], "'501' is not a number from 1 to 500"),
    (["-f", str(SWARMFILE), "Nobody"], "Nobody"),
])
def test_mistakes_end_it_with_a_reason(arguments, mistake):
    done = swarm.run(1, ANY_KEY, *arguments)
    assert done.returncode in (1, 2) and mistake in done.stderr, done.stderr


def test_a_mistake_in_the_script_names_its_line(script):
    done = swarm.run(1, ANY_KEY, "-f", script("local x = 1\nx.y.z = 2\n"))
    assert done.returncode == 2 and "load.lua:2: attempt to index" in done.stderr, done.stderr
    clash = swarm.run(1, ANY_KEY, "-f", script('swarm.option("users")\n' + POSTER))
    assert clash.returncode == 2 and "declares the option --users, which swarm itself has" in clash.stderr, clash.stderr


def test_an_error_in_a_task_is_in_the_table_of_exceptions(script):
    text = POSTER + 'Poster:task({tags = "bad"}, "bad", function(self)\n  error("broken")\nend)\n'
    line = text.splitlines().index('  error("broken")') + 1
    with DelayingServer() as server:
        done = swarm.run(server.port, ANY_KEY, "-f", script(text), "-t", 2, "--json", "--no-wait")
    document, names = figures(done)
    assert any(f"load.lua:{line}: broken" in one["message"] for one in document["exceptions"]), document["exceptions"]
    assert names["POST /events"]["requests"] > 5
    assert f"load.lua:{line}: broken" in done.stderr


def test_the_list_of_classes_is_the_scripts():
    done = swarm.run(1, ANY_KEY, "-f", SWARMFILE, "-l")
    assert done.stdout == "Available Users:\n    HighThroughputUser\n    InboxWorkerUser\n    TriggersAPIUser\n"


def test_without_a_key_it_ends_at_once_and_says_what_to_do():
    done = swarm.run(1, "", "-f", SWARMFILE)
    assert done.returncode == 1 and "LOCUST_API_KEY is not set, nor is TRIGGERS_API_KEY" in done.stderr, done.stderr


def test_a_key_that_the_service_does_not_know_ends_the_test(shared_server):
    done = swarm.run(shared_server.port, "x" * 64, "-f", SWARMFILE, "-t", 30)
    assert done.returncode == 1 and "the service refuses the API key in LOCUST_API_KEY: 401 instead of 201" in done.stderr


def shares(counts):
    total = sum(counts.values())
    return {name: count / total for name, count in counts.items()}


@locust.installed
def test_the_script_makes_the_traffic_of_the_locustfile(start_server, tmp_path):
    """The same users for the same time: the same requests, in the same proportions, and no failure from either."""
    server = start_server()
    key = server.create_key()["api_key"]
    load = ["-u", 60, "-r", 60, "-t", 15]
    python = locust.run("--host", f"http://127.0.0.1:{server.port}", *load, "TriggersAPIUser", key=key, cwd=tmp_path)
    lua = swarm.run(server.port, key, "-f", SWARMFILE, *load, "--json", "TriggersAPIUser")
    theirs = locust.table(python.stdout + python.stderr)
    ours = {name: (entry["requests"], entry["failures"]) for name, entry in figures(lua)[1].items()}
    assert set(ours) == set(theirs) == {"POST /events", "GET /inbox", "GET /events/{id}", "DELETE /events/{id}", "GET /status"}
    assert not any(failures for _, failures in [*ours.values(), *theirs.values()]), (ours, theirs)
    # 60 users and waits of 1.05 s on average are some 850 tasks.
    our_total, their_total = (sum(count for count, _ in side.values()) for side in (ours, theirs))
    assert our_total == pytest.approx(their_total, rel=0.15), (ours, theirs)
    our_shares, their_shares = (shares({name: count for name, (count, _) in side.items()}) for side in (ours, theirs))
    for name, share in our_shares.items():
        assert share == pytest.approx(their_shares[name], abs=0.06), (name, our_shares, their_shares)


def test_the_script_works_on_an_inbox_as_the_programs_own_users_do(shared_server):
    server, key = shared_server, shared_server.create_key()["api_key"]
    filled = swarm.run(server.port, key, "-f", SWARMFILE, "-u", 5, "-r", 5, "-t", 2, "HighThroughputUser")
    assert filled.returncode == 0, filled.stderr
    done = swarm.run(server.port, key, "-f", SWARMFILE, "-u", 5, "-r", 5, "-t", 3, "--json", "--handling-ms", 10, "InboxWorkerUser")
    document, names = figures(done)
    assert document["total"]["failures"] == 0, document["failures"]
    assert {"POST /inboxes/{name}/lease", "POST /inboxes/{name}/ack"} <= set(names)
