#include "base/thread_priority.h"

#include <sys/resource.h>
#include <unistd.h>

namespace triggers {
namespace {

constexpr int nicer_by = 10;  // Then it has a tenth of the share of a thread that competes with it.

}  // namespace

void lower_thread_priority() noexcept {
  const auto thread = static_cast<id_t>(::gettid());
  ::setpriority(PRIO_PROCESS, thread, ::getpriority(PRIO_PROCESS, thread) + nicer_by);
}

}  // namespace triggers
