"""The command `triggers send`: lines of standard input, which it sends in batches. Single events are in test_send_cli.py."""

import json
import os
import pty
import re
import signal
import subprocess
import threading

from support.peak_memory import PeakMemory
from support.program import binary, environment
from support.sender import Sender, how_to_go_on, line, numbered, wait_seconds_max, wait_until


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
