#pragma once

// What consumers ask of the entries of an inbox, and the answers. The calls are in inbox_store.h; the life of an entry
// is in inbox/transitions.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fair_budget.h"
#include "inbox/entry.h"
#include "inbox/inbox_name.h"
#include "inbox/settings.h"
#include "inbox/transitions.h"
#include "store/continuation.h"
#include "store/event_log.h"

namespace triggers::store {

using inbox::EntryState;
using inbox::EntryStatus;
using inbox::InboxName;
using inbox::LeaseId;

/// The default of `leased-max`: the entries of one inbox that may be leased at once.
inline constexpr std::size_t leased_max_default = 120'000;

struct LeaseRequest {
  InboxName inbox{};
  std::size_t limit = 10;                          ///< 1 to 500.
  std::optional<std::chrono::seconds> duration{};  ///< 1 s to 12 h. Nothing: the inbox's setting.
  /// The events of one lease take about this much memory at most. A larger event is leased alone.
  std::size_t bytes_max = 8 * 1024 * 1024;
  /// As PageQuery::memory. Without room the error is `overloaded`, and nothing is leased.
  FairBudget* memory = nullptr;
};

struct LeasedEvent {
  StoredEvent event;
  std::uint32_t attempt = 0;  ///< 1 at the first lease.
};

/// The answer to a LeaseRequest.
struct Leased {
  enum class Outcome : std::uint8_t {
    leased,
    nothing,          ///< No entry is available.
    too_many_leased,  ///< As many entries of this inbox are leased as may be. Nothing changed.
  };
  Outcome outcome = Outcome::nothing;
  LeaseId lease{};                    ///< 0 unless the outcome is `leased`, as `until`.
  UnixMillis until{};                 ///< The lease has ended at this time.
  std::vector<LeasedEvent> events{};  ///< Oldest first.
  FairBudget::Share memory{};         ///< Of LeaseRequest::memory.
};

/// What an operation did to one entry.
struct EntryResult {
  EventId id;
  EntryStatus status = EntryStatus::not_found;
  bool operator==(const EntryResult&) const = default;
};

}  // namespace triggers::store
