"""Folders of src/ depend in one direction, and each library of others is named only where we wrap it."""

import tracked

order = ["base", "metrics", "log", "http", "event", "filter", "auth", "limit", "aws", "config", "store", "api", "lambda", "swarm"]

# A prefix of the include's name: (the folders that wrap it, whether their headers may name it too).
wrapped = {
    "boost/asio": ({"src/http"}, False),
    "boost/beast": ({"src/http"}, False),
    "zlib.h": ({"src/http", "src/store/dynamo", "tests/dynamo"}, False),
    "openssl/": ({"src/http", "src/auth", "src/aws", "src/swarm/judge", "src/swarm/report"}, False),
    "rocksdb/": ({"src/store/rocks", "tests"}, False),
    "zmq": ({"src/swarm/worker"}, False),
    "CLI/": ({"src/config", "src/swarm/run", "apps"}, False),
    "prometheus/": ({"src/metrics"}, False),
    "simdjson": ({"src/event"}, False),
    "boost/json": ({"src", "apps", "tests"}, False),
    "fmt/": ({"src", "apps", "tests"}, False),
    "gtest/": ({"src", "tests"}, True),
    "gmock/": ({"src", "tests"}, True),
    "benchmark/": ({"src", "tests"}, False),
}

# Headers that may name a library all the same, beside those below tests/, which only tests include. Those of http are for
# http alone (checked below).
private_headers = {"src/http/acceptor.h", "src/http/client_connection.h", "src/http/client_shard.h",
                   "src/http/io_executor.h", "src/http/loop.h", "src/http/transport.h"}
naming_headers = {*private_headers, "src/api/json_body.h", "src/api/key_json.h", "src/api/test_service.h",
                  "src/store/dynamo/caller.h", "src/store/dynamo/item.h",
                  "src/store/dynamo/table_calls.h"}


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


def test_our_own_includes_name_a_file_below_src():
    # Tests outside src/ also include what stands beside them, and an example what will stand beside it.
    wrong = [f'{path}:{line}: "{name}"' for path in tracked.sources() for line, name, quoted in tracked.includes(path)
             if quoted and not (tracked.root / "src" / name).is_file()
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
             if name in hidden and not inside(path, {"src/http"})]
    assert not wrong, "\n".join(wrong)
