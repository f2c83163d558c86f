#!/usr/bin/env python3
"""lambda.py [RUNS]: measures the packed Lambda function's cold start, up to its first `next`, and the archive's size.

`./dev package lambda` makes the archive; the tests fetch DynamoDB Local. The function runs in an empty root, as in
tests/e2e/test_lambda.py. A start includes chroot, loader, libraries, configuration, and one read of DynamoDB Local (the
secret that signs cursors). On AWS the machine's own start and TLS with DynamoDB are added.
"""

import pathlib
import shutil
import statistics
import sys
import tempfile

root = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(root / "tests" / "e2e"))

from support.dynamodb import DynamoDB  # noqa: E402
from support.lambda_runtime import Function, Runtime, archive  # noqa: E402
from support.program import run  # noqa: E402


def start_ms(folder, environment):
    with Runtime() as runtime, Function(folder / "root", runtime, environment) as function:
        taken = (runtime.asked_at - function.started_at) * 1000
    shutil.rmtree(folder / "root")
    return taken


def main():
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name, DynamoDB(name) as dynamo:
        folder = pathlib.Path(name)
        made = run("tables", "create", env=dynamo.environment)
        assert made.returncode == 0, made.stderr
        start_ms(folder, dynamo.environment)  # Not counted: it makes the secret, and reads the files from the disk.
        taken = sorted(start_ms(folder, dynamo.environment) for _ in range(runs))
    print(f"archive: {archive().stat().st_size / 1e6:.2f} MB")
    print(f"cold start, {runs} runs: median {statistics.median(taken):.1f} ms, "
          f"least {taken[0]:.1f} ms, most {taken[-1]:.1f} ms")


if __name__ == "__main__":
    main()
