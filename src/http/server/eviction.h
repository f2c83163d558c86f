#pragma once

// Chooses the connection that is closed for a new one when the server is full. The queue it chooses from is in
// eviction_queue.h; when a session may be chosen is in session_eviction.cc.

#include <array>
#include <chrono>
#include <cstddef>

#include "http/server/eviction_queue.h"

namespace triggers::http {

struct ServerState;

/// The connections of one loop without a request in progress. When the server is full, one of them is closed to make
/// room for a new connection. The comment of each queue says since when its connections count as waiting.
struct EvictionQueues {
  EvictionQueue fresh;  ///< Has sent no request, or is in its TLS handshake; since the accept.
  EvictionQueue kept;   ///< Is between two requests; since the last response.
  /// Is sending a header, or a body that the server drops; since its first byte, or since new bytes last saved it.
  EvictionQueue header;
  /// Has its last response, and the client has not closed; since the response. Or is sending the rest of a refused
  /// body; since the last bytes of it.
  EvictionQueue answered;
  EvictionQueue chosen;  ///< Will be closed in a moment, unless bytes of a request arrive.
};

/// The connection to close: the lowest rank first, and within a rank the longest wait.
struct Victim {
  std::size_t rank = 0;
  Evictable::TimePoint since;
  const EvictionQueue* queue = nullptr;  ///< The victim is the first in it. Null: there is no victim.

  [[nodiscard]] bool goes_before(const Victim& other) const noexcept;
};

/// The best victim of one loop. Any thread; on a thread other than the loop's the result may be out of date.
[[nodiscard]] Victim victim_of(const EvictionQueues& queues, Evictable::TimePoint now) noexcept;
/// Counts an evicted connection. Logs evictions with at most one line a second. Any thread.
void count_eviction(ServerState& state, Evictable::TimePoint now) noexcept;

}  // namespace triggers::http
