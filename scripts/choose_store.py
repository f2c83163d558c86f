"""The store that a script uses if its caller names none: that of a server on ./data, or LocalStack on its usual port. Also
tells whether the caller names one or asks for help, and sets LocalStack's address in the environment."""

import fcntl
import http.client
import os
import struct

LOCALSTACK_PORT = 4566
LOCALSTACK_URL = f"http://localhost:{LOCALSTACK_PORT}"
# The same values as for the service in docker-compose.yml: LocalStack separates tables by region and account.
LOCALSTACK_ENVIRONMENT = {"DYNAMODB_ENDPOINT_URL": LOCALSTACK_URL, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "local",
                          "AWS_SECRET_ACCESS_KEY": "local"}
ANSWER_SECONDS_MAX = 5


def named_by_caller(arguments, *, data_dir):
    """Whether an option or a variable names the store. `data_dir`: a data directory counts too."""
    options = {"--store", "--config"} | ({"--data-dir"} if data_dir else set())
    variables = {"STORE", "TRIGGERS_CONFIG"} | ({"DATA_DIR"} if data_dir else set())
    by_option = any(argument.partition("=")[0] in options or argument.startswith("--dynamodb-") for argument in arguments)
    return by_option or any(value and (name in variables or name.startswith("DYNAMODB_")) for name, value in os.environ.items())


def asks_for_help(arguments):
    return any(argument in ("-h", "--help") for argument in arguments)


def in_use(data_dir):
    """Whether a process has the store in this directory open. Asks which process owns the lock, and takes no lock."""
    try:
        with open(data_dir / "db/LOCK", "rb") as lock:
            answer = fcntl.fcntl(lock, fcntl.F_GETLK, struct.pack("hhqqi", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))
    except OSError:
        return False
    return struct.unpack("hhqqi", answer)[0] != fcntl.F_UNLCK


def why_not_localstack():
    """None if DynamoDB answers on LocalStack's usual port; otherwise the reason why not."""
    connection = http.client.HTTPConnection("localhost", LOCALSTACK_PORT, timeout=ANSWER_SECONDS_MAX)
    headers = {"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": "DynamoDB_20120810.ListTables",
               "Authorization": "AWS4-HMAC-SHA256 Credential=local/20240101/us-east-1/dynamodb/aws4_request, "
                                "SignedHeaders=host, Signature=0"}
    try:
        connection.request("POST", "/", "{}", headers)
        answer = connection.getresponse()
        body = answer.read(1024 * 1024)
    except OSError as error:
        return error.strerror or str(error) or type(error).__name__
    except http.client.HTTPException:
        return "what answers there is not DynamoDB (no HTTP)"
    finally:
        connection.close()
    if answer.status == 200 and b"TableNames" in body:
        return None
    return f"what answers there is not DynamoDB (status {answer.status})"


def use_localstack():
    """Sets LocalStack in this process's environment. Removes a session token, which would belong to another account."""
    os.environ.update(LOCALSTACK_ENVIRONMENT)
    os.environ.pop("AWS_SESSION_TOKEN", None)
