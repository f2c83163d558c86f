"""The errors of `swarm` about wrong arguments and wrong values in the environment."""

import re
import subprocess

import pytest

from support import swarm
from support.program import environment

ANY_KEY = "k" * 64
local = ("--host", "http://127.0.0.1:1", "-t", "1", "--only-summary")


def run(*arguments, **variables):
    return subprocess.run([swarm.binary(), *map(str, arguments)], env=environment({"LOCUST_API_KEY": ANY_KEY, **variables}),
                          capture_output=True, text=True, timeout=60, check=False)


# Variable, a wrong value (`{tmp}` is a folder), and the arguments beside it. Without --host a test ends at once.
wrong_values = [
    ("LOCUST_HOST", "foo", ("-t", "1")),
    ("LOCUST_HOST", "http://127.0.0.1:1", ("-t", "1", "--only-summary")),  # nobody listens there
    ("LOCUST_HOST", "http://127.0.0.1:1", ("--verify", "{tmp}/journal")),
    ("LOCUST_HOST", "foo", ("--verify", "{tmp}/journal")),
    ("LOCUST_USERS", "abc", local),
    ("LOCUST_USERS", "0", local),
    ("LOCUST_SPAWN_RATE", "fast", local),
    ("LOCUST_RUN_TIME", "1parsec", local[:2]),
    ("LOCUST_STOP_TIMEOUT", "5s3m", local),
    ("LOCUST_CSV", "{tmp}/file/prefix", local),
    ("LOCUST_CSV", "{tmp}/folder/", local),
    ("LOCUST_HTML", "{tmp}/none/report.html", local),
    ("LOCUST_ONLY_SUMMARY", "perhaps", local[:-1]),
    ("LOCUST_RESET_STATS", "perhaps", local),
    ("LOCUST_LOGLEVEL", "chatty", local),
    ("LOCUST_LOGFILE", "{tmp}/none/log", local),
    ("LOCUST_EXIT_CODE_ON_ERROR", "256", local),
    ("LOCUST_MODE_WORKER", "perhaps", ()),
    ("LOCUST_MASTER_NODE_PORT", "abc", ("--worker",)),
    ("LOCUST_MASTER_NODE_PORT", "70000", ("--worker",)),
    ("LOCUST_HEADLESS", "perhaps", local),
    ("LOCUST_WEB_HOST", "no-such-host.invalid", local[:2]),
    ("LOCUST_WEB_PORT", "abc", local[:2]),
    ("LOCUST_WEB_BASE_PATH", "load", local[:2]),
    ("LOCUST_WEB_AUTH", "name", local[:2]),
    ("LOCUST_WEB_LOGIN", "true", local[:2]),
    ("LOCUST_TLS_CERT", "{tmp}/none.pem", local[:2]),
    ("LOCUST_TLS_CERT", "{tmp}/none.pem", (*local[:2], "--tls-key", "{tmp}/none.key")),
    ("LOCUST_TLS_KEY", "{tmp}/none.pem", local[:2]),
    ("LOCUST_AUTOSTART", "perhaps", local[:2]),
    ("LOCUST_AUTOQUIT", "5", local[:2]),
    ("LOCUST_USERCLASS_PICKER", "perhaps", local[:2]),
]


@pytest.mark.parametrize("variable, value, arguments", wrong_values, ids=[f"{one[0]}={one[1]}" for one in wrong_values])
def test_an_error_about_a_value_of_the_environment_names_the_variable(variable, value, arguments, tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder/_stats.csv").mkdir(parents=True)
    swarm.WrittenJournal(tmp_path / "journal").line("A", "01890000-0000-7000-8000-000000000001", swarm.digest("t", "{}"))
    place = lambda text: text.replace("{tmp}", str(tmp_path))
    done = run(*map(place, arguments), **{variable: place(value)})
    assert done.returncode in (1, 2), done
    assert re.search(rf" is set by {variable}[);]", done.stderr), done.stderr


def test_every_variable_of_the_help_has_a_wrong_value_here():
    known = set(re.findall(r"\(Env:(\w+)\)", run("--help").stdout))
    # A wrong host of a master is no end: its error is in test_swarm_wrong_master.
    assert known == {one[0] for one in wrong_values} | {"LOCUST_MASTER_NODE_HOST"}


def test_an_argument_wins_over_a_wrong_value_of_the_environment():
    done = run("--list", "--users", 2, "-t", "1s", LOCUST_USERS="abc", LOCUST_RUN_TIME="1parsec")
    assert (done.returncode, done.stderr) == (0, ""), done


def test_an_error_about_an_argument_names_no_variable():
    for arguments in (("--users", "abc"), ("--host", "foo"), ("-t", "1parsec")):
        done = run(*local, *arguments, LOCUST_USERS="3", LOCUST_HOST="http://127.0.0.1:1", LOCUST_RUN_TIME="5")
        assert done.returncode in (1, 2) and " is set by " not in done.stderr, done


@pytest.mark.parametrize("arguments", [("--users", "abc"), ("--rate", "0"), ("--nothing-like-it",), ("-t",), ("-z",), (),
                                       ("--host", "http://x", "--exclusive"), ("--loglevel", "chatty")])
def test_a_mistake_in_the_arguments_begins_with_the_programs_name(arguments):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, ""), done
    assert done.stderr.startswith("swarm: ") and done.stderr.endswith("Run with --help for more information.\n"), done.stderr


@pytest.mark.parametrize("given, meant", [("--usres", "--users"), ("--usres=4", "--users"), ("--runtime", "--run-time"),
                                          ("--spawn_rate", "--spawn-rate"), ("--verfy", "--verify"), ("--HOST", "--host")])
def test_an_unknown_option_is_refused_with_the_nearest_one(given, meant):
    done = run("--host", "http://x", given, "4")
    assert done.returncode == 2 and f"did you mean {meant}?" in done.stderr, done.stderr


def test_an_option_without_a_near_name_is_refused_without_a_guess():
    assert "did you mean" not in run("--completely-different").stderr


@pytest.mark.parametrize("arguments", [(), ("--keep-going",)])
def test_a_question_in_a_message_has_one_mark_at_its_end(arguments):
    done = run(*local, *arguments)
    assert re.search(r"Is the service running there\? The test (ends here|continues)", done.stderr), done.stderr
    assert not re.search(r"[?!.]\.(\s|$)", done.stderr), done.stderr


@pytest.mark.parametrize("arguments", [
    ("--host", "{url}", "-t", "1"), ("--host={url}", "--verify", "{journal}"), ("{url}", "-t", "1", "--host", "http://127.0.0.1:1"),
    ("--hots={url}",), ("--users", "{url}"), ("--run-time={url}",), ("--rate", "{url}")])
@pytest.mark.parametrize("url", ["http://user:hidden@127.0.0.1:1", "https://user:hid@den@127.0.0.1:1/v1"])
def test_no_message_shows_the_password_of_a_url(arguments, url, tmp_path):
    swarm.WrittenJournal(tmp_path / "journal").line("A", "01890000-0000-7000-8000-000000000001", swarm.digest("t", "{}"))
    done = run(*[text.format(url=url, journal=tmp_path / "journal") for text in arguments])
    assert done.returncode in (1, 2), done
    assert "***@127.0.0.1:1" in done.stderr and "hid" not in done.stderr and "user:" not in done.stderr, done.stderr
