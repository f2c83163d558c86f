#!/usr/bin/env python3
"""A command for worker.py and worker.sh that handles each event once, although delivery is at least once.

    TRIGGERS_API_KEY=… examples/worker.py billing examples/handle_once.py orders.sqlite

The effect of an event and its `event_id` are stored in one transaction. If the event comes again, its id is there already, and
the command does nothing. An effect outside the database (an email, a payment) needs another way: pass `event_id` on as the
idempotency key of that request.
"""

import json
import sqlite3
import sys


def main() -> None:
    event = json.load(sys.stdin)
    database = sqlite3.connect(sys.argv[1], timeout=60)
    with database:  # Commits, or rolls back if an exception leaves the block.
        database.execute("CREATE TABLE IF NOT EXISTS handled (event_id TEXT PRIMARY KEY)")
        database.execute("CREATE TABLE IF NOT EXISTS orders (number TEXT, total TEXT)")
        if database.execute("INSERT OR IGNORE INTO handled VALUES (?)", [event["event_id"]]).rowcount == 0:
            print("handled before:", event["event_id"])
            return
        payload = event["payload"]
        database.execute("INSERT INTO orders VALUES (?, ?)", [str(payload["order"]), str(payload["total"])])
    print("handled:", event["event_id"])


if __name__ == "__main__":
    main()
