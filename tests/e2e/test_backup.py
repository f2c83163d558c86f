"""A backup and its restore: complete under load, refused with a reason where it must be, and readable by its owner only."""

import os
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from support.program import run


def backup(server, folder):
    return run("backup", folder, "--data-dir", server.data_dir)


def test_a_backup_under_load_has_everything_that_was_accepted_before_it(start_server, tmp_path):
    server = start_server()
    key = server.create_key()["api_key"]
    accepted, acknowledged, stop, failures = [], [], threading.Event(), []

    def write(number):
        with server.client(key) as client:
            for n in range(100_000):
                if stop.is_set():
                    return
                answer = client.send_event("t", {"writer": number, "n": n})
                if answer.status != 201:
                    failures.append(answer)
                    return
                accepted.append(answer.json()["event_id"])
                if n % 3 == 0 and client.delete(f"/events/{accepted[-1]}").status == 204:
                    acknowledged.append(answer.json()["event_id"])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for writer in writers:
        writer.start()
    deadline = time.monotonic() + 20
    while len(accepted) < 300 and time.monotonic() < deadline:
        time.sleep(0.005)
    accepted_before, acknowledged_before = accepted[:], set(acknowledged[:])
    done = backup(server, tmp_path / "copies" / "first")
    stop.set()
    for writer in writers:
        writer.join(30)
    assert done.returncode == 0, done.stderr
    assert failures == [] and len(accepted_before) >= 300
    # What was answered is in the backup even where the server's own acknowledgement had not been read yet.
    with server.client(key) as client:
        everything = {event["event_id"] for event in client.inbox()} | set(acknowledged)
        cursor = client.get("/inbox?limit=1").json()["pagination"]["next_cursor"]
    server.kill()

    moved = tmp_path / "moved"
    shutil.copytree(tmp_path / "copies" / "first", moved)
    restored = start_server(data_dir=moved)
    with restored.client(key) as client:
        inbox = [event["event_id"] for event in client.inbox()]
        assert set(inbox) <= everything
        assert set(accepted_before) - set(inbox) <= set(acknowledged)
        assert not set(inbox) & acknowledged_before
        for event_id in accepted_before[::7]:
            assert client.get(f"/events/{event_id}").status == 200
        assert client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"] == len(inbox)
        assert client.get(f"/inbox?cursor={cursor}").status == 200
        assert client.send_event("t", {"after": "the restore"}).status == 201
    assert restored.stop() == 0


def test_a_backup_of_no_server_and_its_errors(start_server, tmp_path):
    server = start_server()
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        kept = client.send_event("t", {}).json()["event_id"]
    (tmp_path / "there").mkdir()
    refused = backup(server, tmp_path / "there")
    assert refused.returncode != 0 and "there" in refused.stderr
    server.stop()
    assert backup(server, tmp_path / "copy").returncode == 0
    with start_server(data_dir=tmp_path / "copy").client(key) as client:
        assert [event["event_id"] for event in client.inbox()] == [kept]
    missing = run("backup", tmp_path / "x", "--data-dir", tmp_path / "no-store")
    assert missing.returncode != 0 and "no-store" in missing.stderr
    assert not (tmp_path / "x").exists() and not (tmp_path / "no-store").exists()


def test_a_backup_into_the_data_directory_is_refused_whatever_leads_there(start_server, tmp_path):
    server = start_server()
    server.create_key()
    (tmp_path / "link").symlink_to(server.data_dir)
    (server.data_dir / "inner").mkdir()
    before = sorted(server.data_dir.rglob("*"))

    def refused():
        for target in (server.data_dir / "db", server.data_dir / "db/copy", server.data_dir / "new/deep", tmp_path / "link/copy",
                       tmp_path / "x/../link/inner/copy"):
            done = backup(server, target)
            assert done.returncode == 1 and "inside the data directory" in done.stderr, (target, done)
        assert {path for path in server.data_dir.rglob("*") if path.is_dir()} == {path for path in before if path.is_dir()}

    refused()
    server.stop()
    refused()
    # A neighbour whose name begins alike is outside.
    assert backup(server, f"{server.data_dir}-copy").returncode == 0


def test_many_backups_at_once_succeed_or_say_why_not(start_server, tmp_path):
    server = start_server()
    server.create_key()
    with ThreadPoolExecutor(12) as pool:
        done = list(pool.map(lambda number: backup(server, tmp_path / f"copy{number}"), range(12)))
    assert any(one.returncode == 0 for one in done)
    for number, one in enumerate(done):
        if one.returncode == 0:
            assert (tmp_path / f"copy{number}/FORMAT").exists()
        else:
            assert one.stderr == "triggers: a backup is under way and others wait: try again when they have ended\n"


def test_what_is_stored_is_its_owners_alone_whatever_the_directory_was(start_server, tmp_path):
    data_dir = tmp_path / "shared"
    data_dir.mkdir()
    data_dir.chmod(0o755)
    server = start_server(data_dir=data_dir, preexec=lambda: os.umask(0o022))
    server.create_key()
    assert backup(server, tmp_path / "copy").returncode == 0
    files = [*data_dir.rglob("*"), tmp_path / "copy", *(tmp_path / "copy").rglob("*")]
    assert len(files) > 10
    assert [str(path) for path in files if path.stat().st_mode & 0o077] == []
