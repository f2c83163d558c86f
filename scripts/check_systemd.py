#!/usr/bin/env python3
"""Checks the Debian package: its description, the links of its documents, and then the service under systemd, as an
operator uses it (start, restart, taken port, crash, bad option, upgrade, purge).

    ./dev check systemd        (as root; ./dev makes the package first; some minutes)

The package is installed into a clean Debian root, which is then booted. Its process 1 is systemd, with its own process,
network and control group namespaces. It is not a virtual machine: it shares this machine's kernel.
"""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import debian_root
from booted_root import BootedRoot

project = pathlib.Path(__file__).resolve().parents[1]
wait_seconds_max = 60
DATA_DIR = "/var/lib/triggers"


def say(text):
    print(f"dev: {text}", flush=True)


ASK = """
import json, sys, urllib.request, urllib.error
method, url, key, body = sys.argv[1:]
request = urllib.request.Request(url, body.encode() or None, {"Content-Type": "application/json"}, method=method)
if key: request.add_header("Authorization", "Bearer " + key)
try:
    with urllib.request.urlopen(request, timeout=10) as answer: print(json.dumps([answer.status, answer.read().decode()]))
except urllib.error.HTTPError as error: print(json.dumps([error.code, error.read().decode()]))
except OSError as error: print(json.dumps([0, str(error)]))
"""

HOLD_PORT = "import socket, time; s = socket.create_server(('0.0.0.0', 8000)); print('held', flush=True); time.sleep(3600)"


class Service:
    """triggers.service on a booted machine."""

    def __init__(self, machine):
        self.machine = machine

    def systemctl(self, *arguments):
        return self.machine.run("systemctl", *arguments)

    def state(self, name):
        return self.systemctl("show", "--value", "-p", name, "triggers").stdout.strip()

    def triggers(self, *arguments):
        """Runs a command as an operator does: as the service's user."""
        return self.machine.run("runuser", "-u", "triggers", "--", "triggers", *arguments, "--data-dir", DATA_DIR)

    def ask(self, method, path, key="", body=""):
        done = subprocess.run(self.machine.in_its_network(sys.executable, "-c", ASK, method, f"http://127.0.0.1:8000{path}", key, body),
                              capture_output=True, text=True, check=True, timeout=60)
        status, text = json.loads(done.stdout)
        return status, text

    def serves(self):
        return self.ask("GET", "/health")[0] == 200

    def journal(self):
        return self.machine.run("journalctl", "--no-pager", "-u", "triggers").stdout

    def need(self, truth, what):
        if not truth:
            sys.exit(f"dev: FAILED: {what}\n{self.systemctl('status', '--no-pager', 'triggers').stdout}\n{self.journal()[-4000:]}")

    def expect(self, truth, what):
        self.need(truth, what)
        say(what)

    def wait_until(self, condition, what):
        deadline = time.monotonic() + wait_seconds_max
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.1)
        self.expect(condition(), what)


def check_package(root, package):
    """The package's description is well-formed, and its documents have no broken links."""
    def field(name):
        return subprocess.run(["dpkg-deb", "--field", package, name], capture_output=True, text=True, check=True).stdout
    lines = field("Description").rstrip("\n").split("\n")
    whole = len(lines) > 3 and all(re.match(r" (\.$|\S)", line) and len(line) <= 81 for line in lines[1:])
    assert whole and not lines[0].endswith("."), lines
    assert re.fullmatch(r"[^<>]+ <[^@<> ]+@[^@<> ]+>\n", field("Maintainer")) and "invalid" not in field("Maintainer")
    documents = root / "usr/share/doc/triggers"
    pages, broken = sorted(documents.rglob("*.md")), []
    for page in pages:
        prose = re.sub(r"```.*?```|`[^`\n]*`", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
        for target in re.findall(r"\]\(([^)\s]+)\)", prose):
            path = target.partition("#")[0]
            if path and not re.match(r"[a-z]+:", path) and not (page.parent / path).exists():
                broken.append(f"{page.relative_to(documents)}: {target}")
    if broken:
        sys.exit("dev: FAILED: broken links in the package's documents:\n" + "\n".join(broken))
    say(f"the package's description and maintainer are whole, and all links of its {len(pages)} documents lead somewhere")


def check_programs(service):
    for program in ("triggers", "swarm"):
        done = service.machine.run(program, "--version")
        service.expect(done.returncode == 0, f"{program} runs with the libraries that the package depends on: {done.stdout.strip()}")


def check_start(service):
    done = service.systemctl("enable", "--now", "triggers")
    service.expect(done.returncode == 0 and service.serves(), "`systemctl enable --now triggers` returns when it serves")
    key = service.triggers("keys", "create", "--user-id", "check", "--role", "creator", "--rate-limit", "unlimited").stdout
    key = key.splitlines()[-1]
    status, text = service.ask("POST", "/events", key, '{"event_type":"check","payload":{}}')
    service.expect(status == 201, f"in its sandbox it takes an event: {text.strip()}")
    done = service.triggers("backup", "/tmp/copy")
    service.expect(done.returncode == 0, "`triggers backup` beside it copies the store")
    return key


def check_restarts_beside_commands(service, rounds=10):
    """Each round restarts the service while commands run one after another; some run between its stop and its start."""
    for number in range(rounds):
        restart = subprocess.Popen(service.machine.command("systemctl", "restart", "triggers"))
        while restart.poll() is None:
            listed = service.triggers("keys", "list")
            service.need(listed.returncode == 0, f"`triggers keys list` during a restart: {listed.stderr}")
        service.need(restart.returncode == 0 and service.serves(), "the restart")
        done = service.triggers("backup", f"/tmp/copy{number}")
        service.need(done.returncode == 0, f"`triggers backup` right after a restart: {done.stderr}")
    service.expect(service.state("NRestarts") == "0" and service.serves(),
                   f"{rounds} times `systemctl restart` beside `triggers keys list` and `triggers backup`: none failed")


def check_between(service):
    """A command has the store open when the server starts."""
    service.systemctl("stop", "triggers")
    lock = ("import fcntl, sys, time; f = open(sys.argv[1], 'r+'); fcntl.lockf(f, fcntl.LOCK_EX); print('held', flush=True); "
            "time.sleep(3600)")
    holder = subprocess.Popen([sys.executable, "-c", lock, str(service.machine.root) + DATA_DIR + "/db/LOCK"],
                              stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    start = subprocess.Popen(service.machine.command("systemctl", "start", "triggers"))
    service.wait_until(lambda: "waiting_for_store" in service.journal(), "a server waits for a command that has the store")
    holder.kill()
    holder.wait()
    service.expect(start.wait(60) == 0 and service.serves(), "and serves when the command has ended")


def check_taken_port(service):
    service.systemctl("stop", "triggers")
    holder = subprocess.Popen(service.machine.in_its_network(sys.executable, "-c", HOLD_PORT), stdout=subprocess.PIPE, text=True)
    holder.stdout.readline()
    try:
        done = service.systemctl("start", "triggers")
        service.expect(done.returncode != 0, f"with its port taken `systemctl start` fails with {done.returncode}")
        # By default systemd allows five starts in ten seconds.
        service.wait_until(lambda: int(service.state("NRestarts")) >= 7, "it has tried seven times more")
        service.expect(service.state("ActiveState") != "failed", "and has not given up")
    finally:
        holder.kill()
        holder.wait()
    service.wait_until(lambda: service.state("ActiveState") == "active", "when the port is free it comes up by itself")
    service.expect(service.serves(), "and serves")


def check_crash(service, key):
    service.machine.run("systemctl", "kill", "--signal=KILL", "triggers")
    service.wait_until(lambda: service.state("ActiveState") == "active" and service.serves(), "after SIGKILL it serves again")
    status, text = service.ask("GET", "/inbox", key)
    service.expect(status == 200 and json.loads(text)["pagination"]["total_undelivered"] == 1, "and its event is still there")


def check_stop(service):
    done = service.systemctl("stop", "triggers")
    service.expect(done.returncode == 0 and service.state("Result") == "success" and service.state("ExecMainStatus") == "0",
                   "`systemctl stop` ends it with success")
    conf = service.machine.root / "etc/triggers/triggers.conf"
    good = conf.read_text(encoding="utf-8")
    conf.write_text(good + "port = 70000\n", encoding="utf-8")
    done = service.systemctl("enable", "--now", "triggers")
    service.expect(done.returncode != 0 and "70000" in service.journal(),
                   "with a bad option `enable --now` fails, and the journal names the option")
    conf.write_text(good, encoding="utf-8")
    service.wait_until(lambda: service.state("ActiveState") == "active", "with the option mended it comes up by itself")


def check_upgrade_and_removal(service):
    before = service.state("MainPID")
    done = service.machine.run("dpkg", "-i", "/root/triggers.deb")
    service.expect(done.returncode == 0 and service.state("MainPID") != before and service.serves(),
                   "an upgrade restarts it, and it serves")
    done = service.machine.run("dpkg", "--purge", "triggers")
    service.expect(done.returncode == 0 and not service.serves(), "a purge ends it")
    service.expect((service.machine.root / DATA_DIR.lstrip("/") / "FORMAT").exists(), "and leaves the events")


def main():
    debian_root.need_root()
    packages = sorted((project / "build/package").glob("triggers_*.deb"))
    if not packages:
        sys.exit("dev: there is no package in build/package; run ./dev package")
    with tempfile.TemporaryDirectory(prefix="systemd-check.") as name:
        root = pathlib.Path(name) / "root"
        say("making a Debian root with systemd")
        debian_root.make("bookworm", root, ["systemd", "systemd-sysv"])
        shutil.copy2(packages[-1], root / "root/triggers.deb")
        debian_root.run(root, "apt-get -q update >/dev/null; apt-get -q install -y --no-install-recommends /root/triggers.deb "
                              ">/root/install.log 2>&1")
        check_package(root, packages[-1])
        with BootedRoot(root) as machine:
            version = re.match(r"systemd (\d+)", machine.run("systemctl", "--version").stdout)[1]
            say(f"booted systemd {version}: {machine.run('systemctl', 'is-system-running').stdout.strip()}")
            service = Service(machine)
            check_programs(service)
            key = check_start(service)
            check_restarts_beside_commands(service)
            check_between(service)
            check_taken_port(service)
            check_crash(service, key)
            check_stop(service)
            check_upgrade_and_removal(service)
    say("the service does under systemd what it should")


if __name__ == "__main__":
    main()
