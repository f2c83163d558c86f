#pragma once

// For tests: checks the promises to consumers. judge_test.cc shows that it finds faults.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "inbox/transitions.h"

namespace triggers::inbox {

/// For tests: judges a history of one inbox only by what its clients saw. It knows the promises to consumers, but not
/// how entries are stored. One thread.
class Judge {
 public:
  /// The first promise that was broken. Empty if none was.
  [[nodiscard]] const std::string& verdict() const noexcept { return verdict_; }

  void accepted(const EventId& id) {
    present_.insert(id);
    attempts_[id] = 0;
  }

  void handed_out(const EventId& id, const LeaseId& lease, std::uint32_t attempt, UnixMillis now, UnixMillis until) {
    expect(present_.contains(id), "an entry was leased that is not in the inbox");
    expect(!holder(id, now), "an entry was leased while another lease held it");
    expect(attempt > attempts_[id], "an attempt was repeated");
    attempts_[id] = attempt;
    holders_[id] = {lease, until};
  }

  /// The answer was lost: no client knows the lease, but the attempt was made.
  void handed_out_unseen(const EventId& id, std::uint32_t attempt) {
    expect(attempt > attempts_[id], "an attempt was repeated");
    attempts_[id] = attempt;
  }

  void acknowledged(const EventId& id, const std::optional<LeaseId>& lease, EntryStatus status, UnixMillis now) {
    const bool may = lease ? holder(id, now) == lease : present_.contains(id);
    const auto last = acknowledged_by_.find(id);
    const bool before = last != acknowledged_by_.end() && (!lease || last->second == lease);
    if (may) {
      expect(status == EntryStatus::acknowledged, "a valid lease could not acknowledge");
      acknowledged_by_[id] = lease;
      left(id);
    } else if (before) {
      expect(status == EntryStatus::already_acknowledged, "a repeated acknowledgement was not told as one");
    } else {
      refused(id, status);
    }
  }

  void released(const EventId& id, const LeaseId& lease, EntryStatus status, UnixMillis now) {
    if (holder(id, now) != lease) return refused(id, status);
    expect(status == EntryStatus::released, "a valid lease could not release");
    holders_.erase(id);
  }

  void extended(const EventId& id, const LeaseId& lease, EntryStatus status, UnixMillis now, UnixMillis until) {
    if (holder(id, now) != lease) return refused(id, status);
    expect(status == EntryStatus::extended, "a valid lease could not be extended");
    holders_[id].until = until;
  }

  void requeued(const EventId& id) { attempts_[id] = 0; }

  void left(const EventId& id) {
    expect(present_.erase(id) == 1, "an entry left twice");
    holders_.erase(id);
  }

  /// `found`: what the inbox has now. Only entries whose retention has passed may be missing.
  void present_are(const std::set<EventId>& found, UnixMillis now, const Rules& rules) {
    for (const EventId& id : found) expect(present_.contains(id), "the inbox has an entry that has left it");
    std::set<EventId> missing;
    for (const EventId& id : present_) {
      if (!found.contains(id)) missing.insert(id);
    }
    for (const EventId& id : missing) {
      const bool undelivered = rules.retention && now - id.time() >= *rules.retention;
      const bool dead = attempts_[id] > 0 && now - id.time() >= rules.dead_retention;
      expect(undelivered || dead, "an entry was lost");
      left(id);
    }
  }

 private:
  struct Holder {
    LeaseId lease;
    UnixMillis until;
  };

  /// The holder of a valid lease, as far as clients know.
  std::optional<LeaseId> holder(const EventId& id, UnixMillis now) const {
    const auto at = holders_.find(id);
    if (at == holders_.end() || now >= at->second.until) return std::nullopt;
    return at->second.lease;
  }

  void refused(const EventId& id, EntryStatus status) {
    const bool lost = present_.contains(id) || acknowledged_by_.contains(id);
    expect(status == (lost ? EntryStatus::lease_lost : EntryStatus::not_found), "a lost lease got another answer");
  }

  void expect(bool kept, const char* broken) {
    if (!kept && verdict_.empty()) verdict_ = broken;
  }

  std::string verdict_;
  std::set<EventId> present_;
  std::map<EventId, std::uint32_t> attempts_;
  std::map<EventId, Holder> holders_;
  std::map<EventId, std::optional<LeaseId>> acknowledged_by_;
};

}  // namespace triggers::inbox
