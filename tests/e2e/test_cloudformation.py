"""The CloudFormation templates agree with AWS's resource specification, and with what the built program needs."""

import re
import time
import uuid

import boto3
import pytest

from support import cloudformation
from support.dynamodb import DynamoDB
from support.program import run
from support.recording_proxy import RecordingProxy

names = sorted(path.name for path in cloudformation.templates.glob("*.yaml"))
# After it the last use of a key has been written.
written_seconds_max = 45


@pytest.fixture(scope="module", params=names)
def template(request):
    return cloudformation.load(request.param)


@pytest.fixture(scope="module")
def dynamo(tmp_path_factory):
    with DynamoDB(tmp_path_factory.mktemp("dynamodb")) as local:
        yield local


@pytest.fixture(scope="module")
def proxy(dynamo):
    with RecordingProxy(dynamo.port) as recording:
        yield recording


@pytest.fixture(scope="module")
def made(dynamo, proxy):
    """The environment of tables that the program has made, and the requests by which it did."""
    name = uuid.uuid4().hex
    env = {**dynamo.credentials, "DYNAMODB_ENDPOINT_URL": proxy.url, "DYNAMODB_TABLE_EVENTS": f"{name}-events",
           "DYNAMODB_TABLE_API_KEYS": f"{name}-keys"}
    done = run("tables", "create", env=env)
    assert done.returncode == 0, done.stderr
    return env, list(proxy.requests)


def statements(template):
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::IAM::Role":
            for policy in resource["Properties"]["Policies"]:
                yield from policy["PolicyDocument"]["Statement"]


def test_there_are_two_templates():
    assert names == ["api.yaml", "dynamodb.yaml"]


def test_every_property_is_one_of_its_resource_and_of_the_right_type(template):
    assert cloudformation.Checker(template).check() == []


def test_the_check_sees_what_is_wrong():
    wrong = {"Resources": {"A": {"Type": "AWS::DynamoDB::Table", "Properties": {
        "TableName": 1, "KeySchema": [{"AttributeName": "k"}], "Colour": "red"}}, "B": {"Type": "AWS::DynamoDB::Chair"}}}
    assert sorted(cloudformation.Checker(wrong).check()) == [
        "A.Colour is not known", "A.KeySchema[0].KeyType is missing", "A.TableName is 1, and no String",
        "B: no type AWS::DynamoDB::Chair"]


def test_every_reference_leads_somewhere(template):
    parameters, resources = set(template["Parameters"]), template["Resources"]
    types = cloudformation.specification()["ResourceTypes"]
    used = set()
    for name, attribute in cloudformation.references([resources, template["Outputs"], template["Conditions"]]):
        used.add(name)
        if attribute is None:
            assert name in parameters | set(resources) | cloudformation.pseudo_parameters, name
        else:
            assert attribute in types[resources[name]["Type"]]["Attributes"], f"{name}.{attribute}"
    assert parameters <= used, "a parameter does nothing"
    assert set(cloudformation.conditions_used(resources)) <= set(template["Conditions"])
    for name, resource in resources.items():
        needed = resource.get("DependsOn", [])
        assert {needed} if isinstance(needed, str) else set(needed) <= set(resources), name


def test_no_policy_allows_more_than_named_actions_on_named_resources():
    found = [one for name in names for one in statements(cloudformation.load(name))]
    assert len(found) >= 3
    for statement in found:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert all(re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action) for action in actions), statement
        resource = statement["Resource"]["Fn::Sub"]
        # The names of a log's streams are Lambda's to choose.
        assert "*" not in resource.removesuffix(":log-stream:*"), statement


def test_every_alarm_goes_to_the_topic_and_says_what_it_means():
    alarms = [resource["Properties"] for name in names for resource in cloudformation.load(name)["Resources"].values()
              if resource["Type"] == "AWS::CloudWatch::Alarm"]
    assert len(alarms) >= 8
    for alarm in alarms:
        assert alarm["AlarmDescription"] and alarm["TreatMissingData"] == "notBreaching"
        assert alarm["AlarmActions"] == {"Fn::If": ["HasAlarmTopic", [{"Ref": "AlarmTopic"}], cloudformation.no_value]}
    assert {alarm.get("MetricName") for alarm in alarms} >= {"Errors", "Throttles", "Duration", "5xx"}


def tables_of_the_template(env):
    """What the template says of each table, by the name that the program was given."""
    resources = cloudformation.load("dynamodb.yaml")["Resources"]
    return {env["DYNAMODB_TABLE_EVENTS"]: resources["Events"]["Properties"],
            env["DYNAMODB_TABLE_API_KEYS"]: resources["ApiKeys"]["Properties"]}


def test_the_program_asks_for_the_tables_that_the_template_describes(made):
    env, requests = made
    for name, properties in tables_of_the_template(env).items():
        asked = {operation: body for operation, body in requests
                 if body.get("TableName") == name and not operation.startswith("Describe")}
        assert set(asked) == {"CreateTable", "UpdateTimeToLive", "UpdateContinuousBackups"}
        create = asked["CreateTable"]
        for same in ("BillingMode", "KeySchema", "AttributeDefinitions"):
            assert create[same] == properties[same]
        assert create["SSESpecification"]["Enabled"] is properties["SSESpecification"]["SSEEnabled"] is True
        assert not {"GlobalSecondaryIndexes", "LocalSecondaryIndexes", "StreamSpecification"} & (set(create) | set(properties))
        assert asked["UpdateTimeToLive"]["TimeToLiveSpecification"] == properties["TimeToLiveSpecification"]
        assert (asked["UpdateContinuousBackups"]["PointInTimeRecoverySpecification"]
                == properties["PointInTimeRecoverySpecification"])


def test_tables_made_from_the_template_are_the_programs_to_another_client(dynamo, made):
    env, _ = made
    client = boto3.client("dynamodb", endpoint_url=dynamo.url, region_name="eu-west-1", aws_access_key_id="example",
                          aws_secret_access_key="secret")

    def seen(name):
        table = client.describe_table(TableName=name)["Table"]
        expiry = client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
        attributes = sorted(table["AttributeDefinitions"], key=lambda one: one["AttributeName"])
        return (table["KeySchema"], attributes, table["BillingModeSummary"]["BillingMode"],
                table.get("GlobalSecondaryIndexes"), expiry)

    for name, properties in tables_of_the_template(env).items():
        copy = f"{name}-from-template"
        client.create_table(TableName=copy, **{same: properties[same] for same in
                                               ("KeySchema", "AttributeDefinitions", "BillingMode")})
        client.update_time_to_live(TableName=copy, TimeToLiveSpecification=properties["TimeToLiveSpecification"])
        assert seen(copy) == seen(name)
    copies = {name: f"{value}-from-template" if name.startswith("DYNAMODB_TABLE") else value for name, value in env.items()}
    assert run("tables", "check", env=copies).returncode == 0


def parts(operation, body):
    """What a request needs to be allowed: a transaction, each of its parts (`Put`: PutItem)."""
    if operation == "BatchGetItem":
        return [(operation, table) for table in body["RequestItems"]]
    if operation != "TransactWriteItems":
        return [(operation, body["TableName"])]
    return [(f"{kind}Item", part["TableName"]) for item in body["TransactItems"] for kind, part in item.items()]


def test_the_role_allows_what_a_serving_node_asks_for_and_nothing_else(made, proxy, start_server):
    env, _ = made
    created = [run("keys", "create", "--user-id=acme", "--role=creator", f"--rate-limit={limit}", env=env).stdout
               for limit in ("unlimited", "60")]
    keys = [output.splitlines()[-1] for output in created]
    admin, of_all = (run("keys", "create", "--user-id=acme", "--role=admin", *more, env=env).stdout.splitlines()[-1]
                     for more in ([], ["--all-tenants"]))
    proxy.requests.clear()
    server = start_server(env=env)
    event = {"event_type": "order.paid", "payload": {"order": 1}}
    for key in keys:
        with server.client(key) as client:
            assert client.get("/health").status == 200
            ids = [client.post("/events", {**event, "payload": {"key": key[-4:], "order": number}}).json()["event_id"]
                   for number in range(3)]
            assert client.post("/events", event).status == 201 and client.post("/events", event).json()["duplicate"] is True
            assert client.post("/events", event, headers={"Idempotency-Key": key[-8:]}).status == 201
            assert client.post("/events/batch", [{**event, "payload": {"n": n}} for n in range(3)]).status == 200
            assert client.get(f"/events/{ids[0]}").status == 200
            assert client.get("/inbox").status == 200
            assert client.post("/inbox/ack", {"event_ids": ids[:2]}).status == 200
            assert client.delete(f"/events/{ids[2]}").status == 204
            assert client.get(f"/events/{ids[2]}").json()["delivered"] is True
    # An event whose writer does not know whether it was stored.
    proxy.lose = b"in doubt"
    with server.client(keys[0]) as client:
        doubted = client.post("/events", {**event, "payload": {"text": "in doubt"}})
        assert doubted.status == 201 and "duplicate" not in doubted.json()
    with server.client(admin) as client:
        made_key = client.post("/admin/keys", {"user_id": "acme", "role": "viewer"}).json()["key_id"]
        assert client.get("/admin/keys").status == client.get("/admin/keys?user_id=acme").status == 200
        for _ in range(3):
            assert client.post(f"/admin/keys/{made_key}/rotate", {"grace_seconds": 0}).status == 200
        assert client.delete(f"/admin/keys/{made_key}").status == 200
        assert client.request("PUT", "/inboxes/billing", {}).status == 201
        assert client.post("/events", {**event, "payload": {"for": "billing"}}).status == 201
        lease = client.post("/inboxes/billing/lease", {}).json()
        assert len(lease["events"]) == 1
        assert client.post("/inboxes/billing/ack", {"lease_id": lease["lease_id"]}).status == 200
        assert client.get("/inboxes/billing/events?state=dead").status == 200
        assert client.request("DELETE", "/inboxes/billing").status == 202
    with server.client(of_all) as client:
        assert client.get("/admin/keys").status == 200
    tables = {env["DYNAMODB_TABLE_EVENTS"]: "EventsTable", env["DYNAMODB_TABLE_API_KEYS"]: "ApiKeysTable"}
    allowed = set()
    for statement in statements(cloudformation.load("api.yaml")):
        for parameter in tables.values():
            if statement["Resource"]["Fn::Sub"].endswith(f":table/${{{parameter}}}"):
                allowed |= {(action, parameter) for action in statement["Action"]}

    def asked():
        return {(f"dynamodb:{operation}", tables[table]) for request in list(proxy.requests) for operation, table in parts(*request)}

    # Some of it a node writes by itself, a while later.
    deadline = time.monotonic() + written_seconds_max
    while asked() != allowed and time.monotonic() < deadline:
        time.sleep(0.1)
    assert asked() == allowed
