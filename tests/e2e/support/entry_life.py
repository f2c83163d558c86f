"""What a history says about the life of one entry: its leases with the earliest and latest end of each, its acknowledgements,
and the times at which it was certainly available. The rules over it are in inbox_promises.py."""

from .inbox_history import NEVER

GONE = ("acknowledged", "already_acknowledged", "discarded")
# Without ids, the answer lists only what the lease still held.
NOT_HELD = "not in the answer"
DONE = (*GONE, "released", "extended")


class Use:
    """A request about one entry: by the holder of a lease, or by anybody without one."""

    def __init__(self, call, status):
        self.call, self.verb, self.status = call, call.verb, status
        self.in_doubt = False  # It may have been carried out, although the answer says that it was not.

    @property
    def done(self):
        return self.status in DONE

    @property
    def unknown(self):
        return self.call.unknown or self.in_doubt

    @property
    def may_remove(self):
        return self.verb in ("ack", "discard") and (self.unknown or self.status in GONE)

    @property
    def removed(self):
        return self.status in GONE


class Grant:
    """One entry under one lease."""

    def __init__(self, call, event_id, attempt, entry):
        self.call, self.event_id, self.attempt, self.entry = call, event_id, attempt, entry
        self.lease_id, self.seconds = call.answer["lease_id"], call.request["lease_seconds"]
        self.uses = []

    def ends(self, before=None):
        """(earliest, latest) end of the lease on this entry, by the uses that began before the Use `before`."""
        low, high = self.call.asked + self.seconds, self.call.answered + self.seconds
        for use in self.uses:
            if use is before:
                break
            low, high = self._after(use, low, high)
        for use in self.entry.removals:  # without a lease
            if before is not None and use.call.asked > before.call.asked:
                continue
            if use.may_remove and use.call.effect_by >= self.call.asked:
                low = min(low, use.call.asked)
            if use.removed:
                high = min(high, use.call.answered)
        return low, high

    @staticmethod
    def _after(use, low, high):
        call = use.call
        if use.verb == "extend":
            seconds = call.request["lease_seconds"]
            if use.status == "extended":
                return call.asked + seconds, call.answered + seconds
            if use.unknown:
                return min(low, call.asked + seconds), max(high, call.effect_by + seconds)
        elif use.done:
            return min(low, call.asked), min(high, call.answered)
        elif use.unknown:
            return min(low, call.asked), high
        return low, min(high, call.effect_by)  # the answer was that this lease did not hold it

    def back_by(self, max_attempts):
        """When the entry is available again at the latest; NEVER if it may have left or be dead."""
        if max_attempts is not None and self.attempt >= max_attempts:
            return NEVER
        back = self.ends()[1]
        for use in self.uses:
            if use.verb == "release" and (use.unknown or use.status == "released"):
                back = max(back, use.call.effect_by + use.call.request.get("delay_seconds", 0))
        return back


class Entry:
    """One event in the inbox."""

    def __init__(self, event_id, accept, history):
        self.event_id, self.accept, self.max_attempts = event_id, accept, history.max_attempts
        self.blind = ()     # leases that got no answer
        self.grants = []    # in the order of attempts, after settle()
        self.removals = []  # Uses without a lease
        self.seen = []      # (time, attempts) of listings
        self.doubt = NEVER  # from then on, a lease that nobody was told of may hold it

    @property
    def certain_from(self):
        return self.accept.answered if self.accept.ok else NEVER

    def all_uses(self):
        yield from self.removals
        for grant in self.grants:
            yield from grant.uses

    def may_be_gone_from(self):
        return min((use.call.asked for use in self.all_uses() if use.may_remove), default=NEVER)

    def gone_by(self):
        return min((use.call.answered for use in self.all_uses() if use.removed), default=NEVER)

    def hidden_leases(self):
        """(from, to, number) of leases that happened, by the attempts, although no client was told of them. They had ended
        at `to`, or the entry had left or died."""
        attempts, since = 0, self.accept.asked
        points = [(grant.attempt, grant.call.asked, grant.call.answered, 1) for grant in self.grants]
        points += [(number, asked, answered, 0) for asked, answered, number in self.seen]
        found = []
        # A listing may take long, and show a lease that was granted meanwhile.
        for attempt, asked, answered, own in sorted(points, key=lambda one: (one[0], one[1] if one[3] else one[2])):
            if attempt - own > attempts:
                # The next lease shows that the hidden one had ended; a listing may show an entry that it still holds.
                to = answered if own else self._blind_lease_over(since, answered, attempt)
                found.append((since, to, attempt - own - attempts))
            attempts, since = max(attempts, attempt), max(since, asked)
        return found

    def _blind_lease_over(self, begin, end, attempt):
        if self.max_attempts is not None and attempt >= self.max_attempts:
            return NEVER
        ends = [call.effect_by + call.request["lease_seconds"] for call in self.blind
                if call.asked < end and call.effect_by > begin]
        return max(ends, default=end)

    def available(self, tolerance, seen_within=0.0):
        """The spans in which it was certainly available, and every node had seen it."""
        hidden = [(-NEVER, self.certain_from + seen_within), (self.may_be_gone_from(), NEVER), (self.doubt, NEVER)]
        hidden += [(grant.call.asked, grant.back_by(self.max_attempts) + tolerance + seen_within) for grant in self.grants]
        hidden += [(since, to + tolerance + seen_within) for since, to, _ in self.hidden_leases()]
        spans, at = [], -NEVER
        for begin, end in sorted(hidden):
            if begin > at:
                spans.append((at, begin))
            at = max(at, end)
        return spans


def lives(history):
    """({event id: Entry}, faults): the entries of a history. A fault is (promise, event id, text)."""
    entries, faults, accepts = {}, [], {}
    for call in history.calls:
        if call.verb == "accept" and (call.ok or call.unknown):
            accepts[call.request["marker"]] = call
            if call.ok:
                entries[call.answer["event_id"]] = Entry(call.answer["event_id"], call, history)

    def known(event):
        """The Entry of an event that was handed out or listed."""
        event_id = event["event_id"]
        if event_id in entries:
            return entries[event_id]
        accept = accepts.get(event["payload"].get("marker"))
        if accept is None:
            faults.append((2, event_id, "is in the inbox, but nobody sent it"))
            return None
        if accept.ok:
            faults.append((2, event_id, f"is a second copy of {accept.answer['event_id']}"))
        return entries.setdefault(event_id, Entry(event_id, accept, history))

    leases = {}
    for call in history.calls:
        if call.verb == "lease" and call.ok:
            grants = leases.setdefault(call.answer["lease_id"], {})
            for event in call.answer["events"]:
                entry = known(event)
                if entry is None:
                    continue
                grant = Grant(call, event["event_id"], event["attempt"], entry)
                entry.grants.append(grant)
                grants[event["event_id"]] = grant
        elif call.verb == "look":
            for event in call.answer["entries"].values():
                entry = known(event)
                if entry is not None:
                    entry.seen.append((call.asked, call.answered, event["attempts"]))
        elif call.verb in ("ack", "release", "extend", "discard") and (call.ok or call.unknown):
            add_uses(call, entries, leases)
    settle(history, entries)
    return entries, faults


def add_uses(call, entries, leases):
    lease_id, ids, statuses = call.request.get("lease_id"), call.request.get("event_ids"), call.statuses()
    if lease_id is None:
        for event_id in ids:
            if event_id in entries:
                entries[event_id].removals.append(Use(call, statuses.get(event_id)))
        return
    for event_id, grant in leases.get(lease_id, {}).items():
        if ids is None or event_id in ids:
            missing = None if call.unknown else NOT_HELD
            grant.uses.append(Use(call, statuses.get(event_id, missing)))


def settle(history, entries):
    blind = [call for call in history.calls if call.verb == "lease" and call.unknown]
    for entry in entries.values():
        entry.blind = blind
        entry.grants.sort(key=lambda grant: (grant.attempt, grant.call.asked))
        last = max([grant.call.asked for grant in entry.grants] + [asked for asked, _, _ in entry.seen],
                   default=entry.accept.asked)
        after = [call.asked for call in blind if call.effect_by > last]
        entry.doubt = max(min(after), last) if after else NEVER
