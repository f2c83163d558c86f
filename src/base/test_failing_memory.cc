#include "base/test_failing_memory.h"

#include <chrono>
#include <cstdlib>
#include <new>

namespace triggers::failing_memory {

thread_local long allocations_left = -1;
std::atomic<bool> gone = false;
thread_local bool spared = false;
std::atomic<long> failures = 0;
std::atomic<long> failures_after_pause = 0;

namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause_min{5};
thread_local steady_clock::time_point last_failure = steady_clock::time_point::max() - pause_min;

[[noreturn]] void fail() {
  const auto now = steady_clock::now();
  if (now >= last_failure + pause_min) ++failures_after_pause;
  last_failure = now;
  ++failures;
  throw std::bad_alloc();
}

void* allocate(std::size_t size) {
  const bool counted_out = allocations_left == 0;
  if (allocations_left >= 0) --allocations_left;
  if (counted_out || (gone && !spared)) fail();
  void* const memory = std::malloc(size > 0 ? size : 1);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace
}  // namespace triggers::failing_memory

// Apart from the tests: a compiler that sees both in one source takes free() for a mistake.
void* operator new(std::size_t size) { return triggers::failing_memory::allocate(size); }
void* operator new[](std::size_t size) { return triggers::failing_memory::allocate(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
