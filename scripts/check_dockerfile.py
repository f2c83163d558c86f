#!/usr/bin/env python3
"""Runs the Dockerfile without Docker: every step in a clean Debian root, then requests to the resulting server.

    ./dev check docker        (as root; takes as long as a build from nothing)

Unlike Docker, this makes no layers, does not use the base image itself (debootstrap makes a minimal system of the same
release), and does not isolate the network. An unknown instruction is an error.
"""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
import debian_root

project = pathlib.Path(__file__).resolve().parents[1]
releases = {"debian:12-slim": "bookworm"}
start_seconds_max = 60


def say(text):
    print(f"dev: {text}", flush=True)


def instructions():
    text = (project / "Dockerfile").read_text(encoding="utf-8")
    text = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [tuple(line.split(None, 1)) for line in text.splitlines() if line.strip()]


def context(into):
    """The files that Docker would send: .dockerignore excludes everything except the files that it names again."""
    lines = [line for line in (project / ".dockerignore").read_text(encoding="utf-8").splitlines()
             if line and not line.startswith("#")]
    assert lines[0] == "*", ".dockerignore begins with *"
    ignored = [line for line in lines[1:] if not line.startswith("!")]
    assert all(line.startswith("**/") and line.count("/") == 1 for line in ignored), ignored
    for name in (line[1:] for line in lines if line.startswith("!")):
        source = project / name
        if source.is_dir():
            shutil.copytree(source, into / name, symlinks=True,
                            ignore=shutil.ignore_patterns(*(line[3:] for line in ignored)))
        else:
            shutil.copy2(source, into / name)


class Stage:
    """One root, with the state that instructions pass to later instructions."""

    def __init__(self, root):
        self.root, self.environment, self.folder, self.user = root, {"PATH": debian_root.SEARCH_PATH}, "/", "root"
        self.health = self.entrypoint = self.command = None

    def at(self, path):
        return self.root / str(pathlib.PurePosixPath(self.folder) / path).lstrip("/")

    def call(self, arguments, **options):
        """A process in the root, running as the stage's user. Its own mounts disappear when it ends."""
        script = ('mount -t proc proc "$1/proc"; mount --rbind /dev "$1/dev"; folder=$2 user=$3; root=$1; shift 3; '
                  'exec chroot --userspec="$user" "$root" /bin/sh -c \'cd "$0" && exec "$@"\' "$folder" "$@"')
        return subprocess.Popen(["unshare", "--mount", "sh", "-euc", script, "call", str(self.root), self.folder, self.user,
                                 *arguments], env={**self.environment, "DEBIAN_FRONTEND": "noninteractive"}, **options)

    def run(self, command):
        status = self.call(["/bin/sh", "-c", command]).wait()
        if status != 0:
            sys.exit(f"dev: RUN {command}: status {status}")

    def copy(self, text, sources):
        words = text.split()
        while words[0].startswith("--"):
            name, _, value = words.pop(0)[2:].partition("=")
            # The other options (--chmod, --link) need BuildKit, which Debian's Docker does not have.
            assert name == "from", name
            sources = sources[value]
        *given, target = words
        source_root = sources.root if isinstance(sources, Stage) else sources["context"]
        into = self.at(target)
        for name in given:
            source = source_root / name.lstrip("/")
            place = into / source.name if target.endswith("/") and source.is_file() else into
            place.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, place, symlinks=True, dirs_exist_ok=True)
            else:
                shutil.copy2(source, place)

    def do(self, instruction, text, sources):
        if instruction == "WORKDIR":
            self.folder = text
            self.at(".").mkdir(parents=True, exist_ok=True)
        elif instruction == "COPY":
            self.copy(text, sources)
        elif instruction == "RUN":
            self.run(text)
        elif instruction == "USER":
            self.user = text
        elif instruction == "ENV":
            self.environment.update([text.split("=", 1)])
        elif instruction == "HEALTHCHECK":
            self.health = json.loads(re.search(r"CMD (\[.*\])$", text)[1])
        elif instruction == "ENTRYPOINT":
            self.entrypoint = json.loads(text)
        elif instruction == "CMD":
            self.command = json.loads(text)
        elif instruction not in ("VOLUME", "EXPOSE"):
            sys.exit(f"dev: check_dockerfile.py does not know the instruction {instruction}")


def size(root):
    return int(subprocess.run(["du", "-sxm", root], capture_output=True, text=True, check=True).stdout.split()[0])


def serve(stage):
    """Starts the program that the image starts, and stops it as `docker stop` does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    stage.environment.update(PORT=port, HOST="127.0.0.1")
    server = stage.call(stage.entrypoint + stage.command)
    try:
        deadline = time.monotonic() + start_seconds_max
        while stage.call(stage.health, stderr=subprocess.DEVNULL).wait() != 0:
            if server.poll() is not None or time.monotonic() > deadline:
                sys.exit("dev: the container's health check did not pass")
            time.sleep(0.1)
        say(f"the health check {' '.join(stage.health)} passes")
        owner = os.stat(f"/proc/{server.pid}").st_uid
        assert owner != 0, "the server runs as root"
        say(f"the server runs as user {owner}, not as root")
    finally:
        server.send_signal(signal.SIGTERM)
        status = server.wait(30)
    assert status == 0, f"SIGTERM ended it with status {status}"
    assert stage.call(stage.health, stderr=subprocess.DEVNULL).wait() != 0, "the health check passes without a server"
    say("SIGTERM ends it with status 0, and then the health check fails")


def main():
    debian_root.need_root()
    with tempfile.TemporaryDirectory(prefix="dockerfile.") as name:
        folder = pathlib.Path(name)
        (folder / "context").mkdir()
        context(folder / "context")
        sources, bases, stage = {"context": folder / "context"}, {}, None
        for instruction, text in instructions():
            say(f"{instruction} {text}")
            if instruction == "FROM":
                image, _, alias = text.partition(" AS ")
                if image not in bases:
                    bases[image] = folder / releases[image]
                    debian_root.make(releases[image], bases[image])
                root = folder / f"stage{len(sources)}"
                subprocess.run(["cp", "-a", bases[image], root], check=True)
                stage = sources[alias or "last"] = Stage(root)
            else:
                stage.do(instruction, text, sources)
        say(f"the last stage has {size(stage.root)} MB, {size(stage.root) - size(bases[image])} of them above the base")
        serve(stage)
    say("the Dockerfile's steps all ran")


if __name__ == "__main__":
    main()
