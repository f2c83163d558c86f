#!/usr/bin/env python3
"""Manages API keys: finds the program and runs `triggers keys`.

    python scripts/manage_api_keys.py create --user-id load-test --role creator --rate-limit 10000
    python scripts/manage_api_keys.py list

Passes every argument to `triggers keys`, so `--help` shows its help, and exits with its status. `--rate-limit` is in
requests per minute. After `create` and `rotate` the last line of the output is the key and nothing else, so that
`| tail -n 1` gives the key.

The store is the one that an option or the environment names (--data-dir, DATA_DIR, DYNAMODB_ENDPOINT_URL, …). If neither
names one, the store is that of a server that runs on data/ in this project. Otherwise it is LocalStack's DynamoDB, if
that answers on its usual port, and data/ in this project if not. Standard error says which store was chosen.
"""

import os
import sys

sys.dont_write_bytecode = True
import choose_store
from find_program import ROOT, become

NAME = "manage_api_keys.py"
DATA_DIR = ROOT / "data"


def choose():
    """Sets the store in the environment if the caller has named none."""
    if choose_store.in_use(DATA_DIR):
        os.environ["DATA_DIR"] = str(DATA_DIR)
        return
    missing = choose_store.why_not_localstack()
    if missing is None:
        choose_store.use_localstack()
        print(f"{NAME}: no store is named: using LocalStack's DynamoDB at {choose_store.LOCALSTACK_URL}", file=sys.stderr)
        return
    os.environ["DATA_DIR"] = str(DATA_DIR)
    print(f"{NAME}: no store is named, no server runs on {DATA_DIR}, and there is no LocalStack at "
          f"{choose_store.LOCALSTACK_URL} ({missing}): using the local store in {DATA_DIR}. To name another, set DATA_DIR, "
          "or DYNAMODB_ENDPOINT_URL, or for AWS DYNAMODB_TABLE_API_KEYS and AWS_REGION", file=sys.stderr)


def main():
    arguments = sys.argv[1:]
    if arguments and not choose_store.asks_for_help(arguments):
        if not choose_store.named_by_caller(arguments, data_dir=True):
            choose()
    become(NAME, "keys", *arguments)


if __name__ == "__main__":
    main()
