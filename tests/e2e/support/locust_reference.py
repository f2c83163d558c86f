"""Reads the events of a load test from standard input, one JSON object a line, and has Locust's own code write the CSV
files. It is a separate program because importing Locust changes the interpreter."""

import json
import sys
import types

import locust.env
import locust.stats


class Told(Exception):
    """A failure with a known repr()."""

    def __init__(self, text):
        super().__init__(text)
        self.text = text

    def __repr__(self):
        return self.text


class Clock:
    """Replaces the module `time` in Locust's statistics."""

    def __init__(self, now):
        self.now = now

    def time(self):
        return self.now


class Finished(Exception):
    """Ends Locust's endless loop."""


class Reference:
    def __init__(self, lines):
        self.lines = lines
        first = next(lines)
        assert first["do"] == "start"
        self.clock = locust.stats.time = Clock(first["now_us"] / 1e6)
        self.environment = locust.env.Environment()
        self.environment.stats = locust.stats.RequestStats()
        self.runner = types.SimpleNamespace(user_count=first["users"], exceptions={})
        self.environment.runner = self.runner
        self.writer = None
        if first["csv"] is not None:
            self.writer = locust.stats.StatsCSVFileWriter(self.environment, locust.stats.PERCENTILES_TO_REPORT,
                                                          first["csv"], first["full_history"])

    def run(self):
        if self.writer is None:
            self.until_the_next_second()
            return
        # Locust's loop writes, sleeps a second, and repeats. The load test's events happen during its sleep.
        locust.stats.gevent = types.SimpleNamespace(sleep=self.sleep)
        try:
            self.writer.stats_writer()
        except Finished:
            self.writer.close_files()

    def sleep(self, _seconds):
        if not self.until_the_next_second():
            raise Finished

    def until_the_next_second(self):
        for line in self.lines:
            if "now_us" in line:
                self.clock.now = line["now_us"] / 1e6
            if line["do"] == "second":
                self.runner.user_count = line["users"]
                return True
            getattr(self, line["do"])(line)
        return False

    def request(self, line):
        stats = self.environment.stats
        stats.log_request(line["method"], line["name"], line["ns"] / 1e6, line["bytes"])
        if line["error"] is not None:
            stats.log_error(line["method"], line["name"], Told(line["error"]))

    def exception(self, line):
        key = (line["message"], line["traceback"])
        row = self.runner.exceptions.setdefault(
            key, {"count": 0, "msg": line["message"], "traceback": line["traceback"], "nodes": {"local"}})
        row["count"] += 1


def main():
    Reference(json.loads(line) for line in sys.stdin).run()


if __name__ == "__main__":
    main()
