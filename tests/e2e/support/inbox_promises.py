"""Judges a history of an inbox by promises 1 to 6 of the inboxes' contract (docs/inboxes.md, "How an event moves"), and explains
what it finds. Each rule allows for the time that a request or an answer may have been on its way, so a violation is certain.

1. Two valid leases never hold the same entry, and a holder keeps its lease until it ends.
2. An entry leaves only by acknowledging or discarding, and then does not come back.
3. A lease that has ended does nothing. Acknowledging again what it acknowledged is `already_acknowledged`.
4. Attempts only rise, also over a crash, and none is skipped without a lease that nobody was told of.
5. Leases take the oldest available entries.
6. The counts are those of the entries.

The history may not have requeue, replay and purge, and the inbox may not lose entries by retention."""

import bisect

from .entry_life import NOT_HELD, lives
from .inbox_history import NEVER

TOLERANCE = 0.1  # seconds: the nodes count in milliseconds, and their clocks may differ a little
violations_shown, calls_shown = 5, 40


class Violation:
    def __init__(self, promise, event_id, text):
        self.promise, self.event_id, self.text = promise, event_id, text

    def __repr__(self):
        return f"promise {self.promise}: {self.event_id or 'the inbox'} {self.text}"


def check(history, crash_ends_leases=False, leases_are_full=True, counts_lag=0.0, seen_within=0.0,
          attempts_are_told=True, releases_are_told=True):
    """The violations. `crash_ends_leases`: a crash may end a lease early, as the contract allows; the engines do not.
    `leases_are_full`: a lease has as many entries as its limit if there are that many. `counts_lag`: how many seconds later
    than its end a lease or delay may still be counted. `seen_within`: for how many seconds leases may miss what has become
    available, for instance on another node. `attempts_are_told`: an attempt that no client was told of belongs to a lease that got
    no answer; otherwise a lease may have stored an attempt and left out the entry, because the store's answer was lost.
    `releases_are_told`: a release that was answered `lease_lost` changed nothing; otherwise it may have been carried out, because
    the store's answer was lost and another consumer leased the entry before the release was repeated."""
    entries, faults = lives(history)
    if not releases_are_told:
        for entry in entries.values():
            for use in entry.all_uses():
                use.in_doubt = use.verb == "release" and use.status == "lease_lost"
    found = [Violation(*fault) for fault in faults]
    crashes = sorted(history.crashes) if crash_ends_leases else []
    blind = sum(call.verb == "lease" and (call.unknown or not attempts_are_told) for call in history.calls)
    for entry in entries.values():
        for rule in (one_holder, lost_leases):
            found += rule(entry, crashes)
        found += ended_leases(entry)
        found += attempts(entry, blind)
        found += stays_away(entry)
    found += losses(history, entries)
    found += order(history, entries, leases_are_full, seen_within)
    found += counts(history, entries, counts_lag + TOLERANCE)
    return found


def crashed_between(crashes, begin, end):
    at = bisect.bisect_left(crashes, begin)
    return at < len(crashes) and crashes[at] <= end


# Promise 1.

def one_holder(entry, crashes):
    for number, later in enumerate(entry.grants):
        for earlier in entry.grants[:number]:
            holds_until = earlier.ends()[0]
            if later.attempt != earlier.attempt and later.call.answered < holds_until - TOLERANCE \
                    and not crashed_between(crashes, earlier.call.answered, later.call.answered):
                yield Violation(1, entry.event_id, f"was leased as attempt {later.attempt} while the lease of attempt "
                                f"{earlier.attempt} was valid for {holds_until - later.call.answered:.3f} s more")


def lost_leases(entry, crashes):
    for grant in entry.grants:
        for use in grant.uses:
            if use.done or use.unknown or any(one.removed for one in grant.uses[:grant.uses.index(use)]):
                continue
            holds_until = grant.ends(before=use)[0]
            removed = entry.may_be_gone_from() < use.call.answered
            if use.call.answered < holds_until - TOLERANCE and not removed \
                    and not crashed_between(crashes, grant.call.answered, use.call.answered):
                yield Violation(1, entry.event_id, f"was refused to its holder ({use.verb}: {use.status}) although its lease was "
                                f"valid for {holds_until - use.call.answered:.3f} s more")


# Promise 2.

def stays_away(entry):
    gone = entry.gone_by()
    for grant in entry.grants:
        if grant.call.asked > gone:
            yield Violation(2, entry.event_id, f"was leased as attempt {grant.attempt} after it had been acknowledged")
    if any(asked > gone for asked, _, _ in entry.seen):
        yield Violation(2, entry.event_id, "is listed after it had been acknowledged")


def losses(history, entries):
    for look in history.calls:
        if look.verb != "look":
            continue
        for entry in entries.values():
            if entry.certain_from < look.asked and entry.may_be_gone_from() > look.answered \
                    and entry.event_id not in look.answer["entries"]:
                yield Violation(2, entry.event_id, "was accepted, nobody acknowledged it, and the inbox does not have it")


# Promise 3.

def ended_leases(entry):
    for grant in entry.grants:
        for number, use in enumerate(grant.uses):
            before = grant.uses[:number]
            acknowledged = any(one.removed and one.verb == "ack" for one in before)
            maybe = acknowledged or any(one.unknown and one.verb == "ack" for one in before)
            if use.status == "already_acknowledged":
                if not maybe:
                    yield Violation(3, entry.event_id, "was `already_acknowledged` by a lease that had not acknowledged it")
            elif acknowledged and use.verb == "ack" and not use.unknown and use.status != NOT_HELD:
                yield Violation(3, entry.event_id, f"was `{use.status}`, although this lease had acknowledged it before")
            elif use.done:
                yield from done_by_ended(entry, grant, use)


def done_by_ended(entry, grant, use):
    ended_by = grant.ends(before=use)[1]
    if use.call.asked > ended_by + TOLERANCE:
        yield Violation(3, entry.event_id, f"was {use.status} by the lease of attempt {grant.attempt}, "
                        f"{use.call.asked - ended_by:.3f} s after that lease had ended")
    for other in entry.grants:
        if other.attempt > grant.attempt and other.call.answered < use.call.asked:
            yield Violation(3, entry.event_id, f"was {use.status} by the lease of attempt {grant.attempt}, although attempt "
                            f"{other.attempt} had been leased before")


# Promise 4.

def attempts(entry, blind):
    latest = -NEVER
    for number, grant in enumerate(entry.grants):
        if grant.attempt < 1:
            yield Violation(4, entry.event_id, f"was leased as attempt {grant.attempt}")
        if number > 0 and entry.grants[number - 1].attempt == grant.attempt:
            yield Violation(4, entry.event_id, f"was leased twice as attempt {grant.attempt}")
        elif grant.call.answered < latest:
            yield Violation(4, entry.event_id, f"was leased as attempt {grant.attempt} before a lower attempt")
        latest = max(latest, grant.call.asked)
    for asked, answered, number in entry.seen:
        handed_out = max((grant.attempt for grant in entry.grants if grant.call.answered < asked), default=0)
        if number < handed_out:
            yield Violation(4, entry.event_id, f"is listed with {number} attempts after attempt {handed_out} had been leased")
    hidden = sum(number for _, _, number in entry.hidden_leases())
    if hidden > blind:
        yield Violation(4, entry.event_id, f"has {hidden} attempts that no client was told of, but only {blind} leases got no "
                        "answer")


# Promise 5.

def order(history, entries, leases_are_full, seen_within):
    """Every lease has the oldest of the entries that were certainly available while it was asked."""
    spans = sorted((begin, end, event_id) for event_id, entry in entries.items()
                   for begin, end in entry.available(TOLERANCE, seen_within) if end > begin)
    leases = sorted((call for call in history.calls if call.verb == "lease" and call.ok), key=lambda call: call.asked)
    waiting, ends, at = [], {}, 0  # the ids of the spans that have begun, oldest first
    for lease in leases:
        while at < len(spans) and spans[at][0] < lease.asked:
            begin, end, event_id = spans[at]
            at += 1
            if event_id not in ends:
                bisect.insort(waiting, event_id)
            ends[event_id] = end
        taken = {event["event_id"] for event in lease.answer["events"]}
        full = len(taken) >= lease.request["limit"] or not leases_are_full
        newest = max(taken, default="") if full else "~"
        for event_id in waiting[:bisect.bisect_left(waiting, newest)]:
            if ends[event_id] <= lease.asked:
                waiting.remove(event_id)
                del ends[event_id]
            elif ends[event_id] > lease.answered and event_id not in taken:
                what = f"{len(taken)} newer ones" if full else f"only {len(taken)} of {lease.request['limit']} entries"
                yield Violation(5, event_id, f"was available, but {lease.client} got {what} at "
                                f"{lease.asked - history.calls[0].asked:.3f}")
                waiting.remove(event_id)  # once is enough
                del ends[event_id]


# Promise 6.

STATES = ("available", "leased", "delayed", "dead")


def counts(history, entries, lag):
    blind = [call for call in history.calls if call.verb == "accept" and call.unknown]
    start = history.calls[0].asked
    found = {entry.accept for entry in entries.values()}
    nowhere = [call for call in blind if call not in found]
    spans = {event_id: entry.available(lag) for event_id, entry in entries.items()}
    for call in history.calls:
        if call.verb != "counts" or not call.ok:
            continue
        least, most = dict.fromkeys((*STATES, "all"), 0), dict.fromkeys((*STATES, "all"), 0)
        for event_id, entry in entries.items():
            certain, possible = states(entry, spans[event_id], call, lag)
            if certain:
                least[certain] += 1
            if entry.certain_from < call.asked and entry.may_be_gone_from() > call.answered:
                least["all"] += 1
            for state in possible:
                most[state] += 1
            most["all"] += bool(possible)
        # An event without an answer that nobody has seen since may have been there, and even been leased.
        extra = sum(one.asked < call.answered for one in nowhere)
        told = {**call.answer["counts"], "all": sum(call.answer["counts"].values())}
        for state, number in told.items():
            if not least[state] <= number <= most[state] + extra:
                yield Violation(6, None, f"has {number} {state} entries by its counts at {call.asked - start:.3f}, but between "
                                f"{least[state]} and {most[state] + extra} by what the clients did")


def states(entry, spans, call, lag):
    """(the state that the entry certainly had during the call, the states that it may have had)."""
    begin, end, max_attempts = call.asked, call.answered, entry.max_attempts
    if entry.accept.asked > end or entry.gone_by() < begin:
        return None, ()
    possible = set()
    doubtful = entry.doubt < end or any(since < end and to + lag > begin for since, to, _ in entry.hidden_leases())
    stays = entry.certain_from < begin and entry.may_be_gone_from() > end
    if stays and any(since < begin and to > end for since, to in spans):
        return "available", ("available",)
    certain = None
    for grant in entry.grants:
        low, high = grant.ends()
        if grant.call.asked < end and high + lag > begin:
            possible.add("leased")
        if stays and grant.call.answered < begin and low - TOLERANCE > end:
            certain = "leased"
        for use in grant.uses:
            delay = use.call.request.get("delay_seconds", 0) if use.verb == "release" else 0
            if not delay or not (use.unknown or use.done) or use.call.asked > end:
                continue
            if use.call.effect_by + delay + lag > begin and not last_attempt(grant, max_attempts):
                possible.add("delayed")
            if stays and use.done and use.call.answered < begin and use.call.asked + delay - TOLERANCE > end \
                    and not last_attempt(grant, max_attempts):
                certain = "delayed"
        if last_attempt(grant, max_attempts) and grant.call.asked < end:
            possible.add("dead")
            if stays and high + lag < begin:
                certain = "dead"
    if certain and not doubtful:
        return certain, (certain,)
    if doubtful:
        return None, STATES
    return None, (*possible, "available")


def last_attempt(grant, max_attempts):
    return max_attempts is not None and grant.attempt >= max_attempts


# Explanations.

def explain(history, violations):
    """What was found, each with all calls that were about the entry."""
    lines = [f"{len(violations)} violations in {len(history.calls)} calls; times in seconds since the first"]
    for violation in violations[:violations_shown]:
        lines += [f"* {violation!r}", *timeline(history, violation.event_id)]
    if len(violations) > violations_shown:
        kinds = sorted({one.promise for one in violations})
        lines.append(f"… and {len(violations) - violations_shown} more; promises {', '.join(map(str, kinds))}")
    return "\n".join(lines)


def timeline(history, event_id):
    if event_id is None:
        return []  # it is about all entries
    start = history.calls[0].asked
    lines, leases, times = [], set(), []
    for call in sorted(history.calls, key=lambda one: one.asked):
        about = about_entry(call, event_id, leases)
        if about is not None:
            times += [call.asked, call.effect_by]
            until = "no answer" if call.answered is None else f"{call.answered - start:.3f}"
            lines.append(f"    {call.asked - start:9.3f} to {until:>9}  {call.client:>9} {call.node}: {call.verb} {about}")
    for crash in history.crashes:
        if times and min(times) < crash < max(times):
            lines.append(f"    {crash - start:9.3f}  a node was dead")
    lines.sort()
    return lines if len(lines) <= calls_shown else [*lines[:calls_shown], "    …"]


def about_entry(call, event_id, leases):
    """What the call did to the entry; None if it was not about it."""
    lease_id = call.request.get("lease_id")
    for event in call.answer.get("events", ()):
        if event["event_id"] == event_id:
            leases.add(call.answer["lease_id"])
            return f"{call.answer['lease_id']} for {call.request['lease_seconds']} s: attempt {event['attempt']}"
    if call.answer.get("event_id") == event_id:
        return "this event"
    if event_id in call.answer.get("entries", {}):
        entry = call.answer["entries"][event_id]
        return f"{entry['state']}, {entry['attempts']} attempts"
    ids = call.request.get("event_ids")
    if (ids is None and lease_id in leases) or (ids is not None and event_id in ids):
        extra = {name: value for name, value in call.request.items() if name not in ("lease_id", "event_ids")}
        return f"by {lease_id} {extra or ''}: {call.statuses().get(event_id, NOT_HELD)}"
    return None
