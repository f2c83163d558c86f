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

  Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) override {
    return store_.entries(tenant, std::move(query));
  }
  Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) override {
    return store_.lease(tenant, std::move(request));
  }
  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName inbox,
                                                     std::optional<LeaseId> lease,
                                                     std::optional<std::vector<EventId>> ids) override {
    return store_.acknowledge(tenant, std::move(inbox), lease, std::move(ids));
  }
  Task<Result<std::vector<EntryResult>>> release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                 std::optional<std::vector<EventId>> ids, std::chrono::seconds delay,
                                                 std::optional<std::string> error) override {
    return store_.release(tenant, std::move(inbox), lease, std::move(ids), delay, std::move(error));
  }
  Task<Result<Extended>> extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) override {
    return store_.extend(tenant, std::move(inbox), lease, std::move(ids), duration);
  }
  Task<Result<std::vector<EntryResult>>> requeue(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override {
    return store_.requeue(tenant, std::move(inbox), std::move(ids));
  }
  Task<Result<std::vector<EntryResult>>> discard(const Tenant& tenant, InboxName inbox,
                                                 std::vector<EventId> ids) override {
    return store_.discard(tenant, std::move(inbox), std::move(ids));
  }
  Task<Result<DeadEntriesDone>> requeue_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override {
    return store_.requeue_all(tenant, std::move(inbox), std::move(event_type));
  }
  Task<Result<DeadEntriesDone>> discard_all(const Tenant& tenant, InboxName inbox,
                                            std::optional<std::string> event_type) override {
    return store_.discard_all(tenant, std::move(inbox), std::move(event_type));
  }
  std::shared_ptr<InboxWaiters> arrivals(const Tenant& tenant, const InboxName& name) override {
    return store_.arrivals(tenant, name);
  }
  Waiters& waiters() noexcept override { return store_.waiters(); }
  Task<Result<Job>> purge(const Tenant&, InboxName) override { co_return missing(); }
  Task<Result<Job>> replay(const Tenant&, InboxName, ReplayRange) override { co_return missing(); }
  Task<Result<std::optional<Job>>> job(const Tenant&, InboxName, Uuid7) override { co_return missing(); }

 private:
  static Error missing() { return {ErrorCode::internal, "the embedded engine does not have this call yet"}; }

  RocksStore& store_;
};

}  // namespace triggers::store::contract
