#!/usr/bin/python3
"""Sends single posts to two programs, in pairs, and prints the ratio of the second to the first. This shows whether a change
has made `POST /events` slower; a single figure would mostly show the machine's current speed."""

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
    """Posts for some seconds. Returns the posts accepted a second, and the server's processor time for each."""

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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("before", type=pathlib.Path, help="the program to compare with")
    parser.add_argument("after", type=pathlib.Path, nargs="?", default=REPOSITORY / "build/release/triggers")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=3, help="length of each run")
    parser.add_argument("--connections", type=int, default=100)
    options = parser.parse_args()
    rates, costs = [], []
    for pair in range(options.pairs):
        order = [options.before.resolve(), options.after.resolve()]
        runs = {}
        for binary in order if pair % 2 == 0 else reversed(order):
            runs[binary] = Run(binary, options.seconds, options.connections)
        before, after = (runs[binary] for binary in order)
        rates.append(after.rate / before.rate)
        costs.append(after.cpu_us / before.cpu_us)
        print(f"{pair + 1:3}: {before.rate:7.0f} and {after.rate:7.0f} posts a second, ratio {rates[-1]:.3f}; processor "
              f"{before.cpu_us:.2f} and {after.cpu_us:.2f} us a post, ratio {costs[-1]:.3f}", flush=True)
    for name, ratios in (("rate", rates), ("processor time a post", costs)):
        print(f"{name}: median of {len(ratios)} ratios {statistics.median(ratios):.3f} ({min(ratios):.3f} to {max(ratios):.3f})")
    return 0 if statistics.median(rates) >= slowest_ratio else 1


if __name__ == "__main__":
    sys.exit(main())
