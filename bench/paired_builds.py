#!/usr/bin/python3
"""Sends single posts to two builds of triggers in turn, and prints the ratios of their rates and of their processor time. It
ends with status 1 if the median rate of the second is below 0.97 of the first's. Comparisons with other programs are in
compare.py."""

import argparse
import pathlib
import shutil
import statistics
import sys
import tempfile

import wrk
from servers import REPOSITORY, Triggers

slowest_ratio = 0.97


class Run:
    """Posts for some seconds. `rate`: the posts accepted a second; `cpu_us`: the server's processor time for each."""

    def __init__(self, binary, seconds, connections):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="paired-", dir=REPOSITORY / "build"))
        server = type("Server", (Triggers,), {"BINARY": binary})(folder, "--no-access-log")
        try:
            before = server.cpu_seconds()
            measured = wrk.run(server.port, "unique_posts.lua", ["POST", "/events", server.key, 1, "paired"], connections, seconds)
            if measured.errors:
                raise RuntimeError(f"{binary}: {measured.errors} requests failed")
            self.rate = measured.requests_per_second
            self.cpu_us = (server.cpu_seconds() - before) / (self.rate * seconds) * 1e6
        finally:
            server.stop()
            shutil.rmtree(folder)


def positive(text):
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is too few: 1 is the least")
    return int(text)


def judge(rates, slowest):
    """The exit status: 1 if the second program is slower than `slowest` times the first, by the median of the pairs."""
    return 0 if statistics.median(rates) >= slowest else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=pathlib.Path, help="the build to compare with")
    parser.add_argument("after", type=pathlib.Path, nargs="?", default=REPOSITORY / "build/release/triggers")
    parser.add_argument("--pairs", type=positive, default=20)
    parser.add_argument("--seconds", type=positive, default=3, help="length of each run")
    parser.add_argument("--connections", type=positive, default=100)
    parser.add_argument("--slowest", type=float, default=slowest_ratio, metavar="RATIO",
                        help=f"a smaller median of the rates' ratios ends with status 1; default {slowest_ratio}")
    options = parser.parse_args()
    rates, costs = [], []
    for pair in range(options.pairs):
        programs = [("before", options.before.resolve()), ("after", options.after.resolve())]
        runs = {}
        for name, binary in programs if pair % 2 == 0 else reversed(programs):
            runs[name] = Run(binary, options.seconds, options.connections)
        before, after = runs["before"], runs["after"]
        rates.append(after.rate / before.rate)
        costs.append(after.cpu_us / before.cpu_us)
        print(f"{pair + 1:3}: {before.rate:7.0f} and {after.rate:7.0f} posts a second, ratio {rates[-1]:.3f}; processor "
              f"{before.cpu_us:.2f} and {after.cpu_us:.2f} us a post, ratio {costs[-1]:.3f}", flush=True)
    for name, ratios in (("rate", rates), ("processor time a post", costs)):
        print(f"{name}: median of {len(ratios)} ratios {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    return judge(rates, options.slowest)


if __name__ == "__main__":
    sys.exit(main())
