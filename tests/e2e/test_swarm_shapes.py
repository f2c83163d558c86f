"""The built load generator with a load that changes: stages of users and of a rate, Poisson arrivals, a number of iterations,
and what it says about its own limits. The shapes themselves are tested in swarm/load/load_curve_test.cc and
swarm/load/arrivals_test.cc."""

import csv
import json
import os
import resource
import subprocess

import pytest

from support import private_network, swarm
from support.delaying_server import DelayingServer
from support.program import environment

ANY_KEY = "k" * 64  # for servers that do not look at it


def run_of(done):
    return json.loads(done.stdout)["run"]


def test_stages_of_users_ramp_up_stay_and_ramp_down(tmp_path):
    with DelayingServer(0.01) as server:
        done = swarm.run(server.port, ANY_KEY, "--stages", "2s:20,2s:20,2s:0", "--no-wait", "--json", "--csv", tmp_path / "run",
                         "HighThroughputUser")
    run = run_of(done)
    assert done.returncode == 0, done.stderr
    assert "All stages are over, shutting down" in done.stderr
    assert run["stages"] == "2s:20,2s:20,2s:0" and run["model"] == "closed" and 5.9 < run["seconds"] < 8, run
    with open(tmp_path / "run_stats_history.csv", encoding="utf-8", newline="") as file:
        users = [int(row["User Count"]) for row in csv.DictReader(file)]
    assert max(users) == 20 and users[0] < 20 and users[-1] < 20, users
    # Users that the ramp stopped have finished their requests.
    assert run["cut_off"]["requests"] <= 2, run["cut_off"]
    assert server.connections == 20


@pytest.mark.parametrize("arrivals, least, most", [("constant", 500, 500), ("poisson", 340, 660)])
def test_stages_of_a_rate_send_what_is_below_the_curve(arrivals, least, most):
    with DelayingServer() as server:
        done = swarm.run(server.port, ANY_KEY, "--rate", "1s:200,1s:200,1s:0,1s:200", "--arrivals", arrivals, "-s", 5, "--json",
                         "HighThroughputUser")
    run = run_of(done)
    assert done.returncode == 0, done.stderr
    schedule = run["schedule"]
    # 100, 200, 100 and 100; the last tasks are due at the end itself. Poisson: seven standard deviations.
    assert least - 3 <= schedule["arrivals"] <= most and schedule["arrivals"] == server.requests, schedule
    assert (run["arrivals"], run["rate"], run["model"]) == (arrivals, 200, "open"), run


def test_a_warm_up_is_the_first_part_of_the_stages():
    with DelayingServer() as server:
        done = swarm.run(server.port, ANY_KEY, "--rate", "0s:100,4s:100", "--warm-up", 2, "-s", 5, "--json", "HighThroughputUser")
    run = run_of(done)
    assert done.returncode == 0, done.stderr
    assert run["warm_up"]["requests"] == 200 and 198 <= run["schedule"]["arrivals"] <= 200, run
    assert run["warm_up"]["requests"] + run["schedule"]["arrivals"] == server.requests


@pytest.mark.parametrize("model", [("-u", 7, "-r", 7, "--no-wait", "--threads", 2), ("--rate", 500, "-u", 20)])
def test_iterations_end_a_test_after_exactly_so_many_tasks(model):
    with DelayingServer(0.005) as server:
        done = swarm.run(server.port, ANY_KEY, *model, "--iterations", 123, "--json", "HighThroughputUser")
    document = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert document["total"]["requests"] == server.requests == 123, document["total"]
    assert document["run"]["cut_off"]["requests"] == 0 and document["run"]["iterations"] == 123
    assert "All 123 iterations are done, shutting down" in done.stderr


def test_what_was_never_sent_is_said_with_the_reason():
    with DelayingServer(0.5) as server:
        done = swarm.run(server.port, ANY_KEY, "--rate", 100, "-u", 2, "-t", 2, "--json", "HighThroughputUser")
    schedule = run_of(done)["schedule"]
    assert schedule["unsent"] >= 180 and schedule["unsent_without_user"] == schedule["unsent"], schedule
    assert schedule["unsent_behind"] == 0
    assert f'Never sent: {schedule["unsent"]} tasks ({schedule["unsent"]} without a free user, 0 because swarm was late)' in done.stderr
    assert any("had no free user: all of --users were in flight" in warning for warning in run_of(done)["warnings"])


@pytest.mark.parametrize("arguments, told", [
    (("--stages", "30s"), "--stages: '30s': stage 1 is not TIME:TARGET"),
    (("--stages", "1s:5,5x:1"), "stage 2 does not begin with a time"),
    (("--stages", "5s:1.5"), "stage 1 does not end with a whole number from 0 to 1000000"),
    (("--stages", "5s:1000001"), "does not end with a whole number"),
    (("--stages", "0s:5"), "all stages together last no time"),
    (("--stages", "5s:0"), "no stage has a target above 0"),
    (("--stages", "5s:1", "--rate", "5"), "--stages sets the users and --rate the tasks per second"),
    (("--stages", "5s:1", "-u", "5"), "--stages already sets the number of users"),
    (("--stages", "5s:1", "-r", "5"), "--stages already sets the number of users"),
    (("--stages", "5s:1", "-t", "5"), "the stages already say when the test ends"),
    (("--stages", "5s:1", "--reset-stats"), "use --warm-up in place of --reset-stats"),
    (("--stages", "5s:1", "--warm-up", "5"), "--warm-up is the first part of the stages"),
    (("--rate", "5s:1", "--warm-up", "6"), "--warm-up is the first part of the stages"),
    (("--rate", "5s:1", "-t", "6"), "the stages already say when the test ends"),
    (("--rate", "5s:1e7"), "stage 1 does not end with a number from 0 to 10000000"),
    (("--rate", "0"), "'0' is not a number above 0 and at most 10000000, and not stages such as"),
    (("--rate", "nan"), "'nan' is not a number above 0"),
    (("--rate", "5/s"), "'5/s' is not a number above 0"),
    (("--arrivals", "poisson"), "--arrivals needs --rate"),
    (("--arrivals", "uniform", "--rate", "5"), "'uniform' is not constant or poisson"),
    (("--iterations", "0"), "'0' is not a whole number from 1 to 1000000000000"),
    (("--iterations", "1.5"), "'1.5' is not a whole number"),
    (("--iterations", "-1"), "'-1' is not a whole number"),
    (("--iterations", "5", "--warm-up", "1"), "--iterations counts every task, and --warm-up would leave some out"),
    (("--warm-up", "5x"), "'5x' is not a time"),
])
def test_a_wrong_value_is_named_with_what_to_do(arguments, told):
    done = swarm.run(1, ANY_KEY, *arguments)
    assert done.returncode == 2 and told in done.stderr, done.stderr


def test_an_option_of_the_environment_that_stages_exclude_is_named():
    done = subprocess.run(swarm.command(1, "--stages", "5s:1"), env=environment({"LOCUST_API_KEY": ANY_KEY, "LOCUST_USERS": "5"}),
                          capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and "(--users is set by LOCUST_USERS)" in done.stderr, done.stderr


# The generator's own limits.

def test_too_few_descriptors_are_named_as_the_limit():
    """The service answers some users, so the test goes on; the others have no connection."""
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))

    with DelayingServer() as server:
        done = subprocess.run(swarm.command(server.port, "--rate", 100, "-u", 100, "-t", 2, "--json", "HighThroughputUser"),
                              env=environment({"LOCUST_API_KEY": ANY_KEY}), preexec_fn=few, capture_output=True, text=True, timeout=60,
                              check=False)
    run = run_of(done)
    assert run["generator"]["limits"].count("descriptors") == 1, run
    assert run["generator"]["failed_for_lack_of"]["descriptors"] >= 60, run
    assert run["schedule"]["unconnected_users"] >= 60, run
    assert "because swarm had no file descriptor left" in done.stderr and "Raise the limit of open files" in done.stderr


def test_too_few_ports_are_named_as_the_limit():
    def in_a_network_with_few_ports():
        if not private_network.enter():
            return None
        try:
            with open("/proc/sys/net/ipv4/ip_local_port_range", "w", encoding="ascii") as file:
                file.write("50000 50009")
        except OSError:
            return None
        with DelayingServer() as server:
            return swarm.run(server.port, ANY_KEY, "--rate", 100, "-u", 50, "-t", 2, "--json", "HighThroughputUser")

    with private_network.ThreadPoolExecutor(1) as own_thread:
        done = own_thread.submit(in_a_network_with_few_ports).result()
    if done is None:
        pytest.skip("a network of its own is not permitted here")
    run = run_of(done)
    assert "ports" in run["generator"]["limits"], run
    assert run["generator"]["failed_for_lack_of"]["ports"] >= 40, run
    assert "had no port left" in done.stderr and "ip_local_port_range" in done.stderr


def test_a_disk_that_is_too_slow_for_the_journal_is_named_and_delays_no_request(tmp_path):
    """The journal is a pipe that nobody reads for some seconds. Every line arrives in the end."""
    journal = tmp_path / "journal"
    os.mkfifo(journal)
    with DelayingServer() as server:
        process = subprocess.Popen(swarm.command(server.port, "--rate", 400, "-t", 8, "-s", 5, "--json", "--journal", journal,
                                                 "HighThroughputUser"), text=True, env=environment({"LOCUST_API_KEY": ANY_KEY}),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        # The pipe takes 64 KiB, some 900 lines.
        while server.requests < 2300 and process.poll() is None:
            os.sched_yield()
        lines = journal.read_text(encoding="ascii").splitlines()
        out, errors = process.communicate(timeout=60)
    run = json.loads(out)["run"]
    assert process.returncode == 0, errors
    assert "disk" in run["generator"]["limits"], run
    assert run["generator"]["journal"]["lost_lines"] == 0 and run["generator"]["journal"]["longest_wait_ms"] > 2000, run
    assert "lines of the journal had to wait for the disk" in errors
    assert len([line for line in lines if line.startswith("A ")]) == server.requests and lines[-1] == "E -"
    assert run["schedule"]["arrivals"] == server.requests


def test_a_disk_that_fails_ends_the_journal_and_not_the_load(tmp_path):
    journal_bytes_max = 4096
    with DelayingServer() as server:
        # The program ignores SIGXFSZ, so a write beyond the limit fails.
        done = subprocess.run(swarm.command(server.port, "--rate", 200, "-t", 3, "-s", 5, "--json", "--journal", tmp_path / "journal",
                                            "HighThroughputUser"), env=environment({"LOCUST_API_KEY": ANY_KEY}),
                              preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (journal_bytes_max, journal_bytes_max)),
                              capture_output=True, text=True, timeout=60, check=False)
    document = json.loads(done.stdout)
    assert done.returncode == 2, done.stderr
    assert document["total"]["requests"] == server.requests >= 590, document["total"]
    assert "disk" in document["run"]["generator"]["limits"], document["run"]
    assert "the disk failed (File too large) for the journal, which ends here" in done.stderr, done.stderr
    assert f"cannot write the journal {tmp_path}/journal: File too large" in done.stderr
    assert (tmp_path / "journal").stat().st_size <= journal_bytes_max
