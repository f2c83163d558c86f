#include "store/dynamo/bounds/stored_bytes.h"

#include <algorithm>
#include <boost/json.hpp>

#include "base/gather.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

using std::chrono::hours;

constexpr hours day{24};
constexpr std::int64_t periods_max = 100;

hours length_of(hours event_ttl) { return std::max(day, hours{(event_ttl.count() + periods_max - 1) / periods_max}); }

/// How many periods it takes.
std::int64_t count_of(hours event_ttl) {
  const auto length = length_of(event_ttl).count();
  return (event_ttl.count() + length - 1) / length;
}

}  // namespace

StoredBytes::StoredBytes(Table& table, const Clock& clock, hours event_ttl)
    : table_(table),
      clock_(clock),
      length_(length_of(event_ttl)),
      periods_(count_of(event_ttl)),
      counts_(table, clock, length_ * (periods_ + 2) + 3 * day) {}

std::int64_t StoredBytes::period() const {
  return std::chrono::floor<hours>(clock_.now().time_since_epoch()).count() / length_.count();
}

// Counts of another length are others.
std::string StoredBytes::name(std::int64_t period) const {
  return "!bytes-" + std::to_string(length_.count()) + "-" + std::to_string(period);
}

void StoredBytes::add(const Tenant& tenant, std::uint64_t bytes) {
  counts_.add(tenant, name(period()), static_cast<std::int64_t>(bytes));
}

Task<Status> StoredBytes::read(const Tenant& tenant) {
  const std::int64_t now = period();
  Result<Counts::Count> current = Counts::Count{}, before = Counts::Count{};
  std::vector<Task<void>> reads;
  reads.push_back(read_to(current, tenant, name(now)));
  reads.push_back(read_to(before, tenant, name(now - 1)));
  Gather both(std::move(reads), 2);
  co_await both;
  if (!current) co_return current.error();
  if (!before) co_return before.error();
  co_return Done{};
}

Task<void> StoredBytes::read_to(Result<Counts::Count>& count, const Tenant& tenant, std::string name) {
  count = co_await counts_.read(tenant, name);
}

Task<Result<std::uint64_t>> StoredBytes::read_older(const Tenant& tenant) {
  std::vector<Item> keys;
  std::int64_t sum = 0;
  const std::int64_t now = period();
  for (std::int64_t one = now - periods_; one < now - 1; ++one) {
    const std::string named = name(one);
    sum += counts_.unwritten(tenant, named);
    keys.push_back(layout::count_key(tenant, named));
  }
  if (!keys.empty()) {
    const auto items = co_await table_.batch_get(std::move(keys));
    if (!items) co_return to_error(items.error());
    for (const Item& item : *items) sum += std::max<std::int64_t>(number_of(item, "c").value_or(0), 0);
  }
  co_return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

std::uint64_t StoredBytes::known_newest(const Tenant& tenant) const {
  const std::int64_t now = period();
  const std::int64_t sum = counts_.known(tenant, name(now)) + counts_.known(tenant, name(now - 1));
  return static_cast<std::uint64_t>(std::max<std::int64_t>(sum, 0));
}

}  // namespace triggers::store::dynamo
