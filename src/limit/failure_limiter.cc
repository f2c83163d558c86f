#include "limit/failure_limiter.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <span>
#include <vector>

#include "base/mutex.h"
#include "base/random.h"
#include "limit/gcra.h"

namespace triggers::limit {
namespace {

constexpr std::size_t ways = 8;
constexpr std::size_t lock_count = 64;

struct Entry {
  FailureLimiter::Bucket bucket;
  /// When the bucket is full again.
  std::int64_t full_at_ns = std::numeric_limits<std::int64_t>::min();
};

std::uint64_t mix(std::uint64_t value) noexcept {
  value ^= value >> 32;
  value *= 0x9E3779B97F4A7C15ULL;
  value ^= value >> 29;
  value *= 0xBF58476D1CE4E5B9ULL;
  return value ^ value >> 32;
}

}  // namespace

struct FailureLimiter::Table {
  struct alignas(64) Lock {
    Mutex mutex;
  };

  explicit Table(std::size_t addresses_max) : entries(std::max(addresses_max / ways, std::size_t{1}) * ways) {}

  std::size_t set_of(const Bucket& bucket) const noexcept {
    return mix(mix(bucket.high ^ seed_high) ^ bucket.low ^ seed_low) % (entries.size() / ways);
  }
  Mutex& mutex_of(std::size_t set) noexcept { return locks[set % lock_count].mutex; }
  std::span<Entry> set_at(std::size_t set) noexcept REQUIRES(mutex_of(set)) {
    return std::span(entries).subspan(set * ways, ways);
  }

  static Entry* find(std::span<Entry> set, const Bucket& wanted) noexcept {
    const auto found = std::ranges::find(set, wanted, &Entry::bucket);
    return found == set.end() ? nullptr : &*found;
  }

  // The seeds are secret, so nobody can choose addresses that share one set.
  const std::uint64_t seed_high = random_u64(), seed_low = random_u64();
  std::vector<Entry> entries;
  std::array<Lock, lock_count> locks;
};

FailureLimiter::FailureLimiter(std::uint32_t per_minute, std::size_t addresses_max)
    : table_(std::make_unique<Table>(addresses_max)), per_minute_(per_minute) {}

FailureLimiter::~FailureLimiter() = default;

FailureLimiter::Bucket FailureLimiter::bucket_of(std::string_view address) {
  const auto parsed = Address::parse(address);
  // No address has these numbers: IPv4 has others in `low`, and IPv6 leaves it 0.
  if (!parsed) return {0, std::numeric_limits<std::uint64_t>::max()};
  Bucket bucket;
  std::memcpy(&bucket.high, parsed->bytes.data(), 8);
  if (parsed->is_v4()) std::memcpy(&bucket.low, parsed->bytes.data() + 8, 8);
  return bucket;
}

Decision FailureLimiter::record_failure(const Bucket& bucket, Time now) {
  if (per_minute_ == 0) return {};
  const Gcra gcra(per_minute_);
  const auto now_ns = Gcra::count(now);
  const auto set_index = table_->set_of(bucket);
  const MutexLock lock(table_->mutex_of(set_index));
  const auto set = table_->set_at(set_index);
  auto* entry = Table::find(set, bucket);
  if (entry == nullptr) {
    entry = &*std::min_element(set.begin(), set.end(),
                               [](const Entry& a, const Entry& b) { return a.full_at_ns < b.full_at_ns; });
    *entry = {.bucket = bucket};
  }
  const bool allowed = gcra.has_one(entry->full_at_ns, now_ns);
  if (allowed) entry->full_at_ns = gcra.after_take(entry->full_at_ns, now_ns);
  return gcra.describe(allowed, entry->full_at_ns, now_ns);
}

void FailureLimiter::forgive(const Bucket& bucket, Time now) {
  if (per_minute_ == 0) return;
  const Gcra gcra(per_minute_);
  const auto set_index = table_->set_of(bucket);
  const MutexLock lock(table_->mutex_of(set_index));
  auto* entry = Table::find(table_->set_at(set_index), bucket);
  if (entry == nullptr) return;  // Other entries replaced it, and its failures are forgotten.
  entry->full_at_ns = std::max(entry->full_at_ns - gcra.price_ns, Gcra::count(now));
}

}  // namespace triggers::limit
