#!/usr/bin/python3
"""Do Locust and swarm report the same of the same? Both run 50 `TriggersAPIUser` of the guide, in turn, against a server
whose delays are known and against the service: the mix of requests beside the weights, p50 and p95 beside each other in
Locust's own CSV. Prints how busy each generator was, for a busy Locust reports its own queue. `--seconds N` shortens the
runs: that shows that it runs, and measures nothing."""

import argparse
import os
import resource
import shutil
import subprocess
import sys

import generators
import servers
from guide_runs import command, rows

sys.path.insert(0, str(servers.REPOSITORY / "tests/e2e"))
from support.delaying_server import ACCEPTED, DelayingServer  # noqa: E402  the tests' yardstick is the bench's as well

USERS, SPAWN_RATE, USER_CLASS = 50, 10, "TriggersAPIUser"
WEIGHTS = {"POST /events": 10, "GET /inbox": 3, "GET /events/{id}": 2, "DELETE /events/{id}": 1, "GET /status": 1}
USUAL_S, SLOW_S, SLOW_EVERY = 0.020, 0.080, 10


class KnownDelays(DelayingServer):
    """Answers each route as the service does; nine of ten after 20 ms, the tenth after 80: p50 is 20, p95 is 80."""

    def _held_until(self, now):
        return now + (SLOW_S if self.requests % SLOW_EVERY == 0 else USUAL_S)

    def _answer(self, head):
        if head.startswith(b"post"):
            return 201, ACCEPTED
        return (204, b"") if head.startswith(b"delete") else (200, b"{}")


def bucket(milliseconds):
    """The step of Locust's rounding at this response time, in ms: 1 below 100, 10 below 1000, 100 above."""
    return 1 if milliseconds < 100 else 10 if milliseconds < 1000 else 100


def measure(tool, port, key, seconds, prefix):
    """The rows of the CSV, and the processor seconds of the generator, its start included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command(tool, port, USERS, SPAWN_RATE, seconds, USER_CLASS, prefix), capture_output=True, check=True,
                   env={**os.environ, "LOCUST_API_KEY": key, "PYTHONDONTWRITEBYTECODE": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return rows(prefix), (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def compare(title, results):
    """Prints one server's table. How many of the latencies are further apart than one bucket."""
    apart = 0
    print(f"\n{title}\n{'row':20} {'requests':>17} {'share':>13} {'weight':>6} {'p50 ms':>9} {'p95 ms':>9}   within one bucket")
    (locust, locust_cpu), (swarm, swarm_cpu) = results["locust"], results["swarm"]
    for name in [*WEIGHTS, "Aggregated"]:
        pair = [locust[name], swarm[name]]
        counts = [int(row["Request Count"]) for row in pair]
        shares = [count / int(whole["Aggregated"]["Request Count"]) for count, whole in zip(counts, (locust, swarm))]
        weight = f"{WEIGHTS[name] / sum(WEIGHTS.values()):.3f}" if name in WEIGHTS else ""
        latencies, close = [], True
        for column in ("50%", "95%"):
            values = [int(row[column]) for row in pair]
            latencies.append("/".join(map(str, values)))
            close = close and abs(values[0] - values[1]) <= bucket(max(values))
        apart += not close
        print(f"{name:20} {counts[0]:8}/{counts[1]:8} {shares[0]:6.3f}/{shares[1]:6.3f} {weight:>6} {latencies[0]:>9} {latencies[1]:>9}   "
              f"{'yes' if close else 'NO'}")
    for tool, whole, cpu in (("Locust", locust, locust_cpu), ("swarm", swarm, swarm_cpu)):
        requests = int(whole["Aggregated"]["Request Count"])
        print(f"{tool} used {cpu:.1f} s of processor time, {1000 * cpu / requests:.2f} ms for each request", flush=True)
    return apart


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=120)
    options = parser.parse_args()
    folder = servers.REPOSITORY / "build/bench/agreement"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    print(f"{USERS} {USER_CLASS}, {options.seconds} s each; every pair is Locust/swarm")
    known, service = {}, {}
    for tool in ("locust", "swarm"):
        with KnownDelays() as server:
            known[tool] = measure(tool, server.port, "any", options.seconds, folder / f"{tool}-known")
        ours = servers.Triggers(folder / f"{tool}-service")
        try:
            service[tool] = measure(tool, ours.port, ours.key, options.seconds, folder / f"{tool}-service-csv")
        finally:
            ours.stop()
    apart = compare("A server that answers after 20 ms, every tenth time after 80", known) + compare("The service", service)
    print(f"\n{apart} rows are further apart than one bucket")
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
