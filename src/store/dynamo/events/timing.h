#pragma once

// How long writers have time, and how long what they wrote is kept. docs/decisions/0021 and 0022 say why.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "base/clock.h"
#include "event/event.h"

namespace triggers::store::dynamo {

/// Time limits. The first three count from when an event's id was made, and pages rely on them: docs/decisions/0022.
struct Timing {
  /// Until then another writer finishes an event for its first writer; later it fences the event off.
  std::chrono::milliseconds finish_for{1'000};
  /// Until then an event is written or not accepted.
  std::chrono::milliseconds write_for{2'500};
  /// With less time left than this, a writer that has waited begins no first write, and takes a new id.
  std::chrono::milliseconds write_within{250};
  /// Ids older than this are settled. The rest above write_for is for clocks that differ, and for requests that were
  /// given up and still arrive.
  std::chrono::milliseconds settled_after{5'000};
  /// One operation of the store with all its calls. Calls that have not begun by then do not begin.
  std::chrono::milliseconds request_for{10'000};

  /// What is left of write_for.
  [[nodiscard]] std::chrono::milliseconds time_to_write(const event::EventId& id, UnixMillis now) const {
    return std::min(write_for - (now - id.time()), write_for);
  }
};

/// How long events are kept that are in no inbox any more.
struct Retention {
  static constexpr std::chrono::seconds claims_margin{3'600};

  std::chrono::hours event_ttl{24 * 30};  ///< From the acknowledgement on.
  /// From the id's time on, whatever event_ttl is: as long as a claim may name the event. So a claim without an event
  /// always means a writer that did not finish.
  std::chrono::seconds claims_until{86'400};

  /// When DynamoDB may remove an event that has left all inboxes at `now`, in seconds since the Unix epoch.
  [[nodiscard]] std::int64_t removal_time(const event::EventId& id, UnixMillis now) const {
    const std::chrono::milliseconds until = std::max<std::chrono::milliseconds>(
        now.time_since_epoch() + event_ttl, id.time().time_since_epoch() + claims_until + claims_margin);
    return std::chrono::ceil<std::chrono::seconds>(until).count();
  }
};

}  // namespace triggers::store::dynamo
