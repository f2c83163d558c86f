"""The load balancer configurations in docs/deployment.md: nginx and HAProxy accept them, and HAProxy drains a node without
a failed request."""

import re
import socket
import ssl
import subprocess
import threading
import time
import uuid

import pytest

from support.dynamodb import DynamoDB
from support.program import repository, run
from support.client import Client
from support.server import free_port

page = (repository / "docs/deployment.md").read_text(encoding="utf-8")


def block(language):
    found = re.findall(rf"^```{language}\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return found[0]


def haproxy_configuration(folder, ports, certificate):
    """The document's, with this test's addresses and files in it."""
    text = block("haproxy")
    chain = folder / "chain.pem"
    chain.write_text(certificate[0].read_text() + certificate[1].read_text())
    front = free_port()
    for old, new in (("/etc/haproxy/triggers.pem", chain), ("/run/haproxy/admin.sock", folder / "admin.sock"),
                     (":443", f"127.0.0.1:{front}"), ("10.0.0.11:8000", f"127.0.0.1:{ports[0]}"),
                     ("10.0.0.12:8000", f"127.0.0.1:{ports[1]}")):
        assert text.count(old) == 1, old
        text = text.replace(old, str(new))
    # Debian's package gives it a user and a chroot; here it has neither.
    text = re.sub(r"^ *(user|group|chroot|daemon) .*\n", "", text, flags=re.MULTILINE)
    path = folder / "haproxy.cfg"
    path.write_text(text)
    return path, front


def test_nginx_takes_the_configuration(tmp_path, certificate):
    text = block("nginx")
    for old, new in (("/etc/ssl/triggers.pem", certificate[0]), ("/etc/ssl/private/triggers.key", certificate[1])):
        assert text.count(old) == 1
        text = text.replace(old, str(new))
    text = text.replace("listen 443", f"listen {free_port()}")
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/nginx.pid; events {{}}\nhttp {{\n{text}\n}}\n")
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-e", tmp_path / "error.log", "-p", tmp_path, "-c", tmp_path / "nginx.conf"],
                          capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0 and "warn" not in done.stderr, done.stderr


def test_a_node_that_is_drained_and_restarted_fails_no_request(tmp_path, certificate, start_server):
    with DynamoDB(tmp_path) as dynamo:
        name = uuid.uuid4().hex
        env = {**dynamo.environment, "DYNAMODB_TABLE_EVENTS": f"{name}-events", "DYNAMODB_TABLE_API_KEYS": f"{name}-keys"}
        assert run("tables", "create", env=env).returncode == 0
        key = run("keys", "create", "--user-id=a", "--role=creator", "--rate-limit=unlimited", env=env).stdout.splitlines()[-1]
        nodes = [start_server("--trusted-proxies=127.0.0.1", env=env) for _ in range(2)]
        path, front = haproxy_configuration(tmp_path, [node.port for node in nodes], certificate)
        checked = subprocess.run(["/usr/sbin/haproxy", "-c", "-f", path], capture_output=True, text=True, timeout=30, check=False)
        assert checked.returncode == 0 and "WARNING" not in checked.stderr, checked.stderr
        process = subprocess.Popen(["/usr/sbin/haproxy", "-db", "-f", path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            drain_under_load(tmp_path, front, key, nodes)
        finally:
            process.terminate()
            process.wait(30)


def admin(folder, command):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(folder / "admin.sock"))
        connection.sendall(command.encode() + b"\n")
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def drain_under_load(folder, front, key, nodes):
    tls = ssl.create_default_context()
    tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    statuses, ending = [], threading.Event()

    def send(worker):
        number = 0
        with Client(front, key, tls=tls) as client:
            while not ending.is_set():
                number += 1
                statuses.append(client.post("/events", {"event_type": "a", "payload": {"n": [worker, number]}}).status)

    def state(server):
        rows = [line.split(",") for line in admin(folder, "show stat").splitlines()]
        return next(row[17] for row in rows if row[:2] == ["triggers", server])

    def up(server):
        return state(server).startswith("UP")

    wait_until((folder / "admin.sock").exists)
    wait_until(lambda: up("a") and up("b"))
    workers = [threading.Thread(target=send, args=(number,)) for number in range(4)]
    for worker in workers:
        worker.start()
    try:
        wait_until(lambda: len(statuses) > 50)
        admin(folder, "set server triggers/a state drain")
        wait_until(lambda: state("a").startswith("DRAIN"))
        before = len(statuses)
        wait_until(lambda: len(statuses) > before + 50)
        assert nodes[0].stop() == 0
        before = len(statuses)
        wait_until(lambda: len(statuses) > before + 50)
    finally:
        ending.set()
        for worker in workers:
            worker.join(60)
    assert set(statuses) == {201}
