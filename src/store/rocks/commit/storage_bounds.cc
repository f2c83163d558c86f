#include "store/rocks/commit/storage_bounds.h"

#include <rocksdb/db.h>
#include <rocksdb/write_batch.h>

#include <algorithm>

#include "store/rocks/format/layout.h"

namespace triggers::store {
namespace {

/// Undelivered entries of all the tenant's inboxes, as the commit that is being built leaves them.
std::uint64_t undelivered(const TenantState& tenant) {
  const auto& roster = tenant.staged_roster();
  if (!roster) return tenant.default_inbox().staged.count;
  std::uint64_t count = 0;
  for (const RosterEntry& entry : roster->entries()) count += entry.state->staged.count;
  return count;
}

}  // namespace

StorageBounds::StorageBounds(const Database& database, const TenantLimits& limits, StoredBytesByTenant stored)
    : database_(database), limits_(limits) {
  std::uint64_t total = 0;
  for (const auto& [tenant, bytes] : stored) {
    const auto counter = counters_.emplace(tenant, Counter{.bytes = bytes, .published = bytes}).first;
    counter->second.tenant = &counter->first;
    total += bytes;
  }
  total_bytes_ = total;
}

std::uint64_t StorageBounds::bytes_of(const IncomingEvent& event) noexcept {
  return stored_bytes(event.event_type, event.source, event.payload, event.metadata);
}

std::optional<StorageLimit> StorageBounds::refuses_tenant(const TenantState& tenant, const IncomingEvent& event,
                                                          std::size_t takers) const {
  if (limits_.bytes_max > 0) {
    const auto counter = counters_.find(tenant.id());
    const std::uint64_t bytes = counter == counters_.end() ? 0 : counter->second.bytes;
    if (bytes + bytes_of(event) > limits_.bytes_max) return StorageLimit::tenant_bytes;
  }
  const bool full = limits_.undelivered_max > 0 && takers > 0 && undelivered(tenant) + takers > limits_.undelivered_max;
  return full ? std::optional{StorageLimit::tenant_undelivered} : std::nullopt;
}

void StorageBounds::removed(const std::string& tenant, std::uint64_t bytes) {
  if (limits_.bytes_max == 0 || bytes == 0) return;
  Counter& counter = change(tenant);
  counter.bytes -= std::min(counter.bytes, bytes);
}

void StorageBounds::add(const std::string& tenant, std::uint64_t bytes) { change(tenant).bytes += bytes; }

StorageBounds::Counter& StorageBounds::change(const std::string& tenant) {
  const auto found = counters_.try_emplace(tenant).first;
  Counter& counter = found->second;
  counter.tenant = &found->first;
  undo_.reserve(undo_.size() + 1);
  if (!counter.touched) touched_.push_back(&counter);
  undo_.push_back({&counter, counter.bytes, counter.touched});
  counter.touched = true;
  return counter;
}

void StorageBounds::begin() noexcept {
  touched_.clear();
  undo_.clear();
}

void StorageBounds::undo() noexcept {
  for (; !undo_.empty(); undo_.pop_back()) {
    const Undo& last = undo_.back();
    last.counter->bytes = last.bytes;
    last.counter->touched = last.touched;
    if (!last.touched) touched_.pop_back();
  }
}

void StorageBounds::put(rocksdb::WriteBatch& batch) const {
  if (touched_.empty()) return;
  std::string value;
  auto* const meta = database_.family(Family::meta);
  for (const Counter* counter : touched_) {
    value.clear();
    layout::append_u64(value, counter->bytes);
    batch.Put(meta, layout::stored_bytes_key(*counter->tenant), value);
  }
}

void StorageBounds::publish() noexcept {
  for (Counter* counter : touched_) {
    total_bytes_.fetch_add(counter->bytes - counter->published, std::memory_order_relaxed);
    counter->published = counter->bytes;
    counter->touched = false;
  }
  touched_.clear();
}

void StorageBounds::discard() noexcept {
  for (Counter* counter : touched_) {
    counter->bytes = counter->published;
    counter->touched = false;
  }
  touched_.clear();
}

}  // namespace triggers::store
