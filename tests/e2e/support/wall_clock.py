"""A wall clock that a test can step while a program runs, by a library that is loaded before the C library."""

import shutil
import subprocess

SOURCE = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* The real time plus the seconds in the file $WALL_CLOCK_STEP, which may change at any moment. */
static double step(void) {
  double seconds = 0;
  FILE* file = fopen(getenv("WALL_CLOCK_STEP"), "r");
  if (file == NULL) return 0;
  if (fscanf(file, "%lf", &seconds) != 1) seconds = 0;
  fclose(file);
  return seconds;
}

int clock_gettime(clockid_t clock, struct timespec* now) {
  static int (*real)(clockid_t, struct timespec*);
  if (real == NULL) real = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  int failed = real(clock, now);
  if (failed == 0 && clock == CLOCK_REALTIME) now->tv_sec += (time_t)step();
  return failed;
}
"""

available = shutil.which("cc") is not None


class WallClock:
    def __init__(self, folder):
        self.step_file, library = folder / "step", folder / "wall_clock.so"
        (folder / "wall_clock.c").write_text(SOURCE)
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, folder / "wall_clock.c", "-ldl"], check=True, timeout=60)
        self.environment = {"LD_PRELOAD": str(library), "WALL_CLOCK_STEP": str(self.step_file)}
        self.step(0)

    def step(self, seconds):
        """From now on the wall clock is off by this many seconds."""
        beside = self.step_file.with_suffix(".new")
        beside.write_text(str(seconds))
        beside.replace(self.step_file)
