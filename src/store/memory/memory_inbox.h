#pragma once

// What consumers do with the entries of an inbox, in the engine for tests. The data is in memory_account.h, the rules
// are in inbox/transitions.h.

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "inbox/settings.h"
#include "inbox/transitions.h"
#include "store/inbox_entries.h"
#include "store/inbox_jobs.h"
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
  [[nodiscard]] InboxView view() const;
  /// As DefaultInbox::page().
  [[nodiscard]] Result<Page> page(const PageQuery& query) const;
  [[nodiscard]] Result<EntryPage> entries(const EntryQuery& query) const;
  [[nodiscard]] Continuation entries_end() const;

  // The calls of InboxStore.

  Result<Leased> lease(const LeaseRequest& request, const LeaseId& lease);
  std::vector<EntryResult> acknowledge(const std::optional<LeaseId>& lease,
                                       const std::optional<std::vector<EventId>>& ids);
  std::vector<EntryResult> release(const LeaseId& lease, const std::optional<std::vector<EventId>>& ids,
                                   std::chrono::seconds delay, const std::optional<std::string>& error);
  Extended extend(const LeaseId& lease, const std::optional<std::vector<EventId>>& ids, std::chrono::seconds duration);
  std::vector<EntryResult> requeue(const std::vector<EventId>& ids);
  std::vector<EntryResult> discard(const std::vector<EventId>& ids);
  /// The dead entries, or those of one type.
  [[nodiscard]] std::vector<EventId> dead(const std::optional<std::string>& event_type) const;
  /// The jobs are done when these return.
  Job purge(const Uuid7& id);
  Result<Job> replay(const Uuid7& id, const ReplayRange& range);
  [[nodiscard]] std::optional<Job> job(const Uuid7& id) const;

 private:
  using Operation = std::function<inbox::Transition(const inbox::Record&)>;

  void advance();
  /// Stores the record, or what is left of it.
  void store(const EventId& id, const inbox::Record& record);
  std::vector<EntryResult> apply(const std::vector<EventId>& ids, const Operation& operation);
  [[nodiscard]] std::vector<EventId> held_by(const LeaseId& lease) const;
  void put_again(const EventId& id, Job& job);
  Job keep(Job job);
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
