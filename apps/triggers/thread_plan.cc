#include "thread_plan.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <fstream>
#include <latch>
#include <thread>
#include <vector>

namespace triggers {
namespace {

constexpr std::size_t mebibyte = 1024 * 1024;
/// Signals, two logs, the parser of large bodies, what looks after the server, and scrapes.
constexpr std::size_t of_a_server = 6;
/// Readers (3), searches, backups, the committer, the housekeeper, jobs, looks and a resume; of RocksDB a flush, a
/// compaction and its timer.
constexpr std::size_t of_the_store = 13;
/// RocksDB opens tables on so many threads, before the store has its own.
constexpr std::size_t of_an_opening = 16 + 3;
/// jemalloc has at most so many arenas for each processor. An arena begins with two huge pages.
constexpr std::size_t arenas_of_a_processor = 4;
constexpr std::size_t arena_bytes = 4 * mebibyte;
constexpr std::size_t memory_to_begin_with = 32 * mebibyte;

std::size_t stack_bytes() {
  std::size_t stack = 8 * mebibyte, guard = 0;
  pthread_attr_t attributes;
  if (pthread_getattr_default_np(&attributes) != 0) return stack;
  pthread_attr_getstacksize(&attributes, &stack);
  pthread_attr_getguardsize(&attributes, &guard);
  pthread_attr_destroy(&attributes);
  return stack + guard;
}

std::size_t used_bytes() {
  std::size_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages;
  return pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::string in_mebibytes(std::size_t bytes) { return std::to_string((bytes + mebibyte - 1) / mebibyte) + " MiB"; }

/// The limit that is in the way of `bytes` of memory.
std::string limit_text(std::size_t bytes) {
  struct Limit {
    int resource;
    const char* names;
  };
  constexpr std::array limits{Limit{RLIMIT_AS, "the limit of memory (ulimit -v, RLIMIT_AS, LimitAS=)"},
                              Limit{RLIMIT_DATA, "the limit of memory (ulimit -d, RLIMIT_DATA, LimitDATA=)"}};
  for (const Limit& limit : limits) {
    rlimit found{};
    if (getrlimit(limit.resource, &found) != 0) continue;
    if (found.rlim_cur != RLIM_INFINITY && found.rlim_cur < bytes) {
      return std::string{limit.names} + " is " + in_mebibytes(found.rlim_cur);
    }
  }
  return "the system has no more memory for this process";
}

Status check_memory(const ThreadPlan& plan) {
  void* const reserved = mmap(nullptr, plan.bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                              /*fd=*/-1, 0);
  if (reserved != MAP_FAILED) {
    munmap(reserved, plan.bytes);
    return Done{};
  }
  const std::size_t needed = used_bytes() + plan.bytes;
  return Error{ErrorCode::unavailable, limit_text(needed) + ", and " + in_mebibytes(needed) +
                                           " are needed to start, with the stacks of " + std::to_string(plan.threads) +
                                           " threads: raise it, or lower the limit of a stack (ulimit -s)"};
}

void* wait_for(void* latch) {
  static_cast<std::latch*>(latch)->wait();
  return nullptr;
}

}  // namespace

ThreadPlan plan_threads(const config::Config& config, bool serves) {
  const std::size_t processors = std::max(1U, std::thread::hardware_concurrency());
  const std::size_t loops = config.threads != 0 ? config.threads : std::max<std::size_t>(1, processors / 2);
  ThreadPlan plan;
  plan.threads = of_the_store;
  if (serves) plan.threads += of_a_server + loops;
  plan.threads = std::max(plan.threads, of_an_opening);
  plan.bytes = plan.threads * stack_bytes() + std::min(plan.threads, arenas_of_a_processor * processors) * arena_bytes +
               memory_to_begin_with;
  return plan;
}

Status check_threads(const ThreadPlan& plan) {
  if (auto enough = check_memory(plan); !enough) return enough;
  std::latch end{1};
  std::vector<pthread_t> threads;
  threads.reserve(plan.threads);
  int cause = 0;
  while (threads.size() < plan.threads && cause == 0) {
    pthread_t thread{};
    cause = pthread_create(&thread, nullptr, wait_for, &end);
    if (cause == 0) threads.push_back(thread);
  }
  end.count_down();
  for (const pthread_t thread : threads) pthread_join(thread, nullptr);
  if (cause == 0) return Done{};
  return Error{ErrorCode::unavailable, "only " + std::to_string(threads.size()) + " of the " +
                                           std::to_string(plan.threads) + " threads that are needed can be started (" +
                                           std::strerror(cause) +
                                           "): raise the limit of processes (ulimit -u, LimitNPROC=, TasksMax=)"};
}

}  // namespace triggers
