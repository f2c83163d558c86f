#pragma once

// One request of a consumer on its way through the committer, with its result. Its place in the queue is in
// operation.h; how it is carried out is in entry_stage.h and lease_stage.h.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/fair_budget.h"
#include "store/inbox_entries.h"

namespace triggers::store {

/// The entries of one lease at most, and the ids of one request.
inline constexpr std::size_t entries_of_request_max = static_cast<std::size_t>(inbox::lease_limit_range.max);
/// About what an entry takes in a commit: keys and a record.
inline constexpr std::size_t entry_record_bytes = 128;

/// What is done to entries of one inbox. It is apart from Operation, which a POST makes too, because it is large.
///
/// Its elements are its ids, or as many as may be found. They may be committed in several parts. Operations that find
/// little must not count as many elements: a commit would have no room for others.
struct EntryOperation {
  enum class Kind : std::uint8_t {
    lease,        ///< `limit`, `bytes_max`, `duration`, `memory` to `lease`, `until`, `leased`, `refused`.
    acknowledge,  ///< `lease` or nothing.
    release,      ///< `lease`, `delay`, `error`.
    extend,       ///< `lease`, `duration` to `until`.
    requeue,      ///< `pending_values`, one for each id.
    discard,
    advance,  ///< Records what has ended by itself: leases, delays (at most `limit`; 0: many), dead entries' retention.
    look,     ///< `state`, `after`, `limit` to what begins with `found`. Reads the index, and writes nothing.
  };

  struct LeasedId {
    EventId id;
    std::uint32_t attempt = 0;
  };
  struct Found {
    EventId id;
    UnixMillis since{};  ///< dead: when it died.
  };

  Kind kind = Kind::acknowledge;
  InboxName inbox{};
  /// The ids, and what was done to each. Of `all_held` the committer fills it.
  std::vector<EntryResult> results{};
  bool all_held = false;  ///< Of all entries that `lease` still holds.
  std::optional<LeaseId> lease{};

  std::size_t limit = 0;
  std::size_t bytes_max = 0;
  std::optional<std::chrono::seconds> duration{};  ///< lease: nothing means the inbox's setting.
  FairBudget::Share memory{};                      ///< For the events that are leased. It grows by their sizes.
  std::chrono::seconds delay{};
  std::optional<std::string> error{};
  /// The value of `pending` that each entry gets again; nothing: its event is not in the log.
  std::vector<std::optional<std::string>> pending_values{};
  EntryState state = EntryState::available;
  std::optional<EventId> after{};

  std::vector<LeasedId> leased{};
  std::size_t leased_bytes = 0;  ///< Of their events.
  UnixMillis leased_at{};
  std::optional<UnixMillis> until{};
  Leased::Outcome refused = Leased::Outcome::nothing;  ///< Why nothing is leased.
  std::vector<Found> found{};
  bool found_all = false;  ///< There are no more.
  EventId fresh_after{};   ///< Available entries behind it are not in the index: those that were never leased.
  UnixMillis looked_at{};  ///< By the clock of leases.

  /// If is_open_ended(): the queue counts no more than this. The committer knows a closer number than the client.
  std::size_t found_max = entries_of_request_max;
  bool exhausted = false;  ///< There are no more elements.
  /// The committer has not come far enough in one commit. Submit the operation again.
  bool left = false;
  /// lease: it was left because the next entries are not in memory. Read them, then set `may_use_disk`.
  bool needs_disk = false;
  bool may_use_disk = false;  ///< The committer may wait for the disk.

  [[nodiscard]] bool is_of_ids() const noexcept {
    return kind != Kind::lease && kind != Kind::advance && kind != Kind::look;
  }
  /// How many entries it has shows only in the inbox.
  [[nodiscard]] bool is_open_ended() const noexcept { return kind == Kind::lease || all_held; }
  [[nodiscard]] std::size_t size() const noexcept {
    if (kind == Kind::lease) return std::min(limit, found_max);
    if (all_held) return found_max;
    return std::max<std::size_t>(results.size(), 1);
  }
  [[nodiscard]] bool ended() const noexcept { return exhausted || left; }
};

}  // namespace triggers::store
