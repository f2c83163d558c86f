"""A full disk or a failed write: writes stop with an error, reads continue, and writes resume with free space or a
restart."""

import json
import os
import random
import resource
import subprocess
import time

import pytest

from support import keys, metrics


def filler(n):
    """Text that does not compress, so that what is written to a table takes as much room as it took in the log."""
    return random.Random(n).randbytes(2000).hex()


def fill(client, attempts_max=20_000):
    """Sends events until one is refused: the ids of those that were answered 201, and the refusal."""
    ids = []
    for n in range(attempts_max):
        answer = client.send_event("fill", {"n": n, "filler": filler(n)})
        if answer.status != 201:
            return ids, answer
        ids.append(answer.json()["event_id"])
    raise AssertionError("the disk was never full")


def check_refused(answer):
    assert answer.status == 503, answer
    body = answer.json()
    assert (body["error_code"], body["details"]["reason"]) == ("SERVICE_UNAVAILABLE", "store_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    assert "/data" not in body["message"] and ".log" not in body["message"]


def check_stopped(server, client, ids, why):
    """Every write is refused, every read goes on, and an operator is told."""
    check_refused(client.send_event("fill", {"n": -1}))
    check_refused(client.post("/events/batch", [{"event_type": "fill", "payload": {"n": -2}}]))
    check_refused(client.delete(f"/events/{ids[0]}"))
    check_refused(client.post("/inbox/ack", {"event_ids": ids[:2]}))

    assert client.get(f"/events/{ids[0]}").json()["delivered"] is False
    assert [event["event_id"] for event in client.inbox()][:len(ids)] == ids
    for path in ("/health", "/status"):
        answer = client.get(path)
        assert answer.status == 503 and answer.json()["status"] == "unavailable", answer
        assert int(answer.headers["Retry-After"]) >= 1
    # The operator's own command says why, and what to do.
    refused = keys.command(server.data_dir, "create", "--user-id=someone")
    assert refused.returncode == 1 and why in refused.stderr, refused
    assert "restart" in refused.stderr or "go on by themselves" in refused.stderr, refused
    assert metrics.read(client)["triggers_store_writable"] == 0
    server.wait_for_log(why)
    # Told without a request, too: once, within a second.
    server.wait_for_log('"store_stopped"')
    stopped = [json.loads(line) for line in server.log().splitlines() if '"store_stopped"' in line]
    assert len(stopped) == 1 and why in stopped[0]["cause"], stopped


def check_recovered(client, ids):
    """What was answered 201 is there, in order; what was refused in the moment of the failure may be, whole."""
    inbox = client.inbox()
    assert [event["event_id"] for event in inbox][:len(ids)] == ids
    assert len(inbox) <= len(ids) + 1
    assert all(event["payload"] == {"n": n, "filler": filler(n)} for n, event in enumerate(inbox))
    assert client.get("/inbox?limit=1").json()["pagination"]["total_undelivered"] == len(inbox)
    assert client.get("/health").status == 200
    assert metrics.read(client)["triggers_store_writable"] == 1
    assert client.send_event("fill", {"n": "after"}).status == 201
    assert client.delete(f"/events/{ids[0]}").status == 204
    assert len(client.inbox()) == len(inbox)


def test_a_failed_write_stops_writes_until_a_restart(start_server):
    server = start_server("--access-log=false")
    key = server.create_key()["api_key"]
    server.stop()

    server.preexec = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))
    server.start()
    with server.client(key) as client:
        ids, refusal = fill(client)
        assert len(ids) > 100
        check_refused(refusal)
        check_stopped(server, client, ids, "File too large")
    assert server.stop() == 0

    server.preexec = None
    server.start()
    with server.client(key) as client:
        check_recovered(client, ids)


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 24 MiB of its own; a function that makes it larger."""
    path = tmp_path / "disk"
    path.mkdir()

    def mount(*options):
        return subprocess.run(["mount", "-t", "tmpfs", "-o", ",".join(options), "tmpfs", str(path)],
                              capture_output=True, check=False)

    if os.geteuid() != 0 or mount("size=24m").returncode != 0:
        pytest.skip("needs a mount of its own, so root")
    yield path, lambda size="200m": mount("remount", f"size={size}")
    subprocess.run(["umount", "--lazy", str(path)], check=True)


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_full_disk_stops_writes_until_there_is_room_again(start_server, small_disk):
    path, enlarge = small_disk
    server = start_server("--access-log=false", data_dir=path / "data")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        assert metrics.read(client)["triggers_disk_size_bytes"] == 24 << 20
        ids, refusal = fill(client)
        assert len(ids) > 100
        check_refused(refusal)
        check_stopped(server, client, ids, "No space left on device")
        wait_until(lambda: metrics.read(client)["triggers_disk_level"] > 0)
        assert metrics.read(client)["triggers_disk_free_bytes"] < 24 << 18
        wait_until(lambda: '"disk_low"' in server.log() or '"disk_very_low"' in server.log())

        assert enlarge().returncode == 0
        wait_until(lambda: client.get("/health").status == 200)
        assert metrics.read(client)["triggers_store_writable"] == 1
        wait_until(lambda: '"store_serves_again"' in server.log())
        wait_until(lambda: '"disk_has_room_again"' in server.log())
        more = client.send_event("fill", {"n": len(ids), "filler": filler(len(ids))})
        assert more.status == 201
        ids.append(more.json()["event_id"])
        assert [event["event_id"] for event in client.inbox()] == ids
    server.kill()
    server.start()
    with server.client(key) as client:
        check_recovered(client, ids)


@pytest.mark.parametrize("free_mib", [2, 4, 25])
def test_a_disk_that_is_full_for_a_log_and_a_table_ends_no_process(start_server, small_disk, free_mib):
    """Where the log is full before, while or after a memtable is written to a table: RocksDB mends each in another way."""
    path, enlarge = small_disk
    assert enlarge("160m").returncode == 0
    server = start_server("--access-log=false", "--memory-budget-mib=64", data_dir=path / "data")
    key = server.create_key()["api_key"]
    large = {"filler": random.Random(1).randbytes(60_000).hex()}
    ids = []
    with server.client(key) as client:
        disk = os.statvfs(path)
        with open(path / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, disk.f_bavail * disk.f_frsize - free_mib * 1_000_000)
        while (answer := client.send_event("fill", {"n": len(ids), **large})).status == 201:
            ids.append(answer.json()["event_id"])
        check_refused(answer)
        (path / "ballast").unlink()
        wait_until(lambda: client.get("/health").status == 200 or "at once" in server.log())
        assert len(client.inbox()) >= len(ids)
    assert server.stop() == 0
    server.start()
    with server.client(key) as client:
        assert [event["event_id"] for event in client.inbox()][:len(ids)] == ids
        assert client.send_event("fill", {"n": "after"}).status == 201


@pytest.mark.parametrize("free_bytes", [0, 4096, 40_960])
def test_a_full_disk_at_the_start_is_served_for_reading(start_server, small_disk, free_bytes):
    path, enlarge = small_disk
    (path / "rest").write_bytes(bytes(1 << 20))
    server = start_server("--access-log=false", data_dir=path / "data")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        ids, _ = fill(client)
    server.kill()
    with open(path / "rest", "ab", buffering=0) as rest, pytest.raises(OSError):
        while True:
            rest.write(bytes(4096))
    os.truncate(path / "rest", os.path.getsize(path / "rest") - free_bytes)
    log_before = len(server.log())
    server.start(wait=False)
    wait_until(lambda: '"server_started"' in server.log()[log_before:])
    started = next(line for line in server.log()[log_before:].splitlines() if '"server_started"' in line)
    server.port = json.loads(started)["port"]
    with server.client(key) as client:
        assert client.get("/health").status == 503
        assert [event["event_id"] for event in client.inbox()][:len(ids)] == ids
        check_refused(client.send_event("fill", {"n": -1}))
    wait_until(lambda: "opened for reading only" in server.log()[log_before:])
    server.stop()
    (path / "rest").unlink()
    assert enlarge().returncode == 0
    server.start()
    with server.client(key) as client:
        check_recovered(client, ids)


def test_a_full_disk_survives_kill_9(start_server, small_disk):
    path, enlarge = small_disk
    server = start_server("--access-log=false", data_dir=path / "data")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        ids, _ = fill(client)
    server.kill()
    assert enlarge().returncode == 0
    server.start()
    with server.client(key) as client:
        check_recovered(client, ids)
