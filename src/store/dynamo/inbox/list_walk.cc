#include "store/dynamo/inbox/list_walk.h"

#include <boost/json.hpp>

#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

using inbox::EntryState;

bool in_state(const StoredRecord& stored, EntryState state) {
  return stored.record.entry && stored.record.entry->state == state;
}

}  // namespace

Task<Result<std::vector<ListWalk::Listed>>> ListWalk::next(std::size_t limit,
                                                           std::function<bool(const EventId&)> skips) {
  const InboxPlace& place = work_.place;
  Table::Range range;
  range.partition = list_ == List::back ? layout::back_partition(place.tenant, place.number())
                                        : layout::dead_partition(place.tenant, place.number());
  range.after = bytes_value(read_to_.view());
  range.limit = limit;
  auto items = co_await work_.table.query(std::move(range));
  if (!items) co_return to_error(items.error());
  more_ = items->more;
  std::vector<Listed> read;
  std::vector<EventId> ids;
  for (const Item& item : items->items) {
    const auto id = bytes_of(item, "i");
    if (!id || id->size() != read_to_.bytes.size()) {
      co_return Error{ErrorCode::internal, "an item of a list of entries has no id"};
    }
    read_to_ = EventId::from_bytes(*id);
    if (skips && skips(read_to_)) continue;
    Listed listed;
    listed.id = read_to_;
    listed.version = number_of(item, "n").value_or(0);
    read.push_back(std::move(listed));
    ids.push_back(read_to_);
  }
  std::vector<Listed> belonging;
  if (ids.empty()) co_return belonging;
  auto records = co_await work_.records.stored(std::move(ids));
  if (!records) co_return std::move(records).error();
  const EntryState wanted = list_ == List::back ? EntryState::available : EntryState::dead;
  for (std::size_t i = 0; i < read.size(); ++i) {
    read[i].seen = std::move((*records)[i]);
    if (in_state(read[i].seen, wanted)) {
      belonging.push_back(std::move(read[i]));
      continue;
    }
    auto taken_out = co_await take_out(read[i]);
    if (!taken_out) co_return std::move(taken_out).error();
  }
  co_return belonging;
}

/// The item was read before the record, so a later item of the same entry stays.
Task<Status> ListWalk::take_out(const Listed& listed) {
  const bool moved = listed.seen.record.entry && (list_ == List::dead || in_state(listed.seen, EntryState::dead));
  if (moved) {
    // This item is what tells of it, if a node has died, or is slow, before it has written the others.
    auto mended = co_await work_.lists.mend(listed.id, listed.seen);
    if (!mended) co_return mended;
  }
  if (list_ == List::dead) co_return co_await work_.lists.remove_dead(listed.id, listed.version + 1);
  co_return co_await work_.lists.remove_back(listed.id, listed.version + 1);
}

}  // namespace triggers::store::dynamo
