#include "store/dynamo/events/shards.h"

#include <algorithm>
#include <boost/json.hpp>

#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {

Task<Result<unsigned>> Shards::to_read() {
  const auto known = co_await know();
  if (!known) co_return known.error();
  co_return known->count;
}

Task<Result<unsigned>> Shards::next_to_write() {
  const auto known = co_await know();
  if (!known) co_return known.error();
  const unsigned usable = std::min(wanted_, settled(*known));
  co_return turn_.fetch_add(1, std::memory_order_relaxed) % usable;
}

unsigned Shards::settled(const Known& known) const {
  return clock_.now() - known.raised_at >= grown_after ? known.count : known.before;
}

Task<Result<Shards::Known>> Shards::know() {
  if (const auto known = fresh()) co_return *known;
  auto renew_once = [this] { return renew(); };
  if (auto done = co_await reading_.fly(std::move(renew_once)); !done) co_return std::move(done).error();
  const MutexLock lock(mutex_);
  co_return known_;
}

Task<Status> Shards::renew() {
  if (fresh()) co_return Done{};  // Another has read between our look and our turn.
  const auto asked_at = clock_.steady();
  auto known = co_await read();
  if (!known) co_return known.error();
  known->read_at = asked_at;  // From before the reading: it is not older than this.
  const MutexLock lock(mutex_);
  known_ = *known;
  co_return Done{};
}

std::optional<Shards::Known> Shards::fresh() const {
  const auto now = clock_.steady();
  const MutexLock lock(mutex_);
  if (known_.count == 0 || now - known_.read_at >= refresh_every) return std::nullopt;
  return known_;
}

Task<Result<Shards::Known>> Shards::read() {
  for (;;) {
    auto item = co_await table_.get(layout::shards_key());
    if (!item) co_return to_error(item.error());
    const auto count = static_cast<unsigned>(number_of(*item, "n").value_or(0));
    Known known;
    known.count = count;
    known.before = static_cast<unsigned>(number_of(*item, "o").value_or(count));
    known.raised_at = UnixMillis{std::chrono::milliseconds{number_of(*item, "t").value_or(0)}};
    if (count >= wanted_) co_return known;
    // In a new table nobody has read yet, so all shards are good at once.
    Item raised = layout::shards_key();
    raised["n"] = number_value(wanted_);
    // What readers do not all know of yet is not made known to writers by another raise.
    raised["o"] = number_value(count == 0 ? wanted_ : settled(known));
    raised["t"] = number_value(clock_.now().time_since_epoch().count());
    Condition unchanged;
    unchanged.expression = "attribute_not_exists(k)";
    if (count > 0) {
      unchanged.expression = "n = :n";
      unchanged.values[":n"] = number_value(count);
    }
    auto written = co_await table_.put(std::move(raised), std::move(unchanged), Repeat::safe);
    if (!written && written.error().kind != CallError::Kind::condition_failed) co_return to_error(written.error());
  }
}

}  // namespace triggers::store::dynamo
