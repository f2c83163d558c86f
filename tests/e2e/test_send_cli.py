"""The command `triggers send`: one event of its arguments, and lines of standard input in batches; bad lines, hostile servers,
and a server that dies in the middle. Each runs the built program against the built server, some through a proxy."""

import json
import os
import pty
import re
import select
import signal
import ssl
import subprocess
import threading
import time

import pytest

from support import fault_proxy, keys
from support.fault_proxy import Proxy
from support.hostile_service import ENDLESS, HostileService
from support.peak_memory import PeakMemory
from support.program import binary, environment
from support.server import Server, free_port

wait_seconds_max = 30


class Sender:
    """`triggers send` with one key, by default to the server at `url`."""

    def __init__(self, server, key=None, url=None):
        self.server, self.key = server, key or server.create_key()["api_key"]
        self.env = {"TRIGGERS_API_KEY": self.key, "TRIGGERS_URL": url or f"http://127.0.0.1:{server.port}"}

    def start(self, *arguments, **options):
        return subprocess.Popen([binary(), "send", *map(str, arguments)], env=environment(self.env), stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)

    def run(self, *arguments, lines=b"", env=None):
        """Runs to the end. Returns a CompletedProcess with text."""
        done = subprocess.run([binary(), "send", *map(str, arguments)], env=environment({**self.env, **(env or {})}), input=lines,
                              capture_output=True, timeout=120, check=False)
        return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def events(self):
        """All events of the inbox, oldest first."""
        found, cursor = [], ""
        with self.server.client(self.key) as client:
            while True:
                page = client.get(f"/inbox?limit=200{cursor}").json()
                found += page["events"]
                if not page["pagination"]["has_more"]:
                    return found
                cursor = f"&cursor={page['pagination']['next_cursor']}"

    def numbers(self):
        return [event["payload"]["n"] for event in self.events()]


def line(number, **more):
    return json.dumps({"event_type": "t", "payload": {"n": number, **more}}).encode() + b"\n"


def numbered(count, first=1, **more):
    return b"".join(line(number, **more) for number in range(first, first + count))


def how_to_go_on(stderr):
    """The arguments that a command which stopped has printed."""
    return re.search(r"--from-line \d+ --idempotency-key \S+", stderr)[0].split()


@pytest.fixture
def sender(shared_server):
    return Sender(shared_server)


def wait_until(what):
    deadline = time.monotonic() + wait_seconds_max
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# One event.

def test_an_event_of_the_arguments_is_stored_as_it_was_typed(sender):
    payload, metadata = '{"id": 1.0, "text": "}{\\"", "a": [{}, []]}', '{"trace":"ü"}'
    done = sender.run("order.created", payload, "--source", 'the "shop"', "--metadata", metadata)
    assert (done.returncode, done.stderr) == (0, "")
    status, event_id = done.stdout.rstrip("\n").split("\t")
    with sender.server.client(sender.key) as client:
        text = client.get(f"/events/{event_id}").body.decode()
    assert status == "accepted" and payload in text and metadata in text
    event = json.loads(text)
    assert (event["event_type"], event["source"]) == ("order.created", 'the "shop"')


def test_an_event_with_an_idempotency_key_is_stored_once_and_without_one_each_time(sender):
    first = sender.run("a", "{}", "--idempotency-key", "k1").stdout.split()
    assert sender.run("a", "{}", "--idempotency-key", "k1").stdout.split() == ["duplicate", first[1]]
    assert sender.run("a", "{}").stdout.split()[0] == sender.run("a", "{}").stdout.split()[0] == "accepted"
    assert len(sender.events()) == 3
    other = sender.run("a", '{"n":1}', "--idempotency-key", "k1")
    assert other.returncode == 1 and "Idempotency-Key" in other.stderr and first[1] in sender.run(
        "a", '{"n":1}', "--idempotency-key", "k1", "--json").stderr


def test_json_is_the_services_answer(sender):
    done = sender.run("a", "{}", "--json")
    assert json.loads(done.stdout)["status"] == "accepted"
    refused = sender.run("", "{}", "--json")
    assert (refused.returncode, refused.stdout) == (1, "") and json.loads(refused.stderr)["error_code"] == "VALIDATION_ERROR"
    assert sender.run("", "{}").stderr == "triggers: event_type must not be empty.\n"


def test_an_event_type_may_be_a_commands_name(sender):
    for name in ("serve", "send", "keys"):
        assert sender.run(name, "{}").returncode == 0
    assert [event["event_type"] for event in sender.events()] == ["serve", "send", "keys"]


@pytest.mark.parametrize("arguments, words", [
    (["a"], "a payload must follow the event type"), (["a", "1"], "payload: it must be one JSON object"),
    (["a", '{},"source":"x"'], "one JSON object"), (["a", "{]}"], "one JSON object"), (["a", '{"x'], "one JSON object"), (["a", "{"], "one JSON"),
    (["a", "{} {}"], "one JSON object"), (["a", ""], "one JSON object"), (["a", "{}", "--metadata", "[]"], "--metadata: it must be one JSON"),
    (["a", "{}", "--from-line", "2"], "--from-line is for lines of standard input"), (["--source", "s"], "--source needs an event type"),
    (["a", "{}", "--refused", "f"], "--refused is for lines"), (["--from-line", "0"], "--from-line"), (["--retry-for", "soon"], "it takes a duration"),
    (["--timeout", "0"], "longer than 0"), (["--idempotency-key", "two words"], "visible ASCII"), (["--idempotency-key", "k" * 250], "234"),
    (["a", "{}", "--idempotency-key", "k" * 256], "1 to 255"), (["a", os.fsdecode(b'{"\xff":1}')], "it must be UTF-8")], ids=str)
def test_wrong_arguments_are_named(sender, arguments, words):
    done = sender.run(*arguments)
    assert done.returncode == 2 and done.stdout == "" and words in done.stderr.splitlines()[0], done
    assert sender.events() == []


@pytest.mark.parametrize("env, words", [
    ({"TRIGGERS_API_KEY": ""}, "set TRIGGERS_API_KEY"), ({"TRIGGERS_API_KEY": "a\nX-Evil: 1"}, "TRIGGERS_API_KEY holds a character"),
    ({"TRIGGERS_API_KEY": "0" * 64}, "This API key is not known"), ({"TRIGGERS_URL": "localhost:8000"}, "TRIGGERS_URL is not a URL"),
    ({"TRIGGERS_URL": "http://me:secret@host"}, "TRIGGERS_URL is not a URL"), ({"TRIGGERS_URL": "http://host/?x=1"}, "must not have a query")])
@pytest.mark.parametrize("arguments", [["a", "{}"], []], ids=["an event", "lines"])
def test_a_wrong_environment_is_named_in_one_line(sender, env, words, arguments):
    done = sender.run(*arguments, lines=line(1), env=env)
    assert done.returncode == 1 and done.stdout == "" and words in done.stderr and done.stderr.count("\n") == 1, done
    assert "secret" not in done.stderr and "0" * 64 not in done.stderr
    assert sender.events() == []


def test_a_url_may_have_a_path_and_speak_tls(tmp_path, certificate):
    with Server(tmp_path, "--base-path=/triggers", f"--tls-cert={certificate[0]}", f"--tls-key={certificate[1]}") as server:
        server.tls = ssl.create_default_context(cafile=str(certificate[0]))
        server.start()
        sender = Sender(server)
        for url in (f"https://localhost:{server.port}/triggers", f"https://localhost:{server.port}/triggers/"):
            assert sender.run("a", "{}", "--url", url, env={"SSL_CERT_FILE": str(certificate[0])}).stdout.startswith("accepted\t")
        unknown = sender.run("a", "{}", "--url", url, "--retry-for", "0")
        assert unknown.returncode == 1 and "certificate" in unknown.stderr
        assert len(sender.events()) == 2


# The store of this machine.

def test_without_a_url_events_go_to_this_machines_store_with_and_without_a_server(start_server):
    server = start_server()
    sender = Sender(server)
    sender.env.pop("TRIGGERS_URL")
    place = ["--data-dir", server.data_dir]
    assert sender.run("a", '{"n":0}', *place).returncode == 0
    server.stop()
    done = sender.run(*place, lines=numbered(1200))
    assert (done.returncode, done.stderr) == (0, "")
    server.start()
    assert sender.numbers() == list(range(1201))
    # A flag is nearer than the environment.
    assert sender.run("a", '{"n":1201}', *place, env={"TRIGGERS_URL": "http://127.0.0.1:1"}).returncode == 0
    lost = sender.run("a", "{}", "--data-dir", server.folder / "nowhere")
    assert lost.returncode == 1 and "there is no store in" in lost.stderr


def test_a_server_can_start_while_a_command_sends_into_the_store(start_server):
    server = start_server()
    sender = Sender(server)
    server.stop()
    sender.env.pop("TRIGGERS_URL")
    sending = sender.start("--data-dir", server.data_dir)
    sending.stdin.write(numbered(3))
    sending.stdin.flush()
    assert [sending.stdout.readline().split()[1] for _ in range(3)] == [b"accepted"] * 3
    server.start()  # Waits for the store, which the command has left while its input is silent.
    sending.stdin.write(numbered(3, first=4))
    sending.stdin.close()
    assert sending.wait(wait_seconds_max) == 0, sending.stderr.read()
    assert sender.numbers() == [1, 2, 3, 4, 5, 6]


# Lines.

def test_each_line_has_its_result_and_events_keep_their_order(sender):
    lines = numbered(1234)
    done = sender.run(lines=lines)
    assert (done.returncode, done.stderr) == (0, "")
    events = sender.events()
    assert [event["payload"]["n"] for event in events] == list(range(1, 1235))
    assert done.stdout.splitlines() == [f"{number}\taccepted\t{event['event_id']}" for number, event in enumerate(events, 1)]


def test_refused_lines_are_named_and_kept_and_the_others_are_stored(sender, tmp_path):
    bad = [b'{"event_type":"t"}', b"\xff\xfe broken UTF-8 \xc3", b"not JSON\0\x1b[2J", b"[]", b'{"event_type":"t","payload":{},"x":1}']
    lines = line(1) + b"\n" + bad[0] + b"\r\n" + line(2) + b"  \t\r\n" + b"\n".join(bad[1:]) + b"\n" + line(3).rstrip(b"\n")
    done = sender.run("--refused", tmp_path / "refused", lines=lines)
    assert done.returncode == 3
    assert [row.split("\t")[:2] for row in done.stdout.splitlines()] == [
        ["1", "accepted"], ["3", "error"], ["4", "accepted"], ["6", "error"], ["7", "error"], ["8", "error"], ["9", "error"], ["10", "accepted"]]
    assert all(f"triggers: line {number} is refused: " in done.stderr for number in (3, 6, 7, 8, 9))
    assert "payload" in done.stderr and "UTF-8" in done.stderr and "\x1b" not in done.stderr + done.stdout
    assert done.stderr.endswith("triggers: 3 accepted, 0 duplicates, 5 refused\n")
    assert (tmp_path / "refused").read_bytes() == bad[0] + b"\r\n" + b"\n".join(bad[1:]) + b"\n"
    assert sender.numbers() == [1, 2, 3]
    as_json = [json.loads(row) for row in sender.run("--json", lines=lines).stdout.splitlines()]
    assert [row["line"] for row in as_json] == [1, 3, 4, 6, 7, 8, 9, 10]
    assert as_json[1]["error_code"] == "VALIDATION_ERROR" and as_json[1]["details"]["field"] == "payload" and "event_id" in as_json[0]


def test_only_the_first_refused_lines_are_listed(sender):
    done = sender.run(lines=b"x\n" * 1000)
    assert done.returncode == 3 and done.stdout.count("\n") == 1000 and done.stderr.count("\n") == 22
    assert "more refused lines are not listed here" in done.stderr and "1,000 refused" in done.stderr


def test_no_input_is_no_error(sender):
    for lines in (b"", b"\n\n  \n"):
        done = sender.run(lines=lines)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_huge_line_is_refused_in_bounded_memory_and_the_next_ones_are_sent(sender):
    sending = sender.start()
    huge = b"x" * (1 << 20)

    def feed():
        sending.stdin.write(line(1))
        for _ in range(200):
            sending.stdin.write(huge)
        sending.stdin.write(b"\n" + line(2) + huge * 4 + b"\n" + line(3))
        sending.stdin.close()

    with PeakMemory(sending) as peak:
        feeder = threading.Thread(target=feed)
        feeder.start()
        rows = [row.decode().split("\t") for row in sending.stdout.read().splitlines()]
        assert sending.wait(wait_seconds_max) == 3
        feeder.join()
    assert [row[:2] for row in rows] == [["1", "accepted"], ["2", "error"], ["3", "accepted"], ["4", "error"], ["5", "accepted"]]
    assert "209715200 bytes, and a batch at most 5242880" in rows[1][3]
    assert rows[3][2] == "VALIDATION_ERROR" or "PAYLOAD_TOO_LARGE" in rows[3][2]  # This one went to the service.
    assert sender.numbers() == [1, 2, 3] and peak.mib < 80


def test_batches_keep_to_the_services_bounds(start_server):
    server = start_server("--max-batch-size-bytes=20000", "--access-log")
    sender = Sender(server)
    done = sender.run(lines=numbered(100, text="x" * 900))
    assert (done.returncode, done.stderr) == (0, "")
    assert sender.numbers() == list(range(1, 101))
    wait_until(lambda: server.access_log().count('"/events/batch"') >= 5)
    sizes = [json.loads(row)["bytes_in"] for row in server.access_log().splitlines() if '"/events/batch"' in row]
    assert 5 <= len(sizes) <= 7


def test_endless_input_is_sent_while_it_comes_in_bounded_memory(sender):
    """A line that comes alone does not wait for a batch; a flood of them does not fill the memory."""
    sending = sender.start("--json")
    with PeakMemory(sending) as peak:
        for number in range(1, 4):
            sending.stdin.write(line(number))
            sending.stdin.flush()
            assert json.loads(sending.stdout.readline())["status"] == "accepted"
        flood = numbered(20_000, first=4, text="x" * 1000)
        feeder = threading.Thread(target=lambda: (sending.stdin.write(flood), sending.stdin.close()))
        feeder.start()
        assert sum(1 for _ in sending.stdout) == 20_000
        feeder.join()
        assert sending.wait(wait_seconds_max) == 0
    assert peak.mib < 80


def test_a_signal_ends_it_between_two_batches_and_says_how_to_go_on(sender):
    for number in (signal.SIGINT, signal.SIGTERM):
        sending = sender.start()
        sending.stdin.write(line(1))
        sending.stdin.flush()
        sending.stdout.readline()
        sending.send_signal(number)
        assert sending.wait(wait_seconds_max) == 1
        stderr = sending.stderr.read().decode()
        assert "stopped at line 2: interrupted" in stderr and how_to_go_on(stderr)[1] == "2"


def on_a_terminal(sender, stdin, *arguments):
    """Runs the command with standard output and error on a terminal; (status, all of its output)."""
    ours, theirs = pty.openpty()
    sending = subprocess.Popen([binary(), "send", *arguments], env=environment(sender.env), stdin=stdin, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # The other end is closed.
        pass
    os.close(ours)
    return sending.wait(wait_seconds_max), shown.decode()


def test_on_a_terminal_it_shows_the_progress_instead_of_a_line_for_each_event(sender, tmp_path):
    (tmp_path / "lines").write_bytes(numbered(2000) + b"x\n")
    with open(tmp_path / "lines", "rb") as lines:
        status, shown = on_a_terminal(sender, lines)
    assert status == 3 and re.search(r"\r500 accepted, 0 duplicates, 0 refused, [\d,]+ a second, \d+ %\x1b\[K", shown)
    assert "line 2001 is refused: " in shown and shown.endswith("triggers: 2,000 accepted, 0 duplicates, 1 refused\r\n")
    assert "\taccepted\t" not in shown
    with open(tmp_path / "lines", "rb") as lines:
        assert on_a_terminal(sender, lines, "--json")[1].count('"status":"accepted"') == 2000


def test_output_that_cannot_be_written_stops_it(sender):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([binary(), "send"], env=environment(sender.env), input=numbered(600), stdout=full, stderr=subprocess.PIPE,
                              timeout=60, check=False)
    assert done.returncode == 1 and b"stopped at line 501: cannot write to standard output" in done.stderr
    done = sender.run("--refused", "/dev/full", lines=b"x\n")
    assert done.returncode == 1 and "cannot write to /dev/full" in done.stderr
    done = sender.run("--refused", "/nowhere/refused", lines=line(700))
    assert done.returncode == 1 and "cannot write to /nowhere/refused: No such file" in done.stderr
    assert sender.numbers() == list(range(1, 501))


def test_input_that_cannot_be_read_stops_it(sender, tmp_path):
    folder = os.open(tmp_path, os.O_RDONLY)
    for stdin, words in ((folder, b"Is a directory"), (None, b"Bad file descriptor")):
        done = subprocess.run([binary(), "send"], env=environment(sender.env), stdin=stdin, capture_output=True, timeout=60, check=False,
                              preexec_fn=None if stdin else lambda: os.close(0))
        assert done.returncode == 1 and b"cannot read standard input: " + words in done.stderr
    os.close(folder)


# Retries.

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
