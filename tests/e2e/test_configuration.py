"""Options from flags, environment and file: which source wins, and what is refused with which message."""

import json

import pytest

from support.program import repository, run


def options(*arguments, env=None, cwd=None):
    """`triggers config --json` as {name: option}."""
    done = run("config", "--json", *arguments, env=env, cwd=cwd)
    assert done.returncode == 0, done.stderr
    return {option["name"]: option for option in json.loads(done.stdout)["options"]}


def test_each_value_has_its_source_and_the_strongest_wins(tmp_path):
    file = tmp_path / "triggers.conf"
    file.write_text('# a comment\nport = 1001\nlog-level = "debug"\nevent-ttl-days = 7\n\n')
    shown = options("--config", file, "--port", "1003", env={"PORT": "1002", "EVENT_TTL_DAYS": "8"})
    for name, value, source in (("port", "1003", "flag"), ("event-ttl-days", "8", "environment"),
                                ("log-level", "debug", "file"), ("host", "0.0.0.0", "default")):
        assert (shown[name]["value"], shown[name]["source"]) == (value, source)
    table = run("config", "--config", file, "--port", "1003").stdout.splitlines()
    assert table[0].split() == ["NAME", "VALUE", "UNIT", "SOURCE"]
    assert ["port", "1003", "flag"] in [line.split() for line in table]


def test_the_environment_keeps_its_names():
    names = {option["environment"] for option in options().values()}
    assert names >= {"HOST", "PORT", "DATA_DIR", "AWS_REGION", "DYNAMODB_ENDPOINT_URL", "DYNAMODB_TABLE_EVENTS",
                     "DYNAMODB_TABLE_API_KEYS", "LOG_LEVEL", "EVENT_TTL_DAYS", "DEDUPLICATION_WINDOW_SECONDS",
                     "DEFAULT_RATE_LIMIT_PER_MINUTE", "MAX_REQUEST_SIZE_BYTES", "MAX_PAYLOAD_SIZE_BYTES", "API_TITLE",
                     "API_VERSION"}


@pytest.mark.parametrize("name, bad, bounds", [
    ("port", "65536", "0..65535"), ("port", "-1", "0..65535"), ("port", "8000x", "0..65535"), ("log-level", "loud", "debug|info"),
    ("event-ttl-days", "0", "1..3650"), ("access-log", "maybe", "true|false"), ("dedup-window-seconds", "1.5", "0..86400"),
    ("default-rate-limit-per-minute", "0", "1..10000000"), ("trusted-proxies", "10.0.0.0/33", ""),
    ("cors-allow-origins", "example.com", ""), ("store", "sqlite", "embedded|dynamodb"), ("max-connections", "", "1..1000000")])
def test_a_bad_value_is_refused_by_name_value_source_and_bounds(tmp_path, name, bad, bounds):
    variable = options()[name]["environment"]
    file = tmp_path / "triggers.conf"
    file.write_text(f"{name} = {bad}\n")
    tries = [(run("config", f"--{name}={bad}"), f"--{name}"), (run("config", "--config", file), f"{file}:1")]
    if bad:  # An empty variable counts as unset.
        tries.append((run("config", env={variable: bad}), variable))
    for done, source in tries:
        assert done.returncode != 0 and done.stdout == "", done
        assert name in done.stderr and bad in done.stderr and bounds in done.stderr, done.stderr
        assert source in done.stderr, done.stderr


def test_a_bad_file_is_refused_by_its_line(tmp_path):
    file = tmp_path / "triggers.conf"
    for text, wrong in (("port = 1\nprot = 2\n", "port"), ("port = 1\nport = 2\n", ":2"), ("port\n", ":1")):
        file.write_text(text)
        done = run("config", "--config", file)
        assert done.returncode != 0 and str(file) in done.stderr and wrong in done.stderr, done.stderr
    assert "nowhere.conf" in run("config", "--config", tmp_path / "nowhere.conf").stderr
    assert run("config", "--prot=1").returncode != 0
    assert run("serve", "--port=70000", f"--data-dir={tmp_path}/data").returncode != 0
    assert not (tmp_path / "data").exists()


def test_values_that_do_not_hold_together_are_refused():
    done = run("config", "--max-payload-size-bytes=9999", "--max-request-size-bytes=9998")
    assert done.returncode != 0 and "max-payload-size-bytes" in done.stderr
    assert "tls-key" in run("config", "--tls-cert=/tmp/x").stderr
    assert "aws-region" in run("config", env={"STORE": "dynamodb"}).stderr


def test_the_limits_are_the_configured_ones(start_server):
    server = start_server("--max-payload-size-bytes=100", env={"MAX_REQUEST_SIZE_BYTES": "1024"})
    with server.client(server.create_key()["api_key"]) as client:
        body = '{"event_type":"t","payload":{"v":"%s"}}'
        assert client.post("/events", body % ("x" * 92)).status == 201
        refused = client.post("/events", body % ("x" * 93))
        assert (refused.status, refused.json()["details"]["limit_bytes"]) == (413, 100)
        refused = client.post("/events", " " * 1025)
        assert (refused.status, refused.json()["details"]["limit_bytes"]) == (413, 1024)


def test_the_documented_options_are_the_programs():
    page = repository / "docs/operations.md"
    if not page.exists():
        pytest.skip("docs/operations.md is not there yet")
    documented = page.read_text(encoding="utf-8")
    table = run("config", "--markdown").stdout
    assert table.count("\n| `--") == len(options())
    begin, end = "<!-- options:begin -->", "<!-- options:end -->"
    assert documented.split(begin)[1].split(end)[0].strip() == table.strip()


@pytest.mark.parametrize("env, words", [
    ({"HOST": "x86_64-conda-linux-gnu.invalid"}, "host is set by environment HOST"),
    ({"DATA_DIR": "/dev/null/data"}, "data-dir is set by environment DATA_DIR"),
    ({"TLS_CERT": "/nowhere/cert.pem", "TLS_KEY": "/nowhere/key.pem"}, "tls-cert is set by environment TLS_CERT"),
    ({"TRIGGERS_CONFIG": "/nowhere.conf"}, "No such file or directory (environment TRIGGERS_CONFIG)"),
    ({"LOG_LEVEL": "loud"}, "environment LOG_LEVEL")], ids=lambda value: str(value)[:20])
def test_a_value_of_the_environment_is_named_with_its_variable(tmp_path, env, words):
    arguments = ["--port=0"] if "DATA_DIR" in env else ["--port=0", f"--data-dir={tmp_path}/data"]
    done = run("serve", *arguments, env=env)
    assert done.returncode == 1 and done.stderr.count("\n") == 1 and words in done.stderr, done.stderr
    if "DATA_DIR" in env:
        for command in (["keys", "list"], ["keys", "create", "--user-id=u"], ["backup", tmp_path / "copy"]):
            assert words in run(*command, env=env).stderr


def test_a_file_as_people_write_it_is_read_as_they_mean_it(tmp_path):
    file = tmp_path / "triggers.conf"
    file.write_bytes(b"\xef\xbb\xbfport = 9000   # ours\r\ndata-dir = '/x y'  # main disk\r\nlog-level = WARN\r\n")
    shown = options("--config", file)
    assert {name: shown[name]["value"] for name in ("port", "data-dir", "log-level")} == {
        "port": "9000", "data-dir": "/x y", "log-level": "warning"}
