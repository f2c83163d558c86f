"""AWS's DynamoDB Local for a test session: in memory, on a free port of loopback."""

import os
import pathlib
import socket
import subprocess
import time

from .server import free_port

start_seconds_max = 60
root = pathlib.Path(__file__).resolve().parents[3]


class DynamoDB:
    """`with DynamoDB(folder) as dynamo: …dynamo.url…`. The folder gets `dynamodb.log`. scripts/fetch_dynamodb_local.sh
    fetches the program; TRIGGERS_DYNAMODB_LOCAL names another folder."""

    # What our programs need to talk to it, besides the URL.
    credentials = {"AWS_ACCESS_KEY_ID": "example", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "eu-west-1"}

    def __init__(self, folder):
        self.log_path = pathlib.Path(folder) / "dynamodb.log"
        self.port = self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self):
        return {**self.credentials, "DYNAMODB_ENDPOINT_URL": self.url}

    def start(self, port=None):
        home = pathlib.Path(os.environ.get("TRIGGERS_DYNAMODB_LOCAL", root / "build" / "dynamodb-local"))
        jar = home / "DynamoDBLocal.jar"
        assert jar.exists(), f"{jar} is not there; run scripts/fetch_dynamodb_local.sh"
        self.port = port or free_port()
        command = ["java", "-Xmx512m", "-XX:+UseSerialGC", f"-Djava.library.path={home / 'DynamoDBLocal_lib'}", "-jar",
                   str(jar), "-inMemory", "-disableTelemetry", "-port", str(self.port)]
        with open(self.log_path, "ab") as log:
            # It leaves a file in its working directory.
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=self.log_path.parent)
        deadline = time.monotonic() + start_seconds_max
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        self.stop()
        raise AssertionError(f"DynamoDB Local has not started:\n{self.log_path.read_text()[-2000:]}")

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()

    def __enter__(self):
        return self if self.process else self.start()

    def __exit__(self, *_):
        self.stop()
