"""Finds the built program and runs its commands. A running server is in server.py."""

import os
import pathlib
import subprocess

repository = pathlib.Path(__file__).resolve().parents[3]


def binary():
    """The program under test: $TRIGGERS_BINARY, or the release build."""
    chosen = os.environ.get("TRIGGERS_BINARY")
    path = pathlib.Path(chosen) if chosen else repository / "build/release/triggers"
    return str(path.resolve())


def environment(extra=None):
    """The caller's environment without any option of our programs, so that a developer's settings do not affect the tests.

    Python programs in this environment write no bytecode, so that tests leave nothing in the project's folder.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "TZ") if name in os.environ}
    # Options of sanitizer builds.
    kept.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
    kept["PYTHONDONTWRITEBYTECODE"] = "1"
    kept.update(extra or {})
    return kept


def run(*arguments, env=None, cwd=None, timeout=60, **options):
    """Runs `triggers <arguments>` to its end. Returns a CompletedProcess with text."""
    command = [binary(), *[str(argument) for argument in arguments]]
    return subprocess.run(command, env=environment(env), cwd=cwd, timeout=timeout, capture_output=True, text=True,
                          check=False, **options)
