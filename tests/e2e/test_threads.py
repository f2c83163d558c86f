"""Every thread has a name that docs/architecture.md lists, so that the output of `top -H` can be looked up."""

import pathlib
import re
import time

from support.program import binary

document = pathlib.Path(__file__).resolve().parents[2] / "docs/architecture.md"


def documented():
    """The names of the table of threads, as patterns: `io-N` is io-0, io-1 and so on."""
    section = document.read_text(encoding="utf-8").split("\n## Threads\n")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")] for line in section.splitlines() if line.startswith("| ")]
    head = next(index for index, row in enumerate(rows) if row[1:3] == ["thread", "name"])
    names = []
    for row in rows[head + 2:]:
        if len(row) != len(rows[head]):
            break  # The next table.
        names += re.findall(r"`([^`]+)`", row[2])
    assert {"committer", "io-N", "rocksdb:low"} <= set(names), names
    return [re.compile(re.escape(name).replace(r"\-N", r"-\d+")) for name in names]


def names_of(pid):
    names = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        try:
            names.append((task / "comm").read_text(encoding="utf-8").strip())
        except FileNotFoundError:
            pass  # It has ended meanwhile.
    return names


def wait_for_names(server, wanted, seconds_max=15):
    """All names, once each of the wanted ones is there."""
    deadline = time.monotonic() + seconds_max
    while True:
        names = names_of(server.pid)
        if wanted <= set(names):
            return names
        assert time.monotonic() < deadline and server.running(), sorted(names)
        time.sleep(0.01)


def test_the_document_lists_each_thread_of_a_server_by_its_name(start_server):
    server = start_server("--threads=2")
    with server.client() as client:
        assert client.get("/metrics").status == 200
    names = wait_for_names(server, {"signals", "upkeep", "io-0", "io-1", "committer", "parser-0", "reader-0", "reader-1", "reader-2",
                                    "search-0", "backup-0", "housekeeper", "jobs", "scraper", "access-log", "log", "store-watch"})
    assert pathlib.Path(binary()).name[:15] in names
    patterns = documented()
    unknown = [name for name in names if not any(pattern.fullmatch(name) for pattern in patterns)]
    assert not unknown, f"docs/architecture.md does not list these threads: {unknown}"
