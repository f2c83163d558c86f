#pragma once

// Finds what other nodes have made available in an inbox, for the readers of this node. How readers wait is in
// store/waiters.h.

#include <cstdint>
#include <optional>
#include <set>
#include <utility>

#include "base/mutex.h"
#include "event/event.h"

namespace triggers::store::dynamo {

using event::EventId;

/// What one look after another has seen at the end of an inbox, and among the entries that came back. A look that was
/// wrong about news costs its readers a look of their own, so this remembers only so much. Any thread.
class ArrivalsTail {
 public:
  /// What a look may show this. The readers are woken each time if there is more.
  static constexpr std::size_t seen_max = 1'000;

  /// Where the next look begins: the entries up to it are no news any more. Nothing before the first look.
  [[nodiscard]] std::optional<EventId> after() const;
  /// A look has found these: ids behind after(), and what came back with its version. `settled`: when it began. Returns
  /// how many were not there before.
  [[nodiscard]] std::size_t news(std::set<EventId> entries, std::set<std::pair<EventId, std::int64_t>> back,
                                 const EventId& settled);

 private:
  mutable Mutex mutex_;
  std::optional<EventId> after_ GUARDED_BY(mutex_);
  std::set<EventId> seen_ GUARDED_BY(mutex_);
  std::set<std::pair<EventId, std::int64_t>> back_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store::dynamo
