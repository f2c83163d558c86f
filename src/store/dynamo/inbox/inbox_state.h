#pragma once

// What a node keeps of an inbox between requests. All of a node's inboxes are in inbox_node.h.

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/single_flight.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/inbox/arrivals_tail.h"
#include "store/dynamo/inbox/inbox_place.h"
#include "store/dynamo/inbox/lease_front.h"
#include "store/waiters.h"

namespace triggers::store::dynamo {

/// Nothing in here is needed for correctness after a restart. Any thread.
class InboxState {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  /// The stored front is read again, and written, at most so often.
  static constexpr std::chrono::milliseconds sync_every{1'000};

  explicit InboxState(std::chrono::milliseconds look_back_every) : front_(look_back_every) {}

  [[nodiscard]] LeaseFront& front() noexcept { return front_; }
  [[nodiscard]] ArrivalsTail& tail() noexcept { return tail_; }
  /// Callers at the same time end together what is due.
  [[nodiscard]] SingleFlight& ending() noexcept { return ending_; }

  /// Reads the item of the front if that is due: how far other nodes have leased, and when. One read. `settled`: by the
  /// clock of this node, which does not believe a front behind it.
  Task<Status> read_front(Table& table, InboxPlace place, TimePoint now, EventId settled);
  /// Adds to the item what this node knows, if there is something new and it is due or `always`. One write.
  Task<Status> write_front(Table& table, InboxPlace place, TimePoint now, bool always);
  /// write_front() has something to write.
  [[nodiscard]] bool has_news() const;

  void consumed(UnixMillis at);
  /// As far as is known after read_front().
  [[nodiscard]] std::optional<UnixMillis> last_consumed_at() const;

  /// Where the regular work on a long list goes on: behind the id that it has got to. 0: at the beginning.
  enum class Walk : std::uint8_t { back, dead };
  [[nodiscard]] EventId walked_to(Walk walk) const;
  void set_walked_to(Walk walk, const EventId& id);

  /// What the readers wait on. `all` outlives them.
  [[nodiscard]] std::shared_ptr<InboxWaiters> join(Waiters& all);
  /// Null if nobody holds it.
  [[nodiscard]] std::shared_ptr<InboxWaiters> waiters() const;

 private:
  LeaseFront front_;
  ArrivalsTail tail_;
  SingleFlight ending_;
  mutable Mutex mutex_;
  std::optional<TimePoint> read_at_ GUARDED_BY(mutex_), written_at_ GUARDED_BY(mutex_);
  EventId stored_ GUARDED_BY(mutex_){};
  std::optional<UnixMillis> consumed_ GUARDED_BY(mutex_), stored_consumed_ GUARDED_BY(mutex_);
  std::weak_ptr<InboxWaiters> waiters_ GUARDED_BY(mutex_);
  std::array<EventId, 2> walked_to_ GUARDED_BY(mutex_){};  ///< By Walk.
};

}  // namespace triggers::store::dynamo
