"""Finds the `triggers` program for the scripts that run it, and runs it in their place."""

import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def find_program():
    """$TRIGGERS_BINARY if it is set; otherwise the release build; otherwise an installed program. None if there is none."""
    chosen = os.environ.get("TRIGGERS_BINARY")
    if chosen:
        return shutil.which(chosen)
    return shutil.which(ROOT / "build/release/triggers") or shutil.which("triggers")


def become(script, *arguments):
    """Runs `triggers <arguments>` in this process. Does not return; exits with status 1 if there is no such program."""
    program = find_program()
    if program is None:
        chosen = os.environ.get("TRIGGERS_BINARY")
        where = f"TRIGGERS_BINARY={chosen} is not a program" if chosen else "triggers is not built and not installed"
        sys.exit(f"{script}: {where}: `./dev build` makes build/release/triggers")
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(program, [program, *arguments])
    except OSError as error:
        sys.exit(f"{script}: {program}: {error.strerror}")
