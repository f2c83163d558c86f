#pragma once

// Counts what all inboxes hold, for the metrics, and moves their heads forward. The thread that does so every second is
// in housekeeper.h; the figures are in inbox_figures.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/upkeep/shown_inboxes.h"

namespace triggers::store {

/// Walks over all inboxes, which are in memory, so that a scrape does not. It reads the store where the oldest entry of
/// an inbox is not known, but not more often in a walk than it may.
class InboxCensus {
 public:
  static constexpr std::size_t looks_max_default = 2000;

  /// `looks_max`: reads of the store in one walk. The others outlive this.
  InboxCensus(Database& database, const Tenants& tenants, std::size_t looks_max = looks_max_default)
      : database_(database), tenants_(tenants), looks_max_(looks_max) {}

  /// One call at a time.
  void run(std::chrono::steady_clock::time_point now);
  /// What the last run() has counted; null before the first. Any thread.
  [[nodiscard]] std::shared_ptr<const InboxTotals> totals() const;

 private:
  /// Adds what count() has found in the inboxes of one tenant.
  void add_tracked(InboxTotals& totals) noexcept;
  ShownInboxes::Candidate count(InboxState& inbox, const InboxName& name, InboxTotals& totals);
  std::optional<EventId> oldest_available(InboxState& inbox, const InboxState::View& view);
  /// Moves the head to the oldest pending entry if that may have changed. Nothing: the entry is not known.
  std::optional<EventId> find_oldest_pending(InboxState& inbox);
  /// Whether one more read is allowed in this walk.
  bool may_look();

  Database& database_;
  const Tenants& tenants_;
  const std::size_t looks_max_;
  ShownInboxes shown_;
  // Where the reads of a walk end, those of the next begin, so that every inbox has its turn.
  std::size_t place_ = 0, first_ = 0, looked_ = 0;
  std::optional<std::size_t> stopped_at_;
  std::uint64_t tracked_ = 0;  ///< Of the tenant that is being counted.
  mutable Mutex mutex_;
  std::shared_ptr<const InboxTotals> totals_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store
