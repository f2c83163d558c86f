#!/usr/bin/python3
"""Runs the three examples of tests/performance/README.md at full length, with Locust and with swarm, each against a fresh
server in its default configuration. Keeps the CSV files, and prints each run's rows beside the targets of docs/prd.md, with
the cores that the service used. Whether both generators report the same is in agreement.py; it and dynamo.py take
command(), rows() and TARGETS from here. `--seconds N` shortens every run. That is a smoke test, not a measurement."""

import argparse
import csv
import os
import pathlib
import shutil
import subprocess
import sys

import generators
import servers

RUNS = {  # name: (users, spawn rate, seconds, user class or none)
    "50-users": (50, 10, 300, None),
    "200-users": (200, 50, 120, "HighThroughputUser"),
    "500-users": (500, 100, 180, "HighThroughputUser"),
}
TARGETS = {"POST /events": 100, "GET /inbox": 200}


def command(tool, port, users, rate, seconds, user_class, prefix):
    start = ([sys.executable, "-m", "locust", "-f", str(servers.REPOSITORY / "tests/performance/locustfile.py")] if tool == "locust"
             else [str(generators.SWARM)])
    chosen = ["--user-class", user_class] if user_class else []
    return [*start, "--host", f"http://127.0.0.1:{port}", "--users", str(users), "--spawn-rate", str(rate), "--run-time", f"{seconds}s",
            "--headless", "--only-summary", "--csv", str(prefix), *chosen]


def rows(prefix):
    with open(f"{prefix}_stats.csv", encoding="utf-8", newline="") as file:
        return {row["Name"]: row for row in csv.DictReader(file)}


def run(tool, name, seconds, folder, results):
    users, rate, full, user_class = RUNS[name]
    server = servers.Triggers(folder / f"{tool}-{name}")
    prefix = results / f"{tool}-{name}"
    try:
        before = server.cpu_seconds()
        done = subprocess.run(command(tool, server.port, users, rate, seconds or full, user_class, prefix), capture_output=True, text=True,
                              env={**os.environ, "LOCUST_API_KEY": server.key, "PYTHONDONTWRITEBYTECODE": "1"}, check=False)
        used = server.cpu_seconds() - before
        (results / f"{tool}-{name}.log").write_text(done.stderr)
    finally:
        server.stop()
    return rows(prefix), done.returncode, used / (seconds or full)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *RUNS], help="the runs; all by default")
    parser.add_argument("--tool", choices=["locust", "swarm"], help="use only this generator")
    parser.add_argument("--seconds", type=int, help="the length of each run, instead of its own")
    parser.add_argument("--results", type=pathlib.Path, default=servers.REPOSITORY / "build/bench/guide")
    options = parser.parse_args()
    folder = servers.REPOSITORY / f"build/bench/guide-servers-{options.tool or 'both'}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    options.results.mkdir(parents=True, exist_ok=True)
    print(f"{'run':10} {'generator':9} {'row':20} {'requests':>9} {'failures':>8} {'requests/s':>10} {'p50 ms':>7} {'p95 ms':>7} {'p99 ms':>7}  target")
    for name in options.names or RUNS:
        for tool in (options.tool,) if options.tool else ("locust", "swarm"):
            found, status, cores = run(tool, name, options.seconds, folder, options.results)
            for row_name, row in found.items():
                target = TARGETS.get(row_name)
                verdict = "" if target is None else f"p95 < {target} ms: {'met' if int(row['95%']) < target else 'MISSED'}"
                print(f"{name:10} {tool:9} {row_name:20} {row['Request Count']:>9} {row['Failure Count']:>8} {float(row['Requests/s']):10.1f} "
                      f"{row['50%']:>7} {row['95%']:>7} {row['99%']:>7}  {verdict}", flush=True)
            print(f"{name:10} {tool:9} exit status {status}; the service used {cores:.2f} cores", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
