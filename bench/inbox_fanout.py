"""Measures what further inboxes of a tenant add to accepting an event. A part of `./dev bench inboxes`.

Three servers take turns. In the first, the tenant has `default` alone. In the second, it has 10 inboxes, which all take each
event. In the third, it has 100, of which only `default` takes the events: the filters of the others look at the payload, and
do not match."""

import statistics
import uuid
from dataclasses import dataclass

import wrk
from servers import Triggers

CONNECTIONS = 100
LOWEST = {10: 0.5, 100: 0.7}  # The lowest rate wanted, of the rate with one inbox.


def missing_filter(number):
    """A filter that looks at the payload of wrk/unique_posts.lua, and takes none of its events."""
    kinds = [{"currency": [f"X{number:02}"]}, {"amount": [{"numeric": [">", 1000 + number]}]}, {"customer": [{"prefix": f"d-{number}"}]},
             {"items": {"sku": [f"Z-{number}"]}}, {"note": [{"suffix": f"gate {number}"}]}]
    return {"payload": kinds[number % len(kinds)]}


class Tenant:
    """A server whose tenant has this many inboxes."""

    def __init__(self, folder, inboxes):
        self.inboxes, self.server = inboxes, Triggers(folder / f"inboxes-{inboxes}")
        admin = self.server.create_key("admin")
        for number in range(1, inboxes):
            settings = {"filter": missing_filter(number)} if inboxes == 100 else {}
            status, body = self.server.call("PUT", f"/inboxes/more-{number}", settings, admin)
            if status != 201:
                raise RuntimeError(f"an inbox was not made: {status} {body}")

    def entries(self):
        """The undelivered entries of each inbox."""
        _, listed = self.server.call("GET", "/inboxes")
        return {inbox["name"]: inbox["counts"]["available"] for inbox in listed["inboxes"]}


@dataclass
class Turn:
    rate: float
    server_us: float


def post(tenant, seconds):
    """One turn: posts for some seconds, then waits until the server has finished its compactions."""
    server = tenant.server
    before = server.cpu_seconds()
    measured = wrk.run(server.port, "unique_posts.lua", ("POST", "/events", server.key, 1, uuid.uuid4().hex[:16]), CONNECTIONS, seconds)
    if measured.errors:
        raise RuntimeError(f"{measured.errors} posts to a tenant with {tenant.inboxes} inboxes failed")
    server.wait_until_idle()
    return Turn(measured.requests_per_second, (server.cpu_seconds() - before) / (measured.requests_per_second * seconds) * 1e6)


def check_entries(tenant):
    """Raises if the events are not in the inboxes that take them."""
    counts = tenant.entries()
    most = counts.pop("default")
    expected = most if tenant.inboxes == 10 else 0
    if most == 0 or any(count != expected for count in counts.values()):
        raise RuntimeError(f"with {tenant.inboxes} inboxes, default has {most} entries, and the others {counts}")


def measure(folder, plan, report):
    """Prints a table and the goals."""
    tenants = []
    try:
        for inboxes in (1, *LOWEST):
            tenants.append(Tenant(folder, inboxes))
        for tenant in tenants:
            post(tenant, 1)
        turns = {tenant.inboxes: [] for tenant in tenants}
        for number in range(plan.fanout_rounds):
            for tenant in tenants if number % 2 == 0 else reversed(tenants):
                turns[tenant.inboxes].append(post(tenant, plan.fanout_seconds))
            report.say(f"  round {number + 1}: " + "; ".join(
                f"{inboxes:3} inboxes {mine[-1].rate:7.0f} posts/s, {mine[-1].server_us:5.1f} us each" for inboxes, mine in turns.items()))
        for tenant in tenants:
            check_entries(tenant)
    finally:
        for tenant in tenants:
            tenant.server.stop()
    report.say()
    report.say(f"{'POST /events, 100 connections':40} {'posts/s':>8} {'server us each':>15} {'rate / rate with one':>21} {'time / time with one':>21}")
    for inboxes, mine in turns.items():
        name = {1: "one inbox", 10: "10 inboxes that all take the event", 100: "100 inboxes, 99 of which do not match"}[inboxes]
        rate = statistics.median(turn.rate / one.rate for turn, one in zip(mine, turns[1]))
        time_ratio = statistics.median(turn.server_us / one.server_us for turn, one in zip(mine, turns[1]))
        report.say(f"{name:40} {statistics.median(turn.rate for turn in mine):8.0f} {statistics.median(turn.server_us for turn in mine):15.1f} "
                   f"{rate:21.2f} {time_ratio:21.2f}")
        if inboxes in LOWEST:
            report.goal(f"posts a second with {name}, of those with one inbox (>= {LOWEST[inboxes]})", f"{rate:.2f}", rate >= LOWEST[inboxes])
