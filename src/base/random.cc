#include "base/random.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/invariant.h"

namespace triggers {

void fill_random(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = getrandom(out.data(), out.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    INVARIANT(got > 0, "the kernel gives no random bytes");
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t random_u64() {
  thread_local std::array<std::uint64_t, 64> buffer;
  thread_local std::size_t used = buffer.size();
  if (used == buffer.size()) {
    fill_random(std::as_writable_bytes(std::span(buffer)));
    used = 0;
  }
  return buffer[used++];
}

}  // namespace triggers
