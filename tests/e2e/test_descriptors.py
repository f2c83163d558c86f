"""A limit of open files: connections never take the descriptors that the store needs. Closed standard descriptors are in
test_standard_descriptors.py."""

import json
import resource
import socket
import time

from support import metrics
from support.keys import fresh_user
from support.program import run
from support.server import Server

files_max = 1024


def limited(soft, hard):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def lowered(server):
    return [json.loads(line) for line in server.log().splitlines() if '"max_connections_lowered"' in line]


def idle_connections(port, count):
    """So many connections that send nothing; those for which there is no place any more are closed by the server."""
    made = []
    for _ in range(count):
        try:
            made.append(socket.create_connection(("127.0.0.1", port), timeout=20))
        except OSError:
            break
    return made


def test_idle_connections_do_not_stop_the_store(start_server):
    """The connections take all that they may; then the store needs new files: logs and tables for 60 MB of events."""
    server = start_server("--access-log=false", "--header-deadline-ms=600000", "--idle-deadline-ms=600000",
                          "--memory-budget-mib=64", "--dedup-window-seconds=0", preexec=limited(files_max, files_max))
    key = server.create_key(user_id=fresh_user())["api_key"]
    with server.client(key) as client:
        assert client.get("/status").status == 200  # Its connection is there before the crowd's.
        crowd = idle_connections(server.port, 1200)
        try:
            deadline = time.monotonic() + 20
            while metrics.read(client)["triggers_http_connections_evicted_total"] == 0:
                assert time.monotonic() < deadline, "nobody gave its place"
                time.sleep(0.02)
            ids = []
            for number in range(300):
                answer = client.send_event("large", {"n": number, "text": "x" * 200_000})
                assert answer.status == 201, answer
                ids.append(answer.json()["event_id"])
            assert client.get("/health").status == 200
            read = metrics.read(client)
            assert read["triggers_store_writable"] == 1
            assert read["triggers_http_accept_failures_total"] == 0
            assert read["process_open_fds"] < files_max
            assert read["triggers_http_connections"] <= read["triggers_http_connections_max"] < 1000
        finally:
            for connection in crowd:
                connection.close()
        assert client.get(f"/events/{ids[0]}").status == 200
    warning, = lowered(server)
    assert (warning["max_connections"], warning["open_files_max"]) == (10_000, files_max)
    assert 500 < warning["lowered_to"] < 1000
    assert server.stop() == 0


def test_the_soft_limit_is_raised(start_server):
    hard = min(resource.getrlimit(resource.RLIMIT_NOFILE)[1], 4096)
    server = start_server("--max-connections=1000", preexec=limited(256, hard))
    with server.client() as client:
        read = metrics.read(client)
    assert (read["process_max_fds"], read["triggers_http_connections_max"]) == (hard, 1000)
    assert lowered(server) == []


def test_a_limit_that_is_configured_low_is_kept(start_server):
    server = start_server("--max-connections=7", preexec=limited(files_max, files_max))
    with server.client() as client:
        assert metrics.read(client)["triggers_http_connections_max"] == 7
    assert lowered(server) == []


def test_a_limit_that_is_too_low_for_a_server_is_named(tmp_path):
    done = run("serve", "--data-dir", tmp_path / "data", preexec_fn=limited(100, 100))
    assert done.returncode == 1
    assert done.stderr == ("triggers: the limit of open files is 100, and a server needs 128: raise it (ulimit -n, "
                           "LimitNOFILE=)\n")


def test_the_least_limit_serves(tmp_path):
    with Server(tmp_path / "server", preexec=limited(128, 128)) as server:
        server.start()
        key = server.create_key(user_id=fresh_user())["api_key"]
        crowd = idle_connections(server.port, 200)
        for connection in crowd:
            connection.close()
        deadline = time.monotonic() + 20
        status = None
        while status != 201:
            assert time.monotonic() < deadline, status
            with server.client(key) as client:
                try:
                    status = client.send_event("a", {}).status
                except OSError as refused:  # While the crowd is going.
                    status = refused
