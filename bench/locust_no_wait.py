"""Locust's HttpUser at full speed: the project's sender without its waits."""

import importlib.util
import pathlib

from locust import constant

path = pathlib.Path(__file__).resolve().parent.parent / "tests/performance/locustfile.py"
spec = importlib.util.spec_from_file_location("project_locustfile", path)
project = importlib.util.module_from_spec(spec)
spec.loader.exec_module(project)


class NoWaitUser(project.HighThroughputUser):
    wait_time = constant(0)
