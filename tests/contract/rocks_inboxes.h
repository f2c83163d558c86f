#pragma once

// The embedded engine as an InboxStore, while it lacks some of its calls. The tests that need those are named in
// CMakeLists.txt.

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/task.h"
#include "store/inbox_store.h"
#include "store/rocks/rocks_store.h"

namespace triggers::store::contract {

/// Passes on the calls that the engine has. The others answer an error, which fails a test.
class RocksInboxes final : public InboxStore {
 public:
  explicit RocksInboxes(RocksStore& store) : store_(store) {}

  Task<Result<Page>> page(const Tenant& tenant, PageQuery query) override {
    return store_.page(tenant, std::move(query));
  }
  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override {
    return store_.acknowledge(tenant, std::move(ids));
  }

  Task<Result<std::vector<InboxView>>> inboxes(const Tenant& tenant) override { return store_.inboxes(tenant); }
  Task<Result<InboxView>> inbox(const Tenant& tenant, InboxName name) override {
    return store_.inbox(tenant, std::move(name));
  }
  Task<Result<PutInbox>> put_inbox(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                   std::optional<InboxTag> if_match) override {
    return store_.put_inbox(tenant, std::move(name), std::move(settings), if_match);
  }
  Task<Result<PutInbox>> change_inbox(const Tenant& tenant, InboxName name, SettingsChange change,
                                      std::optional<InboxTag> if_match) override {
    return store_.change_inbox(tenant, std::move(name), std::move(change), if_match);
  }
  Task<Result<bool>> remove_inbox(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) override {
    return store_.remove_inbox(tenant, std::move(name), if_match);
  }

  /// The undelivered entries, without their states.
  Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) override {
    if (query.state) co_return missing();
    const auto view = co_await store_.inbox(tenant, query.inbox);
    if (!view) co_return view.error();
    PageQuery pages;
    pages.inbox = query.inbox.text();
    pages.limit = query.limit;
    pages.after = query.after;
    pages.event_type = query.event_type;
    auto page = co_await store_.page(tenant, std::move(pages));
    if (!page) co_return std::move(page).error();
    EntryPage entries;
    for (StoredEvent& event : page->events) entries.entries.push_back({std::move(event)});
    entries.next_after = page->next_after;
    entries.has_more = page->has_more;
    co_return entries;
  }

  Task<Result<Leased>> lease(const Tenant&, LeaseRequest) override { co_return missing(); }
  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant&, InboxName, std::optional<LeaseId>,
                                                     std::optional<std::vector<EventId>>) override {
    co_return missing();
  }
  Task<Result<std::vector<EntryResult>>> release(const Tenant&, InboxName, LeaseId, std::optional<std::vector<EventId>>,
                                                 std::chrono::seconds, std::optional<std::string>) override {
    co_return missing();
  }
  Task<Result<Extended>> extend(const Tenant&, InboxName, LeaseId, std::optional<std::vector<EventId>>,
                                std::chrono::seconds) override {
    co_return missing();
  }
  Task<Result<std::vector<EntryResult>>> requeue(const Tenant&, InboxName, std::vector<EventId>) override {
    co_return missing();
  }
  Task<Result<std::vector<EntryResult>>> discard(const Tenant&, InboxName, std::vector<EventId>) override {
    co_return missing();
  }
  Task<Result<DeadEntriesDone>> requeue_all(const Tenant&, InboxName, std::optional<std::string>) override {
    co_return missing();
  }
  Task<Result<DeadEntriesDone>> discard_all(const Tenant&, InboxName, std::optional<std::string>) override {
    co_return missing();
  }
  Task<Result<Job>> purge(const Tenant&, InboxName) override { co_return missing(); }
  Task<Result<Job>> replay(const Tenant&, InboxName, ReplayRange) override { co_return missing(); }
  Task<Result<std::optional<Job>>> job(const Tenant&, InboxName, Uuid7) override { co_return missing(); }

 private:
  static Error missing() { return {ErrorCode::internal, "the embedded engine does not have this call yet"}; }

  RocksStore& store_;
};

}  // namespace triggers::store::contract
