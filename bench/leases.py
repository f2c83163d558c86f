"""Measures leases on DynamoDB Local: what a lease of 10 entries and its acknowledgement cost in calls and units, and how many
entries a second one node's engine leases and acknowledges, of raw conditional writes by the same client. Both take turns in
one process (tests/dynamo/lease_bench.cc). An entry that is leased and acknowledged changes twice, so the ratio counts two
changes for each entry."""

import json
import statistics
import subprocess
import sys

import servers

sys.path.insert(0, str(servers.REPOSITORY / "tests/e2e"))
from support.dynamodb import DynamoDB  # noqa: E402  started as the tests start it

LEASE_BENCH = servers.REPOSITORY / "build/release/tests/dynamo/dynamo_lease_bench"
WORKERS = 16  # Leases, or acknowledgements, at the same time.
CHANGES = 2  # Of an entry: leased, acknowledged.
WRITES = 32  # By a lease of 10 and its acknowledgement: docs/storage-format.md.


def run(dynamo, seconds, rounds):
    done = subprocess.run([str(LEASE_BENCH), dynamo.url, str(seconds), str(WORKERS), str(rounds)], capture_output=True, text=True,
                          check=False, timeout=(rounds + 1) * (seconds + 300))
    if done.returncode != 0:
        raise RuntimeError(f"{LEASE_BENCH.name}: {done.stderr.strip()}")
    costs, *measured = map(json.loads, done.stdout.splitlines())
    return costs, measured


def compare_leases(folder, plan, report):
    folder.mkdir(parents=True)
    rounds = 1 if plan.quick else 2 * plan.rounds
    with DynamoDB(folder) as dynamo:
        run(dynamo, 2 if plan.quick else 20, 1)  # DynamoDB Local is a Java program: slow until its code is compiled.
        costs, measured = run(dynamo, plan.seconds, rounds)
    report.say("DynamoDB Local, a lease of 10 entries and its acknowledgement, nothing else:")
    report.say(f"{costs['calls']:.1f} calls, of which {costs['one_after_another']:.1f} one after the other; {costs['write_units']:.1f} write units, "
               f"{costs['read_units']:.1f} read units; {costs['milliseconds']:.1f} ms")
    report.say(f"{WORKERS} workers, {rounds} rounds of {plan.seconds} s in turns with 64 raw writers, which replace an item of a record's size on a condition")
    report.say(f"{'round':>5} {'entries/s':>10} {'calls/s':>8} {'raw writes/s':>13} {'changes of raw':>15} {'writes of raw':>14}")
    changes, writes = [], []
    for number, one in enumerate(measured):
        entries, raw = one["entries_per_second"], one["raw_writes_per_second"]
        changes.append(CHANGES * entries / raw)
        writes.append(WRITES / 10 * entries / raw)
        dry = ", ran dry: too low" if one["ran_dry"] else ""
        report.say(f"{number + 1:5} {entries:10.0f} {one['calls_per_second']:8.0f} {raw:13.0f} {changes[-1]:15.2f} {writes[-1]:14.2f}{dry}")
    found = statistics.median(changes)
    report.say(f"medians: changes of raw {found:.2f}, all writes of raw {statistics.median(writes):.2f}")
    report.goal("DynamoDB: entries leased and acknowledged, of raw conditional writes, at least 0.7", f"{found:.2f}", found >= 0.7)
