"""Redis Streams with consumer groups behind webdis, for the comparison of inboxes: two instances of webdis in front of one
Redis, and what a run needs in Redis. The requests themselves are in inbox_load/webdis_protocol.h."""

import json
import subprocess

from servers import Process, WebdisRedis, free_port, wait_for_port

# webdis 0.1.9 answers nested arrays as null, and XREADGROUP answers one. So a script makes it flat: id, event, id, event.
LEASE = """
local reply = redis.call('XREADGROUP', 'GROUP', ARGV[1], ARGV[2], 'COUNT', ARGV[3], 'STREAMS', KEYS[1], '>')
local flat = {}
if reply then
  for _, entry in ipairs(reply[1][2]) do
    flat[#flat + 1] = entry[1]
    flat[#flat + 1] = entry[2][2]
  end
end
return flat
"""
GROUP, WAKE_GROUP = "workers", "wake"


class RedisStreams(WebdisRedis):
    """`port`: for requests that end at once. `waiting_port`: for requests that may block. webdis opens a connection to Redis
    for each request whose database is not its own; the second instance has another database for this reason."""

    def __init__(self, folder):
        super().__init__(folder)
        self.waiting = None
        try:
            config = json.loads((folder / "webdis.json").read_text())
            self.redis_port, self.waiting_port = config["redis_port"], free_port()
            config |= {"http_port": self.waiting_port, "database": 1, "logfile": str(folder / "waiting.log")}
            (folder / "waiting.json").write_text(json.dumps(config))
            self.waiting = Process(["/usr/bin/webdis", str(folder / "waiting.json")], folder / "waiting.out")
            wait_for_port(self.waiting_port, self.waiting.process)
            self.script = self.command("SCRIPT", "LOAD", LEASE)
        except BaseException:
            self.stop()
            raise

    def command(self, *arguments):
        """The text of an answer, by Redis's own client."""
        done = subprocess.run(["/usr/bin/redis-cli", "-e", "-p", str(self.redis_port), *arguments], capture_output=True, text=True,
                              timeout=30, check=True)
        return done.stdout.strip()

    def make_stream(self, stream):
        for group in (GROUP, WAKE_GROUP):
            self.command("XGROUP", "CREATE", stream, group, "0", "MKSTREAM")

    def unacknowledged(self, stream):
        """The entries of the stream that the workers' group has not read or not acknowledged."""
        answer = self.command("XINFO", "GROUPS", stream).splitlines()
        groups = [dict(zip(fields[::2], fields[1::2])) for fields in (answer[i:i + 12] for i in range(0, len(answer), 12))]
        workers = next(group for group in groups if group["name"] == GROUP)
        return int(workers["pending"]) + int(workers["lag"])

    def remove(self, stream):
        self.command("DEL", stream)

    def processes(self):
        return [self.redis, self.webdis, self.waiting]

    def stop(self):
        if self.waiting is not None:
            self.waiting.stop()
        super().stop()
