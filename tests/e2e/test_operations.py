"""What an operator needs: the configuration, two logs, /metrics, a backup and its restore, and clear words at the start."""

import json
import os
import pwd
import re
import resource
import shutil
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import keys
from support.client import raw_request
from support.program import binary, environment, repository, run
from support.server import free_port

# -- Configuration


def options(*arguments, env=None, cwd=None):
    """`triggers config --json` as {name: option}."""
    done = run("config", "--json", *arguments, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return {option["name"]: option for option in json.loads(done.stdout)["options"]}


def test_each_value_has_its_source_and_the_strongest_wins(tmp_path):
    file = tmp_path / "triggers.conf"
    file.write_text('# a comment\nport = 1001\nlog-level = "debug"\nevent-ttl-days = 7\n\n')
    shown = options("--config", file, "--port", "1003", env={"PORT": "1002", "EVENT_TTL_DAYS": "8"})
    for name, value, source in (("port", "1003", "flag"), ("event-ttl-days", "8", "environment"),
                                ("log-level", "debug", "file"), ("host", "0.0.0.0", "default")):
        assert (shown[name]["value"], shown[name]["source"]) == (value, source)
    table = run("config", "--config", file, "--port", "1003").stdout.splitlines()
    assert table[0].split() == ["NAME", "VALUE", "UNIT", "SOURCE"]
    assert ["port", "1003", "flag"] in [line.split() for line in table]


def test_the_environment_keeps_its_names():
    names = {option["environment"] for option in options().values()}
    assert names >= {"HOST", "PORT", "DATA_DIR", "AWS_REGION", "DYNAMODB_ENDPOINT_URL", "DYNAMODB_TABLE_EVENTS",
                     "DYNAMODB_TABLE_API_KEYS", "LOG_LEVEL", "EVENT_TTL_DAYS", "DEDUPLICATION_WINDOW_SECONDS",
                     "DEFAULT_RATE_LIMIT_PER_MINUTE", "MAX_REQUEST_SIZE_BYTES", "MAX_PAYLOAD_SIZE_BYTES", "API_TITLE",
                     "API_VERSION"}


@pytest.mark.parametrize("name, bad, bounds", [
    ("port", "65536", "0..65535"), ("port", "-1", "0..65535"), ("port", "8000x", "0..65535"), ("log-level", "loud", "debug|info"),
    ("event-ttl-days", "0", "1..3650"), ("access-log", "maybe", "true|false"), ("dedup-window-seconds", "1.5", "0..86400"),
    ("default-rate-limit-per-minute", "0", "1..10000000"), ("trusted-proxies", "10.0.0.0/33", ""),
    ("cors-allow-origins", "example.com", ""), ("store", "sqlite", "embedded|dynamodb"), ("max-connections", "", "1..1000000")])
def test_a_bad_value_is_refused_by_name_value_source_and_bounds(tmp_path, name, bad, bounds):
    variable = options()[name]["environment"]
    file = tmp_path / "triggers.conf"
    file.write_text(f"{name} = {bad}\n")
    tries = [(run("config", f"--{name}={bad}"), f"--{name}"), (run("config", "--config", file), f"{file}:1")]
    if bad:  # An empty variable counts as unset.
        tries.append((run("config", env={variable: bad}), variable))
    for done, source in tries:
        assert done.returncode != 0 and done.stdout == "", done
        assert name in done.stderr and bad in done.stderr and bounds in done.stderr, done.stderr
        assert source in done.stderr, done.stderr


def test_a_bad_file_is_refused_by_its_line(tmp_path):
    file = tmp_path / "triggers.conf"
    for text, wrong in (("port = 1\nprot = 2\n", "port"), ("port = 1\nport = 2\n", ":2"), ("port\n", ":1")):
        file.write_text(text)
        done = run("config", "--config", file)
        assert done.returncode != 0 and str(file) in done.stderr and wrong in done.stderr, done.stderr
    assert "nowhere.conf" in run("config", "--config", tmp_path / "nowhere.conf").stderr
    assert run("config", "--prot=1").returncode != 0
    assert run("serve", "--port=70000", f"--data-dir={tmp_path}/data").returncode != 0
    assert not (tmp_path / "data").exists()


def test_values_that_do_not_hold_together_are_refused():
    done = run("config", "--max-payload-size-bytes=9999", "--max-request-size-bytes=9998")
    assert done.returncode != 0 and "max-payload-size-bytes" in done.stderr
    assert "tls-key" in run("config", "--tls-cert=/tmp/x").stderr
    assert "aws-region" in run("config", env={"STORE": "dynamodb"}).stderr


def test_the_limits_are_the_configured_ones(start_server):
    server = start_server("--max-payload-size-bytes=100", env={"MAX_REQUEST_SIZE_BYTES": "1024"})
    with server.client(server.create_key()["api_key"]) as client:
        body = '{"event_type":"t","payload":{"v":"%s"}}'
        assert client.post("/events", body % ("x" * 92)).status == 201
        refused = client.post("/events", body % ("x" * 93))
        assert (refused.status, refused.json()["details"]["limit_bytes"]) == (413, 100)
        refused = client.post("/events", " " * 1025)
        assert (refused.status, refused.json()["details"]["limit_bytes"]) == (413, 1024)


def test_the_documented_options_are_the_programs():
    page = repository / "docs/operations.md"
    if not page.exists():
        pytest.skip("docs/operations.md is not there yet")
    documented = page.read_text(encoding="utf-8")
    table = run("config", "--markdown").stdout
    assert table.count("\n| `--") == len(options())
    begin, end = "<!-- options:begin -->", "<!-- options:end -->"
    assert documented.split(begin)[1].split(end)[0].strip() == table.strip()


# -- Logs


def objects(text):
    return [json.loads(line) for line in text.splitlines()]


def test_logs_are_json_and_hold_no_payload_and_no_key(start_server):
    server = start_server("--log-level=debug", "--auth-failures-per-minute=0")
    record = server.create_key(role="admin", user_id="logged-user")
    secret, wrong_key, own_id = "S3CRET-payload-text", "W" * 64, "trace-me-1"
    with server.client(record["api_key"]) as client:
        made = client.send_event("secret.kind", {"card": secret}, source=secret, metadata={"m": secret},
                                 headers={"Idempotency-Key": secret, "X-Request-ID": own_id})
        event_id = made.json()["event_id"]
        client.post("/events", '{"event_type":"t","payload":{"card":"%s"' % secret)
        client.post("/events", {"event_type": "t", "payload": secret})
        client.post("/events/batch", [{"event_type": "t", "payload": {"card": secret}}, secret])
        client.get(f"/inbox?event_type={secret}")
        client.get(f"/inbox?cursor={secret}")
        client.get(f"/events/{secret}")
        client.get(f"/{secret}")
        client.get("/inbox", key=wrong_key)
        client.get("/inbox", headers={"Authorization": f"Basic {secret}"})
        client.post("/inbox/ack", {"event_ids": [event_id, secret]})
        fresh = client.post("/admin/keys", {"description": secret}).json()["api_key"]
        rotated = client.post(f"/admin/keys/{record['key_id']}/rotate").json()["api_key"]
    with server.connect() as raw:
        raw.send(raw_request("BREW", f"/{secret}", secret.encode(), headers=[("X-Secret", secret)])).read_answer()
        raw.send(f"{secret}\r\n\r\n".encode())
    assert server.stop() == 0

    lines, access = objects(server.log()), objects(server.access_log())
    assert [line["event"] for line in lines][0] == "server_started" and lines[-1]["event"] == "server_stopped"
    for line in [*lines, *access]:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
        assert line["level"] in ("debug", "info", "warning", "error") and line["event"]
    everything = server.log() + server.access_log()
    for text in (secret, wrong_key, record["api_key"], fresh, rotated, event_id):
        assert text not in everything

    of_event = next(line for line in access if line["request_id"] == own_id)
    expected = {"event": "request", "method": "POST", "route": "/events", "status": 201, "key_id": record["key_id"],
                "user_id": "logged-user", "client": "127.0.0.1"}
    assert {name: of_event[name] for name in expected} == expected
    assert of_event["duration_us"] > 0 and of_event["bytes_in"] > 0 and of_event["bytes_out"] > 0
    assert {(line["route"], line["status"]) for line in access} >= {
        ("/events", 400), ("/events/batch", 200), ("/inbox", 200), ("/inbox", 400), ("/inbox", 401), ("/events/{id}", 400),
        ("none", 404), ("/inbox/ack", 200), ("/admin/keys", 201), ("/admin/keys/{id}/rotate", 200)}


def test_no_log_holds_a_key_that_a_client_put_in_the_wrong_place(start_server):
    server = start_server("--log-level=debug", "--trusted-proxies=127.0.0.1")
    key = server.create_key(role="admin")["api_key"]
    fields = ["X-Request-ID", "Idempotency-Key", "User-Agent", "Referer", "X-Forwarded-For", "X-Forwarded-Host", "Origin",
              "Accept", "Content-Type", "Content-Encoding", "Expect", "X-Amzn-Trace-Id"]
    with server.client(key) as client:
        for field in fields:
            answer = client.post("/events", {"event_type": "t", "payload": {"field": field}}, headers={field: key})
            assert answer.headers["X-Request-ID"] != key
        for path in (f"/{key}", f"/events/{key}", f"/inbox?key={key}", f"/inbox?cursor={key}", f"/inbox?event_type={key}",
                     f"/admin/keys/{key}", f"/admin/keys?after={key}", f"/admin/keys?user_id={key}", f"/me?{key}"):
            client.get(path, headers={"X-Request-ID": f"key={key}"})
        client.send_event(key, {})
        client.request(key, "/events")
        metrics = client.get("/metrics").body.decode()
    assert server.stop() == 0
    assert server.access_log().count('"event":"request"') >= len(fields) + 10
    assert key not in server.log() + server.access_log() + metrics


def test_the_access_log_comes_while_the_server_runs(start_server):
    server = start_server()
    with server.client() as client:
        client.get("/docs", headers={"X-Request-ID": "seen-at-once"})
    deadline = time.monotonic() + 10
    while "seen-at-once" not in server.access_log():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.mark.parametrize("arguments, env", [(["--no-access-log"], {}), (["--access-log=false"], {}), ([], {"ACCESS_LOG": "off"})])
def test_the_access_log_can_be_turned_off(start_server, arguments, env):
    server = start_server(*arguments, env=env)
    with server.client() as client:
        assert client.get("/nowhere").status == 404
    assert server.stop() == 0
    assert server.access_log() == "" and "server_stopped" in server.log()


def test_behind_a_trusted_proxy_the_client_is_who_it_says(start_server):
    forwarded = {"X-Forwarded-For": "203.0.113.9, 198.51.100.7"}
    for flags, expected in ((["--trusted-proxies=127.0.0.0/8"], "198.51.100.7"), ([], "127.0.0.1")):
        server = start_server(*flags)
        with server.client() as client:
            client.get("/docs", headers=forwarded)
        server.stop()
        assert [line["client"] for line in objects(server.access_log()) if line["route"] == "/docs"] == [expected]


# -- Metrics


def samples(text):
    """The exposition as {name with labels: value}, having checked that every sample was announced by HELP and TYPE."""
    values, announced = {}, {}
    for line in text.splitlines():
        if line.startswith("# "):
            _, kind, name, rest = line.split(" ", 3)
            announced.setdefault(name, {})[kind] = rest
            continue
        series, value = line.rsplit(" ", 1)
        name = series.split("{")[0]
        family = re.sub(r"_(bucket|sum|count)$", "", name)
        assert set(announced.get(name) or announced[family]) == {"HELP", "TYPE"}, line
        assert series not in values, f"{series} comes twice"
        values[series] = float(value)
    return values


def metrics(client):
    answer = client.get("/metrics")
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/plain; version=0.0.4")
    return samples(answer.body.decode())


def requests(route, status, method="POST"):
    return f'triggers_http_requests_total{{method="{method}",route="{route}",status="{status}"}}'


def test_metrics_count_what_was_done(start_server):
    server = start_server()
    with server.client(server.create_key()["api_key"]) as client:
        ids = [client.send_event("t", {"n": n}).json()["event_id"] for n in (1, 2, 3, 3)]
        client.post("/events", "{")
        client.delete(f"/events/{ids[0]}")
        client.get("/nowhere")
        client.get("/inbox", key="wrong")
        values = metrics(client)

        assert values[requests("/events", 201)] == 4 and values[requests("/events", 400)] == 1
        assert values[requests("/events/{id}", 204, "DELETE")] == 1
        assert values[requests("none", 404, "GET")] == 1
        for reason in ("VALIDATION_ERROR", "NOT_FOUND", "UNAUTHORIZED"):
            assert values[f'triggers_refusals_total{{reason="{reason}"}}'] == 1
        assert values["triggers_events_accepted_total"] == 3
        assert values["triggers_events_duplicate_total"] == 1
        assert values["triggers_events_acknowledged_total"] == 1
        assert values["triggers_events_undelivered"] == 2
        assert values["triggers_store_writable"] == 1
        assert values["triggers_commit_queue_operations"] == values["triggers_commit_queue_bytes"] == 0
        assert values["triggers_commit_batch_operations_sum"] >= 5
        assert 0 < values["triggers_commit_sync_seconds_sum"] <= values["triggers_commit_seconds_sum"]
        assert values["triggers_http_connections"] >= 1
        assert values["process_resident_memory_bytes"] > 1e6

        series = 'triggers_http_request_duration_seconds_%s{%sroute="/events"%s}'
        bounds = [(float(le), value) for name, value in values.items() if (found := re.fullmatch(
            r'triggers_http_request_duration_seconds_bucket\{(?=.*route="/events"[,}]).*le="([^"]+)".*\}', name))
            for le in [found.group(1)]]
        counts = [value for _, value in sorted(bounds)]
        assert len(counts) > 5 and counts == sorted(counts)
        assert counts[-1] == values[series % ("count", "", "")] == 5
        assert values[series % ("sum", "", "")] > 0

        deadline = time.monotonic() + 10
        while metrics(client)["triggers_oldest_undelivered_age_seconds"] == 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        client.post("/inbox/ack", {"event_ids": ids})
        deadline = time.monotonic() + 10
        while metrics(client)["triggers_oldest_undelivered_age_seconds"] > 0:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_metrics_are_for_an_admin_key_or_for_anybody_if_told_so(start_server):
    guarded = start_server("--metrics-access=key")
    with guarded.client() as client:
        assert client.get("/metrics").status == 401
        assert client.get("/metrics", key=guarded.create_key(role="creator")["api_key"]).status == 403
        assert client.get("/metrics", key=guarded.create_key(role="admin")["api_key"]).status == 200
    with start_server(env={"METRICS_ACCESS": "open"}).client() as client:
        assert client.get("/metrics").status == 200


def test_metrics_are_not_given_away_through_a_proxy_on_this_machine(start_server):
    with start_server().client() as client:
        assert client.get("/metrics").status == 200
        for field in ({"X-Forwarded-For": "203.0.113.9"}, {"Forwarded": "for=203.0.113.9"}):
            assert client.get("/metrics", headers=field).status == 401


# -- Backup


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


def test_many_backups_at_once_are_made_or_told_why_not(start_server, tmp_path):
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


# -- What keeps a server from starting


def start_error(*, host="127.0.0.1", port=0, data_dir):
    """`triggers serve` that must end by itself, with one line of explanation; that line."""
    done = run("serve", f"--host={host}", f"--port={port}", f"--data-dir={data_dir}", timeout=30)
    assert done.returncode > 0, done
    assert done.stderr.startswith("triggers: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


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


def test_one_process_owns_a_data_directory(start_server):
    server = start_server()
    error = start_error(data_dir=server.data_dir)
    assert "another process" in error and str(server.data_dir) in error
    with server.client(server.create_key()["api_key"]) as client:
        assert client.send_event("t", {}).status == 201


def test_an_unknown_format_is_refused_and_left_alone(start_server):
    server = start_server()
    key = server.create_key()["api_key"]
    server.stop()
    file = server.data_dir / "FORMAT"
    good = file.read_text()
    for text, expected in ((good.replace(" 2 ", " 99 "), "version 99"), ("nonsense\n", "FORMAT"), ("", "FORMAT")):
        file.write_text(text)
        assert expected in start_error(data_dir=server.data_dir)
        assert keys.command(server.data_dir, "list").returncode != 0
        assert file.read_text() == text
    file.unlink()
    assert "FORMAT" in start_error(data_dir=server.data_dir)
    assert not file.exists()
    file.write_text(good)
    server.start()
    with server.client(key) as client:
        assert client.get("/inbox").status == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may write into another user's directory")
@pytest.mark.parametrize("with_a_store", [True, False], ids=["with a store", "still empty"])
def test_root_is_kept_from_another_users_directory(tmp_path, with_a_store):
    data_dir, nobody = tmp_path / "data", 65534
    data_dir.mkdir()
    if with_a_store:
        assert keys.create(data_dir)["api_key"]
    for path in (data_dir, *data_dir.rglob("*")):
        os.chown(path, nobody, nobody)
    before = sorted(data_dir.rglob("*"))
    name = pwd.getpwuid(nobody).pw_name
    expected = f"belongs to the user {name}: run this as that user (sudo -u {name} …)"
    assert expected in start_error(data_dir=data_dir)
    assert expected in keys.command(data_dir, "create", "--user-id", "u").stderr
    if with_a_store:
        assert expected in keys.command(data_dir, "list").stderr
    assert sorted(data_dir.rglob("*")) == before


def test_a_port_in_use_is_named(start_server, tmp_path):
    server = start_server(port=free_port())
    error = start_error(port=server.port, data_dir=tmp_path / "other")
    assert str(server.port) in error and "in use" in error


def test_what_is_in_the_way_of_the_local_socket_is_named(tmp_path):
    (tmp_path / "data" / "admin.sock").mkdir(parents=True)
    assert f"not a socket, and in the way of one: {tmp_path}/data/admin.sock" in start_error(data_dir=tmp_path / "data")


def test_a_data_directory_that_cannot_be_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in start_error(data_dir=tmp_path / "file" / "data")
    assert "nowhere.invalid" in start_error(host="nowhere.invalid", data_dir=tmp_path / "data")


def test_help_and_version_are_there():
    assert re.fullmatch(r"triggers \d+\.\d+\.\d+\S*\n", run("--version").stdout)
    for command in ([], ["serve"], ["keys"], ["keys", "create"], ["backup"], ["config"]):
        done = run(*command, "--help")
        assert done.returncode == 0 and len(done.stdout) > 100


def test_a_limit_of_file_sizes_is_an_error_of_a_command_too(tmp_path):
    with open(tmp_path / "options", "wb") as file:
        done = subprocess.run([binary(), "config"], stdout=file, stderr=subprocess.PIPE, env=environment(), text=True,
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)), timeout=60,
                              check=False)
    assert (done.returncode, done.stderr) == (1, "triggers: cannot write to standard output\n")


@pytest.mark.parametrize("arguments, meant", [
    (["serve", "--prot", "9000"], "--port"), (["serve", "--prot=9000"], "--port"), (["srve"], "serve"), (["keys", "creat"], "create"),
    (["keys", "create", "--user-idd", "x"], "--user-id"), (["keys", "list", "--data_dir", "x"], "--data-dir"),
    (["backup", "x", "--data-dri", "y"], "--data-dir")], ids=str)
def test_what_is_not_known_comes_with_what_is_near(arguments, meant):
    done = run(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[0].endswith(f"; did you mean {meant}?"), done.stderr
    assert "did you mean" not in run("serve", "--zzzzzzz").stderr


@pytest.mark.parametrize("env, words", [
    ({"HOST": "x86_64-conda-linux-gnu.invalid"}, "host is set by environment HOST"),
    ({"DATA_DIR": "/dev/null/data"}, "data-dir is set by environment DATA_DIR"),
    ({"TLS_CERT": "/nowhere/cert.pem", "TLS_KEY": "/nowhere/key.pem"}, "tls-cert is set by environment TLS_CERT"),
    ({"TRIGGERS_CONFIG": "/nowhere.conf"}, "No such file or directory (environment TRIGGERS_CONFIG)"),
    ({"LOG_LEVEL": "loud"}, "environment LOG_LEVEL")], ids=lambda value: str(value)[:20])
def test_a_value_of_the_environment_is_named_with_its_variable(tmp_path, env, words):
    arguments = ["--port=0"] if "DATA_DIR" in env else ["--port=0", f"--data-dir={tmp_path}/data"]
    done = run("serve", *arguments, env=env)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and words in done.stderr, done.stderr
    if "DATA_DIR" in env:
        for command in (["keys", "list"], ["keys", "create", "--user-id=u"], ["backup", tmp_path / "copy"]):
            assert words in run(*command, env=env).stderr


def test_a_file_as_people_write_it_is_read_as_they_mean_it(tmp_path):
    file = tmp_path / "triggers.conf"
    file.write_bytes(b"\xef\xbb\xbfport = 9000   # ours\r\ndata-dir = '/x y'  # main disk\r\nlog-level = WARN\r\n")
    shown = options("--config", file)
    assert {name: shown[name]["value"] for name in ("port", "data-dir", "log-level")} == {
        "port": "9000", "data-dir": "/x y", "log-level": "warning"}


@pytest.mark.parametrize("arguments, words", [
    ([], "subcommand"), (["frob"], "frob is not known"), (["keys", "frob"], "frob is not known"),
    (["keys", "create"], "--user-id is required"), (["serve", "--frob"], "--frob"), (["backup"], "directory is required"),
    (["backup", os.fsdecode(b"\xff")], "directory: it must be UTF-8")])
def test_arguments_that_are_wrong_are_named(arguments, words):
    done = run(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    first, second = done.stderr.splitlines()
    assert first.startswith("triggers: ") and words in first
    assert "--help" in second
