#!/usr/bin/env python3
"""Creates, checks or deletes the DynamoDB tables: finds and runs `triggers tables`.

    python infrastructure/dynamodb_tables.py [create|check|delete] [option...]

Options and environment are those of `triggers tables`. Set TRIGGERS_BINARY if the program is neither built here nor on the
PATH. If neither options nor environment name a DynamoDB (DYNAMODB_ENDPOINT_URL, DYNAMODB_TABLE_EVENTS, …), the script uses
LocalStack's, on its usual port.
"""

import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "scripts"))
import choose_store
from find_program import become

NAME = "dynamodb_tables.py"


def choose():
    """Names LocalStack in the environment, or ends with what was tried."""
    missing = choose_store.why_not_localstack()
    if missing is None:
        choose_store.use_localstack()
        print(f"{NAME}: no DynamoDB is named: using LocalStack's at {choose_store.LOCALSTACK_URL}", file=sys.stderr)
        return
    sys.exit(f"{NAME}: no DynamoDB is named, and there is no LocalStack at {choose_store.LOCALSTACK_URL}: {missing}\n"
             "Start LocalStack with `docker-compose up`; or set DYNAMODB_ENDPOINT_URL=http://HOST:PORT; or, for AWS, "
             "AWS_REGION, DYNAMODB_TABLE_EVENTS and DYNAMODB_TABLE_API_KEYS")


def main():
    arguments = sys.argv[1:] or ["create"]
    if not choose_store.asks_for_help(arguments) and not choose_store.named_by_caller(arguments, data_dir=False):
        choose()
    become(NAME, "tables", *arguments)


if __name__ == "__main__":
    main()
