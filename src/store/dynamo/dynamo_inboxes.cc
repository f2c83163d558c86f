// The part of DynamoStore that is about inboxes: their settings and entries, and what a page, an acknowledgement and
// get() do for a tenant whose inboxes are managed. The rest is in dynamo_store.cc.

#include <algorithm>
#include <utility>

#include "base/gather.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/dynamo_parts.h"
#include "store/dynamo/dynamo_store.h"
#include "store/dynamo/inbox/inbox_entries.h"
#include "store/dynamo/jobs/event_holders.h"
#include "store/dynamo/jobs/job_board.h"

namespace triggers::store {
namespace {

using dynamo::InboxEntries;
using Ids = std::vector<EventId>;

/// Inboxes that are looked at concurrently for a list of them.
constexpr std::size_t beside_each_other = 8;
/// Calls that one call on entries makes at once.
constexpr std::size_t calls_at_once_max = 32;

std::size_t calls_for(const std::optional<Ids>& ids) {
  return std::clamp<std::size_t>(ids ? ids->size() : calls_at_once_max, 1, calls_at_once_max);
}

AckStatus as_ack(EntryStatus status) {
  if (status == EntryStatus::acknowledged) return AckStatus::acknowledged;
  return status == EntryStatus::already_acknowledged ? AckStatus::already_acknowledged : AckStatus::not_found;
}

/// What a request with a lease has done.
LeaseStats stats_of(const std::vector<EntryResult>& results) {
  const auto count = [&](EntryStatus status) {
    return static_cast<std::size_t>(std::ranges::count(results, status, &EntryResult::status));
  };
  LeaseStats stats;
  stats.acknowledged = count(EntryStatus::acknowledged);
  stats.released = count(EntryStatus::released);
  stats.lost = count(EntryStatus::lease_lost);
  return stats;
}

/// Undelivered is what has no record, or one that says so.
class RecordsCheck final : public dynamo::EntryCheck {
 public:
  RecordsCheck(InboxEntries& entries, const inbox::MaxAttempts& max_attempts, const Clock& clock)
      : entries_(entries), max_attempts_(max_attempts), clock_(clock) {}

  Task<Result<std::vector<bool>>> undelivered(std::vector<EventId> ids) override {
    const auto records = co_await entries_.records(std::move(ids));
    if (!records) co_return records.error();
    const UnixMillis now = clock_.now();
    std::vector<bool> answers;
    for (const auto& record : *records) {
      const bool gone =
          record && (!record->entry || inbox::settle(*record->entry, max_attempts_, now).state == EntryState::dead);
      answers.push_back(!gone);
    }
    co_return answers;
  }

 private:
  InboxEntries& entries_;
  const inbox::MaxAttempts max_attempts_;
  const Clock& clock_;
};

}  // namespace

Task<Result<bool>> DynamoStore::is_managed(const Tenant& tenant) {
  const auto destination = co_await parts_->router->route(tenant);
  if (!destination) {
    note(&destination.error());
    co_return destination.error();
  }
  co_return destination->managed;
}

template <class Answer, class Work>
Task<Result<Answer>> DynamoStore::with_inbox(const Tenant& tenant, InboxName name, Use use, std::size_t calls,
                                             Work work) {
  const dynamo::CountedCalls counted(parts_->calls_under_way, tenant, std::min(calls, config_.calls_max));
  if (counted.refused()) co_return *counted.refused();
  Request request(config_, *parts_, tenant);
  auto known = co_await parts_->settings.of(tenant);
  const bool manages = known && use == Use::changes && (*known)->find(name) != nullptr && !(*known)->managed();
  if (manages) known = co_await parts_->settings.manage(request.table, tenant);
  if (!known) {
    note(request, &known.error());
    co_return known.error();
  }
  const InboxRecord* const record = (*known)->find(name);
  if (record == nullptr) co_return no_such_inbox(name);
  Task<Result<Answer>> working = work(request, *record);
  auto answer = co_await std::move(working);
  note(request, answer ? nullptr : &answer.error());
  co_return answer;
}

template <class Answer, class Work>
Task<Result<Answer>> DynamoStore::on_inbox(const Tenant& tenant, InboxName name, Use use, std::size_t calls,
                                           Work work) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto on_entries = [&](Request& request, const InboxRecord& record) -> Task<Result<Answer>> {
    InboxEntries entries(parts_->inboxes, request.table, tenant, record);
    Task<Result<Answer>> working = work(entries);
    co_return co_await std::move(working);
  };
  co_return co_await with_inbox<Answer>(tenant, std::move(name), use, calls, std::move(on_entries));
}

Task<Result<bool>> DynamoStore::has_expired(Request& request, const Tenant& tenant, EventId id) {
  const UnixMillis now = config_.clock->now();
  if (now - id.time() < config_.event_ttl) co_return false;
  const auto known = co_await parts_->settings.of(tenant);
  if (!known) co_return known.error();
  dynamo::EventHolders holders(request.table, *config_.clock);
  const auto departure = co_await holders.departure(tenant, **known, id);
  if (!departure) co_return departure.error();
  // An event that is not in the log is in `default`, from when the tenant was plain.
  co_return departure->has_value() && !(*departure)->held && now - (*departure)->at >= config_.event_ttl;
}

Task<Result<Page>> DynamoStore::managed_page(Request& request, const Tenant& tenant, const PageQuery& query) {
  const auto known = co_await parts_->settings.of(tenant);
  if (!known) co_return known.error();
  const InboxRecord& record = (*known)->records.at(InboxName());
  InboxEntries entries(parts_->inboxes, request.table, tenant, record);
  RecordsCheck check(entries, record.settings.max_attempts, *config_.clock);
  dynamo::ManagedScan managed{.log = &request.log, .check = &check};
  co_return co_await request.reader.page(tenant, query, std::move(managed));
}

Task<Status> DynamoStore::add_acknowledgement(Request& request, const Tenant& tenant, StoredEvent& event,
                                              bool pending) {
  InboxEntries entries(parts_->inboxes, request.table, tenant, InboxRecord{});
  Ids id{event.id};
  const auto records = co_await entries.records(std::move(id));
  if (!records) co_return records.error();
  const std::optional<inbox::Record>& record = records->front();
  // Without a record, an acknowledged item is from when the tenant was plain; it counts once the entry is gone.
  if (!record && pending) event.acknowledged_at.reset();
  if (!record) co_return Done{};
  event.acknowledged_at.reset();
  if (!record->entry && record->acknowledgement) event.acknowledged_at = record->acknowledgement->at;
  co_return Done{};
}

Task<Result<DynamoStore::Acknowledgements>> DynamoStore::acknowledge_managed(const Tenant& tenant,
                                                                             std::vector<EventId> ids) {
  auto results = co_await acknowledge(tenant, InboxName(), std::nullopt, std::move(ids));
  if (!results) co_return std::move(results).error();
  Acknowledgements statuses;
  for (const EntryResult& result : *results) statuses.push_back(as_ack(result.status));
  co_return statuses;
}

// Settings.

Task<Result<std::vector<InboxView>>> DynamoStore::inboxes(const Tenant& tenant) {
  const dynamo::CountedCalls counted(parts_->calls_under_way, tenant, std::min(beside_each_other, config_.calls_max));
  if (counted.refused()) co_return *counted.refused();
  Request request(config_, *parts_, tenant);
  const auto known = co_await parts_->settings.of(tenant);
  if (!known) {
    note(request, &known.error());
    co_return known.error();
  }
  std::vector<const InboxRecord*> records;
  for (const auto& [name, record] : (*known)->records) records.push_back(&record);
  std::vector<InboxView> views(records.size());
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto look = [&](std::size_t i) -> Task<Status> {
    InboxEntries entries(parts_->inboxes, request.table, tenant, *records[i]);
    auto view = co_await entries.view();
    if (!view) co_return std::move(view).error();
    views[i] = *std::move(view);
    co_return Done{};
  };
  auto done = co_await dynamo::for_each_until(
      records.size(), std::chrono::steady_clock::now() + config_.timing.request_for, std::move(look));
  note(request, done ? nullptr : &done.error());
  if (!done) co_return std::move(done).error();
  co_return views;
}

Task<Result<InboxView>> DynamoStore::inbox(const Tenant& tenant, InboxName name) {
  const auto work = [](InboxEntries& entries) { return entries.view(); };
  return on_inbox<InboxView>(tenant, std::move(name), Use::looks, calls_at_once_max, work);
}

Task<Result<PutInbox>> DynamoStore::put_inbox(const Tenant& tenant, InboxName name, inbox::Settings settings,
                                              std::optional<InboxTag> if_match) {
  const dynamo::CountedCalls counted(parts_->calls_under_way, tenant, 1);
  if (counted.refused()) co_return *counted.refused();
  Request request(config_, *parts_, tenant);
  auto put = co_await parts_->settings.put(request.table, tenant, name, settings, if_match);
  note(request, put ? nullptr : &put.error());
  co_return put;
}

Task<Result<PutInbox>> DynamoStore::change_inbox(const Tenant& tenant, InboxName name, SettingsChange change,
                                                 std::optional<InboxTag> if_match) {
  const dynamo::CountedCalls counted(parts_->calls_under_way, tenant, 1);
  if (counted.refused()) co_return *counted.refused();
  Request request(config_, *parts_, tenant);
  auto changed = co_await parts_->settings.change(request.table, tenant, name, change, if_match);
  note(request, changed ? nullptr : &changed.error());
  co_return changed;
}

Task<Result<bool>> DynamoStore::remove_inbox(const Tenant& tenant, InboxName name, std::optional<InboxTag> if_match) {
  const dynamo::CountedCalls counted(parts_->calls_under_way, tenant, 1);
  if (counted.refused()) co_return *counted.refused();
  Request request(config_, *parts_, tenant);
  auto removed = co_await parts_->settings.remove(request.table, tenant, name, if_match);
  note(request, removed ? nullptr : &removed.error());
  if (!removed) co_return std::move(removed).error();
  if (!*removed) co_return false;
  parts_->inboxes.removed(tenant, **removed);
  const auto put_forward = co_await parts_->visits.soon(tenant);
  static_cast<void>(put_forward);  // It is emptied a little later.
  co_return true;
}

// Entries.

Task<Result<Leased>> DynamoStore::lease(const Tenant& tenant, LeaseRequest request) {
  InboxName name = request.inbox;
  const std::size_t calls = std::clamp<std::size_t>(request.limit, 1, calls_at_once_max);
  auto work = [request = std::move(request)](InboxEntries& entries) { return entries.lease(request); };
  auto leased = co_await on_inbox<Leased>(tenant, std::move(name), Use::changes, calls, std::move(work));
  if (!leased) co_return leased;
  LeaseStats stats;
  stats.leases = leased->outcome == Leased::Outcome::leased ? 1 : 0;
  stats.leased = leased->events.size();
  stats.refused = leased->outcome == Leased::Outcome::too_many_leased ? 1 : 0;
  stats.refused_tracked = leased->outcome == Leased::Outcome::too_many_tracked ? 1 : 0;
  parts_->inboxes.counts().tell(stats);
  co_return leased;
}

Task<Result<std::vector<EntryResult>>> DynamoStore::acknowledge(const Tenant& tenant, InboxName inbox,
                                                                std::optional<LeaseId> lease,
                                                                std::optional<std::vector<EventId>> ids) {
  const std::size_t calls = calls_for(ids);
  auto work = [lease, ids = std::move(ids)](InboxEntries& entries) { return entries.acknowledge(lease, ids); };
  auto results =
      co_await on_inbox<std::vector<EntryResult>>(tenant, std::move(inbox), Use::changes, calls, std::move(work));
  if (!results) co_return results;
  LeaseStats stats = stats_of(*results);
  if (config_.on_done && stats.acknowledged > 0) config_.on_done(0, 0, stats.acknowledged);
  if (!lease) stats.acknowledged = 0;
  parts_->inboxes.counts().tell(stats);
  co_return results;
}

Task<Result<std::vector<EntryResult>>> DynamoStore::release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                            std::optional<std::vector<EventId>> ids,
                                                            std::chrono::seconds delay,
                                                            std::optional<std::string> error) {
  const std::size_t calls = calls_for(ids);
  auto work = [lease, ids = std::move(ids), delay, error = std::move(error)](InboxEntries& entries) {
    return entries.release(lease, ids, delay, error);
  };
  auto results =
      co_await on_inbox<std::vector<EntryResult>>(tenant, std::move(inbox), Use::changes, calls, std::move(work));
  if (results) parts_->inboxes.counts().tell(stats_of(*results));
  co_return results;
}

Task<Result<Extended>> DynamoStore::extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                           std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) {
  const std::size_t calls = calls_for(ids);
  auto work = [lease, ids = std::move(ids), duration](InboxEntries& entries) {
    return entries.extend(lease, ids, duration);
  };
  auto extended = co_await on_inbox<Extended>(tenant, std::move(inbox), Use::changes, calls, std::move(work));
  if (extended) parts_->inboxes.counts().tell(stats_of(extended->results));
  co_return extended;
}

Task<Result<std::vector<EntryResult>>> DynamoStore::requeue(const Tenant& tenant, InboxName inbox,
                                                            std::vector<EventId> ids) {
  const std::size_t calls = calls_for(ids);
  auto work = [ids = std::move(ids)](InboxEntries& entries) { return entries.requeue(ids); };
  return on_inbox<std::vector<EntryResult>>(tenant, std::move(inbox), Use::changes, calls, std::move(work));
}

Task<Result<std::vector<EntryResult>>> DynamoStore::discard(const Tenant& tenant, InboxName inbox,
                                                            std::vector<EventId> ids) {
  const std::size_t calls = calls_for(ids);
  auto work = [ids = std::move(ids)](InboxEntries& entries) { return entries.discard(ids); };
  return on_inbox<std::vector<EntryResult>>(tenant, std::move(inbox), Use::changes, calls, std::move(work));
}

Task<Result<DeadEntriesDone>> DynamoStore::requeue_all(const Tenant& tenant, InboxName inbox,
                                                       std::optional<std::string> event_type) {
  auto work = [type = std::move(event_type)](InboxEntries& entries) { return entries.requeue_all(type); };
  return on_inbox<DeadEntriesDone>(tenant, std::move(inbox), Use::changes, calls_at_once_max, std::move(work));
}

Task<Result<DeadEntriesDone>> DynamoStore::discard_all(const Tenant& tenant, InboxName inbox,
                                                       std::optional<std::string> event_type) {
  auto work = [type = std::move(event_type)](InboxEntries& entries) { return entries.discard_all(type); };
  return on_inbox<DeadEntriesDone>(tenant, std::move(inbox), Use::changes, calls_at_once_max, std::move(work));
}

Task<Result<EntryPage>> DynamoStore::entries(const Tenant& tenant, EntryQuery query) {
  InboxName name = query.inbox;
  auto work = [query = std::move(query)](InboxEntries& entries) { return entries.entries(query); };
  return on_inbox<EntryPage>(tenant, std::move(name), Use::looks, calls_at_once_max, std::move(work));
}

Task<Result<Continuation>> DynamoStore::entries_end(const Tenant& tenant, InboxName inbox) {
  const auto work = [](InboxEntries& entries) { return entries.entries_end(); };
  return on_inbox<Continuation>(tenant, std::move(inbox), Use::looks, calls_at_once_max, work);
}

// Readers that wait, and the regular work.

Task<Result<std::shared_ptr<InboxWaiters>>> DynamoStore::arrivals(const Tenant& tenant, InboxName inbox) {
  if (inbox.is_default()) co_return parts_->inboxes.arrivals(tenant, 0);
  const auto known = co_await parts_->settings.of(tenant);
  if (!known) co_return known.error();
  const InboxRecord* const record = (*known)->find(inbox);
  co_return record == nullptr ? nullptr : parts_->inboxes.arrivals(tenant, record->number);
}

Waiters& DynamoStore::waiters() noexcept { return parts_->inboxes.waiters(); }

Task<void> DynamoStore::refresh_settings() { return parts_->settings.refresh(); }

Task<void> DynamoStore::poll_arrivals() {
  const auto known = parts_->inboxes.known(false);
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto poll = [&](std::size_t i) -> Task<Status> {
    // One inbox that fails must not keep the others from being looked at.
    (void)co_await poll_inbox(known[i].tenant, known[i].number);
    co_return Done{};
  };
  (void)co_await dynamo::for_each_until(known.size(), std::chrono::steady_clock::now() + config_.timing.request_for,
                                        std::move(poll));
}

Task<Status> DynamoStore::poll_inbox(Tenant tenant, std::uint64_t number) {
  const auto settings = co_await parts_->settings.of(tenant);
  if (!settings) co_return settings.error();
  const auto& records = (*settings)->records;
  const auto found = std::ranges::find_if(records, [&](const auto& named) { return named.second.number == number; });
  if (found == records.end()) {
    parts_->inboxes.removed(tenant, number);
    co_return Done{};
  }
  Request request(config_, *parts_, tenant);
  InboxEntries entries(parts_->inboxes, request.table, tenant, found->second);
  co_return co_await entries.poll();
}

// Jobs, and the regular work for the fleet.

Task<Result<Job>> DynamoStore::purge(const Tenant& tenant, InboxName inbox) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto work = [&](Request& request, const InboxRecord& record) -> Task<Result<Job>> {
    dynamo::JobBoard board(request.table, *config_.clock);
    co_return co_await board.purge(tenant, record);
  };
  auto job = co_await with_inbox<Job>(tenant, std::move(inbox), Use::changes, 1, std::move(work));
  if (job) parts_->visits.jobs().wake();
  co_return job;
}

Task<Result<Job>> DynamoStore::replay(const Tenant& tenant, InboxName inbox, ReplayRange range) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto work = [&](Request& request, const InboxRecord& record) -> Task<Result<Job>> {
    dynamo::JobBoard board(request.table, *config_.clock);
    co_return co_await board.replay(tenant, record, std::move(range));
  };
  auto job = co_await with_inbox<Job>(tenant, std::move(inbox), Use::changes, 1, std::move(work));
  if (job) parts_->visits.jobs().wake();
  co_return job;
}

Task<Result<std::optional<Job>>> DynamoStore::job(const Tenant& tenant, InboxName inbox, Uuid7 id) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
  auto work = [&](Request& request, const InboxRecord& record) -> Task<Result<std::optional<Job>>> {
    dynamo::JobBoard board(request.table, *config_.clock);
    co_return co_await board.job(tenant, record, id);
  };
  co_return co_await with_inbox<std::optional<Job>>(tenant, std::move(inbox), Use::looks, 1, std::move(work));
}

Task<Status> DynamoStore::visit_fleet() { return parts_->visits.visit_some(); }

Task<Status> DynamoStore::settle_fleet() { return parts_->visits.settle(); }

}  // namespace triggers::store
