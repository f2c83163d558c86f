"""`swarm --worker` where no Locust master listens: memory and processor time stay small, and a signal ends it."""

import os
import re
import signal
import socket
import subprocess
import time

import pytest

from support import swarm, wrong_master
from support.peak_memory import PeakMemory
from support.program import environment

seconds_watched = 4
memory_mib_max = 250  # what a flood can bring in a tenth of a second, and a margin


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@pytest.mark.parametrize("variables, said", [
    # A name with an empty label needs no name server.
    ({"LOCUST_MASTER_NODE_HOST": "no..name"}, r"Cannot reach a Locust master at no\.\.name:5557: its name has no address "
     r"\(.+\)\. The worker keeps trying \(--master-host is set by LOCUST_MASTER_NODE_HOST\)"),
    ({"LOCUST_MASTER_NODE_PORT": free_port()}, r"Cannot reach a Locust master at 127\.0\.0\.1:\d+: nothing accepts connections "
     r"there\. The worker keeps trying \(--master-port is set by LOCUST_MASTER_NODE_PORT\)"),
    ({"LOCUST_MASTER_NODE_HOST": "localhost", "LOCUST_MASTER_NODE_PORT": free_port()}, r"nothing accepts connections there\. The "
     r"worker keeps trying \(--master-host is set by LOCUST_MASTER_NODE_HOST; --master-port is set by LOCUST_MASTER_NODE_PORT\)"),
])
def test_an_unreachable_master_is_reported_at_once_and_only_once(variables, said):
    process = subprocess.Popen([swarm.binary(), "--worker"], stderr=subprocess.PIPE, text=True,
                               env=environment({"LOCUST_API_KEY": "k" * 64, **variables}))
    try:
        lines = [process.stderr.readline(), process.stderr.readline()]
    finally:
        process.send_signal(signal.SIGTERM)
        rest = process.communicate(timeout=20)[1]
    assert re.search(said, lines[1]), lines
    assert process.returncode == 0 and "Cannot reach" not in rest, rest


@pytest.mark.parametrize("kind, said, busy_max", [
    (wrong_master.ssh, "does not speak like a Locust master", 0.2),
    (wrong_master.http, "does not speak like a Locust master", 0.2),
    (wrong_master.ssh_that_floods, "does not speak like a Locust master", 0.6),
    (wrong_master.huge_frame, "Lost the master", 0.2),
    (wrong_master.endless_frames, "Lost the master", 0.9),
    # As many messages as it can read are work, and nothing else may suffer from it: memory, and the signal.
    (wrong_master.many_messages, "Starting swarm", 4),
])
def test_a_wrong_master_costs_little_and_a_signal_ends_the_worker(kind, said, busy_max, tmp_path):
    log = tmp_path / "log"
    with wrong_master.WrongMaster(kind) as master, open(log, "wb") as out:
        process = subprocess.Popen([swarm.binary(), "--worker", "--master-port", str(master.port)], stderr=out,
                                   env=environment({"LOCUST_API_KEY": "k" * 64}))
        began = time.monotonic()
        with PeakMemory(process) as peak:
            time.sleep(seconds_watched)  # the figure is processor time over so long
            process.send_signal(signal.SIGTERM)
            _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        ended = time.monotonic() - began - seconds_watched
    text = log.read_text(errors="replace")
    assert said in text, text
    assert ended < 5, ended
    assert process.returncode == 0, text
    busy = (usage.ru_utime + usage.ru_stime) / seconds_watched
    assert busy < busy_max, busy
    assert 0 < peak.mib < memory_mib_max, peak.mib
    assert len(text) < 10_000, text
