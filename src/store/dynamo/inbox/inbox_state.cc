#include "store/dynamo/inbox/inbox_state.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/inbox/inbox_layout.h"

namespace triggers::store::dynamo {
namespace {

/// The item of the front: `f` the settled front, `c` when an entry was last leased or acknowledged (ms).
struct StoredFront {
  EventId settled{};
  std::optional<UnixMillis> consumed{};
};

StoredFront from_item(const Item& item) {
  StoredFront front;
  if (const auto id = bytes_of(item, "f"); id && id->size() == front.settled.bytes.size()) {
    front.settled = EventId::from_bytes(*id);
  }
  if (const auto at = number_of(item, "c")) front.consumed = UnixMillis{std::chrono::milliseconds{*at}};
  return front;
}

}  // namespace

Task<Status> InboxState::read_front(Table& table, InboxPlace place, TimePoint now, EventId settled) {
  {
    const MutexLock lock(mutex_);
    if (read_at_ && now - *read_at_ < sync_every) co_return Done{};
    read_at_ = now;
  }
  auto item = co_await table.get(layout::front_key(place.tenant, place.number()));
  if (!item) {
    const MutexLock lock(mutex_);
    read_at_.reset();
    co_return to_error(item.error());
  }
  const StoredFront stored = from_item(*item);
  // A node whose clock was ahead may have made ids, and a front, that are in the future.
  front_.advance(std::min(stored.settled, settled));
  const MutexLock lock(mutex_);
  stored_ = std::max(stored_, stored.settled);
  stored_consumed_ = std::max(stored_consumed_, stored.consumed);
  consumed_ = std::max(consumed_, stored.consumed);
  co_return Done{};
}

Task<Status> InboxState::write_front(Table& table, InboxPlace place, TimePoint now, bool always) {
  const EventId settled = front_.settled();
  std::optional<UnixMillis> consumed;
  {
    const MutexLock lock(mutex_);
    const bool news = settled > stored_ || consumed_ > stored_consumed_;
    const bool due = always || !written_at_ || now - *written_at_ >= sync_every;
    if (!news || !due) co_return Done{};
    written_at_ = now;
    consumed = consumed_;
  }
  // A node that is behind must not move the front back: it writes what it has read as the others' front.
  Condition behind;
  behind.expression = "attribute_not_exists(f) OR f <= :f";
  behind.values[":f"] = bytes_value(settled.view());
  std::string expression = "SET f = :f";
  if (consumed) {
    expression += ", c = :c";
    behind.values[":c"] = number_value(consumed->time_since_epoch().count());
  }
  auto written = co_await table.update(layout::front_key(place.tenant, place.number()), std::move(expression),
                                       std::move(behind), Repeat::safe);
  if (!written && written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
  const StoredFront stored = from_item(written ? *written : written.error().item);
  const MutexLock lock(mutex_);
  stored_ = std::max(stored_, stored.settled);
  if (written) stored_consumed_ = std::max(stored_consumed_, consumed);
  co_return Done{};
}

bool InboxState::has_news() const {
  const EventId settled = front_.settled();
  const MutexLock lock(mutex_);
  return settled > stored_ || consumed_ > stored_consumed_;
}

void InboxState::consumed(UnixMillis at) {
  const MutexLock lock(mutex_);
  consumed_ = std::max(consumed_, std::optional(at));
}

std::optional<UnixMillis> InboxState::last_consumed_at() const {
  const MutexLock lock(mutex_);
  return consumed_;
}

EventId InboxState::walked_to(Walk walk) const {
  const MutexLock lock(mutex_);
  return walked_to_[static_cast<std::size_t>(walk)];
}

void InboxState::set_walked_to(Walk walk, const EventId& id) {
  const MutexLock lock(mutex_);
  walked_to_[static_cast<std::size_t>(walk)] = id;
}

std::shared_ptr<InboxWaiters> InboxState::join(Waiters& all) {
  const MutexLock lock(mutex_);
  auto waiters = waiters_.lock();
  if (!waiters) {
    waiters = std::make_shared<InboxWaiters>(all);
    waiters_ = waiters;
  }
  return waiters;
}

std::shared_ptr<InboxWaiters> InboxState::waiters() const {
  const MutexLock lock(mutex_);
  return waiters_.lock();
}

}  // namespace triggers::store::dynamo
