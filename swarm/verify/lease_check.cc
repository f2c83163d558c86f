#include "swarm/verify/lease_check.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <tuple>

namespace triggers::swarm {
namespace {

// The service counts in milliseconds, and its clock may not run exactly as ours.
constexpr JournalTime tolerance_us = 50'000;
constexpr JournalTime tolerance_share = 1000;  // and a thousandth of the lease

JournalTime tolerance(const JournaledLease& lease) {
  return tolerance_us + (lease.ends_by - lease.answered) / tolerance_share;
}

class EntryCheck {
 public:
  EntryCheck(std::span<const JournaledLease> leases, const std::vector<JournalTime>& unanswered, LeaseFaults& faults)
      : leases_(leases), unanswered_(unanswered), faults_(faults) {}

  /// In the order of attempts, which is the order in which the service granted the leases.
  void run() {
    const JournaledLease* holder = nullptr;  // of the earlier leases, the one that holds longest
    JournalTime asked_max = -1, settled_by = never;
    for (std::size_t i = 0; i < leases_.size(); ++i) {
      const JournaledLease& one = leases_[i];
      const bool repeats = i > 0 && leases_[i - 1].attempt == one.attempt;
      if (repeats || one.answered < asked_max) faults_.repeated.push_back(one.event);
      if (holder != nullptr && one.answered < holder->ends_from - tolerance(*holder)) {
        report(faults_.overlapping, one.event, holder->answered, one.answered);
      }
      if (one.asked > settled_by) faults_.returned.push_back(one.event);
      check_use(one, i + 1 < leases_.size() ? &leases_[i + 1] : nullptr);
      if (holder == nullptr || one.ends_from > holder->ends_from) holder = &one;
      asked_max = std::max(asked_max, one.asked);
      settled_by = std::min(settled_by, one.settled_by);
    }
  }

 private:
  void check_use(const JournaledLease& one, const JournaledLease* next) {
    const bool by_time = one.acted_at != never && one.acted_at > one.ends_by + tolerance(one);
    const bool by_next =
        one.acted_at != never && next != nullptr && next->attempt > one.attempt && one.acted_at > next->answered;
    if (by_time || by_next) faults_.late.push_back(one.event);
    const JournalTime valid_until = one.asked + (one.ends_by - one.answered);
    const bool used_before = one.acted_at != never && one.acted_at <= one.lost_by;
    if (one.lost && !one.maybe_taken && !used_before && one.lost_by < valid_until - tolerance(one)) {
      report(faults_.early, one.event, one.answered, one.lost_by);
    }
  }

  void report(std::vector<Uuid7>& faults, const Uuid7& event, JournalTime from, JournalTime to) {
    const auto found = std::lower_bound(unanswered_.begin(), unanswered_.end(), from);
    if (found != unanswered_.end() && *found <= to) {
      ++faults_.cut_short;
    } else {
      faults.push_back(event);
    }
  }

  std::span<const JournaledLease> leases_;
  const std::vector<JournalTime>& unanswered_;
  LeaseFaults& faults_;
};

}  // namespace

LeaseFaults check_leases(LeaseLines& lines) {
  auto& all = lines.leases;
  std::sort(all.begin(), all.end(), [](const JournaledLease& a, const JournaledLease& b) {
    return std::tie(a.inbox, a.event, a.attempt, a.asked) < std::tie(b.inbox, b.event, b.attempt, b.asked);
  });
  LeaseFaults faults;
  for (auto from = all.begin(); from != all.end();) {
    const auto to = std::find_if(from, all.end(), [&](const JournaledLease& one) {
      return one.inbox != from->inbox || one.event != from->event;
    });
    EntryCheck{std::span{from, to}, lines.unanswered, faults}.run();
    from = to;
  }
  return faults;
}

}  // namespace triggers::swarm
