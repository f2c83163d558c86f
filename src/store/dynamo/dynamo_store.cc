#include "store/dynamo/dynamo_store.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "base/gather.h"
#include "base/mutex.h"
#include "store/dynamo/events/acknowledger.h"
#include "store/dynamo/events/batch_order.h"
#include "store/dynamo/events/counts.h"
#include "store/dynamo/events/layout.h"
#include "store/dynamo/events/shards.h"
#include "store/dynamo/keys/key_items.h"
#include "store/dynamo/keys/rate_budget.h"
#include "store/inbox_name.h"

namespace triggers::store {
namespace {

/// Calls of one batch under way at once.
constexpr std::size_t beside_each_other = 32;

/// Places to wait for a turn, for each call that may be under way. The calls themselves are bounded before; with so
/// many places, a tenant's half of what is left holds all of its calls.
constexpr std::size_t waiting_places = 4;

const std::string inbox_name{default_inbox};

dynamo::Retention retention(const DynamoStoreConfig& config) {
  return {config.event_ttl, std::max(config.windows.dedup, config.windows.idempotency)};
}

/// If so, no further call is begun: each would wait for its own deadline, and the client for all of them.
template <class T>
bool unreachable(const Result<T>& outcome) {
  return !outcome && outcome.error().code == ErrorCode::unavailable;
}

using Acknowledged = dynamo::Acknowledger::Acknowledged;

/// Acknowledges one of several, unless DynamoDB was `silent` for another.
Task<void> acknowledge_one(dynamo::Acknowledger& acknowledger, const Tenant& tenant, EventId id,
                           Result<Acknowledged>& outcome, std::optional<Error>& silent) {
  if (silent) {
    outcome = *silent;
    co_return;
  }
  outcome = co_await acknowledger.acknowledge(tenant, id);
  if (unreachable(outcome)) silent = outcome.error();
}

Error too_late() { return {ErrorCode::overloaded, "DynamoDB is busy: the time of the request is over"}; }
Error too_many_calls() { return {ErrorCode::overloaded, "too many calls to DynamoDB are under way"}; }
Error too_many_of_tenant() { return {ErrorCode::share_used, "Too many operations of this tenant are under way."}; }

}  // namespace

struct DynamoStore::Parts {
  Parts(const DynamoStoreConfig& config, dynamo::Caller& caller)
      : events_table(caller, config.events_table),
        shards(events_table, *config.clock, config.shards),
        counts(events_table, *config.clock),
        keys(caller, config.keys_table),
        keys_table(caller, config.keys_table),
        budget(keys_table, *config.clock),
        turns(config.calls_at_once, waiting_places * config.calls_max) {}

  dynamo::Table events_table;
  dynamo::FleetIds ids;
  dynamo::Shards shards;
  dynamo::Counts counts;
  dynamo::KeyItems keys;
  dynamo::Table keys_table;
  dynamo::RateBudget budget;
  dynamo::CallTurns turns;
};

/// What one request works with: its calls have one deadline together. (Those for the number of shards and for counts
/// are made for others too, and have their own.)
struct DynamoStore::Request {
  Request(const DynamoStoreConfig& config, Parts& parts, const Tenant& tenant)
      : table(parts.events_table.until(std::chrono::steady_clock::now() + config.timing.request_for, parts.turns,
                                       tenant.id)),
        events(table, *config.clock, config.timing),
        claims(table, *config.clock),
        appender(events, claims, parts.ids, *config.clock, config.windows),
        acknowledger(table, *config.clock, retention(config)),
        reader(table, parts.shards, parts.counts, *config.clock, config.timing, config.page) {}

  dynamo::Table table;
  dynamo::EventItems events;
  dynamo::Claims claims;
  dynamo::Appender appender;
  dynamo::Acknowledger acknowledger;
  dynamo::InboxReader reader;
};

/// What the tasks of one append_batch() share.
struct DynamoStore::Batch {
  Request& request;
  const Tenant& tenant;
  const std::vector<IncomingEvent>& events;
  std::vector<Result<Appended>>& answers;
  const std::vector<dynamo::EqualBefore> before;
  dynamo::Turns turns{events.size()};
  std::optional<Error> silent{};  ///< Why no further ones are begun.
};

struct DynamoStore::Trouble {
  mutable Mutex mutex;
  std::atomic<bool> any{false};
  std::string message GUARDED_BY(mutex);
};

/// Calls to DynamoDB that may be under way, of each tenant.
class DynamoStore::CallsUnderWay {
 public:
  explicit CallsUnderWay(std::size_t max) : max_(max) {}

  /// An Error if there is no room. A tenant may have as many calls as it leaves free for others; its only request may
  /// use all that are free.
  std::optional<Error> add(const std::string& tenant, std::size_t count) {
    if (count == 0) return std::nullopt;
    const MutexLock lock(mutex_);
    if (total_ + count > max_) return too_many_calls();
    std::size_t& own = by_tenant_[tenant];
    if (own > 0 && own + count > max_ - total_ - count) return too_many_of_tenant();
    own += count;
    total_ += count;
    return std::nullopt;
  }
  void remove(const std::string& tenant, std::size_t count) noexcept {
    if (count == 0) return;
    const MutexLock lock(mutex_);
    total_ -= count;
    const auto own = by_tenant_.find(tenant);
    own->second -= count;
    if (own->second == 0) by_tenant_.erase(own);
  }
  [[nodiscard]] std::size_t total() const {
    const MutexLock lock(mutex_);
    return total_;
  }

 private:
  const std::size_t max_;
  mutable Mutex mutex_;
  std::size_t total_ GUARDED_BY(mutex_) = 0;
  std::unordered_map<std::string, std::size_t> by_tenant_ GUARDED_BY(mutex_);
};

/// Counts the calls of one request while it lives.
class DynamoStore::CountedCalls {
 public:
  CountedCalls(DynamoStore& store, const Tenant& tenant, std::size_t count)
      : store_(store), tenant_(tenant), count_(count), refused_(store.calls_under_way_->add(tenant.id, count)) {}
  CountedCalls(const CountedCalls&) = delete;
  CountedCalls& operator=(const CountedCalls&) = delete;
  ~CountedCalls() {
    if (!refused_) store_.calls_under_way_->remove(tenant_.id, count_);
  }
  /// Why there is no room; nothing if there is.
  [[nodiscard]] const std::optional<Error>& refused() const noexcept { return refused_; }

 private:
  DynamoStore& store_;
  const Tenant& tenant_;
  const std::size_t count_;
  const std::optional<Error> refused_;
};

DynamoStore::DynamoStore(DynamoStoreConfig config, dynamo::Caller& caller)
    : config_(std::move(config)),
      parts_(std::make_unique<Parts>(config_, caller)),
      calls_under_way_(std::make_unique<CallsUnderWay>(config_.calls_max)),
      trouble_(std::make_unique<Trouble>()) {}
DynamoStore::~DynamoStore() = default;

Task<Result<EventId>> DynamoStore::new_id() {
  const auto shard = co_await parts_->shards.next_to_write();
  if (!shard) co_return shard.error();
  co_return parts_->ids.next(config_.clock->now(), *shard);
}

Task<Result<Appended>> DynamoStore::append_one(Request& request, const Tenant& tenant, const IncomingEvent& event,
                                               Result<EventId> id) {
  if (!id) {
    note(&id.error());
    co_return std::move(id).error();
  }
  auto answer = co_await request.appender.append(tenant, event, *id);
  note(request, answer ? nullptr : &answer.error());
  const bool accepted = answer && answer->outcome == Appended::Outcome::accepted;
  const bool duplicate = answer && answer->outcome == Appended::Outcome::duplicate;
  if (accepted) parts_->counts.add(tenant, inbox_name, 1);
  if (config_.on_done && (accepted || duplicate)) config_.on_done(accepted ? 1 : 0, duplicate ? 1 : 0, 0);
  co_return answer;
}

Task<Result<Appended>> DynamoStore::append(const Tenant& tenant, IncomingEvent event) {
  const CountedCalls calls(*this, tenant, 1);
  if (calls.refused()) co_return *calls.refused();
  Request request(config_, *parts_, tenant);
  auto id = co_await new_id();
  auto answer = co_await append_one(request, tenant, event, std::move(id));
  co_await parts_->counts.flush_if_due(tenant, inbox_name);
  co_return answer;
}

Task<void> DynamoStore::append_in_turn(Batch& batch, std::size_t i) {
  const dynamo::Turns::Turn turn(batch.turns, i);
  const dynamo::EqualBefore& before = batch.before[i];
  Result<Appended>& answer = batch.answers[i];
  if (batch.request.table.late()) batch.silent = too_late();
  if (batch.silent) {
    answer = *batch.silent;
    co_return;
  }
  auto id = co_await new_id();
  if (before.by_content) co_await batch.turns.end_of(*before.by_content);
  if (before.by_key) co_await batch.turns.end_of(*before.by_key);
  if (batch.silent) {
    answer = *batch.silent;
    co_return;
  }
  if (const auto told = dynamo::answer_of_equal(batch.events, batch.answers, i, before)) {
    if (config_.on_done && told->outcome == Appended::Outcome::duplicate) config_.on_done(0, 1, 0);
    answer = *told;
    co_return;
  }
  // It has waited for so long that other writers may fence it off.
  if (id && !batch.request.events.may_finish(*id)) id = co_await new_id();
  answer = co_await append_one(batch.request, batch.tenant, batch.events[i], std::move(id));
  if (unreachable(answer)) batch.silent = answer.error();
}

Task<std::vector<Result<Appended>>> DynamoStore::append_batch(const Tenant& tenant, std::vector<IncomingEvent> events) {
  const CountedCalls calls(*this, tenant, events.size());
  std::vector<Result<Appended>> answers(events.size(), calls.refused().value_or(too_many_calls()));
  if (calls.refused() || events.empty()) co_return answers;

  Request request(config_, *parts_, tenant);
  // Each id is made when its task is begun, because an event must be written soon after; they are begun in order. The
  // number of shards is read before, so that no task waits for it and is overtaken.
  const auto known = co_await parts_->shards.to_read();
  if (!known) {
    note(&known.error());
    std::ranges::fill(answers, Result<Appended>(known.error()));
    co_return answers;
  }
  Batch batch{request, tenant, events, answers, dynamo::equal_before(events, config_.windows.dedup.count() > 0)};
  std::vector<Task<void>> tasks;
  tasks.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) tasks.push_back(append_in_turn(batch, i));
  Gather all(std::move(tasks), beside_each_other);
  co_await all;
  co_await parts_->counts.flush_if_due(tenant, inbox_name);
  co_return answers;
}

Task<Result<Page>> DynamoStore::page(const Tenant& tenant, PageQuery query) {
  const auto shards = co_await parts_->shards.to_read();
  if (!shards) {
    note(&shards.error());
    co_return shards.error();
  }
  // A query for each shard, and the count. One page may always be read.
  const CountedCalls calls(*this, tenant, std::min<std::size_t>(*shards + 1, config_.calls_max));
  if (calls.refused()) co_return *calls.refused();
  Request request(config_, *parts_, tenant);
  auto page = co_await request.reader.page(tenant, query);
  note(request, page ? nullptr : &page.error());
  co_return page;
}

Task<Result<std::optional<StoredEvent>>> DynamoStore::get(const Tenant& tenant, EventId id) {
  const CountedCalls calls(*this, tenant, 1);
  if (calls.refused()) co_return *calls.refused();
  Request request(config_, *parts_, tenant);
  auto found = co_await request.events.find(tenant, id);
  note(request, found ? nullptr : &found.error());
  if (!found) co_return std::move(found).error();
  const auto& acknowledged_at = found->event.acknowledged_at;
  // DynamoDB removes expired items at any time after they expire.
  const bool expired = acknowledged_at && config_.clock->now() - *acknowledged_at >= config_.event_ttl;
  if (!found->there() || expired) co_return std::optional<StoredEvent>{};
  co_return std::optional{std::move(found->event)};
}

Task<Result<std::vector<AckStatus>>> DynamoStore::acknowledge(const Tenant& tenant, std::vector<EventId> ids) {
  const CountedCalls calls(*this, tenant, ids.size());
  if (calls.refused()) co_return *calls.refused();
  std::map<EventId, Result<Acknowledged>> outcomes;
  for (const EventId& id : ids) outcomes.emplace(id, Acknowledged{});
  Request request(config_, *parts_, tenant);
  std::optional<Error> silent;
  std::vector<Task<void>> tasks;
  tasks.reserve(outcomes.size());
  for (auto& [id, outcome] : outcomes) {
    tasks.push_back(acknowledge_one(request.acknowledger, tenant, id, outcome, silent));
  }
  Gather all(std::move(tasks), beside_each_other);
  co_await all;

  std::int64_t acknowledged = 0;
  std::int64_t removed = 0;
  const Error* failed = nullptr;
  for (const auto& [id, outcome] : outcomes) {
    if (!outcome) failed = &outcome.error();
    if (outcome && outcome->outcome == AckStatus::acknowledged) ++acknowledged;
    if (outcome && outcome->removed) ++removed;
  }
  if (removed > 0) parts_->counts.add(tenant, inbox_name, -removed);
  if (config_.on_done && acknowledged > 0) config_.on_done(0, 0, static_cast<std::uint64_t>(acknowledged));
  co_await parts_->counts.flush_if_due(tenant, inbox_name);
  note(request, failed);
  // Some may be acknowledged now. Acknowledging again is safe, and this error asks the caller to do so.
  if (failed != nullptr && removed > 0) co_return Error{ErrorCode::unavailable, failed->message};
  if (failed != nullptr) co_return *failed;
  std::vector<AckStatus> answer;
  for (const EventId& id : ids) {
    auto& outcome = outcomes.at(id);
    answer.push_back(outcome->outcome);
    if (outcome->outcome == AckStatus::acknowledged) outcome->outcome = AckStatus::already_acknowledged;
  }
  co_return answer;
}

void DynamoStore::note(const Request& request, const Error* error) {
  // A call that was cut short says nothing about DynamoDB.
  if (!request.table.late()) note(error);
}

void DynamoStore::note(const Error* error) {
  // That this node has too much to do, or that DynamoDB asks to wait, says nothing of whether DynamoDB serves.
  if (error != nullptr && (error->code == ErrorCode::overloaded || error->code == ErrorCode::share_used)) return;
  const bool troubled = error != nullptr && error->code == ErrorCode::unavailable;
  if (!troubled && !trouble_->any.load(std::memory_order_relaxed)) return;
  const MutexLock lock(trouble_->mutex);
  trouble_->any = troubled;
  trouble_->message = troubled ? error->message : std::string{};
}

Health DynamoStore::health() const {
  const MutexLock lock(trouble_->mutex);
  return {trouble_->message.empty(), trouble_->message};
}

Metrics DynamoStore::metrics() const {
  Metrics metrics;
  metrics.unacknowledged = parts_->counts.known();
  metrics.queue_depth = calls_under_way_->total();
  return metrics;
}

Task<Status> DynamoStore::create_key(auth::KeyRecord record) {
  co_return co_await parts_->keys.create(std::move(record));
}
Task<Result<auth::KeyRecord>> DynamoStore::update_key(std::string key_id, KeyChange change) {
  co_return co_await parts_->keys.update(std::move(key_id), std::move(change));
}
Task<Result<std::optional<auth::KeyRecord>>> DynamoStore::key_by_id(std::string key_id) {
  co_return co_await parts_->keys.by_id(std::move(key_id));
}
Task<Result<std::optional<auth::KeyRecord>>> DynamoStore::key_by_hash(auth::KeyHash hash) {
  auto found = co_await parts_->keys.by_hash(hash);
  // Every request begins with its key: without keys nothing is served.
  if (!found) note(&found.error());
  co_return found;
}
Task<Result<std::vector<auth::KeyRecord>>> DynamoStore::list_keys(std::optional<std::string> user_id,
                                                                  std::string after_key_id, std::size_t limit) {
  co_return co_await parts_->keys.list(std::move(user_id), std::move(after_key_id), limit);
}
Task<Status> DynamoStore::touch_keys(std::vector<std::pair<std::string, UnixMillis>> last_used) {
  co_return co_await parts_->keys.touch(std::move(last_used));
}
Task<Result<std::string>> DynamoStore::shared_secret() { co_return co_await parts_->keys.shared_secret(); }

Task<Result<limit::Grant>> DynamoStore::take_slice(std::string key_id, std::uint32_t per_minute,
                                                   std::function<std::uint32_t()> wanted) {
  auto grant = co_await parts_->budget.take(std::move(key_id), per_minute, std::move(wanted));
  if (!grant) note(&grant.error());
  co_return grant;
}

Task<void> DynamoStore::probe_if_troubled() {
  if (!trouble_->any.load(std::memory_order_relaxed)) co_return;
  const auto item = co_await parts_->events_table.get(dynamo::layout::shards_key());
  if (!item) {
    const Error error = dynamo::to_error(item.error());
    note(&error);
    co_return;
  }
  const auth::KeyHash nobodys;
  const auto key = co_await parts_->keys.by_hash(nobodys);
  note(key ? nullptr : &key.error());
}

Task<void> DynamoStore::flush_counts(bool everything) {
  const auto at_least = everything ? std::chrono::milliseconds{0} : dynamo::Counts::flush_every;
  co_await parts_->counts.flush(at_least);
}

Task<void> DynamoStore::flush_counts_spaced() { co_await parts_->counts.flush_spaced(); }

}  // namespace triggers::store
