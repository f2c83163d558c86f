"""Starts and stops a RabbitMQ broker of its own: on free ports of loopback, with its node's name, its data, its logs, its
cookie and its port mapper apart from those of any other broker on this machine. Other servers are in servers.py."""

import os

from servers import Process, free_port, wait_for_port

# Debian's /usr/sbin/rabbitmq-server changes to the user and the folders of the system's broker.
PROGRAM = "/usr/lib/rabbitmq/bin/rabbitmq-server"
EPMD = "/usr/bin/epmd"
start_seconds_max = 120


class RabbitMQ:
    """A node in its default configuration."""

    def __init__(self, folder):
        folder.mkdir(parents=True)
        self.port, epmd_port, distribution_port = free_port(), free_port(), free_port()
        self.mapper = Process([EPMD, "-address", "127.0.0.1", "-port", str(epmd_port)], folder / "epmd.log")
        self.broker = None
        try:
            # Otherwise the broker starts a port mapper that outlives it.
            wait_for_port(epmd_port, self.mapper.process)
            environment = self._environment(folder, epmd_port, distribution_port)
            self.broker = Process([PROGRAM], folder / "broker.out", environment)
            wait_for_port(self.port, self.broker.process, start_seconds_max)
        except BaseException:
            self.stop()
            raise

    def _environment(self, folder, epmd_port, distribution_port):
        files = {"RABBITMQ_CONFIG_FILE": ("rabbitmq.conf", f"listeners.tcp.local = 127.0.0.1:{self.port}\n"
                                          f"log.console = false\nlog.file = {folder}/broker.log\n"),
                 "RABBITMQ_ADVANCED_CONFIG_FILE": ("advanced.config", "[].\n"),
                 "RABBITMQ_ENABLED_PLUGINS_FILE": ("enabled_plugins", "[].\n"),
                 "RABBITMQ_CONF_ENV_FILE": ("rabbitmq-env.conf", "")}
        for name, text in files.values():
            (folder / name).write_text(text)
        return {**{variable: str(folder / name) for variable, (name, _) in files.items()},
                "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                "HOME": str(folder),  # Erlang keeps its cookie there.
                "RUNNING_UNDER_SYSTEMD": "true",  # The script then becomes the broker, and the pid is the broker's.
                "RABBITMQ_NODENAME": f"bench{self.port}@localhost",
                "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"), "RABBITMQ_LOG_BASE": str(folder / "log"),
                "RABBITMQ_PID_FILE": str(folder / "pid"), "RABBITMQ_DIST_PORT": str(distribution_port),
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
                "ERL_EPMD_ADDRESS": "127.0.0.1", "ERL_EPMD_PORT": str(epmd_port)}

    def processes(self):
        return [self.broker]

    def stop(self):
        try:
            if self.broker is not None:
                self.broker.stop()
        finally:
            self.mapper.stop()
