"""Folders of src/ depend in one direction, and each library of others is named only where we wrap it."""

import tracked

order = ["base", "metrics", "log", "net", "http", "event", "auth", "limit", "aws", "config", "store", "api", "lambda"]

# A prefix of the include's name: (the folders that wrap it, whether their headers may name it too).
wrapped = {
    "boost/asio": ({"src/net", "src/http/server", "src/http/client"}, False),
    "boost/beast": ({"src/http/wire"}, False),
    "zlib.h": ({"src/http/wire", "src/store/dynamo", "tests/dynamo"}, False),
    "openssl/": ({"src/net", "src/http/server", "src/auth", "src/aws", "swarm/verify", "swarm/report"}, False),
    "rocksdb/": ({"src/store/rocks", "tests"}, False),
    "zmq": ({"swarm/worker"}, False),
    "CLI/": ({"src/config", "swarm/run", "apps"}, False),
    "prometheus/": ({"src/metrics"}, False),
    "simdjson": ({"src/base", "swarm/verify"}, False),
    "boost/json": ({"src", "swarm", "apps", "tests"}, False),
    "fmt/": ({"src", "swarm", "apps", "tests"}, False),
    "gtest/": ({"src", "swarm", "tests"}, True),
    "gmock/": ({"src", "swarm", "tests"}, True),
    "benchmark/": ({"src", "swarm", "tests"}, False),
}

# Headers that may name a library all the same, beside those below tests/, which only tests include. Those of http are for
# http alone (checked below).
private_headers = {"src/http/server/acceptor.h", "src/http/client/connection.h", "src/http/client/shard.h",
                   "src/net/io_executor.h", "src/http/server/session_loop.h", "src/net/transport.h"}
naming_headers = {*private_headers, "src/api/exchange/json_body.h", "src/api/endpoints/keys/key_json.h", "src/api/test_service.h",
                  "src/store/dynamo/client/caller.h", "src/store/dynamo/client/item.h",
                  "src/store/dynamo/client/table_calls.h"}


def inside(path, folders):
    return any(str(path).startswith(folder + "/") for folder in folders)


def test_folders_include_only_folders_above_them():
    wrong = []
    for path in tracked.sources():
        if path.parts[0] != "src":
            continue
        assert path.parts[1] in order, f"{path}: src/{path.parts[1]} has no place in the order"
        above = order[:order.index(path.parts[1]) + 1]
        for line, name, quoted in tracked.includes(path):
            if quoted and name.split("/")[0] not in above:
                wrong.append(f'{path}:{line}: "{name}"')
    assert not wrong, "\n".join(["includes against the order " + " ".join(order), *wrong])


# The load generator sees the service as any client does: of src/ it shares only these.
shared_with_swarm = ("base/", "net/", "http/wire/")
# Its own folders, which depend in one direction too.
swarm_order = ["stats", "load", "report", "gate", "verify", "run", "worker"]


def test_swarm_includes_only_its_own_folders_above_and_what_it_shares():
    wrong = []
    for path in tracked.sources():
        if path.parts[0] != "swarm":
            continue
        assert path.parts[1] in swarm_order, f"{path}: swarm/{path.parts[1]} has no place in the order"
        above = tuple(f"swarm/{folder}/" for folder in swarm_order[:swarm_order.index(path.parts[1]) + 1])
        wrong += [f'{path}:{line}: "{name}"' for line, name, quoted in tracked.includes(path)
                  if quoted and not name.startswith(above + shared_with_swarm)]
    assert not wrong, "\n".join([f"includes of swarm/ beyond {' '.join(shared_with_swarm)} and the order {' '.join(swarm_order)}", *wrong])


def test_our_own_includes_name_a_file_below_src_or_swarm():
    # Tests outside src/ also include what stands beside them, and an example what will stand beside it.
    wrong = [f'{path}:{line}: "{name}"' for path in tracked.sources() for line, name, quoted in tracked.includes(path)
             if quoted and not (tracked.root / ("." if name.startswith("swarm/") else "src") / name).is_file()
             and not (path.parts[0] != "src" and (tracked.root / path.parent / name).is_file())
             and not (path.parts[0] == "tests" and (tracked.root / "tests" / name).is_file())
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


def test_headers_that_show_asio_stay_within_http():
    hidden = {header.removeprefix("src/") for header in private_headers}
    wrong = [f'{path}:{line}: "{name}"' for path in tracked.sources() for line, name, _ in tracked.includes(path)
             if name in hidden and not inside(path, {"src/net", "src/http"})]
    assert not wrong, "\n".join(wrong)
