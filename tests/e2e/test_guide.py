"""Every command of the load-test guide works as written, in a scratch copy of the project with `python` and `locust`; only
`changed()` changes a command before it runs. Its table has every option of swarm, and its example is the file that is
compiled. The commands for AWS are in test_guide_aws.py."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import locust
from support.client import Client
from support.program import binary, environment, repository
from support.server import free_port

guide = (repository / "tests/performance/README.md").read_text(encoding="utf-8")
# The section on AWS is test_guide_aws.py's.
blocks = re.findall(r"^```sh\n(.*?)^```", guide.partition("\n## On AWS\n")[0], re.MULTILINE | re.DOTALL)

pytestmark = locust.installed

seconds_max = 60

# Text that one block has and no other.
commands = {
    "run": "./dev run\n",
    "create": "--rate-limit 10000",
    "export": "export LOCUST_API_KEY",
    "web page": "--users 50 --spawn-rate 10\n",
    "baseline": "--csv results/loadtest\n",
    "many events": "--users 500",
    "compile": "py_compile",
    "grep": 'grep "POST /events" results/loadtest_stats.csv\n',
    "column": "cut -d, -f17",
    "p95": "csv.DictReader",
    "swarm": "--csv results/swarm ",
    "no wait": "--no-wait",
    "rate": "--rate 1000",
    "warm-up": "--warm-up 5s",
    "stages": "--stages 30s:100",
    "poisson": "--arrivals poisson",
    "iterations": "--iterations 500",
    "consumers": "--user-class InboxWorkerUser",
    "gate": "--fail-if",
    "csv gate": "ci_gate.sh",
    "journal": "--verify",
    "master with page": "--master --class-picker",
    "worker": "swarm --worker",
    "master": "--expect-workers 2",
    "script": "-f tests/performance/swarmfile.lua",
    "own user": "BatchUser",
}
not_run = {"docker-compose up\n": "needs Docker, and images from a registry"}

# The commands of which other documents speak: they must stand in the guide as they are.
promised = [
    "python scripts/manage_api_keys.py create --user-id load-test --user-email loadtest@example.com --role creator "
    "--rate-limit 10000",
    "locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 50 --spawn-rate 10",
    "locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 100 --spawn-rate 20 --run-time 5m "
    "--headless --csv results/loadtest",
    "locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 200 --spawn-rate 50 --run-time 2m "
    "--user-class HighThroughputUser --headless",
    "locust -f tests/performance/locustfile.py --host http://localhost:8000 --users 500 --spawn-rate 100 --run-time 3m "
    "--user-class HighThroughputUser --headless",
    'grep "POST /events" results/loadtest_stats.csv',
    "python -m py_compile tests/performance/locustfile.py",
]


def command(name):
    found = [block for block in blocks if commands[name] in block]
    assert len(found) == 1, f"{commands[name]!r} is in {len(found)} blocks"
    return found[0]


def changed(text, base_url):
    """A block as it is run here: against the test's server, for seconds, and with what is built already."""
    text = text.replace("http://localhost:8000", base_url)
    text = text.replace("--run-time 5m", "--run-time 8s")
    text = re.sub(r"--run-time (1m|2m|3m|30s)\b", "--run-time 4s", text)
    text = text.replace("30s:100,5m:100,30s:0", "2s:20,2s:20,1s:0").replace("30s:1000,1m:1000,30s:0", "1s:200,2s:200,1s:0")
    # `./dev run` is: build, then this. The build is what is being tested.
    text = text.replace("./dev run", "PORT=0 scripts/run.sh")
    # The copy and the build of the example have been made by CMake, under another name.
    own_user = "cp apps/swarm/examples/batch_user.cc apps/swarm/users/\n./dev build\nbuild/release/swarm "
    return text.replace(own_user, "build/release/swarm_with_batch_user ")


class Reader:
    """Somebody who follows the guide, in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        built = pathlib.Path(binary()).parent
        (folder / "build/release").mkdir(parents=True)
        for program in ("triggers", "swarm", "swarm_with_batch_user"):
            (folder / "build/release" / program).symlink_to(built / program)
        shutil.copytree(repository / "tests/performance", folder / "tests/performance",
                        ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "scripts").mkdir()
        for script in ("run.sh", "manage_api_keys.py", "choose_store.py", "find_program.py"):
            shutil.copy(repository / "scripts" / script, folder / "scripts")
        (folder / "bin").mkdir()
        (folder / "bin/python").symlink_to(sys.executable)
        (folder / "bin/locust").write_text(f'#!/bin/sh\nexec {sys.executable} -m locust "$@"\n')
        (folder / "bin/locust").chmod(0o755)
        # Ports that are free, and nothing but loopback.
        self.web_port = free_port()
        self.environment = {
            "PATH": f"{folder / 'bin'}:/usr/local/bin:/usr/bin:/bin", "PYTHONUNBUFFERED": "1",
            "LOCUST_WEB_HOST": "127.0.0.1", "LOCUST_WEB_PORT": str(self.web_port),
            "LOCUST_MASTER_BIND_HOST": "127.0.0.1",
        }
        self.base_url = "http://localhost:8000"
        self.processes = []

    def start(self, name, block=None, **extra):
        """Begins a block, in a process group of its own; its output is in a file of that name."""
        text = changed(block or command(name), self.base_url)
        with open(self.folder / f"{name}.log", "wb") as out:
            process = subprocess.Popen(["bash", "-e", "-o", "pipefail", "-c", text], cwd=self.folder, stdout=out, stderr=out,
                                       stdin=subprocess.DEVNULL, env=environment({**self.environment, **extra}),
                                       start_new_session=True)
        self.processes.append(process)
        return process

    def run(self, name, block=None, **extra):
        """Runs a block to its end: its exit status, and what it printed."""
        status = self.start(name, block, **extra).wait(seconds_max)
        return status, self.output(name)

    def output(self, name):
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def serve(self):
        """The guide's server; its port goes into what is run from here on."""
        process = self.start("run")
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and process.poll() is None:
            started = re.search(r'"server_started".*?"port":(\d+)|"port":(\d+).*?"server_started"', self.output("run"))
            if started:
                self.port = int(started[1] or started[2])
                self.base_url = f"http://127.0.0.1:{self.port}"
                return
            time.sleep(0.01)
        raise AssertionError(self.output("run"))

    def interrupt(self, process):
        """Ctrl+C; the exit status."""
        os.killpg(process.pid, signal.SIGINT)
        return process.wait(30)

    def end(self):
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def with_workers(reader, name, **options):
    """Runs a master to its end, with two of the guide's workers."""
    port = str(free_port())
    master = reader.start(name, LOCUST_MASTER_BIND_PORT=port, **options)
    workers = [reader.start("worker", LOCUST_MASTER_NODE_PORT=port) for _ in range(2)]
    status = master.wait(seconds_max)
    return status, reader.output(name), [worker.wait(30) for worker in workers]


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    """The guide's server runs, and its first commands have been called."""
    one = Reader(tmp_path_factory.mktemp("guide"))
    try:
        one.serve()
        one.created = one.run("create")
        exported = command("export")
        status, one.key = one.run("export", exported + "printenv LOCUST_API_KEY")
        assert status == 0, one.key
        one.environment["LOCUST_API_KEY"] = one.key.strip()
        yield one
    finally:
        one.end()


@pytest.fixture(scope="module", autouse=True)
def results(reader):
    """Everything that runs by itself: begun here, looked at by the tests below. Most of its time it waits, so some at
    once."""
    own_tenant = lambda name: command("export").replace("load-test", name) + command(name)
    with ThreadPoolExecutor(3) as pool:
        yield {
            "baseline": pool.submit(reader.run, "baseline"),
            "many events": pool.submit(reader.run, "many events"),
            "master": pool.submit(with_workers, reader, "master"),
            "swarm": pool.submit(reader.run, "swarm"),
            "no wait": pool.submit(reader.run, "no wait"),
            "rate": pool.submit(reader.run, "rate"),
            "warm-up": pool.submit(reader.run, "warm-up"),
            "stages": pool.submit(reader.run, "stages"),
            "poisson": pool.submit(reader.run, "poisson"),
            "iterations": pool.submit(reader.run, "iterations"),
            "gate": pool.submit(reader.run, "gate"),
            "journal": pool.submit(reader.run, "journal", own_tenant("journal")),
            "consumers": pool.submit(reader.run, "consumers", own_tenant("consumers")),
            "script": pool.submit(reader.run, "script"),
            "own user": pool.submit(reader.run, "own user"),
            "compile": pool.submit(reader.run, "compile"),
        }


def test_every_block_is_run_or_is_named_with_the_reason_why_not():
    assert len(blocks) == len(commands) + len(not_run)
    for name in commands:
        command(name)
    for text in not_run:
        assert len([block for block in blocks if block == text]) == 1


@pytest.mark.parametrize("text", promised)
def test_a_promised_command_is_in_the_guide_unchanged(text):
    assert text in "".join(blocks).splitlines()


def test_the_guides_example_of_a_user_is_the_file_that_is_compiled():
    example = (repository / "apps/swarm/examples/batch_user.cc").read_text(encoding="utf-8")
    assert re.findall(r"^```cpp\n(.*?)^```", guide, re.MULTILINE | re.DOTALL) == [example]


def test_the_table_has_every_option_of_swarm_and_no_other(reader):
    shown = subprocess.run(["build/release/swarm", "--help"], cwd=reader.folder, capture_output=True, text=True, check=True)
    options = set(re.findall(r"(?<![\w-])--?[a-zA-Z][\w-]*", "\n".join(
        line.split("  ")[1] for line in shown.stdout.splitlines() if line.startswith("  -"))))
    section = guide.partition("| option | meaning |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(--?[\w-]+)`", "".join(line.split("|")[1] for line in section.splitlines() if "`" in line)))
    assert named == options


def test_the_web_page_starts_and_stops_the_users(reader):
    process = reader.start("web page")
    page = locust.WebPage(reader.web_port)
    page.ask_until("/", lambda text: "Locust" in text)
    page.ask("/swarm", {"user_count": 50, "spawn_rate": 10, "host": reader.base_url})
    page.ask_until("/stats/requests", lambda text: {"POST /events", "GET /inbox"} <= set(locust.requests_by_name(text)))
    page.ask("/stop")
    assert reader.interrupt(process) == 0, reader.output("web page")
    assert locust.accepted(reader.output("web page"))[0] > 0


def test_the_web_page_of_a_master_runs_the_picked_class_on_swarm(reader):
    port, page = str(free_port()), locust.WebPage(free_port())
    master = reader.start("master with page", LOCUST_MASTER_BIND_PORT=port, LOCUST_WEB_PORT=page.url.rpartition(":")[2])
    page.ask_until("/", lambda text: "Locust" in text)
    worker = reader.start("worker of the page", command("worker"), LOCUST_MASTER_NODE_PORT=port)
    page.ask_until("/stats/requests", lambda text: len(json.loads(text).get("workers", [])) == 1)
    page.ask("/swarm", {"user_count": 5, "spawn_rate": 5, "host": reader.base_url, "user_classes": "HighThroughputUser"})
    seen = page.ask_until("/stats/requests", lambda text: locust.requests_by_name(text).get("POST /events", 0) > 20)
    assert set(locust.requests_by_name(seen)) == {"POST /events", "Aggregated"}
    page.ask("/stop")
    assert reader.interrupt(master) == 0, reader.output("master with page")
    assert worker.wait(30) == 0, reader.output("worker of the page")
    events, rate = locust.accepted(reader.output("master with page"))
    assert events > 20 and rate > 1  # A worker's last report has not spoiled the time that the rate is of.


def test_the_created_key_is_alone_on_the_last_line_and_has_its_limit(reader):
    status, output = reader.created
    assert status == 0, output
    key = output.splitlines()[-1]
    assert re.fullmatch(r"\S{40,}", key)
    with Client(reader.port, key) as client:
        assert client.get("/inbox").headers["RateLimit-Policy"] == '"default";q=10000;w=60'
    assert re.fullmatch(r"\S{40,}\n", reader.key)
    with Client(reader.port, reader.key.strip()) as client:
        assert client.get("/inbox").headers.get("RateLimit-Policy") is None


def test_the_baseline_writes_its_files_and_the_rows_are_found(reader, results):
    status, output = results["baseline"].result()
    assert status == 0, output[-4000:]
    rows = locust.rows(reader.folder / "results/loadtest_stats.csv")
    named = set(re.findall(r"`((?:GET|POST|DELETE) [^`]*?)`", guide.partition("| row | target |")[2].partition("\n\n")[0]))
    # In so short a run a rare task may be missing.
    assert {"POST /events", "GET /inbox", "Aggregated"} <= set(rows) <= named | {"Aggregated"}
    assert list(rows["Aggregated"])[16] == "95%" and list(rows["Aggregated"])[7] == "Max Response Time"

    status, found = reader.run("grep")
    assert status == 0 and found.startswith("POST,POST /events,"), found
    status, cell = reader.run("column")
    assert (status, cell) == (0, rows["POST /events"]["95%"] + "\n")
    status, shown = reader.run("p95")
    assert status == 0, shown
    assert shown == repr({name: row["95%"] for name, row in rows.items()}) + "\n"
    status, verdicts = reader.run("csv gate")
    assert status in (0, 1), verdicts  # How quick this machine is just now is not what is tested.
    assert len(re.findall(r"^fail-if .*: it is [0-9.]+.*\((?:passed|FAILED)\)$", verdicts, re.MULTILINE)) == 3, verdicts
    assert (status == 1) == ("FAILED" in verdicts)


def test_many_events_are_sent_by_the_chosen_class_alone(results):
    status, output = results["many events"].result()
    assert status == 0, output[-4000:]
    parts = output.split("Starting Locust")[1:]
    assert len(parts) == 2
    for part in parts:
        table = locust.table(part)
        assert set(table) == {"POST /events"} and table["POST /events"][1] == 0, part
        assert locust.accepted(part)[0] == table["POST /events"][0] > 0


def test_the_locustfile_compiles(results):
    assert results["compile"].result() == (0, "")


def test_swarm_writes_locusts_files_and_a_report(reader, results):
    status, output = results["swarm"].result()
    assert status == 0, output[-4000:]
    rows = locust.rows(reader.folder / "results/swarm_stats.csv")
    assert "POST /events" in rows and rows["Aggregated"]["Failure Count"] == "0"
    # The file's last state is the table's.
    assert {name: int(row["Request Count"]) for name, row in rows.items() if name != "Aggregated"} == {
        name: requests for name, (requests, _) in locust.table(output).items()}
    assert locust.accepted(output)[0] == int(rows["POST /events"]["Request Count"])
    assert "<svg" in (reader.folder / "results/swarm.html").read_text(encoding="utf-8")


def test_without_waits_standard_output_is_one_json_document(reader, results):
    status, output = results["no wait"].result()
    assert status == 0, output[-4000:]
    document = json.loads((reader.folder / "results/swarm.json").read_text(encoding="utf-8"))
    assert [row["name"] for row in document["names"]] == ["POST /events"]
    assert document["total"]["accepted"] == document["total"]["requests"] > 0
    assert document["total"]["failures"] == 0


def test_a_rate_is_a_schedule(results):
    status, output = results["rate"].result()
    assert status == 0, output[-4000:]
    # On a busy machine some of the schedule may be late; it is never more than was due.
    assert 0 < locust.accepted(output)[0] <= 4 * 1000 + 100


def test_a_warm_up_is_not_counted(results):
    status, output = results["warm-up"].result()
    assert status == 0, output[-4000:]
    assert 0 < locust.accepted(output)[0] <= 4 * 500 + 100
    assert re.search(r"^Not counted: \d+ requests \(0 failed, \d+ events accepted\) of the warm-up of 5 s$", output, re.MULTILINE), output


def test_stages_of_users_and_of_a_rate_are_followed_to_their_end(results):
    for name in ("stages", "poisson"):
        status, output = results[name].result()
        assert status == 0, output[-4000:]
        assert "All stages are over" in output and locust.accepted(output)[0] > 0, output[-4000:]
    # 100, 400 and 100 tasks: on average with Poisson, and never more than were due.
    assert 0 < locust.accepted(output)[0] < 600 + 7 * 25, output[-4000:]
    assert re.search(r"^Schedule: \d+ tasks begun; swarm was late by p50 \S+, p99 \S+, max \S+ ms$", output, re.MULTILINE), output


def test_so_many_iterations_run(results):
    status, output = results["iterations"].result()
    assert status == 0, output[-4000:]
    assert locust.accepted(output)[0] == 500 and "All 500 iterations are done" in output, output[-4000:]


def test_the_script_sends_the_events_of_its_users(results):
    status, output = results["script"].result()
    assert status == 0, output[-4000:]
    assert locust.accepted(output)[0] > 0 and '"TriggersAPIUser": ' in output, output[-4000:]


def test_the_gate_judges_each_condition(results):
    status, output = results["gate"].result()
    assert status in (0, 1), output
    verdicts = [line for line in output.splitlines() if re.search(r"passed|FAILED", line)]
    for condition in ("POST /events p95 > 100ms", "error-rate > 1%", "accepted/s < 1000"):
        assert len([line for line in verdicts if condition in line]) == 1, output
    assert (status == 1) == ("FAILED" in output)


def test_consumers_lease_and_settle_what_others_send(results):
    status, output = results["consumers"].result()
    assert status == 0, output[-4000:]
    table = locust.table(output)
    assert set(table) == {"POST /events", *(f"POST /inboxes/{{name}}/{verb}" for verb in ("lease", "ack", "release"))}


def test_what_was_accepted_is_verified(results):
    status, output = results["journal"].result()
    assert status == 0, output[-4000:]


def test_a_master_adds_up_what_two_swarms_do(results):
    status, output, workers = results["master"].result()
    assert (status, workers) == (0, [0, 0]), output[-4000:]
    table = locust.table(output)
    assert "POST /events" in table and all(failures == 0 for _, failures in table.values())
    assert locust.accepted(output)[0] == table["POST /events"][0]


def test_the_example_of_a_user_sends_batches(results):
    status, output = results["own user"].result()
    assert status == 0, output[-4000:]
    table = locust.table(output)
    assert set(table) == {"POST /events/batch"}
    assert locust.accepted(output)[0] == 100 * table["POST /events/batch"][0] > 0
