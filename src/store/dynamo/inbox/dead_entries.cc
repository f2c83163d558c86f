#include "store/dynamo/inbox/dead_entries.h"

#include <algorithm>

#include "store/dynamo/events/log_items.h"
#include "store/dynamo/inbox/list_walk.h"

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
  ListWalk walk(work_, ListWalk::List::dead);
  while (walk.more()) {
    done.has_more = std::chrono::steady_clock::now() >= until;
    if (done.has_more) co_return done;
    auto listed = co_await walk.next(together_max);
    if (!listed) co_return std::move(listed).error();
    std::vector<EventId> dead;
    for (const ListWalk::Listed& one : *listed) {
      if (one.seen.record.entry->since <= work_.now) dead.push_back(one.id);
    }
    auto wanted = co_await of_type(std::move(dead), event_type);
    if (!wanted) co_return std::move(wanted).error();
    if (wanted->empty()) continue;
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

Task<Result<std::vector<EventId>>> DeadEntries::of_type(std::vector<EventId> dead,
                                                        const std::optional<std::string>& event_type) {
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
