#include "store/dynamo/inbox/entry_work.h"

#include "store/dynamo/events/fleet_ids.h"

namespace triggers::store::dynamo {

Task<Status> read_front(EntryWork& work) {
  const EventId settled = first_id_at(work.clock.now() - work.config.settled_after);
  return work.state->read_front(work.table, work.place, std::chrono::steady_clock::now(), settled);
}

Task<Status> end_due(EntryWork& work) {
  // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): fly() keeps it, and the caller keeps `work`
  auto end = [&]() -> Task<Status> {
    auto more = co_await work.due.end(work.now, work.config.due);
    if (!more) co_return std::move(more).error();
    co_return Done{};
  };
  return work.state->ending().fly(end);
}

}  // namespace triggers::store::dynamo
