"""Builds preload.c, and uses it to simulate a hanging disk or a jumping clock for a program."""

import functools
import pathlib
import subprocess
import tempfile
import time

import pytest

from .program import binary

source = pathlib.Path(__file__).with_name("preload.c")


@functools.cache
def _library():
    if b"__asan_init" in pathlib.Path(binary()).read_bytes() or b"__tsan_init" in pathlib.Path(binary()).read_bytes():
        pytest.skip("a sanitizer's library must be the first that is loaded")
    library = pathlib.Path(tempfile.mkdtemp(prefix="triggers-preload-")) / "preload.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-Wall", "-Werror", "-o", library, source, "-ldl"], check=True)
    return library


class HangingDisk:
    """Pass `env` to the program; its disk hangs from hang() until go_on()."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "sync-hangs"
        self._met = self.file.with_name("sync-hangs.met")
        self.env = {"LD_PRELOAD": str(_library()), "TEST_SYNC_HANGS_WHILE": str(self.file)}

    def hang(self):
        self._met.unlink(missing_ok=True)
        self.file.touch()

    def wait_until_met(self, seconds_max=15):
        """Waits until a thread of the program hangs on the disk."""
        deadline = time.monotonic() + seconds_max
        while not self._met.exists():
            assert time.monotonic() < deadline, "nothing was synced"
            time.sleep(0.01)

    def go_on(self):
        self.file.unlink()


class JumpingClock:
    """Pass `env` to the program. jump() shifts its wall clock; its monotonic clock never changes."""

    def __init__(self, folder):
        self.file = pathlib.Path(folder) / "clock-offset"
        self.env = {"LD_PRELOAD": str(_library()), "TEST_CLOCK_OFFSET": str(self.file)}
        self.jump(0)

    def jump(self, seconds):
        whole = self.file.with_suffix(".new")
        whole.write_text(str(int(seconds)))
        whole.rename(self.file)
