#!/usr/bin/env python3
"""Manages API keys: `triggers keys`, found and run.

    python scripts/manage_api_keys.py create --user-id load-test --role creator --rate-limit 10000
    python scripts/manage_api_keys.py list

Every argument goes to `triggers keys`, so `--help` is its help; the exit status is its own. After `create` and `rotate`
the last line of the output is the key and nothing else, so that `| tail -n 1` is the key. The store is that of
`./dev run`, data/ in this project, wherever one calls this from; --data-dir or DATA_DIR name another.
"""

import os
import pathlib
import shutil
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def find_program():
    """$TRIGGERS_BINARY if it is set; else the release build; else one that is installed."""
    chosen = os.environ.get("TRIGGERS_BINARY")
    if chosen:
        return shutil.which(chosen)
    return shutil.which(ROOT / "build/release/triggers") or shutil.which("triggers")


def main():
    program = find_program()
    if program is None:
        chosen = os.environ.get("TRIGGERS_BINARY")
        where = f"TRIGGERS_BINARY={chosen} is not a program" if chosen else "triggers is not built and not installed"
        sys.exit(f"manage_api_keys.py: {where}: `./dev build` makes build/release/triggers")
    os.environ.setdefault("DATA_DIR", str(ROOT / "data"))
    try:
        os.execv(program, [program, "keys", *sys.argv[1:]])
    except OSError as error:
        sys.exit(f"manage_api_keys.py: {program}: {error.strerror}")


if __name__ == "__main__":
    main()
