"""API Gateway's events in the forms that AWS documents, and the HTTP response from a function's return value. Lambda's
runtime is in lambda_runtime.py."""

import base64
import json
import urllib.parse

from .client import Answer

address = "203.0.113.7"


def _text(body, binary):
    """(body, isBase64Encoded) for the event."""
    if body is None:
        return None, False
    if binary or isinstance(body, bytes):
        return base64.b64encode(body if isinstance(body, bytes) else body.encode()).decode(), True
    return body if isinstance(body, str) else json.dumps(body), False


def http_event(method, target, body=None, headers=(), binary=False, stage="v1"):
    """An event of an HTTP API, payload format 2.0."""
    path, _, query = target.partition("?")
    text, encoded = _text(body, binary)
    event = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path if stage == "$default" else f"/{stage}{path}",
        "rawQueryString": query,
        "cookies": ["session=1"],
        "headers": {"accept": "*/*", "host": "example.execute-api.eu-west-1.amazonaws.com", "user-agent": "curl/8",
                    "x-amzn-trace-id": "Root=1-65f0c0de-000000000000000000000001", "x-forwarded-for": address,
                    "x-forwarded-port": "443", "x-forwarded-proto": "https",
                    **{name.lower(): value for name, value in headers}},
        "requestContext": {
            "accountId": "123456789012", "apiId": "example", "domainName": "example.execute-api.eu-west-1.amazonaws.com",
            "domainPrefix": "example",
            "http": {"method": method, "path": f"/{stage}{path}", "protocol": "HTTP/1.1", "sourceIp": address,
                     "userAgent": "curl/8"},
            "requestId": "JKJaXmPLvHcESHA=", "routeKey": "$default", "stage": stage,
            "time": "12/Mar/2024:20:50:06 +0000", "timeEpoch": 1710276606000},
        "isBase64Encoded": encoded,
    }
    if query:
        event["queryStringParameters"] = {name: ",".join(values) for name, values in urllib.parse.parse_qs(query).items()}
    if text is not None:
        event["body"] = text
    return event


def rest_event(method, target, body=None, headers=(), binary=False, stage="v1"):
    """An event of a REST API (payload format 1.0)."""
    path, _, query = target.partition("?")
    text, encoded = _text(body, binary)
    fields = {}
    for name, value in [("Accept", "*/*"), ("Host", "example.execute-api.eu-west-1.amazonaws.com"),
                        ("X-Forwarded-For", f"{address}, 198.51.100.1"), ("Cookie", "session=1"), *headers]:
        fields.setdefault(name, []).append(value)
    parameters = urllib.parse.parse_qs(query, keep_blank_values=True)
    return {
        "resource": "/{proxy+}",
        "path": path,
        "httpMethod": method,
        "headers": {name: values[-1] for name, values in fields.items()},
        "multiValueHeaders": fields,
        "queryStringParameters": {name: values[-1] for name, values in parameters.items()} or None,
        "multiValueQueryStringParameters": parameters or None,
        "pathParameters": {"proxy": path[1:]},
        "stageVariables": None,
        "requestContext": {
            "accountId": "123456789012", "apiId": "example", "httpMethod": method,
            "identity": {"accessKey": None, "accountId": None, "sourceIp": address, "user": None, "userAgent": "curl/8"},
            "path": f"/{stage}{path}", "protocol": "HTTP/1.1", "requestId": "c6af9ac6-7b61-11e6-9a41-93e8deadbeef",
            "requestTimeEpoch": 1710276606000, "resourceId": "123456", "resourcePath": "/{proxy+}", "stage": stage},
        "body": text,
        "isBase64Encoded": encoded,
    }


def response(value):
    """The Answer that a client gets for the function's `value`, which must have the documented form."""
    assert set(value) <= {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded", "cookies"}, value
    assert isinstance(value["statusCode"], int)
    pairs = list(value.get("headers", {}).items())
    pairs += [(name, one) for name, values in value.get("multiValueHeaders", {}).items() for one in values]
    assert all(isinstance(text, str) for _, text in pairs), value
    body = value.get("body", "")
    return Answer(value["statusCode"], pairs, base64.b64decode(body) if value.get("isBase64Encoded") else body.encode())
