"""Compares two nodes of a fleet with one, on one DynamoDB Local. A second node must not slow the others down: it needs no
additional DynamoDB calls for an event, and waits for no other node. Three nodes of one fleet run all the time, on the same
tables. One alone and the other two together take short turns, because this machine's speed changes within seconds. Each pair
of turns gives a ratio; the result is their median with its interval."""

import contextlib
import os
import statistics

import dynamo

TURN_SECONDS = 3
PAIRS = 80
MARGIN = 0.95  # "No slower", for varying figures: the interval contains 1, and nothing below this.


@contextlib.contextmanager
def on_cores(cores):
    """Processes started inside the `with` run on these cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def median_interval(values):
    """The 95 % interval of the median, by order statistics: makes no assumption about the distribution."""
    ordered = sorted(values)
    cut = max(0, int((len(ordered) - 1.96 * len(ordered) ** 0.5) / 2))
    return ordered[cut], ordered[-1 - cut]


def take_turns(folder, plan, nodes_on, others_on):
    """Events a second and node CPU (us) for each event, turn by turn, of one node and of two."""
    folder.mkdir(parents=True)
    turn = 1 if plan.quick else TURN_SECONDS
    rates, costs = {"one": [], "two": []}, {"one": [], "two": []}
    with on_cores(others_on), dynamo.DynamoDB(folder) as database:
        nodes = []
        try:
            with on_cores(nodes_on):
                nodes.extend(dynamo.Node(database, folder / "fleet", "--dedup-window-seconds", "0") for _ in range(3))
            # The same number of generators for both.
            driven = {"one": [nodes[0], nodes[0]], "two": nodes[1:]}
            for who in driven.values():
                dynamo.posts(who, dynamo.CALLERS, turn if plan.quick else dynamo.WARM_UP_SECONDS)
            for number in range(2 if plan.quick else PAIRS):
                for name in ("one", "two") if number % 2 else ("two", "one"):
                    before = sum(node.cpu_seconds() for node in nodes)
                    rate = dynamo.posts(driven[name], dynamo.CALLERS, turn)
                    rates[name].append(rate)
                    costs[name].append((sum(node.cpu_seconds() for node in nodes) - before) / (rate * turn) * 1e6)
        finally:
            for node in nodes:
                node.stop()
    return rates, costs


def compare_nodes(folder, plan, report):
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        raise RuntimeError("one node and two need at least two cores: one for the nodes, one for DynamoDB Local and the generators")
    half = len(cores) // 2
    places = {"nodes apart": (set(cores[half:]), set(cores[:half])), "all on all cores": (set(cores), set(cores))}
    report.say(f"Posts, dedup off, {dynamo.CALLERS} at the same time, two wrk, in turns of {TURN_SECONDS} s, {PAIRS} pairs of turns. "
               "Nodes apart: they have half of the cores,")
    report.say("DynamoDB Local and wrk the other half, as nodes and DynamoDB have nowhere the same cores.")
    report.say(f"{'cores':18} {'one node/s':>10} {'two/s':>8} {'CPU us/event':>13} {'two of one, median':>19} {'95 % interval':>15}")
    for name, (nodes_on, others_on) in places.items():
        rates, costs = take_turns(folder / name.replace(" ", "-"), plan, nodes_on, others_on)
        ratios = [two / one for one, two in zip(rates["one"], rates["two"])]
        low, high = median_interval(ratios)
        cost = " / ".join(f"{statistics.median(costs[who]):.0f}" for who in costs)
        report.say(f"{name:18} {statistics.median(rates['one']):10.0f} {statistics.median(rates['two']):8.0f} {cost:>13} "
                   f"{statistics.median(ratios):19.2f} {f'{low:.2f} to {high:.2f}':>15}")
        report.goal(f"DynamoDB: two nodes of one, {name} (no slower: the interval holds 1, and nothing below {MARGIN})",
                    f"{statistics.median(ratios):.2f}, {low:.2f} to {high:.2f}", low >= MARGIN and high >= 1)
