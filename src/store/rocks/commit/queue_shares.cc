#include "store/rocks/commit/queue_shares.h"

#include <algorithm>
#include <functional>

#include "base/invariant.h"
#include "base/random.h"

namespace triggers::store {
namespace {

/// Whether a tenant that has `mine` of `all` may have `more`, where `most` is the limit.
bool leaves_half(std::size_t mine, std::size_t more, std::size_t all, std::size_t most) noexcept {
  const std::size_t others = all - std::min(all, mine);  // Read apart, so it may be a little off.
  return mine + more <= (most - std::min(most, others)) / 2;
}

}  // namespace

QueueShares::QueueShares(std::size_t operations_max, std::size_t bytes_max)
    : operations_max_(operations_max), bytes_max_(bytes_max), seed_(random_u64()) {}

QueueShares::Counter& QueueShares::counter_of(std::string_view tenant) noexcept {
  // Mixed with a seed, so that nobody can choose names that meet.
  return counters_[((std::hash<std::string_view>{}(tenant) ^ seed_) * 0x9E3779B97F4A7C15ULL >> 32) % counter_count];
}

bool QueueShares::take(std::string_view tenant, std::size_t bytes, std::size_t operations,
                       std::size_t bytes_all) noexcept {
  Counter& counter = counter_of(tenant);
  const std::size_t mine = counter.operations.fetch_add(1, std::memory_order_relaxed);
  const std::size_t my_bytes = counter.bytes.fetch_add(bytes, std::memory_order_relaxed);
  if (mine == 0) return true;
  if (leaves_half(mine, 1, operations, operations_max_) && leaves_half(my_bytes, bytes, bytes_all, bytes_max_)) {
    return true;
  }
  give_back(tenant, bytes);
  return false;
}

void QueueShares::give_back(std::string_view tenant, std::size_t bytes) noexcept {
  Counter& counter = counter_of(tenant);
  const std::size_t operations = counter.operations.fetch_sub(1, std::memory_order_relaxed);
  const std::size_t held = counter.bytes.fetch_sub(bytes, std::memory_order_relaxed);
  INVARIANT(operations > 0 && held >= bytes, "a tenant gives back %zu bytes of %zu, and an operation of %zu", bytes,
            held, operations);
}

void QueueShares::give_back_bytes(std::string_view tenant, std::size_t bytes) noexcept {
  const std::size_t held = counter_of(tenant).bytes.fetch_sub(bytes, std::memory_order_relaxed);
  INVARIANT(held >= bytes, "a tenant gives back %zu bytes of %zu", bytes, held);
}

}  // namespace triggers::store
