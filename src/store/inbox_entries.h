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
#include "inbox/settings.h"
#include "inbox/transitions.h"
#include "store/continuation.h"
#include "store/event_log.h"
#include "store/inbox_record.h"

namespace triggers::store {

using inbox::EntryState;
using inbox::EntryStatus;
using inbox::LeaseId;

/// The default of `leased-max`: the entries of one inbox that may be leased at once.
inline constexpr std::size_t leased_max_default = 120'000;

/// An inbox as a client sees it.
struct InboxView {
  InboxRecord inbox;
  inbox::Counts counts{};
  std::optional<UnixMillis> oldest_available_at{};  ///< When the event of the oldest available entry was accepted.
  std::optional<UnixMillis> last_consumed_at{};     ///< When an entry was last leased or acknowledged.
};

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
    /// Only entries are available that were never leased, and the tenant has TenantLimits::tracked_max entries that
    /// were. Nothing changed.
    too_many_tracked,
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

/// The answer to extend().
struct Extended {
  std::vector<EntryResult> results{};
  std::optional<UnixMillis> until{};  ///< The new end of the lease. Nothing: no entry was extended.
};

/// The answer to an operation on all dead entries of an inbox.
struct DeadEntriesDone {
  std::uint64_t count = 0;  ///< Requeued or discarded.
  bool has_more = false;    ///< The time for one call ran out: call again.
};

struct InboxEntry {
  StoredEvent event;
  EntryState state = EntryState::available;
  std::uint32_t attempts = 0;
  std::optional<inbox::Failure> last_failure{};
};

struct EntryQuery {
  InboxName inbox{};
  std::optional<EntryState> state{};        ///< Nothing: all that are undelivered, i.e. not dead.
  std::optional<Continuation> after{};      ///< EntryPage::next_after of the page before, of the same state.
  std::size_t limit = 50;                   ///< 1 to 200.
  std::optional<std::string> event_type{};  ///< Only this type.
  FairBudget* memory = nullptr;             ///< As PageQuery::memory.
};

/// Entries in the order of their ids. The members are those of Page.
struct EntryPage {
  std::vector<InboxEntry> entries{};
  std::optional<Continuation> next_after{};
  bool has_more = false;
  inbox::Counts counts{};  ///< Of the whole inbox.
  FairBudget::Share memory{};
};

}  // namespace triggers::store
