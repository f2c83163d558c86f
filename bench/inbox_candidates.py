"""The candidates of the comparison of inboxes: how the load reaches each, and what each must hold before and after a run.
inboxes.py compares them; the servers themselves are in servers.py, rabbitmq.py and redis_streams.py."""

import contextlib
import http.client
import json

import redis_streams
from rabbitmq import RabbitMQ
from servers import Triggers


BATCH = 10  # The events of a lease, and of a request that sends several.
BATCHES = f"triggers, batches of {BATCH}"


class Unavailable(Exception):
    """This candidate cannot be measured; the text says why."""


class RabbitQueue:
    """A durable queue of one type. Each run has a queue of its own, which the load makes and removes."""

    def __init__(self, broker, queue_type):
        self.name, self.broker, self.queue_type = f"RabbitMQ, {queue_type} queue", broker, queue_type

    def arguments(self, run):
        return ["--protocol=amqp", f"--port={self.broker.port}", f"--inbox={run}", f"--queue-type={self.queue_type}"]

    def environment(self):
        return {}

    def begin(self, run):
        pass

    def end(self, _run, result):
        """The events that the candidate still has after the run."""
        return result["left"]

    def processes(self):
        return self.broker.processes()


class RedisStream:
    """A stream and its consumer group. Each run has a stream of its own: Redis keeps acknowledged entries."""

    name = "webdis + Redis Streams"

    def __init__(self, server):
        self.server = server

    def arguments(self, run):
        return ["--protocol=webdis", f"--port={self.server.port}", f"--waiting-port={self.server.waiting_port}", f"--inbox={run}",
                f"--group={redis_streams.GROUP}", f"--wake-group={redis_streams.WAKE_GROUP}", f"--script={self.server.script}"]

    def environment(self):
        return {}

    def begin(self, run):
        self.server.make_stream(run)

    def end(self, run, _result):
        left = self.server.unacknowledged(run)
        self.server.remove(run)
        return left

    def processes(self):
        return self.server.processes()


class TriggersInbox:
    """The inbox `default` of a tenant, in the default configuration. `batch`: the events of a request that sends."""

    name = "triggers"
    inbox = "default"

    def __init__(self, server, batch=1):
        self.server, self.batch = server, batch
        if batch > 1:
            self.name = BATCHES
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        connection.request("POST", f"/inboxes/{self.inbox}/lease", json.dumps({"limit": 1}),
                           {"Authorization": f"Bearer {server.key}", "Content-Type": "application/json"})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        if answer.status == 404:
            raise Unavailable("this build has no POST /inboxes/{name}/lease")
        if answer.status != 200:
            raise RuntimeError(f"a lease was answered {answer.status}: {text[:300]}")

    def arguments(self, _run):
        return ["--protocol=triggers", f"--port={self.server.port}", f"--inbox={self.inbox}", f"--post-batch={self.batch}"]

    def environment(self):
        return {"TRIGGERS_API_KEY": self.server.key}

    def begin(self, _run):
        pass

    def end(self, _run, _result):
        return self.server.unacknowledged()

    def processes(self):
        return [self.server]


class Field:
    """Starts the servers of all candidates, and stops them. `unavailable`: the candidates that cannot be measured, and why."""

    def __init__(self, folder, wanted):
        self.running, self.candidates, self.unavailable = contextlib.ExitStack(), [], {}
        try:
            if wanted("triggers"):
                server = self._start(Triggers, folder / "triggers")
                for batch in (1, BATCH):
                    self._add(TriggersInbox.name, lambda batch=batch: TriggersInbox(server, batch))
            if wanted("rabbitmq"):
                broker = self._start(RabbitMQ, folder / "rabbitmq")
                self.candidates += [RabbitQueue(broker, "classic"), RabbitQueue(broker, "quorum")]
            if wanted("redis"):
                self.candidates.append(RedisStream(self._start(redis_streams.RedisStreams, folder / "redis")))
        except BaseException:
            self.stop()
            raise

    def _start(self, server, folder):
        started = server(folder)
        self.running.callback(started.stop)
        return started

    def _add(self, name, make):
        try:
            self.candidates.append(make())
        except Unavailable as why:
            self.unavailable[name] = str(why)

    def stop(self):
        self.running.close()
