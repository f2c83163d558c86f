#include "http/server/eviction.h"

#include <algorithm>

#include "http/server/server_state.h"
#include "http/server/session_loop.h"
#include "log/log.h"

namespace triggers::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// A client that means to send a request has begun it by then, also after a TLS handshake from far away. Without this
// time, a stream of new connections would push out the others before they can speak, while idle ones keep their places.
constexpr milliseconds idle_patience{1'000};
// Most headers in several packets have ended by then, and most clients have read their answer. A slower one may be cut
// while no place is free; it is spared if bytes of it come at that moment.
constexpr milliseconds begun_patience{250};

constexpr std::chrono::seconds line_interval{1};

}  // namespace

Victim victim_of(const WaitingConnections& waiting, Waiting::TimePoint now) noexcept {
  struct Rank {
    const WaitingLine& line;
    milliseconds patience;
  };
  const std::array<Rank, 6> ranks{{{waiting.fresh, idle_patience},
                                   {waiting.kept, idle_patience},
                                   {waiting.fresh, milliseconds::zero()},
                                   {waiting.kept, milliseconds::zero()},
                                   {waiting.header, begun_patience},
                                   {waiting.answered, begun_patience}}};
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    const Waiting::TimePoint since = ranks[rank].line.oldest();
    if (since <= now - ranks[rank].patience) return {rank, since, &ranks[rank].line};
  }
  return {};
}

Loop* loop_with_victim(std::span<Loop* const> loops, Waiting::TimePoint now) noexcept {
  Loop* best_loop = nullptr;
  Victim best;
  for (Loop* const loop : loops) {
    const Victim victim = victim_of(loop->waiting(), now);
    if (victim.line == nullptr) continue;
    const bool better =
        best_loop == nullptr || victim.rank < best.rank || (victim.rank == best.rank && victim.since < best.since);
    if (!better) continue;
    best_loop = loop;
    best = victim;
  }
  return best_loop;
}

void count_eviction(ServerState& state, Waiting::TimePoint now) noexcept {
  const std::uint64_t evicted = ++state.evicted;
  auto next = state.next_eviction_line.load(std::memory_order_relaxed);
  if (now < next || !state.next_eviction_line.compare_exchange_strong(next, now + line_interval)) return;
  const std::uint64_t told = state.evictions_told.exchange(evicted);
  log::warning("connections_evicted",
               {{"times", evicted - std::min(evicted, told)}, {"max_connections", state.config.connections_max}});
}

}  // namespace triggers::http
