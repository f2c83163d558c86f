#!/usr/bin/python3
"""The hostile tenant sends every shape of request that the API takes, at its rate limit or without a key. Meanwhile another
tenant, the victim, sends events and polls its inbox at a fixed rate. For each shape, the victim's p99 is divided by its own
p99 without the attack, measured before and after the attack in the same run. The benchmark ends with status 1 if a ratio
exceeds the bound, if a request of the victim fails, or if an attack was not carried out.

`--quick` is a smoke test, not a measurement: it checks no ratio unless --bound is given."""

import argparse
import datetime
import math
import multiprocessing
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

import hostile_attacks
import hostile_victim
from compare import Report, machine
from hostile_seed import Seed
from servers import REPOSITORY, Triggers

bound_default = 3.0
late_ms_max = 5.0  # If it is later, the generator itself distorts the measurement.
processes = multiprocessing.get_context("spawn")


class Plan:
    """Durations and repetitions."""

    def __init__(self, quick):
        self.seconds = 1 if quick else 10
        self.rounds = 1 if quick else 3
        self.rate = 100 if quick else 200
        self.events = 2_000 if quick else 200_000  # The backlog that filters search.
        self.keys = 50 if quick else 1_000
        self.settle_seconds = 0.1 if quick else 1.0


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else math.nan


class Worker:
    """A process of the benchmark, and the pipe to it."""

    def __init__(self, target, *arguments):
        self.pipe, theirs = processes.Pipe()
        self.process = processes.Process(target=target, args=(theirs, *arguments), daemon=True)
        self.process.start()
        theirs.close()

    def receive(self, seconds=180):
        """The next message from the process; an error if the process has ended or sends nothing."""
        if not self.pipe.poll(seconds):
            raise RuntimeError(f"{self.process.name} says nothing")
        return self.pipe.recv()

    def end(self):
        self.process.join(10)
        if self.process.is_alive():
            self.process.kill()


class Measured:
    """One attack, with the quiet turns before and after it."""

    def __init__(self, before, attacked, after, attack):
        self.quiet = {name: before["latencies"][name] + after["latencies"][name] for name in before["latencies"]}
        self.attacked = attacked["latencies"]
        self.failures = attacked["failures"]
        self.late_ms = percentile(attacked["late"], 0.99) * 1000
        self.attack = attack

    def p99_ms(self, name):
        return percentile(self.quiet[name], 0.99) * 1000, percentile(self.attacked[name], 0.99) * 1000

    def ratio(self, name):
        quiet, attacked = self.p99_ms(name)
        return attacked / quiet


def carry_out(server, victim, shape, limit, context, plan):
    """The victim's figures during the attack, and the result of the attack."""
    attacker = Worker(hostile_attacks.serve, shape.name, {**context, "port": server.port, "limit": limit})
    attacker.receive()
    attacker.pipe.send("go")
    attacked = measure(victim, plan.seconds)
    attacker.pipe.send("stop")
    attack = attacker.receive()
    attacker.end()
    time.sleep(plan.settle_seconds)
    return attacked, attack


def measure(victim, seconds):
    victim.pipe.send(seconds)
    return victim.receive()


def run_round(server, victim, seed, chosen, plan, results, begun):
    """Runs each attack once, between two quiet turns. The quiet turn after one attack is also the one before the next."""
    before = measure(victim, plan.seconds)
    for shape, limit in chosen:
        print(f"{time.monotonic() - begun:6.0f} s  {shape.name}, {key_text(limit)}", file=sys.stderr, flush=True)
        context = seed.context(shape, limit)
        attacked, attack = carry_out(server, victim, shape, limit, context, plan)
        after = measure(victim, plan.seconds)
        results.setdefault((shape.name, limit), []).append(Measured(before, attacked, after, attack))
        before = after


def answers_text(rounds):
    """The responses of all rounds by status, and as a text such as `1200: 300 x 200, 900 x 429`."""
    sent, answers = 0, {}
    for measured in rounds:
        sent += measured.attack["sent"]
        for status, count in measured.attack["answers"].items():
            answers[status] = answers.get(status, 0) + count
    return answers, f"{sent}: " + (", ".join(f"{count} x {status}" for status, count in sorted(answers.items())) or "no answer yet")


def report_shape(shape, limit, rounds, bound, report):
    """Prints one line of the table. Returns the problems found."""
    wrong = []
    cells = []
    for name in (hostile_victim.posts, hostile_victim.pages):
        ratio = statistics.median(measured.ratio(name) for measured in rounds)
        quiet, attacked = (statistics.median(values) for values in zip(*[measured.p99_ms(name) for measured in rounds]))
        cells.append(f"{quiet:7.2f} {attacked:8.2f} {ratio:6.2f}")
        if bound is not None and ratio > bound:
            wrong.append(f"{shape.name}, {key_text(limit)}: {name} p99 is {ratio:.2f} times its own without the attack")
    answers, text = answers_text(rounds)
    if not any(str(status) in answers for status in shape.expects):
        wrong.append(f"{shape.name}, {key_text(limit)}: not carried out, {text}")
    failures = {status: sum(m.failures.get(status, 0) for m in rounds) for m in rounds for status in m.failures}
    if failures:
        wrong.append(f"{shape.name}, {key_text(limit)}: requests of the victim failed: {failures}")
    late = max(measured.late_ms for measured in rounds)
    mark = "*" if late > late_ms_max else " "
    report.say(f"{shape.name:40} {key_text(limit):>7} {cells[0]} {cells[1]} {late:6.2f}{mark} {text}")
    return wrong


def key_text(limit):
    return "no key" if limit is None else f"{limit}/min"


def choose(names, quick):
    chosen = [shape for shape in hostile_attacks.shapes if not names or any(name in shape.name for name in names)]
    if not chosen:
        sys.exit("hostile: no shape has these words in its name (--list prints all): " + ", ".join(names))
    return [(shape, limit) for shape in chosen for limit in (shape.limits[-1:] if quick else shape.limits)]


def head(report, plan, options):
    version = subprocess.run([str(Triggers.BINARY), "--version"], capture_output=True, text=True, check=True).stdout.strip()
    report.say(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {machine()}; {version}")
    report.say(f"victim: {plan.rate / 2:.0f} POST /events and {plan.rate / 2:.0f} GET /inbox a second, open model; "
               f"{plan.seconds} s a turn (quiet, attack, quiet), {plan.rounds} rounds, medians of the rounds"
               + (" (QUICK: no measurement)" if options.quick else ""))
    report.say(f"p99 in ms: quiet, under attack, ratio. late: p99 of how late the victim's generator sent, worst round; "
               f"* over {late_ms_max:.0f} ms: the generator was late itself, and the ratio is in part its own")
    report.say()
    report.say(f"{'hostile tenant sends':40} {'key':>7} {'POST /events':^23} {'GET /inbox':^23} {'late':>6}  answers")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shapes", nargs="*", help="words in the names of shapes; all shapes by default")
    parser.add_argument("--quick", action="store_true", help="turns of a second: a smoke test, not a measurement")
    parser.add_argument("--bound", type=float, help=f"largest allowed ratio; the default is {bound_default:g}, or none with --quick")
    parser.add_argument("--rounds", type=int, help="rounds for each shape; the default is 3, or 1 with --quick")
    parser.add_argument("--seconds", type=float, help="length of each turn; the default is 10, or 1 with --quick")
    parser.add_argument("--list", action="store_true", help="list the shapes and exit")
    parser.add_argument("--folder", type=pathlib.Path, default=REPOSITORY / "build/hostile", help="holds the server's data")
    parser.add_argument("--save", type=pathlib.Path, help="also write the output to this file")
    options = parser.parse_args()
    if options.list:
        print("\n".join(shape.name for shape in hostile_attacks.shapes))
        return 0
    plan = Plan(options.quick)
    plan.rounds, plan.seconds = options.rounds or plan.rounds, options.seconds or plan.seconds
    bound = options.bound if options.bound is not None or options.quick else bound_default
    chosen = choose(options.shapes, options.quick)

    report = Report()
    head(report, plan, options)
    shutil.rmtree(options.folder, ignore_errors=True)
    server = Triggers(options.folder)
    victim = None
    results, begun = {}, time.monotonic()
    try:
        seed = Seed(server, plan.events, plan.keys)
        victim = Worker(hostile_victim.serve, server.port, server.key, plan.rate)
        measure(victim, 1)  # Warm-up.
        for _ in range(plan.rounds):
            run_round(server, victim, seed, chosen, plan, results, begun)
    finally:
        if victim is not None:
            victim.pipe.send(None)
            victim.end()
        server.stop(signal.SIGKILL)
    wrong = []
    for shape, limit in chosen:
        wrong += report_shape(shape, limit, results[shape.name, limit], bound, report)
    report.say()
    if bound is not None:
        report.say(f"bound: no ratio over {bound:g}: " + ("reached" if not wrong else "NOT REACHED"))
    for line in wrong:
        report.say(line)
    if options.save:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text("\n".join(report.lines) + "\n")
    shutil.rmtree(options.folder, ignore_errors=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
