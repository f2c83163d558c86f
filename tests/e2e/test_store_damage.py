"""The program never replaces an existing store by an empty one: it serves the store whole, or refuses it unchanged. Also
removes the directory of a running server, repairs a store, and makes a new one once. Single files and bits are in
tests/rocks/store_damage_test.cc."""

import hashlib
import shutil
import time

import pytest

from support import keys
from support.program import run

count = 300


def contents(folder):
    """Every file below it, by what it holds; the local socket apart."""
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture
def loaded(start_server):
    """A server that has accepted events, and a key to read them with."""
    server = start_server("--access-log=false")
    key = server.create_key(user_id="shop")["api_key"]
    with server.client(key) as client:
        for first in range(0, count, 100):
            events = [{"event_type": "t", "payload": {"n": n, "text": "x" * 500}} for n in range(first, first + 100)]
            assert client.post("/events/batch", events).json()["accepted"] == 100
    return server, key


def check_served(server, key):
    with server.client(key) as client:
        assert len(client.inbox()) == count
        assert client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"] == count


def check_refused(data_dir, *words):
    """By the server and by a command that only reads; nothing is changed by either."""
    before = contents(data_dir)
    for command in (["serve", "--port", "0", "--host", "127.0.0.1"], ["keys", "list"],
                    ["keys", "create", "--user-id", "u"]):
        done = run(*command, "--data-dir", data_dir)
        assert done.returncode == 1, done
        assert len(done.stderr.splitlines()) == 1, done.stderr
        for word in (*words, "nothing was changed", f"triggers repair --data-dir {data_dir}"):
            assert word in done.stderr, done.stderr
        assert contents(data_dir) == before, command


def live_log(server):
    return max((server.data_dir / "db").glob("*.log"))


def test_a_live_log_that_is_missing_is_refused(loaded):
    server, key = loaded
    server.kill()
    log = live_log(server)
    saved = log.rename(server.folder / "saved")
    check_refused(server.data_dir, f"log with the number {int(log.stem)} is missing")
    saved.rename(log)
    server.start()
    check_served(server, key)


def test_a_live_log_of_half_its_size_is_refused(loaded):
    server, key = loaded
    server.kill()
    log = live_log(server)
    whole = log.read_bytes()
    log.write_bytes(whole[:len(whole) // 2])
    check_refused(server.data_dir, f"db/{log.name} can be read up to byte", "was synced up to byte")
    log.write_bytes(whole)
    server.start()
    check_served(server, key)


@pytest.mark.parametrize("stopped", ["clean", "kill"])
def test_tables_without_current_are_refused_and_stay(loaded, stopped):
    server, _ = loaded
    server.stop()
    if stopped == "kill":
        server.start()
        server.kill()
    for path in (server.data_dir / "db").iterdir():
        if path.suffix != ".sst":
            path.unlink()
    check_refused(server.data_dir, "db/CURRENT is missing")


def test_format_alone_is_refused(loaded):
    server, _ = loaded
    server.stop()
    shutil.rmtree(server.data_dir / "db")
    check_refused(server.data_dir, "db/CURRENT is missing")


def test_a_manifest_that_was_cut_is_refused(loaded):
    server, key = loaded
    server.stop()
    server.start()
    server.kill()
    manifest = server.data_dir / "db" / (server.data_dir / "db/CURRENT").read_text().strip()
    whole = manifest.read_bytes()
    for size in range(0, len(whole), max(1, len(whole) // 6)):
        manifest.write_bytes(whole[:size])
        check_refused(server.data_dir, "MANIFEST")
    manifest.write_bytes(whole)
    server.start()
    check_served(server, key)


def test_commands_that_only_read_change_nothing(loaded):
    server, _ = loaded
    for stop in (server.stop, server.kill):
        if not server.running():
            server.start()
        stop()
        before = contents(server.data_dir)
        listed = run("keys", "list", "--data-dir", server.data_dir)
        assert listed.returncode == 0 and "shop" in listed.stdout, listed
        assert run("config", "--data-dir", server.data_dir).returncode == 0
        assert contents(server.data_dir) == before
        server.start()


def test_a_repair_makes_a_new_store_of_what_can_be_read(loaded, start_server, tmp_path):
    server, key = loaded
    server.kill()
    whole = run("repair", "--data-dir", server.data_dir, "--into", tmp_path / "new")
    assert whole.returncode == 1 and "nothing to repair" in whole.stderr, whole
    nowhere = run("repair", "--into", tmp_path / "new", env={"DATA_DIR": str(tmp_path / "nowhere")})
    assert nowhere.returncode == 1 and "data-dir is set by environment DATA_DIR" in nowhere.stderr, nowhere
    (server.data_dir / "db/CURRENT").unlink()
    before = contents(server.data_dir)
    (tmp_path / "link").symlink_to(server.data_dir)
    for inside in (server.data_dir / "new", server.data_dir / "db/new", tmp_path / "link/new"):
        refused = run("repair", "--data-dir", server.data_dir, "--into", inside)
        assert refused.returncode == 1 and "is inside the data directory" in refused.stderr, refused
        assert contents(server.data_dir) == before
    done = run("repair", "--data-dir", server.data_dir, "--into", tmp_path / "new")
    assert done.returncode == 0 and "db/CURRENT is missing" in done.stdout, done
    assert f"{count} events" in done.stdout and "1 API keys" in done.stdout, done
    assert contents(server.data_dir) == before
    check_served(start_server(data_dir=tmp_path / "new"), key)


def test_a_live_directory_that_is_removed_stops_writes_within_a_second(loaded):
    server, key = loaded
    with server.client(key) as client:
        shutil.rmtree(server.data_dir)
        removed = time.monotonic()
        answers = []
        while time.monotonic() - removed < 20:
            answers.append((time.monotonic() - removed, client.send_event("t", {"after": len(answers)}).status))
            if answers[-1][1] == 503:
                break
        assert answers[-1][1] == 503 and answers[-1][0] < 2, answers[-1]  # Within one, on a machine that is not busy.
        assert client.get("/health").status == 503
        assert client.send_event("t", {"after": "all"}).status == 503
    server.wait_for_log("removed, cut or replaced")


def test_a_store_that_is_not_there_yet_is_made_once(tmp_path):
    data_dir = tmp_path / "data"
    keys.create(data_dir, user_id="a")
    made = (data_dir / "FORMAT").read_text()
    assert made.startswith("triggers-embedded 4 ") and made.endswith("\n") and "making" not in made
    keys.create(data_dir, user_id="b")
    assert (data_dir / "FORMAT").read_text() == made
