"""Folders of src/ and swarm/ depend in one direction, no files form a ring, and each library of others is named only where we
wrap it."""

import re

import tracked

# A file may include its own folder and those before it in this list, unless `only` says less. A folder below another one has
# a line of its own where arrows between such folders are held.
order = ["base", "metrics", "log", "net", "http/wire", "http/server", "http/client", "event", "filter", "inbox", "auth", "limit",
         "aws", "config", "store", "store/memory",
         *(f"store/rocks/{folder}" for folder in ("format", "disk", "database", "inbox", "commit", "read", "upkeep", "repair")),
         "store/rocks", *(f"store/dynamo/{folder}" for folder in ("client", "events", "settings", "inbox", "jobs", "visits", "keys", "tables")), "store/dynamo",
         "api", "lambda",
         "swarm/stats", "swarm/load", "swarm/script", "swarm/report", "swarm/gate", "swarm/verify", "swarm/web", "swarm/run",
         "swarm/worker"]
rocks, dynamo, swarm = ({folder for folder in order if (folder + "/").startswith(engine)}
                        for engine in ("store/rocks/", "store/dynamo/", "swarm/"))
# The load generator sees the service as any client does: of src/ it shares only these.
shared_with_swarm = {"base", "net", "http/wire"}
only = {
    "net": {"base", "log"},
    "http/wire": {"base"},
    "http/server": {"base", "log", "net", "http/wire"},
    "http/client": {"base", "log", "net", "http/wire"},
    "filter": {"base", "event"},
    "inbox": {"base", "event", "filter"},
    "api": set(order) - {"net", "http/server", "http/client"},
    "lambda": set(order) - {"net", "http/server"},
    **{folder: swarm | shared_with_swarm for folder in swarm},
    "swarm/web": swarm | shared_with_swarm | {"http/server"},
    **{folder: {"base", "log", "event", "filter", "inbox", "auth", "store", *rocks} for folder in rocks},
    **{folder: {"base", "metrics", "log", "http/wire", "http/client", "event", "filter", "inbox", "auth", "limit", "aws", "store", *dynamo}
       for folder in dynamo},
}

# A prefix of the include's name: (the folders that wrap it, whether their headers may name it too).
wrapped = {
    "boost/asio": ({"src/net", "src/http/server", "src/http/client"}, False),
    "boost/beast": ({"src/http/wire"}, False),
    "zlib.h": ({"src/http/wire", "src/store/dynamo", "tests/dynamo"}, False),
    "openssl/": ({"src/net", "src/http/server", "src/auth", "src/aws", "swarm/script", "swarm/verify", "swarm/report"}, False),
    "rocksdb/": ({"src/store/rocks", "tests"}, False),
    "zmq": ({"swarm/worker"}, False),
    "CLI/": ({"src/config", "swarm/run", "apps", "bench"}, False),
    "amqp.h": ({"bench/inbox_load"}, False),
    "amqp_tcp_socket.h": ({"bench/inbox_load"}, False),
    "prometheus/": ({"src/metrics"}, False),
    "simdjson": ({"src/base", "swarm/script", "swarm/verify", "bench"}, False),
    "lua": ({"swarm/script"}, False),
    "boost/json": ({"src", "swarm", "apps", "tests"}, False),
    "fmt/": ({"src", "swarm", "apps", "tests"}, False),
    "gtest/": ({"src", "swarm", "tests", "bench"}, True),
    "gmock/": ({"src", "swarm", "tests"}, True),
    "benchmark/": ({"src", "swarm", "tests"}, False),
}

# Headers that may name a library all the same, beside those below tests/, which only tests include. Those of net and http are for
# net and http alone (checked below).
private_headers = {"src/http/client/connection.h", "src/http/client/thread_connections.h", "src/net/acceptor.h",
                   "src/net/io_executor.h", "src/net/loop.h", "src/net/transport.h"}
naming_headers = {*private_headers, "swarm/verify/json_members.h", "src/api/exchange/json_body.h", "src/api/endpoints/keys/key_json.h", "src/api/test_service.h",
                  "src/base/stored_json.h", "src/store/dynamo/client/caller.h", "src/store/dynamo/client/item.h",
                  "src/store/dynamo/client/table_calls.h"}


def inside(path, folders):
    return any(str(path).startswith(folder + "/") for folder in folders)


def is_test(path):
    return bool(re.search(r"(_test|_bench)\.cc$|/test_[a-z_0-9]+\.(cc|h)$", str(path)))


def folder_of(name):
    """The folder in `order` that a file belongs to; nothing if there is none."""
    return max((folder for folder in order if name.startswith(folder + "/")), key=len, default=None)


def may_include(name, included):
    folder, other = folder_of(name), folder_of(included)
    if other is None or other == folder:
        return other == folder or (is_test(name) and included.startswith("tests/support/"))
    above = other in order[:order.index(folder)]
    # A test may use all that is above it, and the folders beside its own.
    return above or other.split("/")[0] == folder.split("/")[0] if is_test(name) else above and other in only.get(folder, order)


def against_the_arrows(includes):
    """`includes`: (path, line, included path), both without src/."""
    return [f'{name}:{line}: "{included}"' for name, line, included in includes if not may_include(name, included)]


def rings(includes):
    """Each ring of files, as a tuple of names without suffix, sorted: a header and its source are one. `includes`: pairs of
    paths from the root."""
    graph = {}
    for name, included in includes:
        one, other = re.sub(r"\.(cc|h)$", "", name), re.sub(r"\.(cc|h)$", "", included)
        graph.setdefault(one, set())
        graph.setdefault(other, set())
        if one != other:
            graph[one].add(other)

    def reach(start):
        seen, left = set(), [start]
        while left:
            for other in graph[left.pop()] - seen:
                seen.add(other)
                left.append(other)
        return seen

    reached = {name: reach(name) for name in graph}
    return {tuple(sorted({other for other in reached[name] if name in reached[other]} | {name}))
            for name in graph if name in reached[name]}


def our_includes():
    """(path, line, included path) of every include of ours, with paths from the root."""
    for path in tracked.sources():
        for line, name, quoted in tracked.includes(path):
            for folder in ("src", "", str(path.parent), "tests"):
                if quoted and (tracked.root / folder / name).is_file():
                    yield str(path), line, str((tracked.root / folder / name).resolve().relative_to(tracked.root.resolve()))
                    break


def test_every_folder_has_a_place_in_the_order():
    lost = [str(path) for path in tracked.sources() if path.parts[0] in ("src", "swarm")
            and folder_of(str(path).removeprefix("src/")) is None]
    assert not lost, "\n".join(["in no folder of the order:", *lost])


def test_folders_include_only_folders_above_them():
    ours = [(path.removeprefix("src/"), line, included.removeprefix("src/")) for path, line, included in our_includes()
            if path.split("/")[0] in ("src", "swarm")]
    assert ours
    wrong = against_the_arrows(ours)
    assert not wrong, "\n".join(["includes against the arrows:", *wrong])


def test_an_include_against_the_arrows_is_found():
    wrong = [("http/wire/gzip.cc", 1, "net/loop.h"), ("http/client/pool.cc", 1, "http/server/server.h"),
             ("base/uuid7.h", 1, "log/log.h"), ("base/task_test.cc", 1, "log/log.h"), ("log/log.cc", 1, "strange/log.h"),
             ("swarm/load/load_generator.cc", 1, "store/event_log.h"), ("swarm/stats/epoch_seconds.h", 1, "swarm/load/load_generator.h")]
    right = [("http/client/pool.cc", 1, "http/wire/message.h"), ("http/client/pool_test.cc", 1, "http/server/server.h"),
             ("http/server/server_test.cc", 1, "http/client/fetch.h"), ("swarm/load/load_generator.cc", 1, "swarm/stats/epoch_seconds.h")]
    assert len(against_the_arrows(wrong)) == len(wrong)
    assert against_the_arrows(right) == []


def test_no_files_form_a_ring():
    found = rings((path, included) for path, _, included in our_includes())
    assert not found, "\n".join(["files that include each other, a header and its source taken together:",
                                 *(" <-> ".join(ring) for ring in sorted(found))])


def test_a_ring_through_a_source_is_found():
    line = [("src/a/one.cc", "src/a/one.h"), ("src/a/one.h", "src/a/two.h"), ("src/a/two.cc", "src/a/two.h"),
            ("src/a/two.h", "src/b/three.h")]
    assert rings(line) == set()
    assert rings([*line, ("src/a/two.cc", "src/a/one.h")]) == {("src/a/one", "src/a/two")}
    assert rings([*line, ("src/b/three.cc", "src/a/one.h")]) == {("src/a/one", "src/a/two", "src/b/three")}


def test_our_own_includes_name_a_file_below_src_or_swarm():
    # Tests outside src/ also include what stands beside them, and an example what will stand beside it.
    wrong = [f'{path}:{line}: "{name}"' for path in tracked.sources() for line, name, quoted in tracked.includes(path)
             if quoted and not (tracked.root / ("." if name.startswith("swarm/") else "src") / name).is_file()
             and not (path.parts[0] != "src" and (tracked.root / path.parent / name).is_file())
             and not ((path.parts[0] == "tests" or is_test(path)) and (tracked.root / "tests" / name).is_file())
             and not (path.parent.name == "examples" and (tracked.root / path.parent.parent / "users" / name).is_file())]
    assert not wrong, "\n".join(["no such file:", *wrong])


def test_libraries_are_named_only_where_they_are_wrapped():
    wrong = []
    for path in tracked.sources():
        for line, name, _ in tracked.includes(path):
            for prefix, (folders, headers) in wrapped.items():
                if not name.startswith(prefix):
                    continue
                if not inside(path, folders):
                    wrong.append(f"{path}:{line}: <{name}> belongs to {', '.join(sorted(folders))}")
                elif path.suffix == ".h" and not headers and path.parts[0] != "tests" and str(path) not in naming_headers:
                    wrong.append(f"{path}:{line}: <{name}> in a header")
    assert not wrong, "\n".join(wrong)


def test_headers_that_show_asio_stay_within_net_and_http():
    hidden = {header.removeprefix("src/") for header in private_headers}
    wrong = [f'{path}:{line}: "{name}"' for path in tracked.sources() for line, name, _ in tracked.includes(path)
             if name in hidden and not inside(path, {"src/net", "src/http"})]
    assert not wrong, "\n".join(wrong)
