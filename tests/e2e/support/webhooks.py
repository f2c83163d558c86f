"""Real input: GitHub's webhook payloads from the npm package @octokit/webhooks-examples."""

import json
import os
import pathlib

import pytest

from .program import repository


def load():
    """(event type, payload) of every example, in the package's order. Skips the test if the package is not there."""
    folder = pathlib.Path(os.environ.get("TRIGGERS_TEST_DATA", repository / "build/test-data"))
    found = sorted(folder.rglob("api.github.com/index.json"))
    if not found:
        pytest.skip(f"no api.github.com/index.json below {folder}: run scripts/fetch_test_data.sh")
    webhooks = json.loads(found[0].read_text(encoding="utf-8"))
    return [(f"github.{webhook['name']}", example) for webhook in webhooks for example in webhook["examples"]]
