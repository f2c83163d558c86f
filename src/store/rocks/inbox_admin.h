#pragma once

// Makes, changes, removes and shows the inboxes of tenants. What a change does is decided by store/inbox_changes.h, and
// committed by commit/settings_stage.h.

#include <functional>
#include <optional>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/task.h"
#include "store/inbox_store.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/inbox/routes_cache.h"
#include "store/rocks/inbox/settings_table.h"
#include "store/rocks/inbox/tenants.h"
#include "store/rocks/read/reader_pool.h"

namespace triggers::store {

/// The calls of InboxDirectory, on the embedded engine. A change is decided on a thread of the pool, because it
/// compiles all filters of the tenant. The committer takes it only if the tenant's inboxes are still those on which it
/// was decided; otherwise it is decided again. Any thread with an Executor.
class InboxAdmin {
 public:
  /// `searches`: threads of low priority. The others outlive this.
  InboxAdmin(const SettingsTable& settings, Tenants& tenants, CommitQueue& queue, RoutesCache& routes,
             Database& database, ReaderPool& readers, ReaderPool& searches, const Clock& clock)
      : settings_(settings),
        tenants_(tenants),
        queue_(queue),
        routes_(routes),
        database_(database),
        readers_(readers),
        searches_(searches),
        clock_(clock) {}

  Task<Result<std::vector<InboxView>>> list(const Tenant& tenant);
  Task<Result<InboxView>> view(const Tenant& tenant, InboxName name);
  Task<Result<PutInbox>> put(const Tenant& tenant, InboxName name, inbox::Settings settings,
                             std::optional<InboxTag> if_match);
  Task<Result<PutInbox>> change(const Tenant& tenant, InboxName name, SettingsChange settings_change,
                                std::optional<InboxTag> if_match);
  Task<Result<bool>> remove(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match);

 private:
  using Decide = std::function<Result<InboxChange>(const InboxRecords&)>;
  /// A change that was decided.
  struct Decided {
    PutInbox answer{};
    std::optional<Routes> routes{};  ///< Of SettingsOperation::after.
    bool stores = false;             ///< There is something to store.
  };
  /// Reads the tenant's settings, and prepares the operation. `decide` gives what is to be stored.
  template <class Prepare>
  Task<Result<Decided>> run(const Tenant& tenant, Prepare prepare);
  Task<Result<PutInbox>> apply(const Tenant& tenant, Decide decide);
  Result<Decided> prepare_change(TenantState& tenant, const Decide& decide, SettingsOperation& operation) const;
  Result<Decided> prepare_removal(TenantState& tenant, const InboxName& name, const std::optional<InboxTag>& if_match,
                                  SettingsOperation& operation) const;
  Result<InboxView> read_view(const TenantState& tenant, const InboxName& name) const;

  const SettingsTable& settings_;
  Tenants& tenants_;
  CommitQueue& queue_;
  RoutesCache& routes_;
  Database& database_;
  ReaderPool& readers_;
  ReaderPool& searches_;
  const Clock& clock_;
};

}  // namespace triggers::store
