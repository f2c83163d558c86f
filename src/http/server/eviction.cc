#include "http/server/eviction.h"

#include <algorithm>

#include "http/server/server_state.h"
#include "log/log.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A client that wants to send a request has begun it by then, even after a TLS handshake from far away. Without this
// time, a stream of new connections would evict each other before they can send, while idle ones keep their places.
constexpr milliseconds idle_patience{1'000};
// Most headers in several packets have ended by then, and most clients have read their response. A slower connection
// may be evicted while the server is full; it is spared if bytes of it arrive at that moment.
constexpr milliseconds begun_patience{250};

constexpr std::chrono::seconds line_interval{1};

}  // namespace

Victim victim_of(const EvictionQueues& queues, Evictable::TimePoint now) noexcept {
  struct Rank {
    const EvictionQueue& queue;
    milliseconds patience;
  };
  const std::array<Rank, 6> ranks{{{queues.fresh, idle_patience},
                                   {queues.kept, idle_patience},
                                   {queues.fresh, milliseconds::zero()},
                                   {queues.kept, milliseconds::zero()},
                                   {queues.header, begun_patience},
                                   {queues.answered, begun_patience}}};
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    const Evictable::TimePoint since = ranks[rank].queue.oldest();
    if (since <= now - ranks[rank].patience) return {rank, since, &ranks[rank].queue};
  }
  return {};
}

bool Victim::goes_before(const Victim& other) const noexcept {
  if (queue == nullptr || other.queue == nullptr) return queue != nullptr;
  return rank < other.rank || (rank == other.rank && since < other.since);
}

void count_eviction(ServerState& state, Evictable::TimePoint now) noexcept {
  const std::uint64_t evicted = ++state.evicted;
  auto next = state.next_eviction_line.load(std::memory_order_relaxed);
  if (now < next || !state.next_eviction_line.compare_exchange_strong(next, now + line_interval)) return;
  const std::uint64_t told = state.evictions_told.exchange(evicted);
  log::warning("connections_evicted",
               {{"times", evicted - std::min(evicted, told)}, {"max_connections", state.config.connections_max}});
}

}  // namespace triggers::http
