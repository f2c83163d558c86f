"""What keeps a server from starting: the error names it, and the server changes nothing. A start that succeeds is in
test_starts.py."""

import os
import pwd
import re

import pytest

from support import keys
from support.program import run
from support.server import free_port


def start_error(*, host="127.0.0.1", port=0, data_dir):
    """`triggers serve` that must end by itself, with one line of explanation; that line."""
    done = run("serve", f"--host={host}", f"--port={port}", f"--data-dir={data_dir}", timeout=30)
    assert done.returncode > 0, done
    assert done.stderr.startswith("triggers: ") and done.stderr.count("\n") == 1, done.stderr
    return done.stderr


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
    for text, expected in ((re.sub(r" \d+ ", " 99 ", good, count=1), "version 99"), ("nonsense\n", "FORMAT"), ("", "FORMAT")):
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
