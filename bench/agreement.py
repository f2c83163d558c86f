"""Do Locust and swarm report the same figures for the same server? Both run 50 `TriggersAPIUser` of the guide, in turn,
against a server with known delays and against the service. The tables compare the mix of requests with the weights, and
p50 and p95 from both CSV files. The server with known delays also reports for how long it really held each request, which
shows how much time a generator adds."""

import os
import resource
import statistics
import subprocess
import sys
import time

import servers
from guide_runs import command, rows

sys.path.insert(0, str(servers.REPOSITORY / "tests/e2e"))
from support.delaying_server import ACCEPTED, DelayingServer  # noqa: E402  the tests and the benchmarks share this reference server

USERS, SPAWN_RATE, USER_CLASS = 50, 10, "TriggersAPIUser"
WEIGHTS = {"POST /events": 10, "GET /inbox": 3, "GET /events/{id}": 2, "DELETE /events/{id}": 1, "GET /status": 1}
USUAL_S, SLOW_S, SLOW_EVERY = 0.020, 0.080, 10


class KnownDelays(DelayingServer):
    """Answers each route as the service does: nine requests of ten after 20 ms, the tenth after 80. `held_ms`: the real delay,
    from the last byte of a request to the first byte of its response."""

    def __init__(self):
        super().__init__()
        self.held_ms = []

    async def _held(self, now):
        await super()._held(now)
        self.held_ms.append((time.monotonic() - now) * 1000)

    def _held_until(self, now):
        return now + (SLOW_S if self.requests % SLOW_EVERY == 0 else USUAL_S)

    def _answer(self, head):
        if head.startswith(b"post"):
            return 201, ACCEPTED
        return (204, b"") if head.startswith(b"delete") else (200, b"{}")

    def percentiles(self):
        hundredths = statistics.quantiles(self.held_ms, n=100)
        return f"p50 {hundredths[49]:.1f}, p95 {hundredths[94]:.1f} ms"


def bucket(milliseconds):
    """The step in ms to which Locust rounds this response time: 1 below 100, 10 below 1000, 100 above."""
    return 1 if milliseconds < 100 else 10 if milliseconds < 1000 else 100


def measure(tool, port, key, seconds, prefix):
    """The rows of the CSV, and the processor seconds of the generator, including its start."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command(tool, port, USERS, SPAWN_RATE, seconds, USER_CLASS, prefix), capture_output=True, check=True,
                   env={**os.environ, "LOCUST_API_KEY": key, "PYTHONDONTWRITEBYTECODE": "1"})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return rows(prefix), (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def compare(title, results, report):
    """Prints one server's table. True if no two latencies differ by more than one bucket."""
    report.say(title)
    report.say(f"{'row':20} {'requests':>17} {'share':>13} {'weight':>6} {'p50 ms':>9} {'p95 ms':>9}   within one bucket")
    locust, swarm = results["locust"][0], results["swarm"][0]
    all_close = True
    for name in [*WEIGHTS, "Aggregated"]:
        if name not in locust or name not in swarm:
            continue  # A run of a few seconds may not contain a rare task.
        pair = [locust[name], swarm[name]]
        counts = [int(row["Request Count"]) for row in pair]
        shares = [count / int(whole["Aggregated"]["Request Count"]) for count, whole in zip(counts, (locust, swarm))]
        weight = f"{WEIGHTS[name] / sum(WEIGHTS.values()):.3f}" if name in WEIGHTS else ""
        latencies, close = [], True
        for column in ("50%", "95%"):
            values = [int(row[column]) for row in pair]
            latencies.append("/".join(map(str, values)))
            close = close and abs(values[0] - values[1]) <= bucket(max(values))
        all_close = all_close and close
        report.say(f"{name:20} {counts[0]:8}/{counts[1]:8} {shares[0]:6.3f}/{shares[1]:6.3f} {weight:>6} {latencies[0]:>9} {latencies[1]:>9}   "
                   f"{'yes' if close else 'NO'}")
    for tool, (found, cpu) in results.items():
        report.say(f"{tool} used {cpu:.1f} s of processor time, {1000 * cpu / int(found['Aggregated']['Request Count']):.2f} ms for each request")
    return all_close


def compare_agreement(folder, plan, report):
    seconds = 6 if plan.quick else 60
    folder.mkdir(parents=True)
    known, service, held = {}, {}, {}
    for tool in ("locust", "swarm"):
        with KnownDelays() as server:
            known[tool] = measure(tool, server.port, "any", seconds, folder / f"{tool}-known")
            held[tool] = server.percentiles()
        ours = servers.Triggers(folder / f"{tool}-service")
        try:
            service[tool] = measure(tool, ours.port, ours.key, seconds, folder / f"{tool}-service-csv")
        finally:
            ours.stop()
    report.say(f"{USERS} {USER_CLASS}, {seconds} s each; every pair is Locust/swarm")
    close = compare("A server that answers after 20 ms, every tenth time after 80", known, report)
    for tool, percentiles in held.items():
        report.say(f"with {tool} that server held requests for {percentiles}")
    report.say()
    close = compare("The service", service, report) and close
    report.goal("Locust and swarm within one bucket of each other", "yes" if close else "no", close)
