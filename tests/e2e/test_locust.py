"""The locustfile, run by Locust against the built server. Locust's figures must agree with the server's own."""

import json
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import locust, metrics
from support.server import Server, free_port

classes = {
    "flag": (["--user-class", "HighThroughputUser"], {"HighThroughputUser"}),
    "twice": (["--user-class=HighThroughputUser", "--user-class", "TriggersAPIUser"],
              {"HighThroughputUser", "TriggersAPIUser"}),
    "flag and name": (["--user-class", "HighThroughputUser", "TriggersAPIUser"], {"HighThroughputUser", "TriggersAPIUser"}),
    "name": (["TriggersAPIUser"], {"TriggersAPIUser"}),
    "none": ([], {"HighThroughputUser", "TriggersAPIUser"}),
}
names = {"POST /events", "GET /inbox", "GET /events/{id}", "DELETE /events/{id}", "GET /status"}

pytestmark = locust.installed


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for all; each test looks at tenants of its own."""
    with Server(tmp_path_factory.mktemp("server"), "--access-log=false", "--auth-failures-per-minute=0") as one:
        yield one.start()


class Run:
    """`locust --headless` with these arguments, begun in the background: most of its time it waits."""

    def __init__(self, pool, folder, server, *arguments, keys=(), key=None, host=None):
        self.server, self.keys = server, keys
        folder.mkdir()
        self.folder = folder
        self._done = pool.submit(locust.run, "--host", host or at(server), "--only-summary", *arguments,
                                 key=",".join(keys) if key is None else key, cwd=folder)

    def done(self):
        return self._done.result()


@pytest.fixture(scope="module", autouse=True)
def runs(server, tmp_path_factory):
    """The short runs, by name, all at once, while the tests that come first look at something else."""
    folder = tmp_path_factory.mktemp("runs")
    with ThreadPoolExecutor(4) as pool:
        def run(name, *arguments, keys=1, rate_limit="unlimited", spend=0, **options):
            made = [server.create_key(rate_limit=rate_limit)["api_key"] for _ in range(keys)]
            for _ in range(spend):
                unacknowledged(server, made[0])
            return name, Run(pool, folder / name, server, *arguments, keys=made, **options)

        yield dict([
            run("limited", "-u", "30", "-r", "30", "-t", "4s", "--stop-timeout", "5", rate_limit=60),
            run("three keys", "-u", "6", "-r", "6", "-t", "2s", "--stop-timeout", "5", "HighThroughputUser", keys=3),
            *[run(name, *flags, "-u", "4", "-r", "4", "-t", "1s") for name, (flags, _) in classes.items()],
            run("spent", "-u", "2", "-r", "2", "-t", "2s", "HighThroughputUser", rate_limit=1, spend=1),
            run("refused", "-u", "2", "-t", "2s", "HighThroughputUser", key="not-a-key"),
            run("dead", "-u", "2", "-t", "2s", "HighThroughputUser", host="http://127.0.0.1:9"),
            run("unknown", "--user-class", "HighThroughputUser", "--user-class", "Nobody", "-t", "1s"),
            run("no folder", "--csv", "/proc/none/run", "-t", "1s"),
            run("no key", "-t", "1s", key=""),
            run("commas", "-t", "1s", key=" , ,"),
        ])


def at(server):
    return f"http://127.0.0.1:{server.port}"


def unacknowledged(server, key):
    with server.client(key) as client:
        return client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"]


@pytest.fixture
def running():
    """Processes that are ended with the test, whatever becomes of it."""
    processes = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()


def test_locust_gets_only_expected_answers_and_counts_what_the_server_counts(start_server, tmp_path):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    # Enough users that every task is drawn; with a stop timeout no request is cut off uncounted. The folder is not there.
    done = locust.run("--host", at(server), "-u", "60", "-r", "60", "-t", "8s", "--stop-timeout", "10", "--csv",
                      "made/for/run", "--html", "also/made/report.html", "--only-summary", "--exit-code-on-error", "1",
                      key=key, cwd=tmp_path)
    report = done.stdout[-6000:] + done.stderr[-6000:]
    assert done.returncode == 0, report

    run = locust.table(done.stderr)
    assert set(run) == names, report
    assert all(failures == 0 for _, failures in run.values()), report
    sent = run["POST /events"][0]
    with server.client(key) as client:
        figures = metrics.read_when(client, "triggers_events_accepted_total", sent)
    answered = 'triggers_http_requests_total{method="GET",route="/inbox",status="200"}'
    assert figures["triggers_events_accepted_total"] == sent
    assert figures.get("triggers_events_duplicate_total", 0) == 0
    assert figures["triggers_events_acknowledged_total"] == run["DELETE /events/{id}"][0]
    assert figures[answered] == run["GET /inbox"][0]
    assert unacknowledged(server, key) == sent - run["DELETE /events/{id}"][0]
    events, rate = locust.accepted(done.stderr)
    assert events == sent
    assert sent / 30 < rate < sent / 6
    assert "WARNING" not in done.stderr

    # Locust's file of the same run lacks its last second.
    written = locust.rows(tmp_path / "made/for/run_stats.csv")
    assert set(written) == names | {"Aggregated"}, written
    assert all(int(row["Request Count"]) > 0 and row["Failure Count"] == "0" for row in written.values()), written
    assert sent / 2 < int(written["POST /events"]["Request Count"]) <= sent
    assert (tmp_path / "also/made/report.html").stat().st_size > 1000


@pytest.mark.parametrize("picker", [False, True], ids=["plain", "class picker"])
def test_the_web_page_runs_the_class_of_the_flag_or_the_picked_one(server, running, picker, tmp_path):
    key = server.create_key()["api_key"]
    page = locust.WebPage(free_port())
    process = locust.start("--host", at(server), "--web-host", "127.0.0.1", "--web-port", page.url.rpartition(":")[2],
                           "--user-class", "TriggersAPIUser" if picker else "HighThroughputUser",
                           *(["--class-picker"] if picker else []), key=key, cwd=tmp_path, log=tmp_path / "log")
    running.append(process)
    page.ask_until("/", lambda text: "Locust" in text)
    form = {"user_count": 3, "spawn_rate": 3, "host": at(server)}
    page.ask("/swarm", {**form, "user_classes": "HighThroughputUser"} if picker else form)
    seen = page.ask_until("/stats/requests", lambda text: locust.requests_by_name(text).get("POST /events", 0) > 30)
    assert set(locust.requests_by_name(seen)) == {"POST /events", "Aggregated"}
    page.ask("/stop")
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    events, _ = locust.accepted((tmp_path / "log").read_text())
    # What was under way when the users were stopped has been stored, and not counted.
    assert 30 < events <= unacknowledged(server, key) <= events + 3


def test_a_master_needs_no_key_and_counts_what_its_workers_had_accepted(server, running, tmp_path):
    keys = [server.create_key()["api_key"] for _ in range(2)]
    port, path = free_port(), locust.with_a_version(tmp_path / "python")
    master = locust.start("--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--headless",
                          "--expect-workers", "2", "--user-class", "HighThroughputUser", "--host", at(server), "-u", "2",
                          "-r", "2", "-t", "5s", "--only-summary", cwd=tmp_path, log=tmp_path / "log", PYTHONPATH=path)
    running.append(master)
    for number in range(2):
        running.append(locust.start("--worker", "--master-port", port, key=",".join(keys), cwd=tmp_path,
                                    log=tmp_path / f"worker{number}", PYTHONPATH=path))
    log = tmp_path / "log"
    assert master.wait(40) == 0, log.read_text()
    output = log.read_text()
    run = locust.table(output)
    assert set(run) == {"POST /events"}, output
    events, rate = locust.accepted(output)
    shares = [unacknowledged(server, key) for key in keys]
    # One user on each worker, and still two keys in use; Locust's workers lose up to their last report.
    assert all(shares), shares
    assert events == run["POST /events"][0]
    assert sum(shares) / 3 < events <= sum(shares)
    assert rate > 0


def test_what_a_rate_limit_refuses_is_a_row_of_its_own_and_no_accepted_event(runs):
    run = runs["limited"]
    done = run.done()
    assert done.returncode == 0, done.stderr
    rows = locust.table(done.stderr)
    limited = {name for name in rows if name.startswith("429 ")}
    assert "429 /events (POST)" in limited
    assert limited <= {"429 {1} ({0})".format(*name.split(" ", 1)) for name in names}
    assert all(failures == 0 for _, failures in rows.values()), rows
    events, _ = locust.accepted(done.stderr)
    acknowledged = rows.get("DELETE /events/{id}", (0, 0))[0]
    assert events == rows["POST /events"][0] == unacknowledged(run.server, run.keys[0]) + acknowledged
    refused = sum(rows[name][0] for name in limited)
    assert f"WARNING: {refused} requests were answered 429" in done.stderr
    assert "--rate-limit unlimited" in done.stderr


@pytest.mark.parametrize("name", ["spent", "refused", "dead"])
def test_a_run_without_results_fails_and_says_so(runs, name):
    done = runs[name].done()
    assert done.returncode == 1, done.stderr
    assert locust.accepted(done.stderr) == (0, 0)
    assert "WARNING: no event was accepted" in done.stderr


@pytest.mark.parametrize("name", classes)
def test_the_classes_that_are_named_run_and_no_other(runs, name):
    done = runs[name].done()
    assert done.returncode == 0, done.stderr
    started = json.loads(done.stderr.partition("All users spawned: ")[2].partition(" (")[0])
    assert {kind for kind, users in started.items() if users} == classes[name][1]


def test_an_unknown_class_ends_it_with_the_names_of_the_known(runs):
    done = runs["unknown"].done()
    assert done.returncode == 1
    assert done.stderr.endswith("--user-class Nobody: no such class. There are: HighThroughputUser, InboxWorkerUser, TriggersAPIUser\n")
    assert "Traceback" not in done.stderr


def test_users_take_turns_with_several_keys(runs):
    run = runs["three keys"]
    done = run.done()
    assert done.returncode == 0, done.stderr
    shares = [unacknowledged(run.server, key) for key in run.keys]
    assert sum(shares) == locust.accepted(done.stderr)[0]
    assert min(shares) > 0.5 * max(shares), shares


def test_a_folder_that_cannot_be_made_is_an_error_at_once(runs):
    done = runs["no folder"].done()
    assert done.returncode == 2
    assert "argument --csv: the folder of /proc/none/run cannot be made" in done.stderr


@pytest.mark.parametrize("name", ["no key", "commas"])
def test_without_a_key_it_ends_at_once_and_says_what_to_do(runs, name):
    done = runs[name].done()
    assert done.returncode == 1
    assert "LOCUST_API_KEY is not set" in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
