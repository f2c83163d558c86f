"""Compares load generators: wrk, swarm with its compiled users and with a script, and Locust's HttpUser against nginx's fixed
response. Also measures swarm's memory, and the rate that the service takes from it. Other benchmarks take the path of swarm and
raise_descriptor_limit() from here."""

import csv
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import threading
import time

import disk
import servers
import wrk

SWARM = pathlib.Path(os.environ.get("SWARM_BINARY", servers.REPOSITORY / "build/release/swarm"))
SCRIPT = pathlib.Path(__file__).parent / "swarm_posts.lua"
SWARMFILE = servers.REPOSITORY / "tests/performance/swarmfile.lua"
TARGET_POST_MS, TARGET_INBOX_MS = 100, 200


def raise_descriptor_limit():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


class Swarm:
    """Runs swarm to its end. Returns its JSON and its peak memory."""

    def __init__(self, port, key, *arguments, seconds):
        command = [str(SWARM), "--host", f"http://127.0.0.1:{port}", "--only-summary", "--json", "-t", str(seconds), *map(str, arguments)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env={**os.environ, "LOCUST_API_KEY": key})
        self.resident_mib = 0
        ended = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(process.pid, ended))
        watcher.start()
        out, err = process.communicate(timeout=seconds + 120)
        ended.set()
        watcher.join()
        if not out:
            raise RuntimeError(f"swarm ended with {process.returncode}:\n{err}")
        document = json.loads(out)
        self.run, self.total = document["run"], document["total"]
        self.names = {entry["name"]: entry for entry in document["names"]}

    def _watch(self, pid, ended):
        while not ended.wait(0.2):
            try:
                for line in open(f"/proc/{pid}/status"):
                    if line.startswith("VmHWM:"):
                        self.resident_mib = max(self.resident_mib, int(line.split()[1]) / 1024)
            except (FileNotFoundError, ProcessLookupError):
                return


def locust(port, users, seconds, folder):
    """Requests a second of one Locust process without waits, from its own CSV. The generator is busy, so this is its limit."""
    prefix = folder / f"locust{time.time_ns()}"
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", str(pathlib.Path(__file__).parent / "locust_no_wait.py"), "--headless", "--host",
         f"http://127.0.0.1:{port}", "-u", str(users), "-r", str(users), "-t", f"{seconds}s", "--csv", str(prefix), "--only-summary",
         "NoWaitUser"], capture_output=True, text=True, env={**os.environ, "LOCUST_API_KEY": "k" * 64}, timeout=seconds + 60)
    with open(f"{prefix}_stats.csv", encoding="utf-8", newline="") as file:
        row = next(row for row in csv.DictReader(file) if row["Name"] == "Aggregated")
    if int(row["Request Count"]) == 0:
        raise RuntimeError(f"Locust made no request:\n{done.stderr[-2000:]}")
    return float(row["Requests/s"])


def compare_generators(folder, plan, report):
    """Measures wrk, swarm and Locust against the same fixed response, each with one thread and 100 connections."""
    nginx = servers.Nginx(folder / "nginx")
    kinds = {"swarm": ["HighThroughputUser"], "swarm, script": ["-f", SCRIPT, "--as-text"], "swarm, script with tables": ["-f", SCRIPT],
             "swarm, swarmfile.lua": ["-f", SWARMFILE, "HighThroughputUser"]}
    rates = {"wrk": [], **{kind: [] for kind in kinds}, "Locust HttpUser": []}
    cpu = {kind: [] for kind in kinds}
    try:
        for round_number in range(plan.rounds):
            m = wrk.run(nginx.port, "unique_posts.lua", ("POST", "/events", "-", 1, f"g{round_number}"), 100, plan.seconds)
            rates["wrk"].append(m.requests_per_second)
            for kind, arguments in kinds.items():
                run = Swarm(nginx.port, "k" * 64, "-u", 100, "-r", 100, "--no-wait", *arguments, seconds=plan.seconds)
                if run.total["failures"]:
                    raise RuntimeError(f"{kind} counted {run.total['failures']} failures")
                rates[kind].append(run.total["requests_per_second"])
                cpu[kind].append(run.run["cpu"]["seconds"] / run.total["requests"] * 1e6)
            rates["Locust HttpUser"].append(locust(nginx.port, 100, plan.seconds, folder))
            for name, values in rates.items():
                report.say(f"  round {round_number + 1}: {name:26} {values[-1]:9.0f} requests/s")
    finally:
        nginx.stop()

    def share(kind, other):
        """The median over the rounds, in each of which both were measured."""
        return statistics.median(a / b for a, b in zip(rates[kind], rates[other]))

    of_wrk, of_locust = share("swarm", "wrk"), share("swarm", "Locust HttpUser")
    script_of_wrk, script_of_locust = share("swarm, script", "wrk"), share("swarm, script", "Locust HttpUser")
    report.say()
    report.say(f"{'POST to a fixed 201, 100 users':32} {'requests/s':>11} {'of wrk':>8}")
    for name, values in rates.items():
        report.say(f"{name:32} {statistics.median(values):11.0f} {share(name, 'wrk'):8.2f}")
    for kind, values in cpu.items():
        report.say(f"{kind:32} uses {statistics.median(values):.1f} us of CPU for each request")
    report.say(f"swarmfile.lua does the work of the compiled HighThroughputUser, at {share('swarm, swarmfile.lua', 'swarm'):.2f} of its rate")
    report.goal("swarm's requests a second, of wrk's (>= 0.7)", f"{of_wrk:.2f}", of_wrk >= 0.7)
    report.goal("swarm's requests a second, of Locust's HttpUser's (>= 25)", f"{of_locust:.1f}", of_locust >= 25)
    report.goal("a script's requests a second, of those of wrk with a script (>= 0.9)", f"{script_of_wrk:.2f}", script_of_wrk >= 0.9)
    report.goal("a script's requests a second, of Locust's HttpUser's (>= 40)", f"{script_of_locust:.1f}", script_of_locust >= 40)


def compare_many_users(folder, plan, report):
    """Measures the memory of 10,000 users with the guide's waits, compiled and from a script."""
    raise_descriptor_limit()
    ours = servers.Triggers(folder / "many", "--max-connections=20000", "--access-log=false")
    users = 1000 if plan.quick else 10_000
    report.say()
    try:
        for kind, arguments, mib_max in (("swarm", [], 400), ("a script", ["-f", SWARMFILE], 300)):
            run = Swarm(ours.port, ours.key, *arguments, "-u", users, "-r", 2000, "TriggersAPIUser", seconds=5 * plan.seconds // 2)
            report.say(f"{users} users of {kind} with the guide's waits: {run.total['requests_per_second']:.0f} requests/s, "
                       f"{run.total['failures']} failures, p95 {run.total['latency_ms']['p95']:.1f} ms; swarm held at most {run.resident_mib:.0f} MiB")
            # A fifth of what 50,000 users may need (1.5 GiB); so many connections need more descriptors and ports than most machines allow.
            report.goal(f"memory of 10,000 users of {kind} (< {mib_max} MiB)", f"{run.resident_mib:.0f} MiB",
                        run.resident_mib < mib_max and not run.total["failures"])
    finally:
        ours.stop()


def meets_targets(run, rate):
    # Requests that were due in the last hundredth of a second may not have been sent by its end.
    kept = run.run["schedule"]["unsent"] <= rate / 100 and run.total["failures"] == 0
    return (kept and run.names["POST /events"]["latency_ms"]["p95"] < TARGET_POST_MS
            and run.names["GET /inbox"]["latency_ms"]["p95"] < TARGET_INBOX_MS)


def compare_service(folder, plan, report):
    """Measures the service under the mix of TriggersAPIUser: with 200 users and waits, and the highest rate within the targets."""
    raise_descriptor_limit()
    ours = servers.Triggers(folder / "service")
    try:
        run = Swarm(ours.port, ours.key, "-u", 200, "-r", 50, "TriggersAPIUser", seconds=3 * plan.seconds)
        post, inbox = (run.names[name]["latency_ms"]["p95"] for name in ("POST /events", "GET /inbox"))
        floor = disk.sync_ms(folder / "disk")
        report.say()
        report.say("an append and its fdatasync on this disk, alone: p50 {:.2f} ms, p95 {:.2f} ms, p99 {:.2f} ms".format(*floor))
        report.say(f"200 users with the guide's waits: {run.total['requests_per_second']:.0f} requests/s, p95 of POST /events {post:.2f} ms, of "
                   f"GET /inbox {inbox:.2f} ms, {run.total['failures']} failures")
        report.goal("p95 of POST /events with 200 users (< 5 ms)", f"{post:.2f} ms", post < 5 and not run.total["failures"])
        report.goal("p95 of GET /inbox with 200 users (< 5 ms)", f"{inbox:.2f} ms", inbox < 5 and not run.total["failures"])
        best = None
        for rate in (1000, 2000, 4000, 6000, 8000, 12_000, 16_000, 20_000, 24_000, 32_000, 48_000):
            run = Swarm(ours.port, ours.key, "--rate", rate, "-u", 1000, "TriggersAPIUser", seconds=plan.seconds)
            post, inbox = (run.names[name]["latency_ms"]["p95"] for name in ("POST /events", "GET /inbox"))
            held = meets_targets(run, rate)
            report.say(f"  {rate:6} tasks/s: p95 of POST /events {post:8.2f} ms, of GET /inbox {inbox:8.2f} ms, {run.run['schedule']['unsent']} "
                       f"never sent, {run.run['schedule']['behind']} held up by swarm itself{'' if held else ': over the targets'}")
            if not held:
                break
            best = rate
            if plan.quick and rate >= 4000:
                break
    finally:
        ours.stop()
    report.say(f"the mix of TriggersAPIUser on a schedule: within the targets up to {best} tasks a second; swarm and the service share the machine")
