#include "base/descriptor_limit.h"

#include <sys/resource.h>

#include <limits>
#include <utility>

namespace triggers {
namespace {

constexpr std::size_t usual_limit = 1024;

}  // namespace

std::size_t raise_descriptor_limit() noexcept {
  rlimit descriptors{};
  if (::getrlimit(RLIMIT_NOFILE, &descriptors) != 0) return usual_limit;
  const rlim_t before = std::exchange(descriptors.rlim_cur, descriptors.rlim_max);
  const rlim_t limit = ::setrlimit(RLIMIT_NOFILE, &descriptors) == 0 ? descriptors.rlim_cur : before;
  return limit == RLIM_INFINITY ? std::numeric_limits<std::size_t>::max() : static_cast<std::size_t>(limit);
}

}  // namespace triggers
