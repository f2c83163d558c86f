"""Durations come from the monotonic clock, or from Clock::steady(), which also counts the time for which the machine sleeps.
Each use of the wall clock is named here, with the reason why it may jump."""

import re

import tracked

names = re.compile(r"system_clock|\bgettimeofday\b|CLOCK_REALTIME|CLOCK_BOOTTIME|Clock::system\(\)|\bstd::time\(|(?<![\w.>:])::?time\(\s*(?:nullptr|NULL|0|&)"
                   r"|(?<![\w.>:])time\(\s*(?:nullptr|NULL|0|&)|\bftime\(|\btimespec_get\b|high_resolution_clock|\butc_clock\b")

# Of the service: the file, what of the above it may name, and why a clock that jumps does no harm there.
service = {
    "src/base/clock.cc": ({"system_clock", "CLOCK_BOOTTIME", "Clock::system()"},
                          "the one place where Clock reads it; Clock::steady() never jumps, and goes on while the machine sleeps"),
    "src/base/guarded_clock.h": ({"Clock::system()"}, "what the clock of the embedded service is guarded against"),
    "src/log/log.cc": ({"Clock::system()"}, "a line of the log has the machine's time, as the lines of others beside it"),
    "src/log/log_line.cc": ({"Clock::system()"}, "the same"),
    "src/http/wire/response_writer.cc": ({"CLOCK_REALTIME"}, "the field Date"),
    "src/http/client/connection.h": ({"system_clock"}, "as of thread_connections.cc"),
    "src/http/client/thread_connections.cc": ({"system_clock"}, "beside the monotonic clock: an idle connection of a machine that was"
                                              " frozen is not used; a jump costs a connection"),
    "src/api/keys/key_ring.h": ({"Clock::system()"}, "a default; only its monotonic clock is asked"),
    "src/lambda/loop.h": ({"Clock::system()"}, "the invocation's deadline is a time of the machine's clock"),
    "src/lambda/thaw_clock.h": ({"Clock::system()"}, "a frozen function's time goes on by it; it is looked at for steps forward only"),
    "src/store/dynamo/client/client.cc": ({"Clock::system()"}, "AWS refuses a signature that is off by more than five minutes"),
    "src/store/dynamo/dynamo_config.h": ({"Clock::system()"}, "a default: ids, windows and expiry of a fleet, whose clocks NTP keeps"),
    "src/store/memory/memory_config.h": ({"Clock::system()"}, "a default; the engine is for tests"),
    "src/store/rocks/commit/committer_config.h": ({"Clock::system()"}, "a default: the time of acknowledgements"),
    "src/store/rocks/database/database.h": ({"Clock::system()"}, "a default: the clock of its configuration"),
    "src/store/rocks/database/database_config.h": ({"Clock::system()"}, "a default: the store gives it IdTime, which never goes back"),
    "src/store/rocks/database/info_log.cc": ({"Clock::system()"}, "the time of a line of RocksDB's log"),
    "src/store/rocks/disk/format_file.cc": ({"Clock::system()"}, "the store's id, made once: unique whatever the clock says"),
    "src/store/rocks/disk/watched_env.cc": ({"system_clock"}, "RocksDB's own, passed on"),
    "src/store/rocks/upkeep/housekeeper.h": ({"Clock::system()"}, "a default; retention goes by RetentionTime, which waits until a jump is proven"),
    "src/store/rocks/rocks_store.h": ({"Clock::system()"}, "a default; `serve` gives it a GuardedClock"),
    "apps/triggers/service.h": ({"Clock::system()"}, "a default, for commands: they end in a moment"),
    "apps/triggers/serve.cc": ({"Clock::system()"}, "of a node of a fleet, which must agree with the others at once"),
    "apps/triggers/stop_watchdog.cc": ({"Clock::system()"}, "the time in a line of the log"),
    "apps/triggers/inboxes_command.cc": ({"Clock::system()"}, "how long ago a replay begins, counted from now"),
    "apps/triggers/operator_client.cc": ({"Clock::system()"}, "a command ends in a moment"),
    "apps/triggers/dynamo_access.cc": ({"Clock::system()"}, "credentials of AWS end at a time"),
    "apps/triggers/keys_command.cc": ({"Clock::system()"}, "`--expires 30d` becomes a time, once, at the operator's word"),
}

# Of the load generator. Times that are shown or written for a person or for Locust's files are wall times; what is
# measured or waited for is not.
generator = {
    "swarm/worker/master_link.cc": ({"CLOCK_BOOTTIME"}, "no wall clock: how long the master was silent, sleep included"),
    "swarm/worker/worker_log.cc": ({"system_clock"}, "the time of a log line"),
    "swarm/run/console.cc": ({"system_clock"}, "the time of a log line"),
    "swarm/stats/epoch_seconds.cc": ({"system_clock"}, "read once, when a test begins; the seconds after that are monotonic"),
    "swarm/script/text_functions.cc": ({"system_clock"}, "swarm.time() of a script is a wall time"),
    "swarm/run/verify_run.cc": ({"Clock::system()"}, "retention is counted from times in the journal"),
}

allowed = {**service, **generator}


def without_comments(line):
    return line.split("//")[0]


def uses(path):
    found = set()
    for line in tracked.text(path).splitlines():
        for match in names.finditer(without_comments(line)):
            name = match[0]
            found.add("CLOCK_REALTIME" if name.startswith("CLOCK_REALTIME") else name)
    return found


def sources():
    """The programs' own: tests and benchmarks may look at any clock."""
    return [path for path in tracked.sources() if path.parts[0] in ("src", "swarm", "apps")
            and not re.search(r"(_test|_bench)\.cc$|/test_", str(path))]


def test_each_use_of_the_wall_clock_is_in_the_list():
    wrong = []
    for path in sources():
        more = uses(path) - allowed.get(str(path), (set(), ""))[0]
        if more:
            wrong.append(f"{path}: names {', '.join(sorted(more))}: a duration comes from the monotonic clock (steady_clock, "
                         "Clock::steady()); if a wall time is meant, add it to this list with the reason")
    assert not wrong, "\n".join(wrong)


def test_the_list_names_only_what_is_there():
    here = {str(path) for path in sources()}
    gone = [path for path in allowed if path not in here]
    unused = [f"{path}: {', '.join(sorted(what - uses(path)))}" for path, (what, _) in allowed.items()
              if path in here and what - uses(path)]
    assert not gone and not unused, "\n".join(["no such file:", *gone, "not used there:", *unused])


def test_each_has_a_reason():
    assert all(reason for _, reason in allowed.values())
