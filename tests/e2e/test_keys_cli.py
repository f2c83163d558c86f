"""The command `triggers keys`, with and without a running server, for people and for programs, also where it cannot print; the
local socket that it uses; and the same over HTTP by admin keys. What keys may do is in test_tenants.py."""

import json
import os
import re
import socket
import stat
import subprocess

import pytest

from support import keys
from support.program import binary, environment, run
from support.server import Server

api_key_shape = re.compile(r"[0-9A-Za-z]{64}")


class Operator:
    """`triggers keys` on one data directory; every API key that it was shown is kept, to be looked for afterwards."""

    def __init__(self, data_dir):
        self.data_dir, self.secrets = data_dir, []

    def run(self, *arguments):
        return keys.command(self.data_dir, *arguments)

    def json(self, *arguments):
        done = self.run(*arguments, "--json")
        assert (done.returncode, done.stderr) == (0, ""), done
        answer = json.loads(done.stdout)
        if "api_key" in answer:
            self.secrets.append(answer["api_key"])
        return answer

    def error(self, *arguments):
        done = self.run(*arguments)
        assert done.returncode != 0 and done.stdout == "", done
        assert "Traceback" not in done.stderr and done.stderr.count("\n") <= 3
        return done.stderr


@pytest.fixture(params=["beside a server", "alone"])
def operator(request, start_server, tmp_path):
    if request.param == "alone":
        return Operator(tmp_path / "data")
    return Operator(start_server().data_dir)


def test_the_whole_life_of_a_key(operator):
    made = operator.json("create", "--user-id", "load-test", "--user-email", "loadtest@example.com", "--role", "creator",
                         "--rate-limit", "10000", "--event-types", "order.*,user.created", "--expires", "30d",
                         "--inbox", "billing", "--inbox", "crm,default", "--description", "for the load test")
    assert api_key_shape.fullmatch(made["api_key"])
    assert made["key_id"].startswith("key_")
    expected = {"user_id": "load-test", "user_email": "loadtest@example.com", "role": "creator", "rate_limit": 10000,
                "event_types": ["order.*", "user.created"], "inboxes": ["billing", "crm", "default"],
                "description": "for the load test", "status": "active",
                "all_tenants": False, "last_used_at": None}
    assert {name: made[name] for name in expected} == expected
    assert made["expires_at"] > made["created_at"]

    shown = operator.json("show", made["key_id"])
    assert shown == {name: value for name, value in made.items() if name != "api_key"}
    assert operator.json("list") == {"keys": [shown], "has_more": False, "next_after": None}

    changed = operator.json("update", made["key_id"], "--role", "viewer", "--rate-limit", "unlimited", "--event-types", "",
                            "--expires", "never", "--status", "inactive", "--user-email", "")
    assert (changed["role"], changed["rate_limit"], changed["event_types"], changed["expires_at"], changed["status"],
            changed["user_email"]) == ("viewer", "unlimited", [], None, "inactive", "")
    assert changed["description"] == "for the load test"

    assert changed["inboxes"] == ["billing", "crm", "default"]
    assert operator.json("update", "--inbox", "crm", made["key_id"])["inboxes"] == ["crm"]
    assert operator.json("update", made["key_id"], "--inbox", "")["inboxes"] == []

    # Where the id stands makes no difference.
    assert operator.json("update", "--event-types", "a,b.*", made["key_id"])["event_types"] == ["a", "b.*"]
    rotated = operator.json("rotate", made["key_id"], "--grace", "15m")
    assert rotated["grace_seconds"] == 900 and rotated["api_key"] != made["api_key"]
    assert operator.json("revoke", made["key_id"])["status"] == "revoked"
    assert operator.json("show", made["key_id"])["status"] == "revoked"


def test_an_api_key_is_shown_once_and_stored_nowhere(operator):
    made = operator.json("create", "--user-id", "u")
    operator.json("rotate", made["key_id"])
    plain = operator.run("create", "--user-id", "u")
    assert plain.returncode == 0
    last_line = plain.stdout.rstrip("\n").split("\n")[-1]
    assert api_key_shape.fullmatch(last_line)
    operator.secrets.append(last_line)
    assert len(set(operator.secrets)) == 3

    later = [operator.run(*command) for command in (["list"], ["list", "--json"], ["show", made["key_id"]],
                                                    ["show", made["key_id"], "--json"],
                                                    ["update", made["key_id"], "--description", "d"],
                                                    ["revoke", made["key_id"]])]
    printed = "".join(done.stdout + done.stderr for done in later)
    files = [path for path in operator.data_dir.rglob("*") if path.is_file()]
    stored = b"".join(path.read_bytes() for path in files)
    assert made["key_id"].encode() in stored and made["key_id"] in printed
    for secret in operator.secrets:
        assert secret not in printed
        assert secret.encode() not in stored


@pytest.mark.parametrize("text", ["order.*, user.created", " order.* ,\tuser.created\r\n", "order.*,,user.created, "])
def test_blanks_around_the_entries_of_a_list_are_no_part_of_them(operator, text):
    assert operator.json("create", "--user-id", "u", "--event-types", text)["event_types"] == ["order.*", "user.created"]


def test_words_ignore_case(operator):
    made = operator.json("create", "--user-id", "u", "--role", "Admin", "--rate-limit", "Unlimited", "--expires", "NEVER")
    assert (made["role"], made["rate_limit"], made["expires_at"]) == ("admin", "unlimited", None)
    assert operator.json("update", made["key_id"], "--status", "Inactive")["status"] == "inactive"


def test_the_first_key_of_a_user_says_that_its_inbox_is_new(operator):
    first = "is the first key of the user developer, whose inbox is new and empty"
    operator.json("create", "--user-id", "somebody")
    made = operator.run("create", "--user-id", "developer").stdout
    assert first in made and re.fullmatch(r"\S{40,}", made.splitlines()[-1])
    assert first not in operator.run("create", "--user-id", "developer").stdout
    # A program reads JSON, and the last line alone.
    assert set(operator.json("create", "--user-id", "another")) >= {"api_key", "user_id"}


def test_lists_are_tables_for_people(operator):
    ids = [operator.json("create", "--user-id", user)["key_id"] for user in ("anna", "bert", "anna")]
    lines = operator.run("list").stdout.splitlines()
    assert lines[0].split()[:3] == ["key_id", "user_id", "role"]
    assert [line.split()[0] for line in lines[1:]] == ids
    of_anna = operator.json("list", "--user-id", "anna")["keys"]
    assert [key["key_id"] for key in of_anna] == [ids[0], ids[2]]
    assert operator.json("list", "--user-id", "nobody")["keys"] == []


def test_a_long_list_is_listed_whole(start_server):
    server = start_server("--access-log=false")
    admin = server.create_key(user_id="u", role="admin")
    with server.client(admin["api_key"]) as client:
        ids = [admin["key_id"], *(client.post("/admin/keys", {"role": "viewer"}).json()["key_id"] for _ in range(1001))]
    operator = Operator(server.data_dir)
    assert [line.split()[0] for line in operator.run("list").stdout.splitlines()[1:]] == ids
    answer = operator.json("list", "--user-id", "u")
    assert [key["key_id"] for key in answer["keys"]] == ids and answer["has_more"] is False


def test_keys_are_made_while_a_server_starts(tmp_path):
    """When it has the store and no socket yet, the command waits for it."""
    for attempt in range(5):
        with Server(tmp_path / str(attempt)) as server:
            server.start(wait=False)
            operator = Operator(server.data_dir)
            made = [operator.json("create", "--user-id", "u")["key_id"] for _ in range(3)]
            assert [key["key_id"] for key in operator.json("list")["keys"]] == made


def test_errors_say_what_to_change(operator):
    key_id = operator.json("create", "--user-id", "u")["key_id"]
    assert "role" in operator.error("create", "--user-id", "u", "--role", "root")
    assert "user-id" in operator.error("create")
    for rate in ("0", "-1", "lots", "10000001", "1.5"):
        assert "rate_limit" in operator.error("create", "--user-id", "u", "--rate-limit", rate)
    for expiry in ("yesterday", "1x", "36501d", "99999999d", "9" * 30 + "d"):
        message = operator.error("create", "--user-id", "u", "--expires", expiry)
        assert "--expires: it takes an RFC 3339 time, how long from now (90s, 15m, 12h, 30d, at most 36500d)" in message
    assert "expires_at" in operator.error("update", key_id, "--expires", "2001-01-01T00:00:00Z")
    assert "inboxes: has an entry that is no name" in operator.error("create", "--user-id", "u", "--inbox", "a b")
    assert "user_email" in operator.error("create", "--user-id", "u", "--user-email", "nobody")
    assert "user_id" in operator.error("create", "--user-id", "")
    assert "--user-id: it must not begin or end with a blank" in operator.error("create", "--user-id", "u ")
    for grace in ("31d", "soon", "1x", "-1"):
        assert "--grace: it takes a duration: 0, 90s, 15m, 24h, at most 30d" in operator.error("rotate", key_id, "--grace", grace)
    for flag in ("--user-id", "--user-email", "--description", "--event-types", "--inbox", "--rate-limit"):
        assert f"{flag}: it must be UTF-8" in operator.error("create", "--user-id", "u", flag, os.fsdecode(b"\xff"))
    nothing = operator.run("update", key_id)
    assert nothing.returncode == 2 and "name a field to change, for instance --rate-limit" in nothing.stderr
    assert operator.json("update", key_id, "--own-tenant")["all_tenants"] is False
    for command in ("show", "rotate", "revoke"):
        assert "No key has this id" in operator.error(command, "key_nowhere")
    assert "No key has this id" in operator.error("update", "../x", "--description", "d")
    as_json = operator.run("show", "key_nowhere", "--json")
    assert json.loads(as_json.stderr)["error_code"] == "NOT_FOUND"
    assert operator.json("update", key_id, "--expires", "36500d")["expires_at"] > "2100"
    operator.json("revoke", key_id)
    assert "revoked" in operator.error("update", key_id, "--status", "active")
    assert len(operator.json("list")["keys"]) == 1


def test_what_is_for_the_embedded_store_says_so_before_it_looks_for_dynamodb(tmp_path):
    for command in (["backup", tmp_path / "copy"], ["repair", "--into", tmp_path / "copy"]):
        done = run(*command, "--dynamodb-endpoint-url", "http://127.0.0.1:1")
        assert done.returncode == 1 and f"{command[0]} is for the embedded store" in done.stderr, done


def into_a_full_disk(*arguments):
    """Runs `triggers <arguments>` where nothing can be printed; the CompletedProcess."""
    command = [binary(), *[str(argument) for argument in arguments]]
    with open("/dev/full", "wb") as full:
        return subprocess.run(command, stdout=full, stderr=subprocess.PIPE, env=environment(), text=True, timeout=60,
                              check=False)


@pytest.mark.parametrize("form", [[], ["--json"]], ids=["for people", "as JSON"])
def test_what_cannot_be_printed_is_an_error(operator, form):
    place = ["--data-dir", operator.data_dir, *form]
    made = into_a_full_disk("keys", "create", "--user-id", "u", *place)
    (key,) = operator.json("list")["keys"]
    rotated = into_a_full_disk("keys", "rotate", key["key_id"], *place)
    for lost in (made, rotated):
        assert lost.returncode == 1
        assert f"`triggers keys rotate {key['key_id']}`" in lost.stderr
        assert f"`triggers keys revoke {key['key_id']}`" in lost.stderr
    listed = into_a_full_disk("keys", "list", *place)
    shown = into_a_full_disk("config")
    for lost in (listed, shown):
        assert (lost.returncode, lost.stderr) == (1, "triggers: cannot write to standard output\n")


def test_a_directory_without_a_store_is_an_error_and_stays_as_it_is(tmp_path):
    for command in (["list"], ["show", "key_1"], ["revoke", "key_1"], ["rotate", "key_1"],
                    ["update", "key_1", "--description", "d"]):
        operator = Operator(tmp_path / "no-such-directory")
        message = operator.error(*command)
        assert "no-such-directory" in message
        assert not operator.data_dir.exists()
    other = Operator(tmp_path / "other")
    other.data_dir.mkdir()
    (other.data_dir / "notes.txt").write_text("not a store")
    assert f"there is no store in {other.data_dir}" in other.error("list")
    backup = run("backup", tmp_path / "copy", "--data-dir", other.data_dir)
    assert backup.returncode == 1 and f"there is no store in {other.data_dir}" in backup.stderr
    assert [path.name for path in other.data_dir.iterdir()] == ["notes.txt"]
    (tmp_path / "file").write_text("")
    assert "file" in Operator(tmp_path / "file").error("create", "--user-id", "u")


def test_a_key_made_without_a_server_works_with_the_next_one(start_server, tmp_path):
    operator = Operator(tmp_path / "data")
    made = operator.json("create", "--user-id", "u", "--role", "admin")
    server = start_server(data_dir=operator.data_dir)
    with server.client(made["api_key"]) as client:
        assert client.send_event("t", {"n": 1}).status == 201
        assert [key["key_id"] for key in client.get("/admin/keys").json()["keys"]] == [made["key_id"]]
    server.stop()
    assert operator.json("show", made["key_id"])["last_used_at"] is not None


def test_the_local_socket_is_its_owners_and_is_removed_with_the_server(start_server, tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)  # A socket's own path may have 107 bytes.
    deep.mkdir(parents=True)
    server = start_server(data_dir=deep / "data")
    path = server.data_dir / "admin.sock"
    mode = os.stat(path).st_mode
    assert stat.S_ISSOCK(mode) and stat.S_IMODE(mode) == 0o600
    assert server.create_key()["api_key"]
    server.kill()
    assert server.create_key()["api_key"], "a socket that was left behind by a killed server is in nobody's way"
    server.start()
    assert server.create_key()["api_key"]
    assert server.stop() == 0
    assert not path.exists()


def test_the_local_socket_does_not_serve_what_is_a_tenants(start_server):
    server = start_server()
    folder = os.open(server.data_dir, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as local:
        local.settimeout(10)
        local.connect(f"/proc/self/fd/{folder}/admin.sock")
        local.sendall(b"GET /inbox HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert local.recv(100).startswith(b"HTTP/1.1 401 ")
    os.close(folder)


def test_admin_keys_do_the_same_over_http(new_client):
    admin = new_client(role="admin")
    made = admin.post("/admin/keys", {"role": "creator", "user_email": "a@b.example", "rate_limit": "unlimited",
                                      "event_types": ["a.*"], "description": "d", "expires_at": "2099-01-01T00:00:00Z"})
    assert made.status == 201 and made.headers["Cache-Control"] == "no-store"
    record = made.json()
    assert made.headers["Location"] == f"/admin/keys/{record['key_id']}"
    assert api_key_shape.fullmatch(record.pop("api_key"))
    assert record["user_id"] == admin.record["user_id"] and record["expires_at"] == "2099-01-01T00:00:00.000Z"
    path = made.headers["Location"]
    assert admin.get(path).json() == record
    assert admin.patch(path, {"expires_at": None, "rate_limit": 5}).json()["rate_limit"] == 5
    assert len(admin.post(path + "/rotate").json()["api_key"]) == 64
    assert admin.delete(path).json()["status"] == "revoked"
    assert admin.get(path).json()["status"] == "revoked"


def test_keys_are_listed_by_pages(new_client):
    admin = new_client(role="admin")
    ids = [admin.record["key_id"]] + [admin.post("/admin/keys", {}).json()["key_id"] for _ in range(6)]
    listed, after = [], ""
    for _ in range(10):
        page = admin.get(f"/admin/keys?limit=3{after}").json()
        listed += [key["key_id"] for key in page["keys"]]
        if not page["has_more"]:
            break
        after = f"&after={page['next_after']}"
    assert listed == sorted(ids)


def test_a_key_without_a_rate_has_the_default_one(start_server):
    server = start_server(env={"DEFAULT_RATE_LIMIT_PER_MINUTE": "7"})
    done = keys.command(server.data_dir, "create", "--user-id", "u", "--json")
    assert json.loads(done.stdout)["rate_limit"] == 7
