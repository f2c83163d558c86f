#include "store/rocks/rocks_inboxes.h"

#include <rocksdb/options.h>

#include <algorithm>
#include <iterator>
#include <span>
#include <utility>

#include "base/invariant.h"
#include "store/inbox_changes.h"
#include "store/page.h"
#include "store/rocks/format/pending_value.h"
#include "store/rocks/inbox/pending_scan.h"
#include "store/rocks/read/entry_reader.h"
#include "store/rocks/read/event_reader.h"
#include "store/rocks/read/page_reader.h"

namespace triggers::store {
namespace {

/// So many entries are read into memory for a lease whose next entries are not there. Later leases take the rest.
constexpr std::size_t read_ahead_entries = 1'024;
/// Events of more bytes are not read on an IO loop, although they are in memory.
constexpr std::size_t bytes_on_loop = 32 * 1024;
/// Events of more bytes are read at low priority.
constexpr std::size_t bytes_at_once = 256 * 1024;
/// Events are read in pieces, because they may be large.
constexpr std::size_t events_a_turn = 32;
/// Of an operation on all dead entries.
constexpr std::size_t dead_a_turn = 256;
constexpr std::chrono::seconds dead_time_max{10};

std::vector<EntryResult> of_ids(const std::vector<EventId>& ids) {
  std::vector<EntryResult> results;
  results.reserve(ids.size());
  for (const EventId& id : ids) results.push_back({id});
  return results;
}

EntryOperation operation(EntryOperation::Kind kind, InboxName inbox, std::optional<LeaseId> lease,
                         const std::optional<std::vector<EventId>>& ids) {
  EntryOperation entry;
  entry.kind = kind;
  entry.inbox = std::move(inbox);
  entry.lease = lease;
  entry.all_held = !ids;
  if (ids) entry.results = of_ids(*ids);
  return entry;
}

Result<std::vector<std::optional<std::string>>> read_pending_values(Database& database, const std::string& tenant,
                                                                    std::span<const EventId> ids) {
  std::vector<std::optional<std::string>> values;
  values.reserve(ids.size());
  for (const EventId& id : ids) {
    auto value = pending_value_of(database, tenant, id);
    if (!value) return value.error();
    values.push_back(*std::move(value));
  }
  return values;
}

bool has_type(const std::optional<std::string>& pending_value, const std::string& type) {
  if (!pending_value) return false;
  const auto value = decode_pending_value(*pending_value);
  return value && value->event_type == type;
}

}  // namespace

Task<Status> RocksInboxes::submit(const Tenant& tenant, EntryOperation& entry) {
  const bool asks_nothing = entry.is_of_ids() && !entry.all_held && entry.results.empty();
  if (asks_nothing && tenants_.get(tenant.id).find(entry.inbox)) co_return Done{};
  if (asks_nothing) co_return no_such_inbox(entry.inbox);
  Operation operation;
  operation.kind = Operation::Kind::entries;
  operation.tenant = &tenant;
  operation.entry = &entry;
  do {
    entry.left = false;
    entry.found_max = entries_of_request_max;
    operation.bytes = entries_bytes(entry);
    co_await queue_.submit(operation);
    if (!entry.needs_disk || operation.error) continue;
    if (auto read = co_await read_ahead(tenant, entry); !read && entry.leased.empty()) co_return read;
    entry.needs_disk = false;
    entry.may_use_disk = true;
  } while (entry.left && !operation.error);
  if (operation.error) co_return std::move(*operation.error);
  co_return Done{};
}

Task<Result<std::vector<EntryResult>>> RocksInboxes::results(const Tenant& tenant, EntryOperation entry) {
  auto done = co_await submit(tenant, entry);
  if (!done) co_return std::move(done).error();
  co_return std::move(entry.results);
}

Task<Result<Leased>> RocksInboxes::lease(const Tenant& tenant, LeaseRequest request) {
  EntryOperation entry;
  entry.kind = Kind::lease;
  entry.inbox = request.inbox;
  entry.limit = request.limit;
  entry.bytes_max = request.bytes_max;
  entry.duration = request.duration;
  entry.memory = FairBudget::Share(request.memory, tenant.id);
  auto done = co_await submit(tenant, entry);
  if (!done) co_return std::move(done).error();
  Leased answer;
  answer.outcome = entry.refused;
  if (entry.leased.empty()) co_return answer;
  answer.outcome = Leased::Outcome::leased;
  answer.lease = *entry.lease;
  answer.until = *entry.until;
  if (auto read = co_await read_leased(tenant, entry, answer); !read) co_return std::move(read).error();
  co_return answer;
}

Task<Status> RocksInboxes::read_ahead(const Tenant& tenant, const EntryOperation& entry) {
  const auto inbox = tenants_.get(tenant.id).find(entry.inbox);
  if (!inbox) co_return no_such_inbox(entry.inbox);
  const PendingRange range{.first = std::max(inbox->head().id, successor(inbox->view().fresh_after))};
  auto read = readers_.run(tenant.id, [&]() -> Status {
    PendingScan scan(database_, *inbox, {}, range, read_ahead_entries);
    for (std::size_t i = 0; i < read_ahead_entries && scan.valid(); ++i) scan.next();
    return scan.status();
  });
  co_return co_await read;
}

Task<Status> RocksInboxes::read_leased(const Tenant& tenant, EntryOperation& entry, Leased& answer) {
  // A large lease is of several commits. Between them, an older entry may have come back.
  std::ranges::sort(entry.leased, {}, &EntryOperation::LeasedId::id);
  std::vector<EventId> ids;
  ids.reserve(entry.leased.size());
  for (const auto& leased : entry.leased) ids.push_back(leased.id);
  std::optional<std::vector<std::optional<StoredEvent>>> events;
  if (entry.leased_bytes <= bytes_on_loop) events = events_in_memory(database_, tenant.id, ids);
  if (!events) {
    ReaderPool& pool = entry.leased_bytes > bytes_at_once ? searches_ : readers_;
    auto reading = pool.run(tenant.id, [&]() -> Result<std::vector<std::optional<StoredEvent>>> {
      return read_events(database_, tenant.id, ids);
    });
    auto read = co_await reading;
    if (!read) co_return std::move(read).error();
    events = *std::move(read);
  }
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    // An event that cannot be read is left out: its entry becomes available again, and the others are not lost.
    if (!(*events)[i]) continue;
    bytes += (*events)[i]->bytes();
    answer.events.push_back({*std::move((*events)[i]), entry.leased[i].attempt});
  }
  if (answer.events.empty()) {
    co_return Error{ErrorCode::internal, "the leased events of " + tenant.id + " cannot be read"};
  }
  answer.memory = std::move(entry.memory);
  answer.memory.count(bytes);
  co_return Done{};
}

Task<Result<std::vector<EntryResult>>> RocksInboxes::acknowledge(const Tenant& tenant, InboxName inbox,
                                                                 std::optional<LeaseId> lease,
                                                                 std::optional<std::vector<EventId>> ids) {
  INVARIANT(lease || ids, "an acknowledgement without a lease and without events");
  EntryOperation entry = operation(Kind::acknowledge, std::move(inbox), lease, ids);
  co_return co_await results(tenant, std::move(entry));
}

Task<Result<std::vector<EntryResult>>> RocksInboxes::release(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                                             std::optional<std::vector<EventId>> ids,
                                                             std::chrono::seconds delay,
                                                             std::optional<std::string> error) {
  EntryOperation entry = operation(Kind::release, std::move(inbox), lease, ids);
  entry.delay = delay;
  entry.error = std::move(error);
  co_return co_await results(tenant, std::move(entry));
}

Task<Result<Extended>> RocksInboxes::extend(const Tenant& tenant, InboxName inbox, LeaseId lease,
                                            std::optional<std::vector<EventId>> ids, std::chrono::seconds duration) {
  EntryOperation entry = operation(Kind::extend, std::move(inbox), lease, ids);
  entry.duration = duration;
  Extended answer;
  auto done = co_await submit(tenant, entry);
  if (!done) co_return std::move(done).error();
  answer.results = std::move(entry.results);
  const auto extended = std::ranges::find(answer.results, EntryStatus::extended, &EntryResult::status);
  if (extended != answer.results.end()) answer.until = entry.until;
  co_return answer;
}

Task<Result<RocksInboxes::PendingValues>> RocksInboxes::pending_values(const Tenant& tenant,
                                                                       const std::vector<EventId>& ids) {
  PendingValues values;
  values.reserve(ids.size());
  while (values.size() < ids.size()) {
    const auto rest = std::span(ids).subspan(values.size());
    const auto piece = rest.first(std::min(events_a_turn, rest.size()));
    auto read = searches_.run(tenant.id, [&] { return read_pending_values(database_, tenant.id, piece); });
    auto some = co_await read;
    if (!some) co_return std::move(some).error();
    std::ranges::move(*some, std::back_inserter(values));
  }
  co_return values;
}

Task<Result<std::vector<EntryResult>>> RocksInboxes::requeue(const Tenant& tenant, InboxName inbox,
                                                             std::vector<EventId> ids) {
  auto values = co_await pending_values(tenant, ids);
  if (!values) co_return std::move(values).error();
  EntryOperation entry = operation(Kind::requeue, std::move(inbox), std::nullopt, std::move(ids));
  entry.pending_values = *std::move(values);
  co_return co_await results(tenant, std::move(entry));
}

Task<Result<std::vector<EntryResult>>> RocksInboxes::discard(const Tenant& tenant, InboxName inbox,
                                                             std::vector<EventId> ids) {
  EntryOperation entry = operation(Kind::discard, std::move(inbox), std::nullopt, std::move(ids));
  co_return co_await results(tenant, std::move(entry));
}

Task<Result<DeadEntriesDone>> RocksInboxes::requeue_all(const Tenant& tenant, InboxName inbox,
                                                        std::optional<std::string> event_type) {
  co_return co_await all_dead(tenant, Kind::requeue, std::move(inbox), std::move(event_type));
}

Task<Result<DeadEntriesDone>> RocksInboxes::discard_all(const Tenant& tenant, InboxName inbox,
                                                        std::optional<std::string> event_type) {
  co_return co_await all_dead(tenant, Kind::discard, std::move(inbox), std::move(event_type));
}

Task<Result<DeadEntriesDone>> RocksInboxes::all_dead(const Tenant& tenant, Kind kind, InboxName inbox,
                                                     std::optional<std::string> event_type) {
  co_await end_due(tenant, inbox);  // An entry may have died of it.
  const auto target = tenants_.get(tenant.id).find(inbox);
  if (!target) co_return no_such_inbox(inbox);
  if (target->view().counts.dead == 0) co_return DeadEntriesDone{};
  const EntryStatus wanted = kind == Kind::requeue ? EntryStatus::requeued : EntryStatus::discarded;
  const auto deadline = lease_time_.steady() + dead_time_max;
  DeadEntriesDone answer;
  EntryOperation look = operation(Kind::look, inbox, std::nullopt, std::vector<EventId>());
  look.state = EntryState::dead;
  look.limit = dead_a_turn;
  std::optional<UnixMillis> began;
  for (;;) {
    look.found.clear();
    if (auto looked = co_await submit(tenant, look); !looked) co_return std::move(looked).error();
    // Entries that have died since the call began stay.
    if (!began) began = look.looked_at;
    std::vector<EventId> ids;
    for (const auto& found : look.found) {
      if (found.since <= *began) ids.push_back(found.id);
    }
    EntryOperation entry = operation(kind, inbox, std::nullopt, std::vector<EventId>());
    if (event_type || kind == Kind::requeue) {
      auto values = co_await pending_values(tenant, ids);
      if (!values) co_return std::move(values).error();
      for (std::size_t i = 0; i < ids.size(); ++i) {
        if (event_type && !has_type((*values)[i], *event_type)) continue;
        entry.results.push_back({ids[i]});
        entry.pending_values.push_back(std::move((*values)[i]));
      }
    } else {
      entry.results = of_ids(ids);
    }
    auto done = co_await results(tenant, std::move(entry));
    if (!done) co_return std::move(done).error();
    answer.count += static_cast<std::uint64_t>(std::ranges::count(*done, wanted, &EntryResult::status));
    if (look.found.size() < dead_a_turn) co_return answer;
    answer.has_more = lease_time_.steady() >= deadline;
    if (answer.has_more) co_return answer;
    look.after = look.found.back().id;
  }
}

Task<void> RocksInboxes::end_due(const Tenant& tenant, InboxName name) {
  const auto inbox = tenants_.get(tenant.id).find(name);
  if (!inbox || !inbox->was_leased_from()) co_return;
  const auto view = inbox->view();
  if (!view.next_due || *view.next_due > lease_time_.now()) co_return;
  EntryOperation entry = operation(Kind::advance, std::move(name), std::nullopt, std::vector<EventId>());
  // A store that cannot write can still be read.
  static_cast<void>(co_await submit(tenant, entry));
}

Task<void> RocksInboxes::end_due(const Tenant& tenant) {
  const auto roster = tenants_.get(tenant.id).roster();
  if (!roster) co_return co_await end_due(tenant, InboxName());
  for (const RosterEntry& entry : roster->entries()) co_await end_due(tenant, entry.name);
}

Task<Result<EntryPage>> RocksInboxes::entries(const Tenant& tenant, EntryQuery query) {
  co_await end_due(tenant, query.inbox);
  std::optional<EventId> after;
  const std::uint64_t number = tenants_.get(tenant.id).number_of(query.inbox);
  if (query.after) {
    after = id_of(*query.after, number);
    if (!after) co_return foreign_continuation();
    query.after = continue_after(*after);
  }
  EntryOperation look = operation(Kind::look, query.inbox, std::nullopt, std::vector<EventId>());
  if (query.state) {
    look.state = *query.state;
    look.after = after;
    // With a filter, it looks at more than it shows.
    look.limit = query.event_type ? entries_of_request_max : query.limit + 1;
    if (auto looked = co_await submit(tenant, look); !looked) co_return std::move(looked).error();
  }
  auto page = co_await read_entries(tenant, query, after, look);
  if (!page || !page->next_after) co_return page;
  const auto last = id_of(*page->next_after);
  INVARIANT(last, "a page of entries ended at no event");
  page->next_after = continue_after(number, *last);
  co_return page;
}

Task<Result<Continuation>> RocksInboxes::entries_end(const Tenant& tenant, InboxName name) {
  const auto inbox = tenants_.get(tenant.id).find(name);
  if (!inbox) co_return no_such_inbox(name);
  auto reading = readers_.run(tenant.id, [&] { return find_end(database_, *inbox); });
  const auto end = co_await reading;
  if (!end) co_return end.error();
  co_return continue_after(tenants_.get(tenant.id).number_of(name), end->value_or(EventId{}));
}

Task<Result<EntryPage>> RocksInboxes::read_entries(const Tenant& tenant, const EntryQuery& query,
                                                   const std::optional<EventId>& after, const EntryOperation& look) {
  const TenantState& owner = tenants_.get(tenant.id);
  const auto inbox = owner.find(query.inbox);
  if (!inbox) co_return no_such_inbox(query.inbox);
  const auto roster = owner.roster();
  const RosterEntry* const settings = roster ? roster->find(query.inbox) : nullptr;
  std::vector<EventId> ids;
  ids.reserve(look.found.size());
  for (const auto& found : look.found) ids.push_back(found.id);
  const auto read = [&](const PageLimits& limits) -> Result<EntryPage> {
    EntryPageQuery wanted{.query = query, .after = after, .now = lease_time_.now()};
    wanted.max_attempts = settings != nullptr ? settings->rules.max_attempts : inbox::Rules().max_attempts;
    EntryPage page;
    page.memory = FairBudget::Share(query.memory, tenant.id);
    page.next_after = query.after;
    page.counts = inbox->view().counts;
    const bool of_pending = !query.state || (query.state == EntryState::available && look.found_all);
    if (query.state) {
      auto added = add_indexed(database_, *inbox, wanted, limits, ids, !look.found_all, page);
      if (!added) return added.error();
      if (!of_pending || page.has_more) return page;
      wanted.after = std::max(after.value_or(EventId{}), look.fresh_after);
    }
    page.has_more = page.entries.size() == query.limit;
    if (page.has_more) return page;
    auto added = add_pending(database_, *inbox, wanted, limits, page);
    if (!added) return added.error();
    return page;
  };
  PageLimits limits;
  limits.filter_time_max = filter_time_max_;
  if (!query.event_type) {
    PageLimits first = limits;
    first.bytes_max = bytes_at_once;
    auto reading = readers_.run(tenant.id, [&] { return read(first); });
    auto page = co_await reading;
    const bool ended_early = page && page->has_more && page->entries.size() < query.limit;
    if (!ended_early) co_return page;
  }
  auto reading = searches_.run(tenant.id, [&] { return read(limits); });
  co_return co_await reading;
}

}  // namespace triggers::store
