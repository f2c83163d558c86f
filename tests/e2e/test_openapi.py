"""The OpenAPI document: it has every endpoint, linters find no fault in it, its schemas and examples follow our rules,
generated clients work, and the response to each example matches it. The hand-written client is in
test_example_client.py."""

import copy
import json
import os
import subprocess

import jsonschema
import pytest

from support import client_tools, routes
from support.program import repository

source = repository / "src/api/endpoints/service/openapi.json"
verbs = ("get", "post", "put", "patch", "delete")


@pytest.fixture(scope="module")
def document():
    return json.loads(source.read_text(encoding="utf-8"))


def operations(document):
    """(method, path, operation) of each."""
    return [(verb, path, item[verb]) for path, item in document["paths"].items() for verb in verbs if verb in item]


def resolved(document, node):
    """The node that a $ref leads to."""
    while "$ref" in node:
        reference = node["$ref"]
        node = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
    return node


def test_openapi_has_the_routers_paths_and_methods(shared_server):
    with shared_server.client() as anyone:
        document = anyone.get("/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    verbs = {"get", "post", "put", "patch", "delete", "head", "options"}
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item if method in verbs}
    assert described - {(m, p) for m, p in described if m in ("HEAD", "OPTIONS")} == set(routes.endpoints())


def test_openapi_references_lead_somewhere_and_every_operation_has_answers(shared_server):
    with shared_server.client() as anyone:
        document = anyone.get("/openapi.json").json()

    def references(node):
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                yield node["$ref"]
            for value in node.values():
                yield from references(value)
        elif isinstance(node, list):
            for value in node:
                yield from references(value)

    for reference in set(references(document)):
        node = document
        for part in reference.removeprefix("#/").split("/"):
            assert part in node, reference
            node = node[part]
    names = [operation["operationId"] for item in document["paths"].values() for operation in item.values()
             if isinstance(operation, dict) and "responses" in operation]
    assert len(names) == len(set(names)) == len(routes.endpoints())


def test_a_linter_finds_nothing_in_the_document(shared_server, tmp_path):
    with shared_server.client() as anyone:
        served = anyone.get("/openapi.json").body
    (tmp_path / "served.json").write_bytes(served)
    for path in (source, tmp_path / "served.json"):
        done = client_tools.run("redocly", "lint", path, "--format=json", cwd=tmp_path)
        found = json.loads(done.stdout)
        assert (done.returncode, found["totals"], found["problems"]) == (0, {"errors": 0, "warnings": 0, "ignored": 0}, [])


def test_the_linter_finds_what_is_wrong(document, tmp_path):
    broken = copy.deepcopy(document)
    del broken["paths"]["/events/{id}"]["get"]["parameters"]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert client_tools.run("redocly", "lint", "broken.json", cwd=tmp_path).returncode != 0


def test_a_generated_client_compiles_and_runs(start_server, tmp_path):
    server = start_server()
    key = server.create_key(role="creator")["api_key"]
    with server.client() as anyone:
        (tmp_path / "openapi.json").write_bytes(anyone.get("/openapi.json").body)
    program = client_tools.compile_client(tmp_path / "openapi.json", tmp_path)
    environment = {**os.environ, "TRIGGERS_URL": f"http://127.0.0.1:{server.port}", "TRIGGERS_API_KEY": key}
    done = subprocess.run(["node", program], env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "ok\n"), done


def test_a_document_that_says_nothing_of_a_payloads_members_does_not_compile(document, tmp_path):
    """So the compiler looks: this is what the document once said."""
    document = copy.deepcopy(document)
    for name in ("Event", "StoredEvent"):
        del document["components"]["schemas"][name]["properties"]["payload"]["additionalProperties"]
    (tmp_path / "openapi.json").write_text(json.dumps(document))
    with pytest.raises(AssertionError, match="not assignable to type 'never'"):
        client_tools.compile_client(tmp_path / "openapi.json", tmp_path)


def test_the_served_document_names_the_address_of_the_request(shared_server):
    with shared_server.client() as anyone:
        served = anyone.get("/openapi.json").json()
        docs = anyone.get("/docs").body.decode()
    address = f"http://127.0.0.1:{shared_server.port}"
    assert served["servers"][0]["url"] == address
    assert f"TRIGGERS_URL={address}\n" in docs and "localhost:8000" not in docs


def test_requests_are_closed_and_answers_are_open(document):
    schemas = document["components"]["schemas"]
    requests = {"Event", "AckRequest", "KeyCreate", "KeyUpdate", "RotateRequest", "BackupRequest", "InboxPut", "InboxUpdate",
                "FilterTest", "LeaseRequest", "AckEntriesRequest", "ReleaseRequest", "ExtendRequest", "DeadEntriesRequest",
                "ReplayRequest"}

    def closed(node):
        if isinstance(node, dict):
            return node.get("additionalProperties") is False or any(closed(value) for value in node.values())
        return isinstance(node, list) and any(closed(value) for value in node)

    assert {name for name, schema in schemas.items() if closed(schema)} == requests
    assert not closed({"paths": document["paths"], "responses": document["components"]["responses"]})


def test_an_object_without_named_members_says_that_it_may_have_any(document):
    def silent(node, at):
        if isinstance(node, dict):
            types = node.get("type")
            is_object = types == "object" or (isinstance(types, list) and "object" in types)
            if is_object and "properties" not in node and node.get("additionalProperties") is not True:
                yield at
            for name, value in node.items():
                yield from silent(value, f"{at}/{name}")
        elif isinstance(node, list):
            for index, value in enumerate(node):
                yield from silent(value, f"{at}/{index}")

    assert list(silent({"schemas": document["components"]["schemas"], "paths": document["paths"]}, "")) == []


def test_each_path_parameter_and_each_body_has_an_example(document):
    for verb, path, operation in operations(document):
        for parameter in operation.get("parameters", []):
            parameter = resolved(document, parameter)
            assert parameter["in"] != "path" or "example" in parameter, (verb, path)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items():
            assert "example" in content, (verb, path, kind)


def test_each_example_fits_its_schema(document):
    def check(content, at):
        schema = {**content["schema"], "components": document["components"]}
        examples = [content["example"]] if "example" in content else []
        examples += [example["value"] for example in content.get("examples", {}).values()]
        for example in examples:
            jsonschema.Draft202012Validator(schema).validate(example)
        return len(examples)

    checked = 0
    for verb, path, operation in operations(document):
        contents = [operation.get("requestBody", {}).get("content", {})]
        contents += [resolved(document, answer).get("content", {}) for answer in operation["responses"].values()]
        checked += sum(check(content, (verb, path)) for kinds in contents for content in kinds.values())
    assert checked > 80


def requests_of(document):
    """(operation, method, target, content type, body): each operation's examples, and each with an unknown parameter."""
    for verb, path, operation in operations(document):
        target = path
        for parameter in operation.get("parameters", []):
            parameter = resolved(document, parameter)
            if parameter["in"] == "path":
                target = target.replace("{" + parameter["name"] + "}", parameter["example"])
        contents = operation.get("requestBody", {}).get("content", {None: {"example": None}})
        for kind, content in contents.items():
            for query in ("", "?_=1"):
                yield operation, verb.upper(), target + query, kind, content["example"]


def test_each_operations_response_matches_the_document(start_server, document):
    """Every example is sent; status, content type and body of each answer are those of the document."""
    server = start_server()
    key = server.create_key(role="admin", rate_limit="unlimited")["api_key"]
    statuses = set()
    with server.client(key) as client:
        for operation, method, target, kind, body in requests_of(document):
            headers = {} if kind is None else {"Content-Type": kind}
            answer = client.request(method, target, body=body, headers=headers)
            name = f"{operation['operationId']} {target}"
            assert str(answer.status) in operation["responses"], (name, answer)
            statuses.add((operation["operationId"], answer.status))
            described = resolved(document, operation["responses"][str(answer.status)])
            assert set(described.get("headers", {})) >= {"X-Request-ID"}, name
            if not answer.body:
                assert "content" not in described, name
                continue
            media_type = answer.headers["Content-Type"].split(";")[0]
            schema = described["content"][media_type]["schema"]
            if media_type == "application/json":
                validator = jsonschema.Draft202012Validator({**schema, "components": document["components"]})
                validator.validate(answer.json())
    for name, status in (("postEvent", 201), ("postBatch", 200), ("getInbox", 200), ("getMe", 200), ("showKey", 400),
                         ("revokeKey", 400), ("getEvent", 404), ("createKey", 201), ("getFavicon", 204)):
        assert (name, status) in statuses


def test_the_response_to_a_batch_that_fails_as_a_whole_matches_the_document(client, document):
    answer = client.post("/events/batch", [{"event_type": "", "payload": {}}])
    described = document["paths"]["/events/batch"]["post"]["responses"]["422"]
    assert answer.status == 422
    schema = described["content"]["application/json"]["schema"]
    jsonschema.Draft202012Validator({**schema, "components": document["components"]}).validate(answer.json())
