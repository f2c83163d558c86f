"""Runs wrk with a script of the folder wrk/, and reads its results."""

import json
import pathlib
import subprocess
from dataclasses import dataclass

SCRIPTS = pathlib.Path(__file__).parent / "wrk"


@dataclass
class Measurement:
    requests_per_second: float
    p50_ms: float
    p99_ms: float
    errors: int  # Responses other than 2xx, and failed connections.


def run(port, script, arguments, connections, seconds):
    """Runs wrk once, on one thread. Raises if wrk fails or measures nothing."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(SCRIPTS / script),
               f"http://127.0.0.1:{port}", "--", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=seconds + 60)
    figures = json.loads(done.stdout.strip().splitlines()[-1])
    if figures["requests"] == 0:
        raise RuntimeError(f"wrk made no request:\n{done.stdout}")
    return Measurement(
        requests_per_second=figures["requests"] / figures["seconds"],
        p50_ms=figures["p50_ms"],
        p99_ms=figures["p99_ms"],
        errors=figures["status_errors"] + figures["socket_errors"],
    )
