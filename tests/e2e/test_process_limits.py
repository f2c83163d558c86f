"""The system's limits of memory and threads: a server either starts, or ends with one line that names the limit. Limits
inside the server are in test_bounds.py."""

import os
import pathlib
import re
import resource
import shutil
import tempfile

import pytest
from support import metrics
from support.keys import fresh_user
from support.program import binary, run
from support.server import Server

kibibyte = 1024
needs = (r"triggers: the limit of memory \(ulimit -v, RLIMIT_AS, LimitAS=\) is \d+ MiB, and (\d+) MiB are needed to "
         r"start")
user_of_no_other_process = 64_999


def memory(kibibytes):
    """With the usual limit of a stack: each thread takes so much."""
    def limit():
        hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
        resource.setrlimit(resource.RLIMIT_STACK, (8 * kibibyte * kibibyte, hard))
        resource.setrlimit(resource.RLIMIT_AS, (kibibytes * kibibyte, kibibytes * kibibyte))
    return limit


def expect_service(server):
    """Also threads that start late: of a scrape, and of a flush."""
    key = server.create_key(user_id=fresh_user())["api_key"]
    with server.client(key) as client:
        assert client.send_event("a", {"text": "x" * 100_000}).status == 201
        assert metrics.read(client)["triggers_store_writable"] == 1
    assert server.stop() == 0


def refusal(done):
    assert done.returncode == 1, (done.returncode, done.stderr)
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stdout == ""
    return done.stderr


@pytest.mark.parametrize("kibibytes", range(120_000, 240_001, 10_000))
def test_memory_that_is_too_little_is_named(tmp_path, kibibytes):
    """RocksDB and jemalloc end the process when they lack a thread or their first memory: by SIGABRT, or by SIGSEGV."""
    line = refusal(run("serve", "--data-dir", tmp_path / "data", "--port", "0", "--threads=1",
                       preexec_fn=memory(kibibytes)))
    assert re.match(needs, line), line
    assert not (tmp_path / "data").exists()


def test_the_memory_that_is_named_is_enough(tmp_path):
    line = refusal(run("serve", "--data-dir", tmp_path / "data", "--threads=1", preexec_fn=memory(200_000)))
    needed = int(re.match(needs, line)[1])
    with Server(tmp_path / "server", "--threads=1", preexec=memory(needed * 1024)) as server:
        server.start()
        expect_service(server)


def test_a_command_that_opens_the_store_names_it_too(tmp_path):
    for arguments in (["keys", "create", "--user-id", "u"], ["repair", "--into", tmp_path / "new"]):
        line = refusal(run(*arguments, "--data-dir", tmp_path / "data", preexec_fn=memory(150_000)))
        assert re.match(needs, line), line


@pytest.fixture
def open_to_all(monkeypatch):
    """A folder that every user can enter, with the program in it."""
    with tempfile.TemporaryDirectory(prefix="triggers-limits-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        shutil.copy(binary(), folder / "triggers")
        monkeypatch.setenv("TRIGGERS_BINARY", str(folder / "triggers"))
        yield folder


def few_threads(threads):
    """For a user who has no other process: the limit of processes is then that of the server's threads."""
    def become_user():
        resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
        os.setgid(user_of_no_other_process)
        os.setuid(user_of_no_other_process)
    return become_user


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may become another user")
def test_threads_that_are_too_few_are_named(open_to_all):
    served = []
    for threads in range(1, 31):
        folder = open_to_all / str(threads)
        folder.mkdir()
        os.chown(folder, user_of_no_other_process, user_of_no_other_process)
        with Server(folder, "--threads=1", preexec=few_threads(threads)) as server:
            try:
                server.start()
            except AssertionError:
                assert not served, server.log()
                assert server.process.returncode == 1, server.log()
                assert re.fullmatch(r"triggers: only \d+ of the \d+ threads that are needed can be started \(Resource "
                                    r"temporarily unavailable\): raise the limit of processes \(ulimit -u, "
                                    r"LimitNPROC=, TasksMax=\)\n", server.log())
                continue
            served.append(threads)
            expect_service(server)
    assert 5 < len(served) < 25
