"""Measures one node on DynamoDB Local: POST /events compared with raw PutItem by the same client, the processor time of an
event, the memory of 10,000 requests in flight, and the guide's baseline run by Locust. (nodes.py compares two nodes with
one.) Everything shares this machine with DynamoDB Local, which takes most of it. The ratios show what a node adds; nothing
here shows what AWS's DynamoDB can do."""

import json
import os
import statistics
import subprocess
import sys
import threading
import time

import generators
import guide_runs
import servers
import wrk

sys.path.insert(0, str(servers.REPOSITORY / "tests/e2e"))
from support.dynamodb import DynamoDB  # noqa: E402  started as the tests start it

PUT_BENCH = servers.REPOSITORY / "build/release/tests/dynamo/dynamo_put_bench"
CALLERS = 64  # Puts, or posts, at the same time.
VALUE_BYTES = 243  # Including its key, the raw item is then as large as that of an event of unique_posts.lua (266 bytes).
WARM_UP_SECONDS = 20  # DynamoDB Local is a Java program: a new process is slower until its code is compiled.
IN_FLIGHT = 10_000


class Node(servers.Triggers):
    """A service on DynamoDB. Nodes with the same `folder` share their key and their tables."""

    def __init__(self, dynamo, folder, *flags):
        tables = {"DYNAMODB_TABLE_EVENTS": f"{folder.name}-events", "DYNAMODB_TABLE_API_KEYS": f"{folder.name}-keys"}
        # The base class passes this process's environment to the program; benchmarks do not use these names otherwise.
        environment = {**dynamo.environment, **tables, "STORE": "dynamodb"}
        os.environ.update(environment)
        try:
            if not (folder / "key").exists():
                subprocess.run([self.BINARY, "tables", "create"], check=True, capture_output=True)
            super().__init__(folder, *flags)
        finally:
            for name in environment:
                del os.environ[name]


def raw_puts(dynamo, seconds):
    done = subprocess.run([str(PUT_BENCH), dynamo.url, str(seconds), str(CALLERS), str(VALUE_BYTES)], capture_output=True, text=True,
                          check=True, timeout=seconds + 120)
    return json.loads(done.stdout)["puts_per_second"]


def posts(driven, connections, seconds):
    """Events a second of all nodes together. Each element of `driven` gets its own wrk with its share of the connections."""
    found = []

    def drive(number, node):
        seed = f"d{number}-{time.time_ns() % 10**10}"
        found.append(wrk.run(node.port, "unique_posts.lua", ("POST", "/events", node.key, 1, seed), connections // len(driven), seconds))
    threads = [threading.Thread(target=drive, args=one) for one in enumerate(driven)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(found) < len(driven) or any(m.errors for m in found):
        raise RuntimeError(f"posts failed: {found}")
    return sum(m.requests_per_second for m in found)


def compare_posts(folder, plan, report):
    """Measures raw puts, and posts through one node, in interleaved rounds on one warm DynamoDB Local. Each run has its own
    tables, because a table slows down as it fills."""
    folder.mkdir(parents=True)

    def raw(dynamo, _, seconds):
        return raw_puts(dynamo, seconds), None

    def through(*flags):
        def run(dynamo, place, seconds):
            node = Node(dynamo, place, *flags)
            try:
                posts([node], CALLERS, 2)  # The first requests must open connections.
                before = node.cpu_seconds()
                rate = posts([node], CALLERS, seconds)
                return rate, (node.cpu_seconds() - before) / (rate * seconds) * 1e6
            finally:
                node.stop()
        return run
    candidates = {"raw PutItem": raw, "one node, dedup off": through("--dedup-window-seconds", "0"), "one node, dedup on": through()}
    rates, costs = {name: [] for name in candidates}, {name: [] for name in candidates}
    with DynamoDB(folder) as dynamo:
        for number in range(-1, plan.rounds):
            for name, run in candidates.items():
                place = folder / f"round{number}-{name.replace(' ', '-').replace(',', '')}"
                rate, cost = run(dynamo, place, plan.seconds if number >= 0 or plan.quick else WARM_UP_SECONDS)
                if number >= 0:
                    rates[name].append(rate)
                    costs[name].append(cost)
    report.say(f"DynamoDB Local, {CALLERS} at the same time, items of one size; "
               f"before the first round each candidate ran {WARM_UP_SECONDS} s that do not count")
    report.say(f"{'candidate':22} {'events/s':>9} {'of raw':>7} {'node CPU us/event':>18}")

    def ratio(name, base):
        return statistics.median(mine / other for mine, other in zip(rates[name], rates[base]))
    for name in candidates:
        cost = "" if costs[name][0] is None else f"{statistics.median(costs[name]):.0f}"
        report.say(f"{name:22} {statistics.median(rates[name]):9.0f} {ratio(name, 'raw PutItem'):7.2f} {cost:>18}")
    off_ratio = ratio("one node, dedup off", "raw PutItem")
    report.goal("DynamoDB: posts of raw puts, dedup off, at least 0.8", f"{off_ratio:.2f}", off_ratio >= 0.8)


def compare_memory(folder, plan, report):
    """Measures a node's memory while 10,000 requests wait for DynamoDB. It answers 503 to requests that it cannot take."""
    generators.raise_descriptor_limit()
    folder.mkdir(parents=True)
    with DynamoDB(folder) as dynamo:
        node = Node(dynamo, folder / "node", "--max-connections", str(IN_FLIGHT + 1000))
        try:
            idle, most, ended = node.resident_mib(), 0.0, threading.Event()

            def watch():
                nonlocal most
                while not ended.wait(0.1):
                    most = max(most, node.resident_mib())
            watcher = threading.Thread(target=watch)
            watcher.start()
            seed = f"m{time.time_ns() % 10**10}"
            m = wrk.run(node.port, "unique_posts.lua", ("POST", "/events", node.key, 1, seed), IN_FLIGHT, 20)
            ended.set()
            watcher.join()
        finally:
            node.stop()
    report.say(f"{IN_FLIGHT} requests in flight on one node: {most:.0f} MiB resident at most, {idle:.0f} before; "
               f"{m.requests_per_second:.0f} answers/s, {m.errors} of them errors (503 under overload)")


def compare_guide(folder, plan, report):
    """Runs the guide's baseline: Locust, 50 users of both kinds."""
    folder.mkdir(parents=True)
    seconds = 10 if plan.quick else 120
    with DynamoDB(folder) as dynamo:
        node = Node(dynamo, folder / "node")
        try:
            prefix = folder / "locust"
            subprocess.run(guide_runs.command("locust", node.port, 50, 10, seconds, None, prefix), capture_output=True, check=False,
                           env={**os.environ, "LOCUST_API_KEY": node.key, "PYTHONDONTWRITEBYTECODE": "1"})
        finally:
            node.stop()
    rows = guide_runs.rows(prefix)
    report.say(f"Locust, 50 users of both kinds, {seconds} s, one node on DynamoDB Local")
    report.say(f"{'row':20} {'requests':>8} {'failures':>8} {'requests/s':>10} {'p50 ms':>7} {'p95 ms':>7} {'p99 ms':>7}")
    for name, row in rows.items():
        report.say(f"{name:20} {row['Request Count']:>8} {row['Failure Count']:>8} {float(row['Requests/s']):10.1f} {row['50%']:>7} "
                   f"{row['95%']:>7} {row['99%']:>7}")
    for name, limit in guide_runs.TARGETS.items():
        report.goal(f"DynamoDB: Locust's p95 of {name} below {limit} ms", f"{rows[name]['95%']} ms", int(rows[name]["95%"]) < limit)
    whole = rows["Aggregated"]
    errors = int(whole["Failure Count"]) / int(whole["Request Count"])
    report.goal("DynamoDB: Locust's failures below 1 %", f"{100 * errors:.2f} %", errors < 0.01)


def compare_dynamo(folder, plan, report):
    compare_posts(folder / "posts", plan, report)
    report.say()
    compare_memory(folder / "memory", plan, report)
    report.say()
    compare_guide(folder / "guide", plan, report)
