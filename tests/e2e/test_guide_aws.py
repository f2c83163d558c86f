"""The guide's commands for AWS, unchanged, against DynamoDB Local. Only DYNAMODB_ENDPOINT_URL, credentials, the API's URL
and the length of a test differ."""

import re
import shutil

import pytest

from support import locust
from support.client import Client
from support.dynamodb import DynamoDB
from support.program import repository
from support.server import Server
from test_guide import Reader, guide

section = guide.partition("\n## On AWS\n")[2]
blocks = re.findall(r"^```sh\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
api = "https://API_ID.execute-api.us-east-1.amazonaws.com/v1"

pytestmark = locust.installed


@pytest.fixture(scope="module")
def reader(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guide-aws")
    one = Reader(folder)
    shutil.copytree(repository / "infrastructure", folder / "infrastructure")
    with DynamoDB(folder) as dynamo:
        one.environment.update({"AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "secret",
                                "DYNAMODB_ENDPOINT_URL": dynamo.url})
        one.environment.pop("AWS_REGION", None)
        try:
            tables, create, export, load = blocks
            one.tables = one.run("tables", tables)
            one.created = one.run("create", create)
            one.exported = one.run("export", export + "printenv LOCUST_API_KEY")
            one.load = load
            names = dict(re.findall(r"(DYNAMODB_TABLE_\w+|AWS_REGION)=(\S+)", tables))
            with Server(folder / "server", env={**one.environment, **names}).start() as one.server:
                yield one
        finally:
            one.end()


def test_the_section_has_these_commands_and_they_are_also_in_the_deployment():
    assert len(blocks) == 4
    page = (repository / "docs/deployment.md").read_text(encoding="utf-8")
    assert blocks[1] in page
    assert blocks[1].startswith("AWS_REGION=us-east-1 DYNAMODB_TABLE_API_KEYS=zapier-api-keys-production "
                                "python scripts/manage_api_keys.py create ")


def test_the_tables_are_made(reader):
    status, output = reader.tables
    assert status == 0, output
    assert "zapier-events-production: made" in output and "zapier-api-keys-production: made" in output


def test_both_keys_are_the_services(reader):
    status, output = reader.created
    assert status == 0, output
    with Client(reader.server.port, output.splitlines()[-1]) as client:
        assert client.get("/inbox").headers["RateLimit-Policy"] == '"default";q=10000;w=60'
    status, key = reader.exported
    assert status == 0, key
    with Client(reader.server.port, key.strip()) as client:
        assert client.post("/events", {"event_type": "order.paid", "payload": {}}).status == 201


def test_locust_and_swarm_load_the_api(reader):
    assert reader.load.count(api) == 2
    block = reader.load.replace(api, f"http://127.0.0.1:{reader.server.port}").replace("--users 50", "--users 5")
    status, output = reader.run("load", block, LOCUST_API_KEY=reader.exported[1].strip())
    assert status == 0, output[-4000:]
    by_locust = locust.rows(reader.folder / "results/aws_stats.csv")
    assert int(by_locust["POST /events"]["Request Count"]) > 0 and by_locust["Aggregated"]["Failure Count"] == "0"
