#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <span>

#include "http/server/eviction_queue.h"

namespace triggers::http {

class Loop;
struct ServerState;

/// The connections of one loop that have no request under way. When no place is free, one of them gives its place to a
/// new connection.
struct WaitingConnections {
  WaitingLine fresh;  ///< Never sent a request; since the accept. A TLS handshake under way is one too.
  WaitingLine kept;   ///< Between two requests; since the answer.
  /// A header that has not ended, or a body that is only dropped; since its first byte, or since it was spared.
  WaitingLine header;
  /// Their last answer is sent, and the client has not closed; since the answer. Or the rest of a refused body comes;
  /// since the last bytes of it.
  WaitingLine answered;
  WaitingLine chosen;  ///< These give their place in a moment, unless bytes of a request turn up.
};

/// Who gives its place: the lowest rank first, and in a rank the longest wait.
struct Victim {
  std::size_t rank = 0;
  Waiting::TimePoint since;
  const WaitingLine* line = nullptr;  ///< It is the first there. Null: nobody.
};

/// The best of one loop's. Any thread; on another than the loop's the answer may be old.
[[nodiscard]] Victim victim_of(const WaitingConnections& waiting, Waiting::TimePoint now) noexcept;
/// The loop with the best of all; null if every connection has a request under way. Any thread.
[[nodiscard]] Loop* loop_with_victim(std::span<Loop* const> loops, Waiting::TimePoint now) noexcept;

/// Counts a connection that gave its place, and logs such connections with one line a second at most. Any thread.
void count_eviction(ServerState& state, Waiting::TimePoint now) noexcept;

}  // namespace triggers::http
