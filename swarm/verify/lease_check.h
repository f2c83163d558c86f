#pragma once

// Judges the leases of a journal: no entry leased twice at once, attempts that only rise, nothing done by a lease that
// had ended. Comparing a journal with the service is in verify.h.

#include <vector>

#include "base/uuid7.h"
#include "swarm/verify/lease_journal.h"

namespace triggers::swarm {

/// What is wrong with the leases; each list names an event once for each fault. All rules allow for the time that a
/// request or response was on its way, so a finding is a fault of the service, or the work of another client.
struct LeaseFaults {
  std::vector<Uuid7> overlapping;  ///< Leased although another lease was valid.
  std::vector<Uuid7> repeated;     ///< An attempt that was not above an earlier one.
  std::vector<Uuid7> late;         ///< Acknowledged or released by a lease that had ended.
  std::vector<Uuid7> returned;     ///< Leased after it was acknowledged.
  std::vector<Uuid7> early;        ///< Lost by its holder before the lease ended.
  /// Like `overlapping` and `early`, but a request in between got no response: perhaps the service crashed, and a crash
  /// may end a lease early.
  std::uint64_t cut_short = 0;
};

/// Sorts the leases by inbox, event and attempt.
[[nodiscard]] LeaseFaults check_leases(LeaseLines& lines);

}  // namespace triggers::swarm
