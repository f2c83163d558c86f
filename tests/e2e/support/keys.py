"""Runs `triggers keys` as an operator does, and makes API keys for new users."""

import itertools
import json

from .program import run

_numbers = itertools.count(1)


def fresh_user():
    """A user_id that no other test of this run uses."""
    return f"user-{next(_numbers)}"


def create(data_dir, user_id=None, role="creator", rate_limit="unlimited", **fields):
    """Runs `triggers keys create`. Returns its JSON, with `key_id` and `api_key`. `fields`: `event_types`, `expires`, `description`,
    `user_email`, and `all_tenants=True`."""
    arguments = ["--user-id", user_id or fresh_user(), "--role", role, "--rate-limit", str(rate_limit)]
    for name, value in fields.items():
        flag = "--" + name.replace("_", "-")
        arguments += [flag] if value is True else [flag, str(value)]
    done = command(data_dir, "create", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def command(data_dir, *arguments, env=None):
    """Runs `triggers keys <arguments> --data-dir …`. Returns the CompletedProcess."""
    return run("keys", *arguments, "--data-dir", data_dir, env=env)
