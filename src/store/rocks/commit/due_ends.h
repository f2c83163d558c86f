#pragma once

// Ends leases and delays at their time in inboxes that readers wait for, as part of the next commit, and tells lookers
// after their pause. Which inboxes these are is in inbox/watched_inboxes.h; all other inboxes are left to
// upkeep/housekeeper.h and to the next lease.

#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "store/rocks/commit/entry_operation.h"
#include "store/rocks/commit/id_time.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/inbox/watched_inboxes.h"
#include "store/tenant.h"

namespace triggers::store {

/// The committer's timer. For its thread.
class DueEnds {
 public:
  /// Of one commit.
  static constexpr std::size_t inboxes_max = 64, ends_max = 1'000;
  /// Between two commits that end something, so that leases which end one by one do not cost a sync each.
  static constexpr std::chrono::milliseconds pause{5};
  /// The longest sleep. The clock of leases may be set ahead meanwhile.
  static constexpr std::chrono::milliseconds sleep_max{1000};

  /// `watched` may be null. Both outlive this.
  DueEnds(WatchedInboxes* watched, const IdTime& time);

  /// When the committer must look again though no operation comes. Nothing: not before an inbox changes.
  [[nodiscard]] std::optional<std::chrono::steady_clock::time_point> next();
  /// Tells lookers whose pause is over. Appends operations for what is due; without memory it appends none, and tries
  /// again later.
  void add(std::vector<Operation*>& operations) noexcept;
  /// Call it after the commit of what add() has appended. `written`: whether the commit succeeded.
  void done(bool written) noexcept;

 private:
  struct End {
    Tenant tenant{};
    EntryOperation entry{};
    Operation operation{};
  };
  void prepare(std::size_t place);

  WatchedInboxes* const watched_;
  const IdTime& time_;
  WatchedInboxes::Inboxes due_;
  std::array<End, inboxes_max> ends_;
  std::chrono::steady_clock::time_point last_{};
};

}  // namespace triggers::store
