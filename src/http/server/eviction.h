#pragma once

#include <array>
#include <chrono>
#include <cstddef>

#include "http/server/eviction_queue.h"

namespace triggers::http {

struct ServerState;

/// The connections of one loop that have no request under way. When no place is free, one of them gives its place to a
/// new connection.
struct EvictionQueues {
  EvictionQueue fresh;  ///< Never sent a request; since the accept. A TLS handshake under way is one too.
  EvictionQueue kept;   ///< Between two requests; since the answer.
  /// A header that has not ended, or a body that is only dropped; since its first byte, or since it was spared.
  EvictionQueue header;
  /// Their last answer is sent, and the client has not closed; since the answer. Or the rest of a refused body comes;
  /// since the last bytes of it.
  EvictionQueue answered;
  EvictionQueue chosen;  ///< These give their place in a moment, unless bytes of a request turn up.
};

/// Who gives its place: the lowest rank first, and in a rank the longest wait.
struct Victim {
  std::size_t rank = 0;
  Evictable::TimePoint since;
  const EvictionQueue* queue = nullptr;  ///< It is the first there. Null: nobody.

  [[nodiscard]] bool goes_before(const Victim& other) const noexcept;
};

/// The best of one loop's. Any thread; on another than the loop's the answer may be old.
[[nodiscard]] Victim victim_of(const EvictionQueues& queues, Evictable::TimePoint now) noexcept;
/// Counts a connection that gave its place, and logs such connections with one line a second at most. Any thread.
void count_eviction(ServerState& state, Evictable::TimePoint now) noexcept;

}  // namespace triggers::http
