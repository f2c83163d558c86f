#!/usr/bin/python3
"""Compares triggers, nginx with a fixed response, and webdis in front of Redis, driven by the same wrk in turn. Also measures
batches and pages, and runs generators.py, agreement.py, dynamo.py, leases.py and nodes.py. `--quick` is a smoke test, not
a measurement. Comparisons of two builds are in paired_builds.py.
hostile.py prints its report with this file's Report."""

import argparse
import datetime
import json
import pathlib
import platform
import shutil
import signal
import statistics
import subprocess
import sys
import time

import agreement
import disk
import dynamo
import generators
import leases
import nodes
import servers
import wrk

POST_EVENTS = ("POST", "/events")


class Plan:
    """Durations and repetitions. Rounds are interleaved, so that a slow minute of a shared machine affects all equally."""

    def __init__(self, quick):
        self.quick = quick
        self.seconds = 2 if quick else 10
        self.rounds = 1 if quick else 3
        self.large = 100_000 if quick else 5_000_000
        self.small = 10_000


def median(measurements, field):
    return statistics.median(getattr(m, field) for m in measurements)


def machine():
    model = next((line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    cores = len([line for line in open("/proc/cpuinfo") if line.startswith("processor")])
    memory = next(int(line.split()[1]) // 2**20 for line in open("/proc/meminfo") if line.startswith("MemTotal"))
    return f"{model}, {cores} cores, {memory} GiB, Linux {platform.release()}"


def versions():
    def first_line(*command):
        done = subprocess.run(command, capture_output=True, text=True)
        return (done.stdout + done.stderr).strip().splitlines()[0]
    return [first_line(str(servers.Triggers.BINARY), "--version"), first_line("/usr/sbin/nginx", "-v"),
            first_line("/usr/bin/redis-server", "--version"),
            first_line("dpkg-query", "-W", "-f", "webdis ${Version}", "webdis"), first_line("wrk", "-v")]


class Report:
    """Collects lines, and prints each at once."""

    def __init__(self):
        self.lines = []
        self.goals = []

    def say(self, line=""):
        self.lines.append(line)
        print(line, flush=True)

    def goal(self, text, value, reached):
        self.goals.append((text, value, reached))


def compare_posts(folder, plan, report):
    """Measures POST /events on all three servers, at 100 and 400 connections."""
    targets = {}
    nginx = servers.Nginx(folder / "nginx")
    redis = servers.WebdisRedis(folder / "redis")
    ours = servers.Triggers(folder / "posts")
    targets["nginx, fixed 201"] = (nginx.port, ("POST", "/events", "-"))
    targets["webdis + Redis"] = (redis.port, ("PUT", "/XADD/events/*/event", "-"))
    targets["triggers"] = (ours.port, (*POST_EVENTS, ours.key))
    results = {}
    try:
        for connections in (100, 400):
            for round_number in range(plan.rounds):
                for name, (port, arguments) in targets.items():
                    seed = f"c{connections}r{round_number}t{time.time_ns() % 10**9}"
                    before = ours.cpu_seconds()
                    m = wrk.run(port, "unique_posts.lua", (*arguments, 1, seed), connections, plan.seconds)
                    if name == "triggers":
                        m.cpu_us = (ours.cpu_seconds() - before) / (m.requests_per_second * plan.seconds) * 1e6
                    results.setdefault((name, connections), []).append(m)
                    if m.errors:
                        raise RuntimeError(f"{name} answered {m.errors} requests with errors")
                    report.say(f"  {connections:4} connections, round {round_number + 1}: {name:18} "
                               f"{m.requests_per_second:9.0f} requests/s, p50 {m.p50_ms:7.2f} ms, p99 {m.p99_ms:7.2f} ms")
        stored = ours.unacknowledged()
        sent = sum(m.requests_per_second for (name, _), ms in results.items() if name == "triggers" for m in ms) * plan.seconds
        if stored < sent * 0.99:
            raise RuntimeError(f"triggers holds {stored} events of some {sent:.0f} that it accepted")
    finally:
        nginx.stop(), redis.stop(), ours.stop()

    report.say()
    report.say(f"{'POST, unique bodies':22} {'conn':>5} {'requests/s':>11} {'p50 ms':>8} {'p99 ms':>8} {'of nginx':>9} {'of webdis':>10}")
    for connections in (100, 400):
        rate = {name: median(results[name, connections], "requests_per_second") for name in targets}
        for name in targets:
            ms = results[name, connections]
            report.say(f"{name:22} {connections:5} {rate[name]:11.0f} {median(ms, 'p50_ms'):8.2f} {median(ms, 'p99_ms'):8.2f} "
                       f"{rate[name] / rate['nginx, fixed 201']:9.2f} {rate[name] / rate['webdis + Redis']:10.2f}")
    def ratio(other, connections=400):
        return statistics.median(a.requests_per_second / b.requests_per_second for a, b in
                                 zip(results["triggers", connections], results[other, connections]))
    report.say("{:22} an append and its fdatasync on this disk, alone: p50 {:.2f} ms, p95 {:.2f} ms, p99 {:.2f} ms".format(
        "", *disk.sync_ms(folder / "disk")))
    report.say(f"{'':22} triggers uses {statistics.median(m.cpu_us for m in results['triggers', 400]):.1f} us of CPU for each event at 400 connections")
    to_nginx, to_webdis = ratio("nginx, fixed 201"), ratio("webdis + Redis")
    report.goal("POST /events at 400 connections, of nginx's fixed answer (>= 0.6)", f"{to_nginx:.2f}", to_nginx >= 0.6)
    report.goal("POST /events at 400 connections, of webdis + Redis (>= 1.4)", f"{to_webdis:.2f}", to_webdis >= 1.4)
    ours_p99, webdis_p99 = (median(results[n, 100], "p99_ms") for n in ("triggers", "webdis + Redis"))
    report.goal("p99 at 100 connections, of webdis + Redis's (<= 1)", f"{ours_p99:.2f} ms / {webdis_p99:.2f} ms = {ours_p99 / webdis_p99:.2f}",
                ours_p99 <= webdis_p99)


def compare_batches(folder, plan, report):
    """Compares events a second in batches of 100 with single posts."""
    ours = servers.Triggers(folder / "batches")
    singles, batches = [], []
    try:
        for round_number in range(plan.rounds):
            seed = f"s{round_number}t{time.time_ns() % 10**9}"
            singles.append(wrk.run(ours.port, "unique_posts.lua", (*POST_EVENTS, ours.key, 1, seed), 100, plan.seconds))
            batches.append(wrk.run(ours.port, "unique_posts.lua", ("POST", "/events/batch", ours.key, 100, seed + "b"), 20,
                                   plan.seconds))
    finally:
        ours.stop()
    single = median(singles, "requests_per_second")
    batch = median(batches, "requests_per_second") * 100
    ratio = statistics.median(b.requests_per_second * 100 / s.requests_per_second for b, s in zip(batches, singles))
    report.say()
    report.say(f"Events a second: single posts {single:.0f} (100 connections), batches of 100 {batch:.0f} (20 connections)")
    report.goal("batches of 100, events a second, of single posts (>= 3)", f"{ratio:.2f}", ratio >= 3)


def fill(ours, events, report):
    """Stores at least this many events over the API, 500 in a batch."""
    started = time.monotonic()
    if events <= 20_000:
        ours.post_batches(events, 500)
    while (missing := events - ours.unacknowledged()) > 0:
        seconds = 1 if missing < 200_000 else 5
        wrk.run(ours.port, "unique_posts.lua", ("POST", "/events/batch", ours.key, 500, f"f{time.time_ns() % 10**12}"),
                4 if missing > 20_000 else 1, seconds)
    report.say(f"  loaded {ours.unacknowledged()} events in {time.monotonic() - started:.0f} s")


def compare_pages(folder, plan, report):
    """Measures pages, start and memory, with few and with very many unacknowledged events."""
    small = servers.Triggers(folder / "small")
    large = servers.Triggers(folder / "large")
    try:
        for ours, events in ((small, plan.small), (large, plan.large)):
            fill(ours, events, report)
            ours.stop()
        small = servers.Triggers(folder / "small")
        large = servers.Triggers(folder / "large")
        ready = large.seconds_to_ready
        ratios, p50 = [], {"small": [], "large": []}
        for _ in range(max(5, plan.rounds)):
            pair = {}
            for name, ours in (("small", small), ("large", large)):
                before = ours.cpu_seconds()
                m = wrk.run(ours.port, "gets.lua", ("/inbox?limit=50", ours.key), 1, max(2, plan.seconds // 3))
                pair[name] = m.p50_ms
                p50[name].append(m.p50_ms)
            ratios.append(pair["large"] / pair["small"])
        totals = {"small": small.unacknowledged(), "large": large.unacknowledged()}
        wrk.run(large.port, "unique_posts.lua", (*POST_EVENTS, large.key, 1, f"m{time.time_ns() % 10**9}"), 100, plan.seconds)
        wrk.run(large.port, "gets.lua", ("/inbox?limit=200", large.key), 20, plan.seconds)
        resident = large.resident_mib()
        large.stop(signal.SIGKILL)
        large = servers.Triggers(folder / "large")
        after_kill = large.seconds_to_ready
    finally:
        small.stop(), large.stop()
    ratio = statistics.median(ratios)
    report.say()
    for name in ("small", "large"):
        report.say(f"GET /inbox?limit=50 with {totals[name]:8} unacknowledged: p50 {statistics.median(p50[name]):.3f} ms (1 connection)")
    report.say(f"start with {totals['large']} events: ready in {ready:.2f} s; after kill -9 under load in {after_kill:.2f} s")
    report.say(f"resident after serving posts and pages: {resident:.0f} MiB")
    report.goal(f"a page with {plan.large} unacknowledged, of one with {plan.small} (<= 1.2)", f"{ratio:.2f}", ratio <= 1.2)
    report.goal(f"ready with {plan.large} events stored (<= 2 s)", f"{ready:.2f} s", ready <= 2)
    report.goal("resident memory after serving (< 300 MiB)", f"{resident:.0f} MiB", resident < 300)


PARTS = {"posts": compare_posts, "batches": compare_batches, "pages": compare_pages,
         "generators": generators.compare_generators, "users": generators.compare_many_users, "service": generators.compare_service,
         "agreement": agreement.compare_agreement, "dynamo": dynamo.compare_dynamo, "leases": leases.compare_leases, "nodes": nodes.compare_nodes}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], help="the parts to compare; all by default")
    parser.add_argument("--quick", action="store_true", help="seconds instead of minutes: a smoke test, not a measurement")
    parser.add_argument("--folder", type=pathlib.Path, default=servers.REPOSITORY / "build/bench", help="holds the servers' data")
    parser.add_argument("--save", type=pathlib.Path, help="also write the output to this file")
    options = parser.parse_args()
    plan = Plan(options.quick)
    report = Report()
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)

    report.say(f"{datetime.datetime.now(datetime.timezone.utc):%Y-%m-%d %H:%M} UTC, {machine()}")
    report.say("; ".join(versions()))
    report.say(f"wrk -t1, {plan.seconds} s a run, {plan.rounds} interleaved rounds, medians" + (" (QUICK: no measurement)" if options.quick else ""))
    for name, part in PARTS.items():
        if not options.parts or name in options.parts:
            report.say()
            part(options.folder / name, plan, report)
    report.say()
    width = max(len(text) for text, _, _ in report.goals)
    for text, value, reached in report.goals:
        report.say(f"{text:{width}}  {value:>28}  {'reached' if reached else 'NOT REACHED'}")
    if options.save:
        options.save.parent.mkdir(parents=True, exist_ok=True)
        options.save.write_text("\n".join(report.lines) + "\n")
    shutil.rmtree(options.folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
