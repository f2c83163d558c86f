#include "store/memory/memory_store.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/mutex.h"
#include "base/random.h"
#include "base/uuid7.h"
#include "store/content.h"

namespace triggers::store {
namespace {

/// What came with an idempotency key. It outlives the event.
struct Replay {
  EventId id;
  event::Fingerprint fingerprint;
};

/// The events of one content: the first, whose duplicates later ones are, and the newest, by which the content is known
/// when the first is past the window.
struct Known {
  EventId first, newest;
};

struct Account {
  std::map<EventId, StoredEvent> events;
  std::map<std::string, std::set<EventId>> inboxes;
  std::map<ContentDigest, Known> by_content;
  std::map<std::string, Replay> by_idempotency_key;
};

class MemoryStoreImpl final : public MemoryStore {
 public:
  explicit MemoryStoreImpl(MemoryConfig config) : config_(config) {}

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

  Task<Result<Page>> page(const Tenant& tenant, PageQuery query) override {
    const MutexLock lock(mutex_);
    Account& account = accounts_[tenant];
    const auto& pending = account.inboxes[query.inbox];
    Page page;
    std::optional<EventId> after;
    if (query.after) {
      after = id_of(*query.after);
      if (!after) co_return foreign_continuation();
    }
    page.memory = FairBudget::Share(query.memory, tenant.id);
    page.total_unacknowledged = pending.size();
    const auto filled =
        query.order == PageOrder::oldest_first
            ? fill(page, account, query, after ? pending.upper_bound(*after) : pending.begin(), pending.end())
            : fill(page, account, query,
                   std::make_reverse_iterator(after ? pending.lower_bound(*after) : pending.end()), pending.rend());
    if (!filled) co_return filled.error();
    page.next_after = query.after;
    if (!page.events.empty()) page.next_after = continue_after(page.events.back().id);
    co_return page;
  }

  Task<Result<std::optional<StoredEvent>>> get(const Tenant& tenant, EventId id) override {
    const MutexLock lock(mutex_);
    const auto& events = accounts_[tenant].events;
    const auto found = events.find(id);
    if (found == events.end() || expired(found->second)) co_return std::optional<StoredEvent>{};
    co_return std::optional{found->second};
  }

  Task<Result<std::vector<AckStatus>>> acknowledge(const Tenant& tenant, std::vector<EventId> ids) override {
    const MutexLock lock(mutex_);
    if (!problem_.empty()) co_return Error{ErrorCode::unavailable, problem_};
    Account& account = accounts_[tenant];
    std::vector<AckStatus> outcomes;
    for (const EventId& id : ids) {
      const auto found = account.events.find(id);
      if (found == account.events.end()) {
        outcomes.push_back(AckStatus::not_found);
      } else if (account.inboxes[std::string{default_inbox}].erase(id) > 0) {
        found->second.acknowledged_at = config_.clock->now();
        outcomes.push_back(AckStatus::acknowledged);
      } else {
        outcomes.push_back(AckStatus::already_acknowledged);
      }
    }
    co_return outcomes;
  }

  [[nodiscard]] Health health() const override {
    const MutexLock lock(mutex_);
    return {problem_.empty(), problem_};
  }

  [[nodiscard]] Metrics metrics() const override {
    const MutexLock lock(mutex_);
    Metrics metrics;
    for (const auto& [tenant, account] : accounts_) {
      for (const auto& [name, pending] : account.inboxes) {
        metrics.unacknowledged += pending.size();
        if (pending.empty()) continue;
        const UnixMillis oldest = pending.begin()->time();
        metrics.oldest_unacknowledged = std::min(metrics.oldest_unacknowledged.value_or(oldest), oldest);
      }
    }
    return metrics;
  }

  Task<Status> create_key(auth::KeyRecord record) override {
    const MutexLock lock(mutex_);
    if (keys_.contains(record.key_id)) co_return Error{ErrorCode::conflict, "the key id " + record.key_id + " exists"};
    for (const auto& secret : record.secrets) {
      if (find_hash(secret.hash) != keys_.end()) co_return Error{ErrorCode::conflict, "the API key exists"};
    }
    keys_.emplace(record.key_id, std::move(record));
    co_return Done{};
  }

  Task<Result<auth::KeyRecord>> update_key(std::string key_id, KeyChange change) override {
    const MutexLock lock(mutex_);
    const auto found = keys_.find(key_id);
    if (found == keys_.end()) co_return Error{ErrorCode::not_found, "no key has the id " + key_id};
    auth::KeyRecord after = found->second;
    if (auto changed = change(after); !changed) co_return std::move(changed).error();
    after.revision = found->second.revision + 1;
    found->second = after;
    co_return after;
  }

  Task<Result<std::optional<auth::KeyRecord>>> key_by_id(std::string key_id) override {
    const MutexLock lock(mutex_);
    const auto found = keys_.find(key_id);
    if (found == keys_.end()) co_return std::optional<auth::KeyRecord>{};
    co_return std::optional{found->second};
  }

  Task<Result<std::optional<auth::KeyRecord>>> key_by_hash(auth::KeyHash hash) override {
    const MutexLock lock(mutex_);
    const auto found = find_hash(hash);
    if (found == keys_.end()) co_return std::optional<auth::KeyRecord>{};
    co_return std::optional{found->second};
  }

  Task<Result<std::vector<auth::KeyRecord>>> list_keys(std::optional<std::string> user_id, std::string after_key_id,
                                                       std::size_t limit) override {
    const MutexLock lock(mutex_);
    std::vector<auth::KeyRecord> records;
    for (auto key = keys_.upper_bound(after_key_id); key != keys_.end() && records.size() < limit; ++key) {
      if (!user_id || key->second.user_id == *user_id) records.push_back(key->second);
    }
    co_return records;
  }

  Task<Status> touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) override {
    const MutexLock lock(mutex_);
    for (const auto& [key_id, time] : last_used) {
      if (const auto found = keys_.find(key_id); found != keys_.end()) found->second.last_used_at = time;
    }
    co_return Done{};
  }

  Task<Result<std::string>> shared_secret() override {
    const MutexLock lock(mutex_);
    if (secret_.empty()) {
      secret_.resize(32);
      fill_random(std::as_writable_bytes(std::span(secret_)));
    }
    co_return secret_;
  }

  std::size_t sweep(std::size_t events_max) override {
    const MutexLock lock(mutex_);
    std::size_t removed = 0;
    for (auto& [tenant, account] : accounts_) {
      for (auto event = account.events.begin(); event != account.events.end() && removed < events_max;) {
        const bool remove = expired(event->second);
        event = remove ? account.events.erase(event) : std::next(event);
        removed += remove ? 1 : 0;
      }
    }
    return removed;
  }

  void fail_writes(std::string problem) override {
    const MutexLock lock(mutex_);
    problem_ = std::move(problem);
  }

 private:
  /// Fills the page from the pending ids, which are in its order.
  template <class Ids>
  static Status fill(Page& page, const Account& account, const PageQuery& query, Ids id, const Ids& end) {
    for (; id != end; ++id) {
      const StoredEvent& event = account.events.at(*id);
      if (query.event_type && event.event_type != *query.event_type) continue;
      page.has_more = page.events.size() == query.limit;
      if (page.has_more) break;
      if (!page.memory.grow(event.bytes())) return no_memory_for_page();
      page.events.push_back(event);
    }
    return Done{};
  }

  [[nodiscard]] bool expired(const StoredEvent& event) const {
    return event.acknowledged_at && config_.clock->now() - *event.acknowledged_at >= config_.event_ttl;
  }

  std::map<std::string, auth::KeyRecord>::iterator find_hash(const auth::KeyHash& hash) REQUIRES(mutex_) {
    return std::ranges::find_if(keys_, [&](const auto& entry) {
      return std::ranges::find(entry.second.secrets, hash, &auth::KeySecret::hash) != entry.second.secrets.end();
    });
  }

  Result<Appended> append_locked(const Tenant& tenant, const IncomingEvent& event) REQUIRES(mutex_) {
    if (!problem_.empty()) return Error{ErrorCode::unavailable, problem_};
    Account& account = accounts_[tenant];
    const UnixMillis now = config_.clock->now();
    if (event.idempotency_key) {
      const auto seen = account.by_idempotency_key.find(std::string{*event.idempotency_key});
      if (seen != account.by_idempotency_key.end() && now - seen->second.id.time() < config_.idempotency_window) {
        const auto& [first, fingerprint] = seen->second;
        const bool same =
            account.events.contains(first) ? equals_stored(account, first, event) : event.fingerprint == fingerprint;
        return Appended{same ? Appended::Outcome::duplicate : Appended::Outcome::idempotency_mismatch, first};
      }
    }
    const bool dedup = config_.dedup_window.count() > 0;
    // By its digest, whatever its fingerprint: two contents never share an entry.
    const auto digest = dedup ? content_digest(event.event_type, event.payload) : ContentDigest{};
    const auto first = dedup ? first_known(account, digest, now) : std::nullopt;
    if (first && !event.idempotency_key) return Appended{Appended::Outcome::duplicate, *first};
    const EventId id = ids_.next(now);
    StoredEvent stored{id, std::string{event.event_type}, std::string{event.payload},
                       {}, std::string{event.metadata},   {}};
    if (event.source) stored.source = *event.source;
    account.events.emplace(id, std::move(stored));
    account.inboxes[std::string{default_inbox}].insert(id);
    if (dedup) account.by_content[digest] = {first.value_or(id), id};
    if (event.idempotency_key) {
      account.by_idempotency_key[std::string{*event.idempotency_key}] = {id, event.fingerprint};
    }
    return Appended{Appended::Outcome::accepted, id};
  }

  [[nodiscard]] std::optional<EventId> first_known(const Account& account, const ContentDigest& digest,
                                                   UnixMillis now) const {
    const auto known = account.by_content.find(digest);
    if (known == account.by_content.end()) return std::nullopt;
    for (const EventId& id : {known->second.first, known->second.newest}) {
      if (now - id.time() < config_.dedup_window) return id;
    }
    return std::nullopt;
  }

  static bool equals_stored(const Account& account, const EventId& id, const IncomingEvent& event) {
    const auto found = account.events.find(id);
    return found != account.events.end() && same_event(event, found->second.event_type, found->second.payload);
  }

  const MemoryConfig config_;
  mutable Mutex mutex_;
  std::map<Tenant, Account> accounts_ GUARDED_BY(mutex_);
  std::map<std::string, auth::KeyRecord> keys_ GUARDED_BY(mutex_);
  std::string secret_ GUARDED_BY(mutex_);
  std::string problem_ GUARDED_BY(mutex_);
  Uuid7Generator ids_ GUARDED_BY(mutex_);
};

}  // namespace

std::unique_ptr<MemoryStore> MemoryStore::create(MemoryConfig config) {
  return std::make_unique<MemoryStoreImpl>(config);
}

}  // namespace triggers::store
