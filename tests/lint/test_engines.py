"""The storage engines: their folders depend in one direction, and the memory engine is for tests only."""

import pathlib

import pytest
import tracked

# Of each engine, the folders in the order in which they may include each other. What stands beside them may include all.
folders_of = {
    "src/store/rocks": ["format", "disk", "database", "inbox", "commit", "read", "upkeep", "repair"],
    "src/store/dynamo": ["client", "events", "settings", "inbox", "bounds", "jobs", "visits", "keys", "tables"],
}


def product_sources():
    return [path for path in tracked.sources() if not path.stem.endswith(("_test", "_bench"))]


def unit(path):
    """A header and its source are one."""
    return str(pathlib.PurePosixPath(path).with_suffix(""))


@pytest.mark.parametrize("engine", folders_of)
def test_folders_of_an_engine_include_only_folders_above_them(engine):
    order, wrong = folders_of[engine], []
    prefix = engine.removeprefix("src/") + "/"
    for path in tracked.sources():
        if not str(path).startswith(engine + "/"):
            continue
        inside = path.relative_to(engine).parts[:-1]
        if inside:
            assert inside[0] in order, f"{path}: {inside[0]} has no place in the order"
        above = order[:order.index(inside[0]) + 1] if inside else order
        for line, name, quoted in tracked.includes(path):
            if quoted and name.startswith(prefix):
                target = name.removeprefix(prefix).split("/")
                if inside and (len(target) == 1 or target[0] not in above) and not path.stem.endswith("_test"):
                    wrong.append(f'{path}:{line}: "{name}"')
    assert not wrong, "\n".join(["includes against the order " + " ".join(order), *wrong])


def test_no_ring_of_includes_in_the_store():
    """Headers and sources together, so that a source cannot hide what its header does not say."""
    graph = {}
    for path in product_sources():
        if str(path).startswith("src/store/"):
            own = unit(path)
            names = {unit("src/" + name) for _, name, quoted in tracked.includes(path) if quoted}
            graph.setdefault(own, set()).update(names - {own})
    assert len(graph) > 60
    # Take away what includes nothing of the rest, or is included by nothing of it, until only rings are left.
    while True:
        included = set().union(*graph.values())
        ends = [one for one, names in graph.items() if not names & graph.keys() or one not in included]
        if not ends:
            break
        for one in ends:
            del graph[one]
    ring = [f"{one} -> {', '.join(sorted(names & graph.keys()))}" for one, names in sorted(graph.items())]
    assert not ring, "\n".join(["these include each other, or one that does:", *ring])


def test_no_program_includes_the_memory_engine():
    wrong = [f"{path}:{line}" for path in product_sources() if path.parts[0] in ("src", "apps")
             for line, name, _ in tracked.includes(path)
             if name.startswith("store/memory/") and not str(path).startswith("src/store/memory/")
             and not path.stem.startswith("test_")]
    assert not wrong, "\n".join(["the memory engine is for tests:", *wrong])
