"""The peak memory of a process. Unlike ru_maxrss, it excludes the memory of the process that started it."""

import threading

LOOK_SECONDS = 0.02


class PeakMemory:
    """Watches a process until it has ended: `with PeakMemory(process) as peak: …`, then `peak.mib`."""

    def __init__(self, process):
        self.mib = 0.0
        self._status = f"/proc/{process.pid}/status"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._ended.set()
        self._thread.join()

    def _watch(self):
        while not self._ended.wait(LOOK_SECONDS):
            try:
                with open(self._status, encoding="utf-8") as file:
                    high = next((line for line in file if line.startswith("VmHWM:")), None)
            except OSError:
                return
            if high is None:  # a zombie
                return
            self.mib = int(high.split()[1]) / 1024
