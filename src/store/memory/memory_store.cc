#include "store/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/invariant.h"
#include "base/mutex.h"
#include "base/uuid7.h"
#include "store/memory/memory_account.h"
#include "store/memory/memory_inbox.h"

namespace triggers::store {
namespace {

Error no_such_inbox(const InboxName& name) {
  return {ErrorCode::not_found, "there is no inbox " + name.text() + "; make it first"};
}

AckStatus ack_status(EntryStatus status) {
  if (status == EntryStatus::acknowledged) return AckStatus::acknowledged;
  return status == EntryStatus::already_acknowledged ? AckStatus::already_acknowledged : AckStatus::not_found;
}

class MemoryStoreImpl final : public MemoryStore {
 public:
  explicit MemoryStoreImpl(const MemoryConfig& config) : config_(config) {}

  Task<Result<Appended>> append(const Tenant& tenant, IncomingEvent event) override {
    const MutexLock lock(mutex_);
    co_return append_locked(tenant, event);
  }

  Task<std::vector<Result<Appended>>> append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) override {
    const MutexLock lock(mutex_);
    std::vector<Result<Appended>> answers;
    answers.reserve(events.size());
    for (const IncomingEvent& event : events) answers.push_back(append_locked(tenant, event));
    co_return answers;
  }

  Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) override {
    const MutexLock lock(mutex_);
    co_return account(tenant).get(id, config_.clock->now());
  }

  Task<Result<Page>> page(const Tenant& tenant, PageQuery query) override {
    const MutexLock lock(mutex_);
    const auto name = InboxName::parse(query.inbox);
    if (!name || account(tenant).find(*name) == nullptr) co_return Page{};
    co_return open(tenant, *name)->page(query);
  }

  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override {
    const MutexLock lock(mutex_);
    const InboxName name;
    auto inbox = open_to_write(tenant, name);
    if (!inbox) co_return std::move(inbox).error();
    std::vector<AckStatus> statuses;
    for (const EntryResult& result : inbox->acknowledge({}, ids)) statuses.push_back(ack_status(result.status));
    co_return statuses;
  }

  Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) override {
    const MutexLock lock(mutex_);
    auto inbox = open_to_write(tenant, request.inbox);
    if (!inbox) co_return std::move(inbox).error();
    co_return inbox->lease(request, {leases_.next(time_)});
  }

  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName name, std::optional<LeaseId> lease,
                                                     std::optional<std::vector<EventId>> ids) override {
    const MutexLock lock(mutex_);
    auto inbox = open_to_write(tenant, name);
    if (!inbox) co_return std::move(inbox).error();
    co_return inbox->acknowledge(lease, ids);
  }

  [[nodiscard]] Health health() const override {
    const MutexLock lock(mutex_);
    return {problem_.empty(), problem_};
  }

  [[nodiscard]] Metrics metrics() const override {
    const MutexLock lock(mutex_);
    Metrics metrics;
    for (const auto& [tenant, account] : accounts_) {
      for (const auto& [id, record] : account.inboxes().at(InboxName()).records) {
        if (!record.entry || record.entry->state == EntryState::dead) continue;
        ++metrics.unacknowledged;
        const UnixMillis oldest = metrics.oldest_unacknowledged.value_or(id.time());
        metrics.oldest_unacknowledged = std::min(oldest, id.time());
      }
    }
    return metrics;
  }

  std::size_t sweep(std::size_t events_max) override {
    const MutexLock lock(mutex_);
    std::size_t removed = 0;
    for (auto& [tenant, account] : accounts_) removed += account.sweep(events_max - removed, config_.clock->now());
    return removed;
  }

  void settle() override {
    const MutexLock lock(mutex_);
    for (auto& [tenant, account] : accounts_) {
      for (const auto& [name, inbox] : account.inboxes()) INVARIANT(open(tenant, name).ok(), "an inbox has gone");
    }
  }

  void fail_writes(std::string problem) override {
    const MutexLock lock(mutex_);
    problem_ = std::move(problem);
  }

 private:
  MemoryAccount& account(const Tenant& tenant) REQUIRES(mutex_) {
    return accounts_.try_emplace(tenant, config_).first->second;
  }

  Result<Appended> append_locked(const Tenant& tenant, const IncomingEvent& event) REQUIRES(mutex_) {
    if (!problem_.empty()) return Error{ErrorCode::unavailable, problem_};
    return account(tenant).append(event, config_.clock->now(), ids_);
  }

  /// `tenant` and `name` outlive the result.
  Result<OpenInbox> open(const Tenant& tenant, const InboxName& name) REQUIRES(mutex_) {
    MemoryAccount& owner = account(tenant);
    MemoryInbox* const inbox = owner.find(name);
    if (inbox == nullptr) return no_such_inbox(name);
    const UnixMillis wall = config_.clock->now();
    time_ = std::max(time_, wall);
    return OpenInbox(config_, tenant, name, owner, *inbox, {wall, time_});
  }

  Result<OpenInbox> open_to_write(const Tenant& tenant, const InboxName& name) REQUIRES(mutex_) {
    if (!problem_.empty()) return Error{ErrorCode::unavailable, problem_};
    return open(tenant, name);
  }

  const MemoryConfig config_;
  mutable Mutex mutex_;
  std::map<Tenant, MemoryAccount> accounts_ GUARDED_BY(mutex_);
  std::string problem_ GUARDED_BY(mutex_);
  UnixMillis time_ GUARDED_BY(mutex_){};
  Uuid7Generator ids_ GUARDED_BY(mutex_);
  Uuid7Generator leases_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<MemoryStore> MemoryStore::create(MemoryConfig config) {
  return std::make_unique<MemoryStoreImpl>(config);
}

}  // namespace triggers::store
