#pragma once

// Decides which inboxes take events, before the events are submitted. The committer checks that the decision still
// holds (commit/group_commit.h); the filters are in store/routes.h.

#include <memory>

#include "base/result.h"
#include "base/task.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/inbox/routes_cache.h"
#include "store/rocks/inbox/settings_table.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/read/reader_pool.h"

namespace triggers::store {

/// Evaluates filters on the caller's thread, or on the pool if that would take long, so that neither the committer nor
/// an IO loop is held up. Any thread with an Executor.
class EventRouter {
 public:
  /// `pool`: threads of low priority. The others outlive this.
  EventRouter(Tenants& tenants, const SettingsTable& settings, RoutesCache& routes, ReaderPool& pool)
      : tenants_(tenants), settings_(settings), routes_(routes), pool_(pool) {}

  /// True while no tenant has other inboxes than an unchanged `default`: then route() would do nothing.
  [[nodiscard]] bool idle() const noexcept { return !tenants_.any_roster(); }

  /// Sets the operation's `routed`, by the inboxes that its tenant has now, for the events from `part_begin` on.
  /// Errors: `overloaded` if the tenant changes its inboxes again and again meanwhile; those of ReaderPool; `internal`
  /// if the settings cannot be read.
  Task<Status> route(Operation& operation);

 private:
  /// The compiled filters. Nothing if the settings on the disk are newer than the roster: the operation's next commit
  /// will find that out.
  Task<Result<std::optional<Routes>>> routes_of(const Tenant& tenant, std::shared_ptr<const Roster> roster);
  Result<std::optional<Routes>> compile(const Tenant& tenant, const Roster& roster) const;

  Tenants& tenants_;
  const SettingsTable& settings_;
  RoutesCache& routes_;
  ReaderPool& pool_;
};

}  // namespace triggers::store
