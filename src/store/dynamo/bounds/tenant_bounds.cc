#include "store/dynamo/bounds/tenant_bounds.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/dynamo/client/for_each_until.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

/// The reads of one look at a tenant's counts begin within this time. Each takes 5 s at most.
constexpr std::chrono::seconds look_for{2};

}  // namespace

/// What a node keeps of one tenant.
struct TenantBounds::Tally {
  std::array<SingleFlight, figure_count> reading{};
  mutable Mutex mutex{};
  std::array<std::optional<TimePoint>, figure_count> read_at GUARDED_BY(mutex){};
  TimePoint used_at GUARDED_BY(mutex){};
  /// Of events that are being stored.
  std::uint64_t bytes_under_way GUARDED_BY(mutex) = 0, entries_under_way GUARDED_BY(mutex) = 0;
  std::uint64_t older_bytes GUARDED_BY(mutex) = 0;
  std::optional<std::int64_t> older_of GUARDED_BY(mutex){};  ///< The period for which older_bytes holds.
};

/// An event that is being stored.
class TenantBounds::Taken final : public Admission::Place {
 public:
  Taken(StoredBytes* counted, Tenant tenant, std::shared_ptr<Tally> tally, std::size_t entries, std::uint64_t bytes)
      : counted_(counted), tenant_(std::move(tenant)), tally_(std::move(tally)), entries_(entries), bytes_(bytes) {}
  ~Taken() override {
    const MutexLock lock(tally_->mutex);
    tally_->bytes_under_way -= bytes_;
    tally_->entries_under_way -= entries_;
  }
  void stored(const std::function<void()>& count) override {
    const MutexLock lock(tally_->mutex);
    count();
    if (counted_ != nullptr) counted_->add(tenant_, bytes_);
    tally_->bytes_under_way -= std::exchange(bytes_, 0);
    tally_->entries_under_way -= std::exchange(entries_, 0);
  }

 private:
  StoredBytes* const counted_;
  const Tenant tenant_;
  const std::shared_ptr<Tally> tally_;
  std::uint64_t entries_;
  std::uint64_t bytes_;
};

TenantBounds::TenantBounds(Table& table, Counts& undelivered, EntryCounts& entries, SettingsDirectory& settings,
                           const Clock& clock, TenantLimits limits, std::chrono::hours event_ttl)
    : undelivered_(undelivered),
      entries_(entries),
      settings_(settings),
      clock_(clock),
      limits_(limits),
      bytes_(table, clock, event_ttl) {}

std::shared_ptr<TenantBounds::Tally> TenantBounds::tally_of(const Tenant& tenant) {
  const auto now = clock_.steady();
  const MutexLock lock(mutex_);
  if (tallies_.size() >= tenants_max && !tallies_.contains(tenant.id)) {
    std::erase_if(tallies_, [&](const auto& kept) {
      const MutexLock tally_lock(kept.second->mutex);
      return now - kept.second->used_at >= look_every_far;
    });
  }
  auto& tally = tallies_[tenant.id];
  if (!tally) tally = std::make_shared<Tally>();
  const MutexLock tally_lock(tally->mutex);
  tally->used_at = now;
  return tally;
}

std::uint64_t TenantBounds::limit(Figure figure) const {
  switch (figure) {
    case Figure::bytes: return limits_.bytes_max;
    case Figure::undelivered: return limits_.undelivered_max;
    case Figure::tracked: return limits_.tracked_max;
  }
  return 0;
}

std::uint64_t TenantBounds::known(const Tenant& tenant, std::uint64_t older_bytes, const Known& inboxes,
                                  Figure figure) const {
  if (figure == Figure::bytes) return older_bytes + bytes_.known_newest(tenant);
  std::uint64_t sum = 0;
  for (const auto& [name, record] : inboxes->records) {
    const std::int64_t count = figure == Figure::tracked
                                   ? entries_.known_tracked({.tenant = tenant, .inbox = record})
                                   : undelivered_.known(tenant, layout::inbox_text(record.number));
    sum += static_cast<std::uint64_t>(std::max<std::int64_t>(count, 0));
  }
  return sum;
}

Task<Result<std::uint64_t>> TenantBounds::used(const Tenant& tenant, Tally& tally, const Known& inboxes,
                                               Figure figure) {
  const auto place = static_cast<std::size_t>(figure);
  {
    const MutexLock lock(tally.mutex);
    const std::uint64_t before = known(tenant, tally.older_bytes, inboxes, figure);
    const auto look_every = before < limit(figure) / 2 ? look_every_far : look_every_near;
    const std::optional<TimePoint>& read_at = tally.read_at[place];
    if (read_at && clock_.steady() - *read_at < look_every) co_return before;
  }
  auto read_once = [&] { return read(tenant, tally, inboxes, figure); };
  auto done = co_await tally.reading[place].fly(std::move(read_once));
  if (!done) co_return std::move(done).error();
  const MutexLock lock(tally.mutex);
  co_return known(tenant, tally.older_bytes, inboxes, figure);
}

Task<Status> TenantBounds::read(const Tenant& tenant, Tally& tally, const Known& inboxes, Figure figure) {
  const auto begun = clock_.steady();
  if (figure == Figure::bytes) {
    const std::int64_t period = bytes_.period();
    bool has_older = false;
    {
      const MutexLock lock(tally.mutex);
      has_older = tally.older_of == period;
    }
    if (!has_older) {
      const auto older = co_await bytes_.read_older(tenant);
      if (!older) co_return older.error();
      const MutexLock lock(tally.mutex);
      tally.older_bytes = *older;
      tally.older_of = period;
    }
    auto newest = co_await bytes_.read(tenant);
    if (!newest) co_return newest;
  } else {
    std::vector<const InboxRecord*> records;
    for (const auto& [name, record] : inboxes->records) records.push_back(&record);
    // NOLINTNEXTLINE(cppcoreguidelines-avoid-capturing-lambda-coroutines): it is awaited while this waits
    auto read_one = [&](std::size_t i) -> Task<Status> {
      if (figure == Figure::tracked) {
        const InboxPlace place{.tenant = tenant, .inbox = *records[i]};
        const auto counts = co_await entries_.read(place);
        if (!counts) co_return counts.error();
        co_return Done{};
      }
      const auto count = co_await undelivered_.read(tenant, layout::inbox_text(records[i]->number));
      if (!count) co_return count.error();
      co_return Done{};
    };
    auto done =
        co_await for_each_until(records.size(), std::chrono::steady_clock::now() + look_for, std::move(read_one));
    if (!done) co_return done;
  }
  const MutexLock lock(tally.mutex);
  tally.read_at[static_cast<std::size_t>(figure)] = begun;
  co_return Done{};
}

Task<Result<Admission::Answer>> TenantBounds::admit(const Tenant& tenant, std::size_t entries, std::uint64_t bytes) {
  const auto inboxes = co_await settings_.of(tenant);
  if (!inboxes) co_return inboxes.error();
  const auto tally = tally_of(tenant);
  const bool counts_entries = limits_.undelivered_max > 0 && entries > 0;
  if (limits_.bytes_max > 0) {
    const auto read = co_await used(tenant, *tally, *inboxes, Figure::bytes);
    if (!read) co_return read.error();
  }
  if (counts_entries) {
    const auto read = co_await used(tenant, *tally, *inboxes, Figure::undelivered);
    if (!read) co_return read.error();
  }
  co_return take(tenant, tally, *inboxes, entries, bytes);
}

Admission::Answer TenantBounds::take(const Tenant& tenant, const std::shared_ptr<Tally>& tally, const Known& inboxes,
                                     std::size_t entries, std::uint64_t bytes) {
  Answer answer;
  const MutexLock lock(tally->mutex);
  const std::uint64_t used_bytes = known(tenant, tally->older_bytes, inboxes, Figure::bytes) + tally->bytes_under_way;
  const std::uint64_t used_entries = known(tenant, 0, inboxes, Figure::undelivered) + tally->entries_under_way;
  if (limits_.bytes_max > 0 && used_bytes + bytes > limits_.bytes_max) {
    answer.refused_by = StorageLimit::tenant_bytes;
  } else if (limits_.undelivered_max > 0 && entries > 0 && used_entries + entries > limits_.undelivered_max) {
    answer.refused_by = StorageLimit::tenant_undelivered;
  }
  if (answer.refused_by) return answer;
  tally->bytes_under_way += bytes;
  tally->entries_under_way += entries;
  answer.place = std::make_unique<Taken>(limits_.bytes_max > 0 ? &bytes_ : nullptr, tenant, tally, entries, bytes);
  return answer;
}

Task<Result<std::uint64_t>> TenantBounds::tracked_room(const Tenant& tenant) {
  if (limits_.tracked_max == 0) co_return std::numeric_limits<std::uint64_t>::max();
  const auto inboxes = co_await settings_.of(tenant);
  if (!inboxes) co_return inboxes.error();
  const auto tally = tally_of(tenant);
  const auto tracked = co_await used(tenant, *tally, *inboxes, Figure::tracked);
  if (!tracked) co_return tracked.error();
  co_return limits_.tracked_max - std::min(*tracked, limits_.tracked_max);
}

}  // namespace triggers::store::dynamo
