"""A service on DynamoDB, with its own tables and keys."""

import json
import uuid

from . import keys
from .program import run


class DynamoService:
    """Makes the tables. `env` is the environment of the service's nodes and commands."""

    def __init__(self, dynamo):
        self.dynamo = dynamo
        name = uuid.uuid4().hex
        self.env = {**dynamo.environment, "DYNAMODB_TABLE_EVENTS": f"{name}-events",
                    "DYNAMODB_TABLE_API_KEYS": f"{name}-keys"}
        done = run("tables", "create", env=self.env)
        assert done.returncode == 0, done.stderr

    def env_through(self, proxy):
        return {**self.env, "DYNAMODB_ENDPOINT_URL": proxy.url}

    def keys(self, *arguments):
        """Runs `triggers keys <arguments>`, which must succeed. Returns its output."""
        done = run("keys", *arguments, env=self.env)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def create_key(self, user_id=None, rate_limit="unlimited", role="creator"):
        """The JSON of a new key, with `key_id` and `api_key`. The key belongs to a new tenant if none is given."""
        return json.loads(self.keys("create", "--user-id", user_id or keys.fresh_user(), "--role", role,
                                    "--rate-limit", rate_limit, "--json"))
