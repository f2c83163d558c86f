"""A disk that fills. Below its reserve new events get 507, and everything else goes on. Without a reserve, or if somebody
else fills it, and after a failed write: writes stop with an error, reads continue, and writes resume with free space or
a restart."""

import json
import os
import random
import resource
import subprocess
import time

import pytest

from support import keys, metrics


no_reserve = "--disk-reserve-bytes=0"


def filler(n):
    """Text that does not compress, so that what is written to a table takes as much room as it took in the log."""
    return random.Random(n).randbytes(2000).hex()


def fill(client, attempts_max=20_000, first=0):
    """Sends events until one is refused: the ids of those that were answered 201, and the refusal."""
    ids = []
    for n in range(first, first + attempts_max):
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
    server = start_server("--access-log=false", no_reserve, data_dir=path / "data")
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
    server = start_server("--access-log=false", "--memory-budget-mib=64", no_reserve, data_dir=path / "data")
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
    server = start_server("--access-log=false", no_reserve, data_dir=path / "data")
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
    server = start_server("--access-log=false", no_reserve, data_dir=path / "data")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        ids, _ = fill(client)
    server.kill()
    assert enlarge().returncode == 0
    server.start()
    with server.client(key) as client:
        check_recovered(client, ids)


def check_no_room(answer, limit="disk-reserve-bytes"):
    assert answer.status == 507, answer
    body = answer.json()
    assert (body["error_code"], body["details"]["limit"]) == ("STORAGE_FULL", limit)
    assert answer.headers["Retry-After"] == "30"


def fill_to_the_reserve(client, reserve_bytes, first=0):
    """Sends events until one is refused for good. Before that, the store may refuse some until it has written its logs to
    tables."""
    ids = []
    while True:
        more, refusal = fill(client, first=first + len(ids))
        ids += more
        check_no_room(refusal)
        while (read := metrics.read(client))["triggers_disk_reserve_reached"] == 1:
            if read["triggers_disk_free_bytes"] < reserve_bytes:
                return ids, refusal
            time.sleep(0.05)


def check_everything_else_goes_on(server, client, admin, ids):
    """Below the reserve: of ids, the first three are acknowledged."""
    assert client.get("/health").status == 200
    assert client.get(f"/events/{ids[0]}").status == 200
    assert client.get("/inbox?limit=1").json()["events"][0]["event_id"] == ids[0]
    lease = client.post("/inboxes/default/lease", {"limit": 3}).json()
    assert [event["event_id"] for event in lease["events"]] == ids[:3]
    extended = client.post("/inboxes/default/extend", {"lease_id": lease["lease_id"], "lease_seconds": 60}).json()
    assert {result["status"] for result in extended["results"]} == {"extended"}
    released = client.post("/inboxes/default/release", {"lease_id": lease["lease_id"], "event_ids": ids[2:3]}).json()
    assert [result["status"] for result in released["results"]] == ["released"]
    acked = client.post("/inboxes/default/ack", {"lease_id": lease["lease_id"]}).json()
    assert {result["status"] for result in acked["results"]} == {"acknowledged"}
    assert client.delete(f"/events/{ids[2]}").status == 204
    assert admin.request("PUT", "/inboxes/crm", {"collect": False}).status == 201
    assert admin.delete("/inboxes/crm").status == 202
    check_no_room(admin.post("/admin/keys", {"role": "viewer"}))
    # The operator can still let somebody in, and shut somebody out.
    record = server.create_key(user_id="other")
    assert admin.delete(f"/admin/keys/{record['key_id']}").status == 200


def test_below_the_reserve_new_events_are_refused_and_the_rest_goes_on(start_server, small_disk):
    path, enlarge = small_disk
    server = start_server("--access-log=false", data_dir=path / "data")
    greedy, key, admin_key = (server.create_key(user_id=user, role=role)["api_key"]
                              for user, role in (("greedy", "creator"), ("other", "creator"), ("other", "admin")))
    with server.client(greedy) as client, server.client(key) as other, server.client(admin_key) as admin:
        ids = [other.send_event("order", {"n": n}).json()["event_id"] for n in range(5)]
        assert metrics.read(client)["triggers_disk_reserve_bytes"] == 6 << 20, "a quarter of 24 MiB"
        assert metrics.read(client)["triggers_disk_reserve_reached"] == 0
        filled, refusal = fill_to_the_reserve(client, 7.5 * (1 << 20))
        assert len(filled) > 100
        check_no_room(refusal)
        check_no_room(other.send_event("order", {"n": -1}))
        check_no_room(client.post("/events/batch", [{"event_type": "fill", "payload": {"n": -2}}]))
        check_no_room(client.post("/inboxes/default/replay", {"since": "2026-01-01T00:00:00Z"}))
        # The body was never read: no server would parse this.
        check_no_room(client.request("POST", "/events", b"{" * 1000, headers={"Content-Type": "application/json"}))
        server.wait_for_log('"events_refused_disk_reserve"')
        read = metrics.read(client)
        assert read["triggers_disk_reserve_reached"] == 1 and read["triggers_disk_level"] >= 1
        assert read["triggers_store_writable"] == 1
        disk = os.statvfs(path)
        assert disk.f_bavail * disk.f_frsize > 5 << 20, "the reserve was used up"
        check_everything_else_goes_on(server, other, admin, ids)

        assert enlarge("64m").returncode == 0
        wait_until(lambda: client.send_event("fill", {"n": "after"}).status == 201)
        server.wait_for_log('"events_accepted_again"')
        assert metrics.read(client)["triggers_disk_reserve_reached"] == 0
        assert [event["event_id"] for event in client.inbox()][:len(filled)] == filled
        assert [event["event_id"] for event in other.inbox()] == ids[3:]
    assert server.stop() == 0


def test_a_file_that_is_deleted_makes_room_for_events(start_server, small_disk):
    path, enlarge = small_disk
    assert enlarge("64m").returncode == 0
    server = start_server("--access-log=false", data_dir=path / "data")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        assert client.send_event("fill", {"n": 0}).status == 201
        disk = os.statvfs(path)
        with open(path / "ballast", "wb") as ballast:
            os.posix_fallocate(ballast.fileno(), 0, disk.f_bavail * disk.f_frsize - (15 << 20))
        wait_until(lambda: client.send_event("fill", {"n": 1}).status == 507)
        (path / "ballast").unlink()
        wait_until(lambda: client.send_event("fill", {"n": 2}).status == 201)


def test_kill_9_below_the_reserve(start_server, small_disk):
    path, enlarge = small_disk
    server = start_server("--access-log=false", data_dir=path / "data")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        ids, _ = fill_to_the_reserve(client, 7.5 * (1 << 20))
        lease = client.post("/inboxes/default/lease", {"limit": 10}).json()
        assert len(lease["events"]) == 10
    server.kill()
    server.start()
    with server.client(key) as client:
        assert client.get("/health").status == 200
        assert client.delete(f"/events/{ids[0]}").status == 204
        assert [event["event_id"] for event in client.inbox()] == ids[1:]
        assert enlarge().returncode == 0
        wait_until(lambda: client.send_event("fill", {"n": "after"}).status == 201)


def test_tenants_have_limits_of_their_own_also_after_a_kill(start_server):
    server = start_server("--access-log=false", "--tenant-bytes-max=100000", "--tenant-undelivered-max=50")
    one, other = (server.create_key(user_id=user)["api_key"] for user in ("one", "other"))
    event = {"event_type": "t", "payload": {"filler": "x" * 10_000}}
    with server.client(one) as client:
        taken = 0
        while (answer := client.post("/events", {**event, "payload": {"n": taken, **event["payload"]}})).status == 201:
            taken += 1
        check_no_room(answer, "tenant-bytes-max")
        # 10,000 letters, some punctuation, 256 of overhead.
        assert taken == 9
        assert answer.json()["details"]["limit_bytes"] == 100_000
        refused = 'triggers_events_without_room_total{limit="tenant-bytes-max"}'
        read = metrics.read_when(client, refused, 1)
        assert 9 * 10_256 < read["triggers_stored_bytes"] <= 100_000
        assert read[refused] == 1
    with server.client(other) as client:
        batch = client.post("/events/batch", [{"event_type": "t", "payload": {"n": n}} for n in range(60)]).json()
        assert batch["accepted"] == 50 and batch["failed"] == 10
        refused = [result for result in batch["results"] if result["status"] == "error"]
        assert {result["error_code"] for result in refused} == {"STORAGE_FULL"}
        assert {result["details"]["limit"] for result in refused} == {"tenant-undelivered-max"}
        ids = [result["event_id"] for result in batch["results"][:50]]
    server.kill()
    server.start()
    with server.client(one) as client, server.client(other) as consumer:
        check_no_room(client.post("/events", {**event, "payload": {"n": -1, **event["payload"]}}), "tenant-bytes-max")
        assert client.send_event("small", {}).status == 201
        check_no_room(consumer.send_event("t", {"n": -1}), "tenant-undelivered-max")
        assert consumer.delete(f"/events/{ids[0]}").status == 204
        assert consumer.send_event("t", {"n": -1}).status == 201
        check_no_room(consumer.send_event("t", {"n": -2}), "tenant-undelivered-max")


def test_leased_max_bounds_what_one_inbox_has_leased(start_server):
    server = start_server("--access-log=false", "--leased-max=5")
    key = server.create_key()["api_key"]
    with server.client(key) as client:
        for n in range(7):
            assert client.send_event("t", {"n": n}).status == 201
        lease = client.post("/inboxes/default/lease", {"limit": 7}).json()
        assert len(lease["events"]) == 5
        refused = client.post("/inboxes/default/lease", {"limit": 1})
        assert refused.status == 429 and refused.json()["details"]["reason"] == "too_many_leased"
        refused_total = 'triggers_leases_refused_total{limit="leased-max"}'
        assert metrics.read_when(client, refused_total, 1)[refused_total] == 1
        client.post("/inboxes/default/ack", {"lease_id": lease["lease_id"]})
        assert len(client.post("/inboxes/default/lease", {"limit": 7}).json()["events"]) == 2


def test_entries_that_were_leased_and_stay_are_bounded_for_each_tenant(start_server):
    """Each of them takes memory: dead entries of all inboxes, too, which nobody need ever look at again."""
    server = start_server("--access-log=false", "--tenant-tracked-max=100")
    key, other = (server.create_key(role="admin")["api_key"] for _ in range(2))
    inboxes = ["a", "b", "c"]
    with server.client(key) as client:
        for n in range(60):
            assert client.send_event("t", {"n": n}).status == 201
        for name in inboxes:
            assert client.put(f"/inboxes/{name}", {"max_attempts": 1, "collect": False}).status == 201
            job = client.post(f"/inboxes/{name}/replay", {"since": "2020-01-01T00:00:00Z"})
            wait_until(lambda: client.get(job.headers["Location"]).json()["state"] == "done")
        for name in inboxes:
            while (lease := client.post(f"/inboxes/{name}/lease", {"limit": 500})).status == 200 and lease.json()["events"]:
                client.post(f"/inboxes/{name}/release", {"lease_id": lease.json()["lease_id"]})
        assert lease.status == 429 and lease.json()["details"]["reason"] == "too_many_tracked"
        counts = [client.get(f"/inboxes/{name}").json()["counts"] for name in inboxes]
        assert [(count["dead"], count["available"]) for count in counts] == [(60, 0), (40, 20), (0, 60)]
        figures = metrics.read_when(client, "triggers_entries_tracked_of_fullest_tenant", 100)
        assert figures["triggers_entries_tracked_of_fullest_tenant"] == figures["triggers_entries_tracked"] == 100
        assert figures['triggers_leases_refused_total{limit="tenant-tracked-max"}'] >= 2
        assert client.send_event("t", {"n": "more"}).status == 201
    server.kill()
    server.start()
    with server.client(key) as client:
        assert client.post("/inboxes/c/lease", {}).status == 429
        assert client.post("/inboxes/a/discard", {"all": True}).json() == {"count": 60, "has_more": False}
        assert len(client.post("/inboxes/c/lease", {"limit": 500}).json()["events"]) == 60
    with server.client(other) as client:
        assert client.send_event("t", {"n": 1}).status == 201
        assert len(client.post("/inboxes/default/lease", {}).json()["events"]) == 1
