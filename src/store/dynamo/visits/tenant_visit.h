#pragma once

// One visit of a managed tenant: what nobody asks for, but is due. Which tenants are visited is decided in visits.h.

#include <chrono>
#include <set>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/dynamo/events/shards.h"
#include "store/dynamo/inbox/inbox_node.h"
#include "store/dynamo/settings/settings_directory.h"
#include "store/dynamo/visits/log_upkeep.h"
#include "store/dynamo/visits/removed_inboxes.h"
#include "store/inbox_figures.h"

namespace triggers::store::dynamo {

/// Ends what is due in inboxes that nobody reads, lets entries go whose retention is over, empties removed inboxes, and
/// lets events expire. Every step may be repeated, on any node, also by two at once. One coroutine at a time.
class TenantVisit {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Left = RemovedInboxes::Left;

  TenantVisit(Table& table, Shards& shards, InboxNode& inboxes, SettingsDirectory& settings, const Clock& clock,
              Retention retention)
      : table_(table), shards_(shards), inboxes_(inboxes), settings_(settings), clock_(clock), retention_(retention) {}

  /// What it has found in the inboxes that it has got to.
  struct Found {
    std::vector<InboxFigures> inboxes{};
    std::set<std::string> names{};  ///< Of all inboxes.
  };
  /// Moves `log` and fills `found`, also if there is an Error. Begins nothing after `until`; a call takes calls_for
  /// more at most.
  Task<Result<Left>> visit(const Tenant& tenant, LogPlace& log, Found& found, TimePoint until);
  static constexpr std::chrono::milliseconds calls_for{10'000};

 private:
  Task<Result<bool>> visit_inboxes(Table& table, const Tenant& tenant, const TenantInboxes& known, TimePoint until);
  /// At all inboxes at the same time, besides the time of the visit, for about a second.
  Task<Found> look(Table& table, const Tenant& tenant, const TenantInboxes& known);

  Table& table_;
  Shards& shards_;
  InboxNode& inboxes_;
  SettingsDirectory& settings_;
  const Clock& clock_;
  const Retention retention_;
  std::size_t first_ = 0;  ///< Which inbox a visit begins with: another one each time.
};

}  // namespace triggers::store::dynamo
