#!/usr/bin/python3
"""Compares the whole way of an event through an inbox of Triggers with RabbitMQ and with Redis Streams behind webdis: accept,
lease in batches of 10, acknowledge. First as many events a second as each candidate takes. Then, at half of that rate,
the time until a waiting worker holds an event. Every event is accounted for; the benchmark ends with status 1 if one was
lost, came twice or was left behind. The load is inbox_load/, the candidates are in inbox_candidates.py. Of Triggers
alone, the parts `fanout` (inbox_fanout.py) and `depth` (inbox_depth.py) follow.

`--quick` is a smoke test, not a measurement."""

import argparse
import datetime
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import sys
import uuid
from dataclasses import dataclass

import inbox_depth
import inbox_fanout
from compare import Report, machine
from inbox_candidates import BATCH, BATCHES, Field
from servers import REPOSITORY, Triggers

LOAD = pathlib.Path(os.environ.get("INBOX_LOAD_BINARY", REPOSITORY / "build/release/bench/inbox_load/inbox_load"))
WORKERS = 32
SERVERS = ("triggers", "rabbitmq", "redis")
PEERS = {"RabbitMQ, classic queue": 2.0, "RabbitMQ, quorum queue": 2.0, "webdis + Redis Streams": 1.3}  # The lowest ratio wanted.
P50_MS_MAX, P99_MS_MAX = 2, 20
PARTS = {"fanout": inbox_fanout, "depth": inbox_depth}
FAULTS = ("unanswered", "lost", "twice", "unacknowledged", "acknowledged_twice", "unaccepted")


class Plan:
    """Durations and repetitions. Candidates take turns in each round, and every other round reverses their order."""

    def __init__(self, quick):
        self.seconds = 1 if quick else 10
        self.warm_up = 0.5 if quick else 2
        self.rounds = 1 if quick else 5
        self.in_flight = [100] if quick else [100, 400]
        self.fanout_rounds, self.fanout_seconds = (1, 1) if quick else (5, 5)
        self.depth_rounds = 2 if quick else 20
        self.hidden, self.available = (4_000, 20_000) if quick else (1_000_000, 5_000_000)


@dataclass
class Run:
    """One run of the load: its figures, what the server had left, and the processor time for each event."""

    figures: dict
    left: int
    server_us: float
    load_us: float

    @property
    def rate(self):
        return self.figures["events_per_second"]

    def faults(self):
        """The counts that must be zero and are not."""
        counts = {name: self.figures[name] for name in FAULTS} | {"left in the server": self.left}
        return {name: count for name, count in counts.items() if count}

    def counts_text(self):
        faults = self.faults()
        wrong = ", ".join(f"{count} {name}" for name, count in faults.items()) if faults else "none lost, none twice"
        return f"{self.figures['sent']} sent, {self.figures['accepted']} accepted, {self.figures['acknowledged']} acknowledged, {wrong}"


def server_seconds(candidate):
    """The processor time that the candidate's processes have used."""
    return sum(process.cpu_seconds() for process in candidate.processes())


def load_seconds():
    """The processor time of the load programs that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def carry_out(candidate, plan, in_flight, rate, extra):
    """Runs the load once."""
    run = f"run-{uuid.uuid4().hex[:19]}-"  # 24 characters, so that the events of all runs have one size.
    command = [str(LOAD), *candidate.arguments(run), f"--run={run}", f"--in-flight={in_flight}", f"--workers={WORKERS}", f"--batch={BATCH}",
               f"--rate={rate}", f"--warm-up={plan.warm_up}", f"--seconds={plan.seconds}", *extra]
    candidate.begin(run)
    before = server_seconds(candidate), load_seconds()
    done = subprocess.run(command, capture_output=True, text=True, timeout=plan.seconds + 120, check=False,
                          env={**os.environ, **candidate.environment()})
    server, load = server_seconds(candidate) - before[0], load_seconds() - before[1]
    if done.returncode != 0:
        raise RuntimeError(f"{candidate.name}: {done.stderr.strip()}")
    figures = json.loads(done.stdout)
    if not figures["acknowledged"]:
        raise RuntimeError(f"{candidate.name}: no event was acknowledged: {figures}")
    events = figures["acknowledged"]
    return Run(figures, candidate.end(run, figures), server / events * 1e6, load / events * 1e6)


def rabbit_options(options):
    return [f"--prefetch={options.prefetch}", f"--publishers={options.publishers}"]


def turns(candidates, rounds):
    """(round, candidate) in the order of their turns."""
    for number in range(rounds):
        for candidate in candidates if number % 2 == 0 else reversed(candidates):
            yield number, candidate


def measure_rates(candidates, plan, in_flight, options, report):
    """The runs of each candidate at the highest rate, by its name."""
    runs = {}
    for number, candidate in turns(candidates, plan.rounds):
        run = carry_out(candidate, plan, in_flight, 0, rabbit_options(options))
        runs.setdefault(candidate.name, []).append(run)
        batch = run.figures["acknowledged"] / run.figures["batches"]
        report.say(f"  {in_flight:4} in flight, round {number + 1}: {candidate.name:24} {run.rate:8.0f} events/s, {batch:4.1f} a batch, "
                   f"CPU us each: server {run.server_us:5.1f}, load {run.load_us:5.1f}; {run.counts_text()}")
    return runs


def measure_latencies(candidates, plan, rates, options, report):
    """The runs of each candidate at half of its own highest rate, by its name."""
    runs = {}
    for number, candidate in turns(candidates, plan.rounds):
        half = max(1, round(rates[candidate.name] / 2))
        run = carry_out(candidate, plan, max(plan.in_flight), half, rabbit_options(options))
        runs.setdefault(candidate.name, []).append(run)
        accepted, sent = run.figures["from_accepted_ms"], run.figures["from_sent_ms"]
        report.say(f"  {half:6} events/s, round {number + 1}: {candidate.name:24} from acceptance p50 {accepted['p50']:7.2f} ms, "
                   f"p99 {accepted['p99']:7.2f} ms; from sending p50 {sent['p50']:7.2f} ms, p99 {sent['p99']:7.2f} ms; "
                   f"{run.figures['early_share']:.0%} early, at most {run.figures['late_max_ms']:.1f} ms late; {run.counts_text()}")
    return runs


def ratio(runs, name, other):
    """The median of the rounds' ratios."""
    return statistics.median(mine.rate / theirs.rate for mine, theirs in zip(runs[name], runs[other]))


def report_rates(runs, in_flight, report):
    report.say()
    report.say(f"{'accept, lease, acknowledge':26} {'in flight':>9} {'events/s':>9} {'server us each':>15} {'load us each':>13} {'triggers of it':>15}")
    for name, mine in runs.items():
        of_it = f"{ratio(runs, 'triggers', name):.2f}" if "triggers" in runs else ""
        report.say(f"{name:26} {in_flight:9} {statistics.median(run.rate for run in mine):9.0f} "
                   f"{statistics.median(run.server_us for run in mine):15.1f} {statistics.median(run.load_us for run in mine):13.1f} {of_it:>15}")
    report.say()
    for name, lowest in PEERS.items():
        if name in runs and "triggers" in runs:
            found = ratio(runs, "triggers", name)
            report.goal(f"events a second, {in_flight} in flight, of {name}'s (>= {lowest:g})", f"{found:.2f}", found >= lowest)
        if name in runs and BATCHES in runs:
            report.say(f"{BATCHES}: {ratio(runs, BATCHES, name):.2f} of {name}'s events a second")


def latency(runs, start, percentile):
    return statistics.median(run.figures[f"from_{start}_ms"][percentile] for run in runs)


def report_latencies(runs, rates, report):
    report.say()
    report.say(f"{'until a waiting worker has it':30} {'events/s':>9} {'from acceptance: p50, p99 ms':>30} {'from sending: p50, p99 ms':>27} {'early':>6}")
    for name, mine in runs.items():
        accepted, sent = (f"{latency(mine, start, 'p50'):.2f}, {latency(mine, start, 'p99'):.2f}" for start in ("accepted", "sent"))
        early = statistics.median(run.figures["early_share"] for run in mine)
        report.say(f"{name:30} {rates[name] / 2:9.0f} {accepted:>30} {sent:>27} {early:6.0%}")
    report.say("early: the worker had the event before the sender had the answer; such a time from acceptance counts as 0")
    if "triggers" in runs:
        for percentile, limit in (("p50", P50_MS_MAX), ("p99", P99_MS_MAX)):
            found = latency(runs["triggers"], "accepted", percentile)
            report.goal(f"from 201 to a waiting worker, {percentile} (< {limit} ms)", f"{found:.2f} ms", found < limit)


def faults_of(*measured):
    """A line for each run that did not account for every event."""
    return [f"{name}: {run.counts_text()}" for runs in measured for name, mine in runs.items() for run in mine if run.faults()]


def head(report, plan, options):
    def version(package):
        found = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}", package], capture_output=True, text=True, check=False)
        return found.stdout or f"{package}: not installed"
    ours = subprocess.run([str(Triggers.BINARY), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    report.say(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {machine()}")
    report.say("; ".join([ours, *map(version, ("rabbitmq-server", "librabbitmq4", "redis-server", "webdis"))]))
    report.say(f"{WORKERS} workers, batches of {BATCH}; RabbitMQ: prefetch {options.prefetch}, {options.publishers} publishing connection(s); "
               f"{plan.seconds} s a run after {plan.warm_up} s, {plan.rounds} alternating rounds, medians" + (" (QUICK: no measurement)" if options.quick else ""))
    report.say()


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("asked", nargs="*", metavar="server or part", choices=[[], *SERVERS, *PARTS],
                        help="whom to compare (triggers, rabbitmq, redis), and what else to measure of triggers (fanout, depth); all by default")
    parser.add_argument("--quick", action="store_true", help="a second a run: a smoke test, not a measurement")
    parser.add_argument("--rounds", type=int, help="rounds; the default is 5, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="length of each run; the default is 10, or 1 with --quick")
    parser.add_argument("--in-flight", type=int, nargs="+", help="events without an answer, at most; the default is 100 and 400")
    parser.add_argument("--rates-only", action="store_true", help="do not measure how long waiting workers wait")
    parser.add_argument("--prefetch", type=int, default=2 * BATCH,
                        help=f"RabbitMQ: unacknowledged events of a worker; the default is {2 * BATCH}: one batch in hand, one on its way")
    parser.add_argument("--publishers", type=int, default=1, help="RabbitMQ: connections that publish; the default is 1, the quickest")
    parser.add_argument("--folder", type=pathlib.Path, default=REPOSITORY / "build/inboxes", help="holds the servers' data")
    parser.add_argument("--save", type=pathlib.Path, help="also write the output to this file")
    return parser.parse_args()


def compare_servers(plan, options, report):
    """The whole way, for each server that was asked for. Returns a line for each run that did not account for every event."""
    field = Field(options.folder, lambda server: not options.asked or server in options.asked)
    try:
        measured = []
        for in_flight in plan.in_flight:
            measured.append(measure_rates(field.candidates, plan, in_flight, options, report))
            report_rates(measured[-1], in_flight, report)
        latencies = {}
        highest = {candidate.name: max(statistics.median(run.rate for run in runs[candidate.name]) for runs in measured)
                   for candidate in field.candidates}
        if not options.rates_only:
            waiting = [candidate for candidate in field.candidates if candidate.name != BATCHES]
            latencies = measure_latencies(waiting, plan, highest, options, report)
            report_latencies(latencies, highest, report)
    finally:
        field.stop()
    for name, why in field.unavailable.items():
        report.say(f"NOT MEASURED: {name}: {why}")
    return faults_of(*measured, latencies)


def main():
    options = parse()
    plan = Plan(options.quick)
    plan.rounds, plan.seconds = options.rounds or plan.rounds, options.seconds or plan.seconds
    plan.in_flight = options.in_flight or plan.in_flight
    report = Report()
    head(report, plan, options)
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    wrong = []
    if not options.asked or set(options.asked) & set(SERVERS):
        wrong = compare_servers(plan, options, report)
        report.say()
        report.say("every event accounted for: " + ("yes" if not wrong else "NO"))
        for line in wrong:
            report.say(line)
    for name, part in PARTS.items():
        if not options.asked or name in options.asked:
            report.say()
            part.measure(options.folder / name, plan, report)
    report.say()
    for text, value, reached in report.goals:
        report.say(f"{text:90}  {value:>12}  {'reached' if reached else 'NOT REACHED'}")
    if options.save:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text("\n".join(report.lines) + "\n")
    shutil.rmtree(options.folder, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
