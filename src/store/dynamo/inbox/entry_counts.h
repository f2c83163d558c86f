#pragma once

// How many entries of an inbox are in each state. Counting itself, and how exact it is, is in events/counts.h.

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "inbox/entry.h"
#include "inbox/settings.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/counts.h"
#include "store/dynamo/inbox/inbox_place.h"
#include "store/lease_stats.h"

namespace triggers::store::dynamo {

/// The counts of the inboxes of a table by the states that records say. `undelivered` entries are counted together, by
/// an accept too; those that are leased, delayed and dead each by itself. Any thread.
class EntryCounts {
 public:
  /// `on_leases` may be empty. It is called on any thread.
  EntryCounts(Table& table, Counts& undelivered, const Clock& clock,
              std::function<void(const LeaseStats&)> on_leases = {})
      : undelivered_(undelivered), states_(table, clock), on_leases_(std::move(on_leases)) {}

  /// A record was written in place of another one.
  void changed(const InboxPlace& place, const inbox::Record& before, const inbox::Record& after);
  /// For the metrics.
  void tell(const LeaseStats& stats) const {
    if (on_leases_) on_leases_(stats);
  }
  /// Four reads.
  Task<Result<inbox::Counts>> read(const InboxPlace& place);
  /// One read.
  Task<Result<std::uint64_t>> leased(const InboxPlace& place);
  /// Leased, delayed and dead, as this node knows it, without a call.
  [[nodiscard]] std::int64_t known_tracked(const InboxPlace& place) const;
  /// As this node knows it, without a call.
  [[nodiscard]] std::size_t known_available(const InboxPlace& place) const;
  /// A look at all undelivered entries, or at all dead ones, has found these: Counts::correct().
  Task<Status> correct_undelivered(const InboxPlace& place, inbox::Counts seen);
  Task<Status> correct_dead(const InboxPlace& place, std::uint64_t seen);
  /// The same for leased and delayed entries alone.
  Task<Status> correct_held(const InboxPlace& place, inbox::Counts seen);

  /// How the counts of an inbox are named, of undelivered entries first: see layout::count_key().
  [[nodiscard]] static std::vector<std::string> names(std::uint64_t number);

  /// Of the states' counts: see Counts.
  [[nodiscard]] Counts& states() noexcept { return states_; }

 private:
  Task<Status> correct(Counts& counts, const InboxPlace& place, std::string name, std::uint64_t seen);

  Counts& undelivered_;
  Counts states_;
  const std::function<void(const LeaseStats&)> on_leases_;
};

}  // namespace triggers::store::dynamo
