"""The machine's wall clock jumps while a server runs, and between two runs. The monotonic clock never jumps."""

import datetime
import json
import time

import pytest

from support import metrics
from support.keys import fresh_user
from support.preload import JumpingClock

year = 366 * 24 * 3600


def lines(server, event):
    return [json.loads(line) for line in server.log().splitlines() if f'"event":"{event}"' in line]


def wait_for(server, event, count=1, seconds_max=20):
    deadline = time.monotonic() + seconds_max
    while len(lines(server, event)) < count:
        assert time.monotonic() < deadline, f"no {event}:\n{server.log()}"
        time.sleep(0.02)
    return lines(server, event)[-1]


def off_by(timestamp):
    """Seconds by which an answer's timestamp is ahead of the real time."""
    return datetime.datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp() - time.time()


def delivered(client):
    event_id = client.send_event("kept", {}).json()["event_id"]
    assert client.delete(f"/events/{event_id}").status == 204
    return event_id


@pytest.mark.parametrize("by", [year, -year], ids=["forward", "back"])
def test_a_jump_and_back_is_logged_and_leaves_no_trace(start_server, tmp_path, by):
    clock = JumpingClock(tmp_path)
    server = start_server("--event-ttl-days=1", env=clock.env)
    key = server.create_key(user_id=fresh_user())["api_key"]
    with server.client(key) as client:
        event_id = delivered(client)
        clock.jump(by)
        stepped = wait_for(server, "clock_stepped")
        assert abs(stepped["by_seconds"] - by) < 2 and stepped["level"] == "warning"
        read = metrics.read(client)
        assert read["triggers_clock_steps_total"] == 1
        assert abs(read["triggers_clock_offset_seconds"] - by) < 2
        answer = client.send_event("during", {}).json()
        assert abs(off_by(answer["timestamp"])) < 2, answer
        wait_ticks(client)
        assert client.get(f"/events/{event_id}").status == 200

        clock.jump(0)
        wait_for(server, "clock_step_undone")
        assert abs(metrics.read(client)["triggers_clock_offset_seconds"]) < 2
        assert abs(off_by(client.send_event("after", {}).json()["timestamp"])) < 2
        assert client.get(f"/events/{event_id}").status == 200
        assert metrics.read(client)["triggers_clock_behind_ids_seconds"] < 2
    assert server.stop() == 0


def wait_ticks(client, seconds=3):
    """The housekeeper works every second; the age of the oldest event, which it measures, shows that it has."""
    begun = metrics.read(client)["triggers_oldest_undelivered_age_seconds"]
    deadline = time.monotonic() + 20
    while metrics.read(client)["triggers_oldest_undelivered_age_seconds"] < begun + seconds:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_run_under_a_clock_that_is_ahead_deletes_nothing_and_the_next_says_what_is_left_of_it(start_server, tmp_path):
    clock = JumpingClock(tmp_path)
    server = start_server("--event-ttl-days=1", "--dedup-window-seconds=1", env=clock.env)
    key = server.create_key(user_id=fresh_user())["api_key"]
    with server.client(key) as client:
        event_id = delivered(client)
    assert server.stop() == 0

    clock.jump(year)
    server.start()
    waits = wait_for(server, "retention_waits")
    assert abs(waits["ahead_seconds"] - year) < 3600 and waits["waits_seconds"] == 24 * 3600
    with server.client(key) as client:
        assert client.get(f"/events/{event_id}").status == 200
        ahead = client.send_event("ahead", {}).json()
        assert abs(off_by(ahead["timestamp"]) - year) < 5
    assert server.stop() == 0

    clock.jump(0)
    server.start()
    behind = wait_for(server, "clock_behind_ids")
    assert abs(behind["by_seconds"] - year) < 60 and behind["level"] == "warning"
    with server.client(key) as client:
        assert client.get(f"/events/{event_id}").status == 200
        assert abs(metrics.read(client)["triggers_clock_behind_ids_seconds"] - year) < 60
        after = client.send_event("after", {}).json()
        assert after["event_id"] > ahead["event_id"]
        # Outside its window an equal event is a new one, although the ids hardly move.
        deadline = time.monotonic() + 20
        while "duplicate" in client.send_event("after", {}).json():
            assert time.monotonic() < deadline, "a duplicate for as long as the clock is behind"
            time.sleep(0.3)
    assert server.stop() == 0
