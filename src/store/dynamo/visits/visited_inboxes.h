#pragma once

// What this node's visits have found in inboxes, for the metrics. What a visit does is in tenant_visit.h.

#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/dynamo/visits/roster.h"
#include "store/inbox_figures.h"

namespace triggers::store::dynamo {

/// Each tenant is shown by the node that visited it last, so that sums over all nodes are right: a node forgets a
/// tenant when it sees in the list that another one has visited it. Any thread.
class VisitedInboxes {
 public:
  static constexpr std::size_t shown_max = 100;
  static constexpr std::size_t inboxes_max = 100'000;  ///< In memory; past it, no further tenants are shown.

  /// A visit of the tenant has ended, and the next one is due at `next`. `found`: the inboxes that it has got to, with
  /// `tenant` in each. Of other inboxes in `names`, the earlier figures stay.
  void visited(const Tenant& tenant, UnixMillis next, std::vector<InboxFigures> found,
               const std::set<std::string>& names);
  /// The tenant's item in the list, as it was read.
  void seen(const VisitItem& item);

  /// The sums, and at most shown_max inboxes: of every tenant the fullest one before any tenant has a second one.
  [[nodiscard]] InboxTotals totals() const;

 private:
  struct Visited {
    UnixMillis next{};
    std::map<std::string, InboxFigures> inboxes{};
  };
  void forget(std::map<std::string, Visited>::iterator tenant) REQUIRES(mutex_);

  mutable Mutex mutex_;
  std::map<std::string, Visited> tenants_ GUARDED_BY(mutex_);
  std::size_t inboxes_ GUARDED_BY(mutex_) = 0;
};

}  // namespace triggers::store::dynamo
