#include "store/memory/memory_store.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <type_traits>
#include <utility>

#include "base/invariant.h"
#include "base/mutex.h"
#include "base/uuid7.h"
#include "store/memory/memory_account.h"
#include "store/memory/memory_inbox.h"

namespace triggers::store {
namespace {

template <class T>
struct AsResult {
  using type = Result<T>;
};
template <class T>
struct AsResult<Result<T>> {
  using type = Result<T>;
};
/// What reading() and writing() answer for work that answers a T, or a Result of one.
template <class Work>
using ResultOf = typename AsResult<std::invoke_result_t<Work, OpenInbox&>>::type;

AckStatus ack_status(EntryStatus status) {
  if (status == EntryStatus::acknowledged) return AckStatus::acknowledged;
  return status == EntryStatus::already_acknowledged ? AckStatus::already_acknowledged : AckStatus::not_found;
}

class MemoryStoreImpl final : public MemoryStore {
 public:
  explicit MemoryStoreImpl(const MemoryConfig& config)
      : config_(config), waiters_(config.waiters_max), time_at_(config.clock->steady()) {}

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
    const auto name = InboxName::parse(query.inbox);
    if (!name) co_return Page{};
    auto page = reading(tenant, *name, [&](const OpenInbox& inbox) { return inbox.page(query); });
    if (!page && page.error().code == ErrorCode::not_found) co_return Page{};
    co_return page;
  }

  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override {
    co_return writing(tenant, InboxName(), [&](OpenInbox& inbox) {
      std::vector<AckStatus> statuses;
      for (const EntryResult& result : inbox.acknowledge({}, ids)) statuses.push_back(ack_status(result.status));
      return statuses;
    });
  }

  Task<Result<std::vector<InboxView>>> inboxes(const Tenant& tenant) override {
    std::vector<InboxName> names;
    {
      const MutexLock lock(mutex_);
      for (const auto& [name, inbox] : account(tenant).inboxes()) names.push_back(name);
    }
    std::vector<InboxView> views;
    for (const InboxName& name : names) {
      auto view = reading(tenant, name, [](const OpenInbox& inbox) { return inbox.view(); });
      if (view) views.push_back(*std::move(view));
    }
    co_return views;
  }

  Task<Result<InboxView>> inbox(const Tenant& tenant, InboxName name) override {
    co_return reading(tenant, name, [](const OpenInbox& inbox) { return inbox.view(); });
  }

  Task<Result<PutInbox>> put_inbox(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                   std::optional<InboxTag> if_match) override {
    const MutexLock lock(mutex_);
    if (!problem_.empty()) co_return Error{ErrorCode::unavailable, problem_};
    co_return account(tenant).put_inbox(name, settings, if_match, ++inbox_number_, config_.clock->now());
  }

  Task<Result<PutInbox>> change_inbox(const Tenant& tenant, InboxName name, SettingsChange change,
                                      std::optional<InboxTag> if_match) override {
    const MutexLock lock(mutex_);
    if (!problem_.empty()) co_return Error{ErrorCode::unavailable, problem_};
    co_return account(tenant).change_inbox(name, change, if_match, config_.clock->now());
  }

  Task<Result<bool>> remove_inbox(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) override {
    const MutexLock lock(mutex_);
    if (!problem_.empty()) co_return Error{ErrorCode::unavailable, problem_};
    co_return account(tenant).remove_inbox(name, if_match, config_.clock->now());
  }

  Task<Result<EntryPage>> entries(const Tenant& tenant, EntryQuery query) override {
    co_return reading(tenant, query.inbox, [&](const OpenInbox& inbox) { return inbox.entries(query); });
  }

  Task<Result<Continuation>> entries_end(const Tenant& tenant, InboxName name) override {
    co_return reading(tenant, name, [](const OpenInbox& inbox) { return inbox.entries_end(); });
  }

  Task<Result<Leased>> lease(const Tenant& tenant, LeaseRequest request) override {
    const LeaseId id{next_id()};
    co_return writing(tenant, request.inbox, [&](OpenInbox& inbox) { return inbox.lease(request, id); });
  }

  Task<Result<std::vector<EntryResult>>> acknowledge(const Tenant& tenant, InboxName name, std::optional<LeaseId> lease,
                                                     std::optional<std::vector<EventId>> ids) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.acknowledge(lease, ids); });
  }

  Task<Result<std::vector<EntryResult>>> release(const Tenant& tenant, InboxName name, LeaseId lease,
                                                 std::optional<std::vector<EventId>> ids, std::chrono::seconds delay,
                                                 std::optional<std::string> error) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.release(lease, ids, delay, error); });
  }

  Task<Result<Extended>> extend(const Tenant& tenant, InboxName name, LeaseId lease,
                                std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.extend(lease, ids, duration); });
  }

  Task<Result<std::vector<EntryResult>>> requeue(const Tenant& tenant, InboxName name,
                                                 std::vector<EventId> ids) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.requeue(ids); });
  }

  Task<Result<std::vector<EntryResult>>> discard(const Tenant& tenant, InboxName name,
                                                 std::vector<EventId> ids) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.discard(ids); });
  }

  Task<Result<DeadEntriesDone>> requeue_all(const Tenant& tenant, InboxName name,
                                            std::optional<std::string> event_type) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) {
      return DeadEntriesDone{.count = inbox.requeue(inbox.dead(event_type)).size()};
    });
  }

  Task<Result<DeadEntriesDone>> discard_all(const Tenant& tenant, InboxName name,
                                            std::optional<std::string> event_type) override {
    co_return writing(tenant, name, [&](OpenInbox& inbox) {
      return DeadEntriesDone{.count = inbox.discard(inbox.dead(event_type)).size()};
    });
  }

  Task<Result<Job>> purge(const Tenant& tenant, InboxName name) override {
    const Uuid7 id = next_id();
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.purge(id); });
  }

  Task<Result<Job>> replay(const Tenant& tenant, InboxName name, ReplayRange range) override {
    const Uuid7 id = next_id();
    co_return writing(tenant, name, [&](OpenInbox& inbox) { return inbox.replay(id, range); });
  }

  Task<Result<std::optional<Job>>> job(const Tenant& tenant, InboxName name, Uuid7 id) override {
    co_return reading(tenant, name, [&](const OpenInbox& inbox) { return inbox.job(id); });
  }

  Task<Result<std::shared_ptr<InboxWaiters>>> arrivals(const Tenant& tenant, InboxName name) override {
    const MutexLock lock(mutex_);
    MemoryInbox* const inbox = account(tenant).find(name);
    if (inbox == nullptr) co_return nullptr;
    if (!inbox->waiters) {
      inbox->waiters = std::make_shared<InboxWaiters>(waiters_);
      account(tenant).tell_readers();  // What is available already is not news.
    }
    co_return inbox->waiters;
  }
  [[nodiscard]] Waiters& waiters() noexcept override { return waiters_; }

  [[nodiscard]] Health health() const override {
    const MutexLock lock(mutex_);
    return {problem_.empty(), problem_};
  }

  [[nodiscard]] bool has_room() const noexcept override { return has_room_; }
  void set_has_room(bool has_room) override { has_room_ = has_room; }

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
      account.tell_readers();
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
    MemoryAccount& owner = account(tenant);
    auto appended = owner.append(event, config_.clock->now(), ids_);
    owner.tell_readers();
    return appended;
  }

  /// `tenant` and `name` outlive the result.
  Result<OpenInbox> open(const Tenant& tenant, const InboxName& name) REQUIRES(mutex_) {
    MemoryAccount& owner = account(tenant);
    MemoryInbox* const inbox = owner.find(name);
    if (inbox == nullptr) return no_such_inbox(name);
    const UnixMillis wall = config_.clock->now();
    return OpenInbox(config_, tenant, name, owner, *inbox, {wall, lease_time(wall)});
  }

  UnixMillis lease_time(UnixMillis wall) REQUIRES(mutex_) {
    const auto steady = config_.clock->steady();
    const auto passed = std::chrono::floor<std::chrono::milliseconds>(steady - time_at_);
    time_ = std::max(time_ + passed, wall);
    time_at_ = steady;
    return time_;
  }

  template <class Work>
  ResultOf<Work> reading(const Tenant& tenant, const InboxName& name, const Work& work) {
    const MutexLock lock(mutex_);
    auto inbox = open(tenant, name);
    if (!inbox) return std::move(inbox).error();
    ResultOf<Work> result = work(*inbox);
    account(tenant).tell_readers();  // To open an inbox ends its leases.
    return result;
  }

  template <class Work>
  ResultOf<Work> writing(const Tenant& tenant, const InboxName& name, const Work& work) {
    const MutexLock lock(mutex_);
    if (!problem_.empty()) return Error{ErrorCode::unavailable, problem_};
    auto inbox = open(tenant, name);
    if (!inbox) return std::move(inbox).error();
    ResultOf<Work> result = work(*inbox);
    account(tenant).tell_readers();
    return result;
  }

  /// Of a lease or a job.
  Uuid7 next_id() {
    const MutexLock lock(mutex_);
    return other_ids_.next(config_.clock->now());
  }

  const MemoryConfig config_;
  Waiters waiters_;  // Before the inboxes, which it outlives.
  mutable Mutex mutex_;
  std::map<Tenant, MemoryAccount> accounts_ GUARDED_BY(mutex_);
  std::string problem_ GUARDED_BY(mutex_);
  std::atomic<bool> has_room_{true};
  UnixMillis time_ GUARDED_BY(mutex_){};
  std::chrono::steady_clock::time_point time_at_ GUARDED_BY(mutex_);
  Uuid7Generator ids_ GUARDED_BY(mutex_);
  Uuid7Generator other_ids_ GUARDED_BY(mutex_);
  std::uint64_t inbox_number_ GUARDED_BY(mutex_) = 0;
};

}  // namespace

std::unique_ptr<MemoryStore> MemoryStore::create(MemoryConfig config) {
  return std::make_unique<MemoryStoreImpl>(config);
}

}  // namespace triggers::store
