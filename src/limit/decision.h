#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace triggers::limit {

/// What a limiter decides: an expected result, never an error.
struct Decision {
  bool allowed = true;
  std::optional<std::uint32_t> limit;       ///< A minute; nothing: unlimited, and then the rest is zero.
  std::uint32_t remaining = 0;              ///< How many could be taken right after this.
  std::chrono::nanoseconds reset{0};        ///< Until the bucket is full again.
  std::chrono::nanoseconds retry_after{0};  ///< Exact: at `now + retry_after` the bucket has one. 0 if allowed.
};

}  // namespace triggers::limit
