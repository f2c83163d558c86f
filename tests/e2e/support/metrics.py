"""Reads the figures that a server reports about itself, from GET /metrics."""

import re
import time


def read(client):
    """GET /metrics as {"name{labels}": value}."""
    answer = client.get("/metrics")
    assert answer.status == 200, answer
    figures = {}
    for line in answer.body.decode().splitlines():
        matched = re.fullmatch(r"([a-z_]+(?:\{.*\})?) (\S+)", line)
        if matched:
            figures[matched[1]] = float(matched[2])
    return figures


def read_when(client, name, value, seconds_max=5):
    """Returns read() once the figure has that value, or after that time: a commit is counted shortly after its clients
    get their responses."""
    deadline = time.monotonic() + seconds_max
    figures = read(client)
    while figures.get(name) != value and time.monotonic() < deadline:
        time.sleep(0.005)
        figures = read(client)
    return figures
