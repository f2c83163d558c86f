#pragma once

// Random bytes from the kernel, good enough for secrets. The load generator's fast random numbers are in
// swarm/load/random.h.

#include <cstddef>
#include <cstdint>
#include <span>

namespace triggers {

/// Fills `out` from the kernel's CSPRNG (getrandom(2)). Any thread; aborts if the kernel has none.
void fill_random(std::span<std::byte> out);

/// 64 bits of the same source, buffered by thread: cheap enough for every event.
[[nodiscard]] std::uint64_t random_u64();

}  // namespace triggers
