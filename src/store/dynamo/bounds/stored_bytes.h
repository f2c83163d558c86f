#pragma once

// The bytes that a tenant has stored lately. What refuses events because of them is in tenant_bounds.h.

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "store/dynamo/client/table.h"
#include "store/dynamo/events/counts.h"
#include "store/tenant.h"

namespace triggers::store::dynamo {

/// Counts the bytes of accepted events by the period of their acceptance: a day, or a hundredth of event_ttl if that is
/// longer. The sum of the newest periods, as long as event_ttl, is what the tenant has stored at least: no event leaves
/// the log earlier. It lacks what was accepted before. A period's count is not changed when it is over, and is removed
/// some days after it counts no more. So an error, as that of a node that was killed, does not stay. Any thread.
class StoredBytes {
 public:
  StoredBytes(Table& table, const Clock& clock, std::chrono::hours event_ttl);

  void add(const Tenant& tenant, std::uint64_t bytes);
  /// Reads the current period, and the one before, to which other nodes may still add: two reads.
  Task<Status> read(const Tenant& tenant);
  /// The sum of all periods before these. It changes with the period only. A read for each period.
  Task<Result<std::uint64_t>> read_older(const Tenant& tenant);
  /// As this node knows it after read().
  [[nodiscard]] std::uint64_t known_newest(const Tenant& tenant) const;
  /// The number of the current period.
  [[nodiscard]] std::int64_t period() const;

  [[nodiscard]] Counts& counts() noexcept { return counts_; }

 private:
  [[nodiscard]] std::string name(std::int64_t period) const;
  Task<void> read_to(Result<Counts::Count>& count, const Tenant& tenant, std::string name);

  Table& table_;
  const Clock& clock_;
  const std::chrono::hours length_;  ///< Of a period.
  const std::int64_t periods_;       ///< Before the current one, that count.
  Counts counts_;
};

}  // namespace triggers::store::dynamo
