#include "store/dynamo/inbox/dead_entries.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

/// So many events with the largest contents are read at once.
constexpr std::size_t together_max = 25;

}  // namespace

Task<Result<DeadEntriesDone>> DeadEntries::all(Do what, std::optional<std::string> event_type,
                                               std::chrono::milliseconds time_max) {
  const auto until = std::chrono::steady_clock::now() + time_max;
  auto ended = co_await end_due(work_);
  if (!ended) co_return std::move(ended).error();
  DeadEntriesDone done;
  EntryOperations operations(work_);
  EventId after;
  for (bool more = true; more;) {
    done.has_more = std::chrono::steady_clock::now() >= until;
    if (done.has_more) co_return done;
    Table::Range range;
    range.partition = layout::dead_partition(work_.place.tenant, work_.place.number());
    range.after = bytes_value(after.view());
    range.limit = together_max;
    auto items = co_await work_.table.query(std::move(range));
    if (!items) co_return to_error(items.error());
    more = items->more;
    std::vector<EventId> ids;
    for (const Item& item : items->items) {
      const auto id = bytes_of(item, "i");
      if (!id || id->size() != after.bytes.size()) co_return Error{ErrorCode::internal, "a dead entry has no id"};
      ids.push_back(EventId::from_bytes(*id));
    }
    if (ids.empty()) co_return done;
    after = ids.back();
    auto wanted = co_await matching(std::move(ids), event_type);
    if (!wanted) co_return std::move(wanted).error();
    Result<EntryOperations::Results> results = EntryOperations::Results{};
    if (what == Do::requeue) {
      results = co_await operations.requeue(*std::move(wanted));
    } else {
      results = co_await operations.discard(*std::move(wanted));
    }
    if (!results) co_return std::move(results).error();
    done.count += static_cast<std::uint64_t>(std::ranges::count_if(
        *results, [](const EntryResult& result) { return result.status != EntryStatus::not_found; }));
  }
  co_return done;
}

/// What was dead when the call began, and is of the type. What is not dead is removed from the list.
Task<Result<std::vector<EventId>>> DeadEntries::matching(std::vector<EventId> ids,
                                                         const std::optional<std::string>& event_type) {
  auto records = co_await work_.records.stored(ids);
  if (!records) co_return std::move(records).error();
  std::vector<EventId> dead;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto& entry = (*records)[i].record.entry;
    const bool is_dead = entry && entry->state == EntryState::dead;
    if (is_dead && entry->since <= work_.now) dead.push_back(ids[i]);
    if (is_dead) continue;
    const auto removed = co_await work_.lists.remove_dead(ids[i], (*records)[i].version);
    static_cast<void>(removed);  // The next look tries it again.
  }
  if (!event_type || dead.empty()) co_return dead;
  LogItems log(work_.table, work_.clock);
  auto contents = co_await log.contents(work_.place.tenant, dead);
  if (!contents) co_return std::move(contents).error();
  std::vector<EventId> wanted;
  for (std::size_t i = 0; i < dead.size(); ++i) {
    const auto& event = (*contents)[i];
    if (event && event->event_type == *event_type) wanted.push_back(dead[i]);
  }
  co_return wanted;
}

}  // namespace triggers::store::dynamo
