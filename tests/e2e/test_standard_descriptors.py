"""Programs that start with closed standard descriptors: no file that they open receives their output."""

import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time

import pytest

from support import swarm
from support.keys import fresh_user
from support.program import binary, environment
from support.server import free_port

closings = [(0,), (1,), (2,), (0, 1, 2)]


def closing(numbers):
    """For Popen's preexec_fn, which runs after its redirections."""
    return lambda: [os.close(number) for number in numbers]


def standard_files(pid):
    """What the descriptors 0, 1 and 2 of a process are."""
    return [os.readlink(f"/proc/{pid}/fd/{number}") for number in (0, 1, 2)]


def wait_until(condition, what, seconds_max=20):
    deadline = time.monotonic() + seconds_max
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.01)


def answers(port):
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5):
            return True
    except OSError:
        return False


@pytest.mark.parametrize("numbers", closings, ids=str)
def test_a_server_logs_into_no_file_of_its_own(tmp_path, numbers):
    port = free_port()
    data = tmp_path / "data"
    with open(tmp_path / "out", "wb") as out:
        process = subprocess.Popen([binary(), "serve", "--host", "127.0.0.1", "--port", str(port), "--data-dir", data],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=environment(), cwd=tmp_path,
                                   preexec_fn=closing(numbers))
    try:
        wait_until(lambda: answers(port), "it does not listen")
        files = standard_files(process.pid)
        assert all(files[number] == "/dev/null" for number in numbers), files
        for _ in range(20):
            subprocess.run(["curl", "-sS", f"http://127.0.0.1:{port}/status"], check=True, capture_output=True, timeout=20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    finally:
        process.kill()
    assert (data / "db" / "LOCK").stat().st_size == 0
    for file in data.rglob("*"):
        if file.is_file():
            assert b'"event":' not in file.read_bytes(), file


def test_a_key_that_cannot_be_printed_is_an_error(tmp_path):
    done = subprocess.run([binary(), "keys", "create", "--data-dir", tmp_path / "data", "--user-id", "u"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60,
                          env=environment(), preexec_fn=closing((1,)), check=False)
    assert done.returncode == 1
    assert "is lost: make another with `triggers keys rotate" in done.stderr
    for arguments in (["config"], ["--version"], ["keys", "list", "--data-dir", tmp_path / "data"]):
        done = subprocess.run([binary(), *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                              timeout=60, env=environment(), preexec_fn=closing((1,)), check=False)
        assert (done.returncode, done.stderr) == (1, "triggers: cannot write to standard output\n"), arguments


@pytest.mark.parametrize("numbers", closings, ids=str)
def test_swarm_prints_into_no_file_of_its_own(shared_server, tmp_path, numbers):
    key = shared_server.create_key(user_id=fresh_user())["api_key"]
    with open(tmp_path / "printed", "wb") as printed:
        process = subprocess.Popen(
            swarm.command(shared_server.port, "--headless", "-u", "2", "-r", "2", "-t", "2s", "--csv", tmp_path / "run",
                          "--html", tmp_path / "run.html"),
            env=environment({"LOCUST_API_KEY": key}), stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
            preexec_fn=closing(numbers))
    wait_until((tmp_path / "run_stats_history.csv").exists, "it does not run")
    files = standard_files(process.pid)
    assert all(files[number] == "/dev/null" for number in numbers), files
    process.wait(60)
    for name, first in (("run_stats.csv", "Type,Name"), ("run_failures.csv", "Method,Name"),
                        ("run_stats_history.csv", "Timestamp,User Count")):
        lines = (tmp_path / name).read_text().splitlines()
        assert lines[0].startswith(first), name
        assert len({line.count(",") for line in lines}) == 1, name
    assert (tmp_path / "run.html").read_text().lower().startswith("<!doctype html")


def test_swarm_writes_its_files_whole_although_nobody_reads_what_it_prints(shared_server, tmp_path):
    key = shared_server.create_key(user_id=fresh_user())["api_key"]
    command = swarm.command(shared_server.port, "--headless", "-u", "2", "-r", "2", "-t", "3s", "--csv", tmp_path / "run",
                            "--html", tmp_path / "run.html")
    process = subprocess.Popen(command, env=environment({"LOCUST_API_KEY": key}), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(60) >= 0, "ended by a signal"
    rows = (tmp_path / "run_stats.csv").read_text().splitlines()
    assert rows[-1].startswith(",Aggregated,"), rows
    assert (tmp_path / "run.html").read_text().rstrip().endswith("</html>")


def function_program():
    path = pathlib.Path(binary()).with_name("triggers-lambda")
    if not path.exists():
        pytest.skip("the function is not built")
    return path


@pytest.mark.parametrize("numbers", closings, ids=str)
def test_the_function_opens_them_too(numbers):
    """A listener that never answers takes the place of Lambda's and of DynamoDB's, so it waits and can be looked at."""
    with socket.create_server(("127.0.0.1", 0)) as nobody, tempfile.TemporaryFile() as printed:
        address = f"127.0.0.1:{nobody.getsockname()[1]}"
        process = subprocess.Popen(
            [function_program()], stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, preexec_fn=closing(numbers),
            env=environment({"AWS_LAMBDA_RUNTIME_API": address, "DYNAMODB_ENDPOINT_URL": f"http://{address}"}))
        try:
            nobody.settimeout(20)
            connection, _ = nobody.accept()
            files = standard_files(process.pid)
            connection.close()
        finally:
            process.kill()
            process.wait()
    assert all(files[number] == "/dev/null" for number in numbers), files


def test_the_function_says_on_a_closed_standard_error_nothing_and_ends():
    done = subprocess.run([function_program()], env=environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          timeout=60, preexec_fn=closing((2,)), check=False)
    assert (done.returncode, done.stdout) == (1, b"")
