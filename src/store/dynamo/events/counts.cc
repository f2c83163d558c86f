#include "store/dynamo/events/counts.h"

#include <algorithm>
#include <boost/json.hpp>

#include "log/log.h"
#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {

void Counts::add(const Tenant& tenant, const std::string& inbox, std::int64_t change) {
  const MutexLock lock(mutex_);
  Entry& entry = entries_[{tenant.id, inbox}];
  entry.own += change;
  if (!entry.since) entry.since = clock_.steady();
  forget_some();
}

Task<void> Counts::flush_if_due(Tenant tenant, std::string inbox) {
  const Key key{std::move(tenant.id), std::move(inbox)};
  {
    const MutexLock lock(mutex_);
    const auto found = entries_.find(key);
    if (found == entries_.end() || !found->second.since) co_return;
    if (clock_.steady() - *found->second.since < flush_every) co_return;
  }
  const auto flushed = co_await flush_one(key);
  static_cast<void>(flushed);  // It was logged, and stays.
}

Task<void> Counts::flush(std::chrono::milliseconds at_least) {
  std::vector<Due> due;
  {
    const MutexLock lock(mutex_);
    for (const auto& [key, entry] : entries_) {
      if (entry.since && clock_.steady() - *entry.since >= at_least) due.emplace_back(*entry.since, key);
    }
  }
  co_await flush_all(std::move(due));
}

Task<void> Counts::flush_spaced() {
  std::vector<Due> due;
  {
    const MutexLock lock(mutex_);
    const auto now = clock_.steady();
    for (const auto& [key, entry] : entries_) {
      if (entry.since && (!entry.flushed_at || now - *entry.flushed_at >= flush_every)) {
        due.emplace_back(*entry.since, key);
      }
    }
  }
  co_await flush_all(std::move(due));
}

Task<void> Counts::flush_all(std::vector<Due> due) {
  std::ranges::sort(due);
  auto flush_it = [&](std::size_t i) { return flush_one(due[i].second); };
  const auto flushed = co_await for_each_until(due.size(), std::chrono::steady_clock::now() + flush_for, flush_it);
  static_cast<void>(flushed);  // It was logged, and what was not begun stays.
}

Task<Status> Counts::flush_one(Key key) {
  std::int64_t change = 0;
  {
    const MutexLock lock(mutex_);
    Entry& entry = entries_[key];
    change = std::exchange(entry.own, 0);
    entry.flushing += change;
    ++entry.flushes;
    entry.since.reset();
    entry.flushed_at = clock_.steady();
  }
  if (change == 0) co_return Done{};
  Condition none;
  none.values[":change"] = number_value(change);
  none.values[":now"] = number_value(clock_.now().time_since_epoch().count());
  const Tenant tenant{key.first};
  std::string expression = "ADD c :change SET r = :now";
  if (kept_) {
    expression += ", x = :x";
    const auto until = (clock_.now() + *kept_).time_since_epoch();
    none.values[":x"] = number_value(std::chrono::ceil<std::chrono::seconds>(until).count());
  }
  auto counted = co_await table_.update(layout::count_key(tenant, key.second), std::move(expression), std::move(none),
                                        Repeat::once);
  if (counted) {
    remember(key, number_of(*counted, "c").value_or(0), change);
    co_return Done{};
  }
  not_flushed(key, change);
  log::warning("count_not_written", {{"cause", counted.error().message}});
  // A change that may have been added is not added again: a count that is too low is corrected, as one that is too
  // high.
  if (counted.error().kind != CallError::Kind::unknown) add(tenant, key.second, change);
  co_return to_error(counted.error());
}

Task<Result<Counts::Count>> Counts::read(const Tenant& tenant, const std::string& inbox) {
  const Key key{tenant.id, inbox};
  std::uint64_t flushes = 0;
  {
    const MutexLock lock(mutex_);
    flushes = entries_[key].flushes;
  }
  auto item = co_await table_.get(layout::count_key(tenant, inbox));
  if (!item) co_return to_error(item.error());
  Count count;
  count.stored = number_of(*item, "c").value_or(0);
  count.changed_at = UnixMillis{std::chrono::milliseconds{number_of(*item, "r").value_or(0)}};
  const MutexLock lock(mutex_);
  Entry& entry = entries_[key];
  // With a change on its way, nobody knows whether this count has it; the answer to the change will say more.
  if (entry.flushing == 0 && entry.flushes == flushes) entry.stored = count.stored;
  count.own = entry.own;
  forget_some();
  co_return count;
}

Task<void> Counts::correct(Tenant tenant, std::string inbox, Count count, std::int64_t seen) {
  const auto now = clock_.now();
  if (!wrong_for_long({tenant.id, inbox}, count, seen)) co_return;
  Condition unchanged;
  unchanged.expression = "r = :then OR attribute_not_exists(r)";
  unchanged.values[":then"] = number_value(count.changed_at.time_since_epoch().count());
  unchanged.values[":seen"] = number_value(seen);
  unchanged.values[":now"] = number_value(now.time_since_epoch().count());
  auto set = co_await table_.update(layout::count_key(tenant, inbox), "SET c = :seen, r = :now", std::move(unchanged),
                                    Repeat::safe);
  if (set) remember({tenant.id, inbox}, seen);
}

bool Counts::wrong_for_long(const Key& key, const Count& count, std::int64_t seen) {
  const auto now = clock_.steady();
  const MutexLock lock(mutex_);
  auto& doubt = entries_[key].doubt;
  if (count.own != 0 || count.stored == seen) {
    doubt.reset();
    return false;
  }
  const bool same =
      doubt && doubt->stored == count.stored && doubt->seen == seen && doubt->changed_at == count.changed_at;
  if (!same) doubt = Doubt{count.stored, seen, count.changed_at, now};
  return now - doubt->since >= wrong_for;
}

void Counts::remember(const Key& key, std::int64_t stored, std::int64_t flushed) {
  const MutexLock lock(mutex_);
  Entry& entry = entries_[key];
  entry.stored = stored;
  entry.flushing -= flushed;
  forget_some();
}

void Counts::not_flushed(const Key& key, std::int64_t change) {
  const MutexLock lock(mutex_);
  entries_[key].flushing -= change;
}

void Counts::forget_some() {
  if (entries_.size() > inboxes_max) {
    std::erase_if(entries_, [](const auto& known) { return !known.second.since && known.second.flushing == 0; });
  }
}

std::int64_t Counts::unwritten(const Tenant& tenant, const std::string& inbox) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find({tenant.id, inbox});
  return found == entries_.end() ? 0 : found->second.flushing + found->second.own;
}

std::int64_t Counts::known(const Tenant& tenant, const std::string& inbox) const {
  const MutexLock lock(mutex_);
  const auto found = entries_.find({tenant.id, inbox});
  return found == entries_.end() ? 0 : found->second.stored + found->second.flushing + found->second.own;
}

std::uint64_t Counts::known() const {
  const MutexLock lock(mutex_);
  std::uint64_t sum = 0;
  for (const auto& [key, entry] : entries_) {
    sum += static_cast<std::uint64_t>(std::max<std::int64_t>(entry.stored + entry.flushing + entry.own, 0));
  }
  return sum;
}

}  // namespace triggers::store::dynamo
