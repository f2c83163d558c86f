"""The command `triggers send` when something goes wrong on the way: a server that dies in the middle, is slow or refuses, a
proxy, and services of another kind. Each runs the built program against the built server, some through a proxy."""

import json
import os
import re
import select
import subprocess
import threading
import time

import pytest

from support import fault_proxy, keys
from support.fault_proxy import Proxy
from support.hostile_service import ENDLESS, HostileService
from support.peak_memory import PeakMemory
from support.program import binary, environment
from support.sender import Sender, how_to_go_on, line, numbered, wait_seconds_max, wait_until
from support.server import Server, free_port


def test_a_server_that_is_killed_in_the_middle_and_comes_back_stores_every_event_once(start_server):
    server = start_server("--access-log=false", "--dedup-window-seconds=0", port=free_port())
    sender = Sender(server)
    lines = numbered(30_000)
    sending = sender.start("--json")
    feeder = threading.Thread(target=lambda: (sending.stdin.write(lines), sending.stdin.close()))
    feeder.start()
    rows = []
    for row in sending.stdout:
        rows.append(json.loads(row))
        if len(rows) in (5000, 15_000):
            server.kill()
            server.start()
    feeder.join()
    assert sending.wait(wait_seconds_max) == 0
    assert [row["line"] for row in rows] == list(range(1, 30_001))
    assert sender.numbers() == list(range(1, 30_001))
    assert b"; trying again" in sending.stderr.read()


def test_what_a_command_that_gave_up_prints_goes_on_without_doubling_anything(start_server):
    """The last batch may be stored or not: its answer never came."""
    server = start_server("--dedup-window-seconds=0")
    sender = Sender(server)
    lines = numbered(1700)
    with Proxy(server.port) as proxy:
        direct, sender.env["TRIGGERS_URL"] = sender.env["TRIGGERS_URL"], proxy.url

        async def third_batch_is_lost(exchange):
            answer = await exchange.pass_on()
            if b'{"n": 1001}' in exchange.request:
                exchange.reset()
            await exchange.answer(answer)

        with proxy.doing(third_batch_is_lost):
            done = sender.run("--retry-for", "1s", lines=lines)
    assert done.returncode == 1 and "stopped at line 1001: " in done.stderr and "tried for" in done.stderr
    assert len(done.stdout.splitlines()) == 1000 and len(sender.events()) == 1500
    sender.env["TRIGGERS_URL"] = direct
    again = sender.run(*how_to_go_on(done.stderr), lines=lines)
    assert again.returncode == 0
    statuses = [row.split("\t")[1] for row in again.stdout.splitlines()]
    assert statuses == ["duplicate"] * 500 + ["accepted"] * 200
    assert sender.numbers() == list(range(1, 1701))
    # The whole input with a key of its own may be sent any number of times.
    key = ["--idempotency-key", "import-1"]
    assert sender.run(*key, lines=lines).stdout.count("\taccepted\t") == 1700
    assert sender.run(*key, lines=lines).stdout.count("\tduplicate\t") == 1700


def test_with_an_idempotency_key_batches_do_not_depend_on_when_lines_come(sender):
    """Otherwise the same lines would have other keys the second time."""
    assert sender.run("--idempotency-key", "k", lines=numbered(3)).stdout.count("\taccepted\t") == 3
    sending = sender.start("--idempotency-key", "k")
    for number in range(1, 4):
        sending.stdin.write(line(number))
        sending.stdin.flush()
        assert not select.select([sending.stdout], [], [], 0.3)[0], "the command must not send a part of the batch"
    sending.stdin.close()
    assert sending.stdout.read().count(b"\tduplicate\t") == 3 and sending.wait(wait_seconds_max) == 0
    assert sender.numbers() == [1, 2, 3]


@pytest.mark.parametrize("fault", [fault_proxy.resets_before, fault_proxy.resets_after, fault_proxy.swallows, fault_proxy.talks_garbage,
                                   fault_proxy.answers_half], ids=lambda fault: fault.__name__)
@pytest.mark.parametrize("arguments", [["t", '{"n":1}'], []], ids=["an event", "lines"])
def test_a_broken_connection_is_tried_again_and_stores_nothing_twice(start_server, fault, arguments):
    server = start_server("--dedup-window-seconds=0")
    with Proxy(server.port) as proxy:
        sender = Sender(server, url=proxy.url)
        failed = []

        async def once(exchange):
            if b"POST /events" in exchange.request and not failed:
                failed.append(1)
                await fault(exchange)
            await exchange.answer(await exchange.pass_on())

        with proxy.doing(once):
            done = sender.run(*arguments, "--timeout", "1", lines=line(1))
    assert done.returncode == 0 and failed, done
    assert done.stderr.count("; trying again\n") == 1 and sender.numbers() == [1]


def test_a_slow_server_has_the_time_that_it_was_given(start_server):
    server = start_server()
    with Proxy(server.port) as proxy:
        sender = Sender(server, url=proxy.url)
        with proxy.doing(fault_proxy.delays(1.5)):
            assert sender.run("t", '{"n":1}', "--timeout", "10").returncode == 0
            late = sender.run("t", '{"n":2}', "--timeout", "1", "--retry-for", "0")
    assert late.returncode == 1 and "the time was over" in late.stderr
    assert re.search(r"send it again with --idempotency-key send-[0-9a-f]{32}\n", late.stderr)


def test_a_rate_limit_is_waited_for_as_the_server_asks(start_server):
    """A body of 5 MiB uses up the whole bucket of 60 requests a minute and one more, so the next request waits 2 s."""
    server = start_server()
    sender = Sender(server, server.create_key(rate_limit=60)["api_key"])
    lines = numbered(21, text="x" * 250_000) + line(22)
    begun = time.monotonic()
    done = sender.run(lines=lines)
    assert (done.returncode, done.stderr) == (0, "") and time.monotonic() - begun > 1
    assert done.stdout.count("\taccepted\t") == 22
    wait_until(lambda: server.access_log().count('"/events/batch"') >= 3)
    assert server.access_log().count('"status":429') == 1, "it must not ask again earlier"
    gave_up = sender.run("t", "{}", "--retry-for", "1s")
    assert gave_up.returncode == 1 and "the server asks to wait" in gave_up.stderr and "limited to 60 requests a minute" in gave_up.stderr


def test_a_proxy_that_takes_less_gets_smaller_batches(start_server):
    server = start_server("--dedup-window-seconds=0")
    with Proxy(server.port) as proxy:
        sender = Sender(server, url=proxy.url)

        async def takes_little(exchange):
            if len(exchange.request) > 50_000:
                return await exchange.answer(b"HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 6\r\n\r\n<html>")
            await exchange.answer(await exchange.pass_on())

        with proxy.doing(takes_little):
            done = sender.run(lines=numbered(300, text="x" * 1000) + line(301, text="x" * 60_000) + line(302))
    assert done.returncode == 3 and "line 301 is refused: the server answered with status 413 and no JSON" in done.stderr
    assert sender.numbers() == [*range(1, 301), 302]


def test_what_the_store_could_not_take_yet_is_sent_again_until_it_is_stored(start_server):
    """As with DynamoDB, where some events of a batch may fail. A line that is stored keeps its first result."""
    server = start_server("--dedup-window-seconds=0")
    with Proxy(server.port) as proxy:
        sender = Sender(server, url=proxy.url)
        changed = []

        async def in_part(exchange):
            answer = await exchange.pass_on()
            if b"POST /events/batch" in exchange.request and len(changed) < 2:
                changed.append(1)
                head, _, body = answer.partition(b"\r\n\r\n")
                results = json.loads(body)
                results["results"][1] = {"status": "error", "error_code": "SERVICE_UNAVAILABLE", "message": "Busy.", "details": {}}
                body = json.dumps(results).encode()
                answer = re.sub(rb"(?i)content-length: \d+", b"Content-Length: %d" % len(body), head) + b"\r\n\r\n" + body
            await exchange.answer(answer)

        with proxy.doing(in_part):
            done = sender.run(lines=numbered(3))
    assert done.returncode == 0 and len(changed) == 2
    assert [row.split("\t")[1] for row in done.stdout.splitlines()] == ["accepted", "duplicate", "accepted"]
    assert sender.numbers() == [1, 2, 3]


def test_a_server_that_is_not_there_is_named_and_waited_for(start_server, tmp_path):
    port = free_port()
    server = Server(tmp_path / "late", port=port)
    key = keys.create(server.data_dir)["api_key"]
    server.port = port
    sender = Sender(server, key)
    gone = sender.run("--retry-for", "0", lines=line(1))
    assert gone.returncode == 1 and f"cannot reach 127.0.0.1:{port}: Connection refused" in gone.stderr and gone.stderr.count("\n") == 1
    assert "is not known" not in sender.run("a", "{}", "--retry-for", "0").stderr
    sending = sender.start()
    sending.stdin.write(line(1))
    sending.stdin.close()
    assert b"trying again" in sending.stderr.readline()
    with server.start():
        assert sending.wait(wait_seconds_max) == 0 and sender.numbers() == [1]


# Servers that are no servers of Triggers.

@pytest.mark.parametrize("name", ENDLESS)
def test_an_endless_answer_ends_in_time_and_bounded_memory(name):
    with HostileService(*ENDLESS[name]) as service:
        process = subprocess.Popen([binary(), "send", "a", "{}", "--timeout", "3", "--retry-for", "0"], stderr=subprocess.PIPE,
                                   env=environment({"TRIGGERS_API_KEY": "k", "TRIGGERS_URL": f"http://127.0.0.1:{service.port}"}))
        with PeakMemory(process) as peak:
            assert process.wait(wait_seconds_max) == 1
    assert peak.mib < 300 and process.stderr.read().startswith(b"triggers: ")


@pytest.mark.parametrize("body", [b"<html>hi</html>", b"{}", b'{"results":[]}', b'{"results":[{"status":"odd"}]}', b'{"results":[1]}', b"[" * 5000],
                         ids=lambda body: body[:30].decode())
def test_an_answer_of_another_service_stops_it(start_server, body):
    server = start_server()
    with Proxy(server.port) as proxy:
        sender = Sender(server, url=proxy.url)

        async def strange(exchange):
            answer = await exchange.pass_on()
            await exchange.answer(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body) if b"POST" in exchange.request else answer)

        with proxy.doing(strange):
            done = sender.run(lines=line(1))
            assert done.returncode == 1 and "is it a server of Triggers?" in done.stderr and "stopped at line 1: " in done.stderr
            assert "is it a server of Triggers?" in sender.run("a", "{}").stderr


@pytest.mark.parametrize("url", ["http://[", "http://" + "x" * 5000, "http://%s%n%x:1", "http://host:99999", "http://\x1b[2J/", "http:// ",
                                 "http://127.0.0.1:1/\r\nX: y", os.fsdecode(b"http://\xff:1")], ids=lambda url: repr(url[:20]))
def test_a_hostile_url_is_one_line_and_1(url):
    env = environment({"TRIGGERS_API_KEY": "k", "TRIGGERS_URL": url})
    for arguments in (["send", "a", "{}", "--retry-for", "0"], ["inboxes", "list"]):
        done = subprocess.run([binary(), *arguments], env=env, stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False)
        assert done.returncode == 1 and done.stderr.startswith(b"triggers: ") and b"\x1b" not in done.stderr
        assert len(done.stderr) < 7000 and done.stderr.splitlines()[0] and done.stderr.count(b"\n") <= 2


def test_an_answer_that_names_another_place_says_so():
    moved = b"HTTP/1.1 301 Moved\r\nLocation: https://elsewhere.example/\r\nContent-Length: 0\r\n\r\n"
    with HostileService(moved) as service:
        env = environment({"TRIGGERS_API_KEY": "k", "TRIGGERS_URL": f"http://127.0.0.1:{service.port}"})
        done = subprocess.run([binary(), "send", "a", "{}"], env=env, capture_output=True, timeout=60, check=False)
    assert done.returncode == 1 and b"https://elsewhere.example/, to take as the URL" in done.stderr
