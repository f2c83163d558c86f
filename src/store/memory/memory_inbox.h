#pragma once

// What consumers do with the entries of an inbox, in the engine for tests. The data is in memory_account.h, the rules
// are in inbox/transitions.h.

#include <functional>
#include <optional>
#include <vector>

#include "inbox/settings.h"
#include "inbox/transitions.h"
#include "store/inbox_entries.h"
#include "store/memory/memory_account.h"
#include "store/page.h"
#include "store/tenant.h"

namespace triggers::store {

/// One inbox during one call. The constructor records what time has done to the entries, by a look at each of them: the
/// plain model of what the other engines do with indexes.
class OpenInbox {
 public:
  OpenInbox(const MemoryConfig& config, const Tenant& tenant, const InboxName& name, MemoryAccount& account,
            MemoryInbox& inbox, MemoryTime now);

  [[nodiscard]] inbox::Counts counts() const;
  [[nodiscard]] Result<Page> page(const PageQuery& query) const;
  Result<Leased> lease(const LeaseRequest& request, const LeaseId& lease);
  std::vector<EntryResult> acknowledge(const std::optional<LeaseId>& lease,
                                       const std::optional<std::vector<EventId>>& ids);

 private:
  using Operation = std::function<inbox::Transition(const inbox::Record&)>;

  void advance();
  /// Stores the record, or what is left of it.
  void store(const EventId& id, const inbox::Record& record);
  std::vector<EntryResult> apply(const std::vector<EventId>& ids, const Operation& operation);
  [[nodiscard]] std::vector<EventId> held_by(const LeaseId& lease) const;
  template <class Records>
  Status fill(Page& page, const PageQuery& query, Records records) const;

  const MemoryConfig& config_;
  const Tenant& tenant_;
  const InboxName& name_;
  MemoryAccount& account_;
  MemoryInbox& inbox_;
  const MemoryTime now_;
  const inbox::Rules rules_;
};

}  // namespace triggers::store
