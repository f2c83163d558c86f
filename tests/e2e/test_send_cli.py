"""The command `triggers send`: one event of its arguments, and where it sends. Lines of standard input are in
test_send_lines.py, and what goes wrong on the way is in test_send_retries.py."""

import json
import os
import ssl

import pytest

from support.sender import Sender, line, numbered, wait_seconds_max
from support.server import Server


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
