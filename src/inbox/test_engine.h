#pragma once

// For tests: the least engine that keeps an inbox, on two maps. The model that it is compared with is in
// history_test.cc.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/invariant.h"
#include "inbox/entry_index.h"
#include "inbox/record_codec.h"

namespace triggers::inbox {

/// For tests: an inbox as an engine on a key-value store keeps it. `records` and `pending` are the disk; crash() loses
/// everything else.
class TestEngine {
 public:
  TestEngine(const Rules& rules, std::mt19937_64& random) : rules_(rules), random_(random) { start({}); }

  [[nodiscard]] const EntryIndex& index() const { return *index_; }
  [[nodiscard]] const std::set<EventId>& pending() const { return pending_; }

  /// The stored record. A pending entry without one is fresh.
  [[nodiscard]] Record record(const EventId& id) const {
    Record known;
    if (const auto at = records_.find(id); at != records_.end()) known = std::move(decode_record(at->second)).value();
    if (!known.entry && pending_.contains(id)) known.entry = Entry{};
    return known;
  }

  void set_rules(const Rules& rules) {
    rules_ = rules;
    index_->set_rules(rules);
  }

  /// New or replayed.
  void accept(const EventId& id, UnixMillis now) {
    const auto again = replay(record(id), now);
    if (!again) return;
    pending_.insert(id);
    if (index_->accept(id)) store(id, *again);
  }

  /// Leases and delays end by `now`; what is too old at `retention_now` leaves.
  void advance(UnixMillis now, UnixMillis retention_now) {
    while (index_->next_due() && *index_->next_due() <= now) {
      for (const Ended& ended : index_->advance(now, 1 + random_() % 4)) {
        if (ended.what != Ended::What::died) continue;
        Record known = record(ended.id);
        known.entry = settle(*known.entry, rules_.max_attempts, ended.since);
        store(ended.id, known);
      }
    }
    while (index_->next_expiry() && *index_->next_expiry() <= retention_now) {
      for (const EventId& id : index_->expire_dead(retention_now, 1 + random_() % 4)) {
        store(id, *expire(record(id), id.time(), rules_, now, retention_now));
      }
    }
    while (!pending_.empty()) {
      const EventId oldest = *pending_.begin();
      const auto left = expire(record(oldest), oldest.time(), rules_, now, retention_now);
      if (!left) break;
      leave(oldest, *left);
    }
  }

  /// `lost`: nothing could be stored, so the index is put back.
  std::vector<LeasedEntry> lease(const LeaseId& lease, std::size_t limit, std::chrono::seconds duration, UnixMillis now,
                                 bool lost = false) {
    const auto before = index_->begin();
    std::vector<EventId> fresh;
    const auto first = pending_.upper_bound(index_->fresh_after());
    if (first != pending_.end() && random_() % 2 == 0) index_->skip_to(*first);
    for (auto at = pending_.upper_bound(index_->fresh_after()); at != pending_.end() && fresh.size() != limit; ++at) {
      fresh.push_back(*at);
    }
    auto leased = index_->lease(fresh, limit, lease, duration, now);
    if (lost) index_->rollback(before);
    index_->keep();
    if (lost) return {};
    for (LeasedEntry& entry : leased) {
      Record known = record(entry.id);
      if (entry.failed != (known.entry && known.entry->last_failure)) return {};  // Then the comparison fails.
      if (entry.failed) entry.entry.last_failure = known.entry->last_failure;
      known.entry = entry.entry;
      store(entry.id, known);
    }
    stored_fresh_after_ = index_->fresh_after();
    return leased;
  }

  /// Stores and shows what a transition has changed.
  EntryStatus apply(const EventId& id, const Transition& transition) {
    if (!transition.changed) return transition.status;
    if (!transition.changed->entry) {
      leave(id, *transition.changed);
    } else {
      index_->update(id, *transition.changed->entry);
      store(id, *transition.changed);
    }
    return transition.status;
  }

  void leave(const EventId& id, const Record& left) {
    index_->remove(id);
    store(id, left);
  }

  void crash(UnixMillis now) { start(now); }

 private:
  void store(const EventId& id, const Record& record) {
    if (record.empty()) {
      records_.erase(id);
    } else {
      records_[id] = encode_record(record);
    }
    if (record.entry && record.entry->state != EntryState::dead) {
      pending_.insert(id);
    } else {
      pending_.erase(id);
    }
  }

  void start(UnixMillis now) {
    index_ = std::make_unique<EntryIndex>(rules_);
    std::vector<std::pair<EventId, Entry>> entries;
    for (const auto& [id, bytes] : records_) {
      const Record known = std::move(decode_record(bytes)).value();
      if (known.entry) entries.emplace_back(id, *known.entry);
    }
    if (random_() % 2 == 0) std::shuffle(entries.begin(), entries.end(), random_);
    std::uint64_t dead = 0;
    for (const auto& [id, entry] : entries) {
      dead += entry.state == EntryState::dead ? 1 : 0;
      INVARIANT(index_->restore(id, entry, now), "a record that was encoded is taken for damaged");
    }
    const EventId fresh_after = stores_fresh_after_ ? stored_fresh_after_ : EventId{};
    INVARIANT(index_->restored({pending_.size(), dead, fresh_after}), "right counts are taken for damaged");
  }

  Rules rules_;
  std::mt19937_64& random_;
  const bool stores_fresh_after_ = random_() % 2 == 0;  ///< Engines may or may not.
  std::map<EventId, std::string> records_;
  std::set<EventId> pending_;
  EventId stored_fresh_after_{};
  std::unique_ptr<EntryIndex> index_;
};

}  // namespace triggers::inbox
