/* Simulates a faulty machine for a program under test (LD_PRELOAD). Environment variables name the files that control it:
   TEST_SYNC_HANGS_WHILE   While this file exists, fdatasync() and fsync() of the store's log do not return. A thread that
                           waits there creates a second file, with `.met` appended to the name.
   TEST_CLOCK_OFFSET       The seconds, as text, by which the wall clock is wrong. Read at every call. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long long offset_seconds(void) {
  const char* path = getenv("TEST_CLOCK_OFFSET");
  if (path == NULL) return 0;
  int file = open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return 0;
  char text[32] = {0};
  ssize_t got = read(file, text, sizeof text - 1);
  close(file);
  return got > 0 ? atoll(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec* time) {
  int done = (int)syscall(SYS_clock_gettime, clock, time);
  if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) time->tv_sec += offset_seconds();
  return done;
}

int gettimeofday(struct timeval* restrict now, void* restrict zone) {
  (void)zone;
  struct timespec time;
  clock_gettime(CLOCK_REALTIME, &time);
  now->tv_sec = time.tv_sec;
  now->tv_usec = time.tv_nsec / 1000;
  return 0;
}

time_t time(time_t* out) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (out != NULL) *out = now.tv_sec;
  return now.tv_sec;
}

static void hang(void) {
  const char* path = getenv("TEST_SYNC_HANGS_WHILE");
  if (path == NULL || access(path, F_OK) != 0) return;
  char met[4096];
  snprintf(met, sizeof met, "%s.met", path);
  close(open(met, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
  while (access(path, F_OK) == 0) {
    struct timespec moment = {0, 10 * 1000 * 1000};
    nanosleep(&moment, NULL);
  }
}

int fdatasync(int file) {
  hang();
  return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file) {
  hang();
  return (int)syscall(SYS_fsync, file);
}
