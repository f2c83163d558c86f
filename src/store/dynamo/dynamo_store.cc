#include "store/dynamo/dynamo_store.h"

#include <algorithm>
#include <map>

#include "base/gather.h"
#include "store/dynamo/dynamo_parts.h"
#include "store/dynamo/events/batch_order.h"
#include "store/dynamo/events/layout.h"
#include "store/inbox_name.h"

namespace triggers::store {
namespace {

/// Calls of one batch under way at once.
constexpr std::size_t beside_each_other = 32;

const std::string inbox_name{default_inbox};

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

}  // namespace

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

DynamoStore::DynamoStore(DynamoStoreConfig config, dynamo::Caller& caller)
    : config_(std::move(config)), parts_(std::make_unique<Parts>(config_, caller)) {}
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
  const bool no_room = answer && answer->outcome == Appended::Outcome::no_room;
  if (config_.on_no_room && no_room) config_.on_no_room(answer->limit);
  if (config_.on_done && (accepted || duplicate)) config_.on_done(accepted ? 1 : 0, duplicate ? 1 : 0, 0);
  co_return answer;
}

Task<Result<Appended>> DynamoStore::append(const Tenant& tenant, IncomingEvent event) {
  const dynamo::CountedCalls calls(parts_->calls_under_way, tenant, 1);
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
  const dynamo::CountedCalls calls(parts_->calls_under_way, tenant, events.size());
  std::vector<Result<Appended>> answers(events.size(), calls.refused().value_or(dynamo::too_many_calls()));
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
  const dynamo::CountedCalls calls(parts_->calls_under_way, tenant,
                                   std::min<std::size_t>(*shards + 1, config_.calls_max));
  if (calls.refused()) co_return *calls.refused();
  Request request(config_, *parts_, tenant);
  const auto managed = co_await is_managed(tenant);
  if (!managed) co_return managed.error();
  auto reading = *managed ? managed_page(request, tenant, query) : request.reader.page(tenant, query);
  auto page = co_await std::move(reading);
  note(request, page ? nullptr : &page.error());
  co_return page;
}

Task<Result<std::optional<StoredEvent>>> DynamoStore::get(const Tenant& tenant, EventId id) {
  const dynamo::CountedCalls calls(parts_->calls_under_way, tenant, 1);
  if (calls.refused()) co_return *calls.refused();
  Request request(config_, *parts_, tenant);
  auto found = co_await request.events.find(tenant, id);
  note(request, found ? nullptr : &found.error());
  if (!found) co_return std::move(found).error();
  if (!found->there()) co_return std::optional<StoredEvent>{};
  const auto managed = co_await is_managed(tenant);
  if (!managed) co_return managed.error();
  if (*managed || found->state == dynamo::Found::State::logged) {
    const auto expired = co_await has_expired(request, tenant, id);
    if (!expired) co_return expired.error();
    if (*expired) co_return std::optional<StoredEvent>{};
    const bool pending = found->state == dynamo::Found::State::pending;
    auto done = co_await add_acknowledgement(request, tenant, found->event, pending);
    if (!done) co_return std::move(done).error();
    co_return std::optional{std::move(found->event)};
  }
  const auto& acknowledged_at = found->event.acknowledged_at;
  // DynamoDB removes expired items at any time after they expire.
  const bool expired = acknowledged_at && config_.clock->now() - *acknowledged_at >= config_.event_ttl;
  if (expired) co_return std::optional<StoredEvent>{};
  co_return std::optional{std::move(found->event)};
}

Task<Result<DynamoStore::Acknowledgements>> DynamoStore::acknowledge(const Tenant& tenant, std::vector<EventId> ids) {
  const auto managed = co_await is_managed(tenant);
  if (!managed) co_return managed.error();
  if (*managed) co_return co_await acknowledge_managed(tenant, std::move(ids));
  std::vector<std::size_t> left;
  auto statuses = co_await acknowledge_plain(tenant, ids, left);
  if (!statuses || left.empty()) co_return statuses;
  parts_->settings.forget(tenant);
  std::vector<EventId> rest;
  rest.reserve(left.size());
  for (const std::size_t place : left) rest.push_back(ids[place]);
  const auto others = co_await acknowledge_managed(tenant, std::move(rest));
  // Some are acknowledged now. Acknowledging again is safe, and this error asks the caller to do so.
  if (!others) co_return Error{ErrorCode::unavailable, others.error().message};
  for (std::size_t i = 0; i < left.size(); ++i) (*statuses)[left[i]] = (*others)[i];
  co_return statuses;
}

Task<Result<DynamoStore::Acknowledgements>> DynamoStore::acknowledge_plain(const Tenant& tenant,
                                                                           const std::vector<EventId>& ids,
                                                                           std::vector<std::size_t>& managed) {
  const dynamo::CountedCalls calls(parts_->calls_under_way, tenant, ids.size());
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
    if (outcome->managed) managed.push_back(answer.size());
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
  if (!troubled && !parts_->trouble.any.load(std::memory_order_relaxed)) return;
  const MutexLock lock(parts_->trouble.mutex);
  parts_->trouble.any = troubled;
  parts_->trouble.message = troubled ? error->message : std::string{};
}

Health DynamoStore::health() const {
  const MutexLock lock(parts_->trouble.mutex);
  return {parts_->trouble.message.empty(), parts_->trouble.message};
}

Metrics DynamoStore::metrics() const {
  Metrics metrics;
  metrics.unacknowledged = parts_->counts.known();
  metrics.queue_depth = parts_->calls_under_way.total();
  return metrics;
}

InboxTotals DynamoStore::inbox_totals() const { return parts_->visits.visited().totals(); }
JobCounts DynamoStore::jobs() const { return parts_->visits.jobs().counts(); }

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
  if (!parts_->trouble.any.load(std::memory_order_relaxed)) co_return;
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
  co_await parts_->bounds.counts().flush(at_least);
  co_await parts_->inboxes.flush(everything);
}

Task<void> DynamoStore::flush_counts_spaced() {
  co_await parts_->counts.flush_spaced();
  co_await parts_->bounds.counts().flush_spaced();
  co_await parts_->inboxes.flush(false);
}

}  // namespace triggers::store
