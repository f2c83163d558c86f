#include "store/dynamo/inbox/entry_work.h"

namespace triggers::store::dynamo {

Task<Status> end_due(EntryWork& work) {
  auto end = [&]() -> Task<Status> {
    auto more = co_await work.due.end(work.now, work.config.due);
    if (!more) co_return std::move(more).error();
    co_return Done{};
  };
  return work.state->ending().fly(end);
}

}  // namespace triggers::store::dynamo
