#!/usr/bin/env python3
"""Makes, checks or deletes the tables of DynamoDB: `triggers tables` under the name that the guide has for it.

    python infrastructure/dynamodb_tables.py create|check|delete [option...]

Options and environment are those of `triggers tables`; TRIGGERS names the program if it is not on the PATH or built here.
"""

import os
import pathlib
import shutil
import sys

here = pathlib.Path(__file__).resolve().parents[1]


def program():
    built = here / "build/release/triggers"
    found = os.environ.get("TRIGGERS") or (str(built) if built.exists() else shutil.which("triggers"))
    return found or sys.exit("dynamodb_tables.py: no triggers program: build it with ./dev build, or install the package")


if __name__ == "__main__":
    triggers = program()
    os.execv(triggers, [triggers, "tables", *(sys.argv[1:] or ["create"])])
