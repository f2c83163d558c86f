#pragma once

// For tests of undo: random steps of an engine on an index. How two indexes are compared is in test_index_copy.h.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <iterator>
#include <optional>
#include <random>
#include <set>
#include <utility>
#include <vector>

#include "inbox/entry_index.h"
#include "inbox/test_inbox.h"

namespace triggers::inbox {

/// For tests: one call, or a few of one kind, with all that they need. It can be done on several indexes.
struct IndexStep {
  enum class Kind : std::uint8_t { accept, lease, update, remove, advance, expire, rules, skip };
  Kind kind = Kind::advance;
  std::vector<EventId> ids{};  ///< lease: the fresh ones.
  std::vector<Entry> entries{};
  LeaseId lease{};
  std::size_t limit = 0;
  UnixMillis now{};
  Rules new_rules{};

  void apply(EntryIndex& index) const {
    switch (kind) {
      case Kind::accept:
        for (const EventId& id : ids) (void)index.accept(id);
        return;
      case Kind::lease:
        while (index.next_due() && *index.next_due() <= now) (void)index.advance(now, 16);
        (void)index.lease(ids, limit, lease, std::chrono::seconds(30), now);
        return;
      case Kind::update:
        for (std::size_t i = 0; i != ids.size(); ++i) index.update(ids[i], entries[i]);
        return;
      case Kind::remove:
        for (const EventId& id : ids) index.remove(id);
        return;
      case Kind::advance: (void)index.advance(now, limit); return;
      case Kind::expire: (void)index.expire_dead(now, limit); return;
      case Kind::rules: index.set_rules(new_rules); return;
      case Kind::skip: index.skip_to(ids.front()); return;
    }
  }
};

/// For tests: what the engine beside an index knows, and the steps that are possible.
class IndexSteps {
 public:
  explicit IndexSteps(std::uint64_t seed) : random_(seed) {}

  /// What a rollback takes back, except for ids and leases: these are not given twice.
  struct World {
    std::set<EventId> present;  ///< Undelivered and dead.
    Rules rules;
  };
  World world;

  [[nodiscard]] const std::set<EventId>& ids() const { return ids_; }
  [[nodiscard]] const std::set<LeaseId>& leases() const { return leases_; }
  std::size_t below(std::size_t bound) { return random_() % bound; }

  /// `many`: how many entries a step has at most.
  IndexStep next(const EntryIndex& index, std::size_t many) {
    IndexStep step;
    now_ += std::chrono::milliseconds(below(2'000));
    step.now = now_;
    step.limit = 1 + below(many);
    switch (below(16)) {
      case 0:
      case 1:
      case 2: return accept(step);
      case 3: return replay(step);
      case 4:
      case 5:
      case 6:
      case 7: return lease(index, step);
      case 8:
      case 9: return update(index, step);
      case 10:
      case 11: return remove(index, step);
      case 12: step.kind = IndexStep::Kind::advance; return step;
      case 13: step.kind = IndexStep::Kind::expire; return step;
      case 14: return skip(index, step);
      default: return change_rules(step);
    }
  }

  /// After the index has done the step.
  void done(const EntryIndex& index, const IndexStep& step) {
    switch (step.kind) {
      case IndexStep::Kind::accept: world.present.insert(step.ids.begin(), step.ids.end()); return;
      case IndexStep::Kind::remove:
        for (const EventId& id : step.ids) world.present.erase(id);
        return;
      case IndexStep::Kind::expire:
        std::erase_if(world.present, [&](const EventId& id) { return id <= index.fresh_after() && !index.find(id); });
        return;
      case IndexStep::Kind::rules: world.rules = step.new_rules; return;
      default: return;
    }
  }

 private:
  IndexStep accept(IndexStep step) {
    step.kind = IndexStep::Kind::accept;
    for (std::size_t i = 0; i != step.limit; ++i) step.ids.push_back(test_id(last_ += 1 + below(10)));
    ids_.insert(step.ids.begin(), step.ids.end());
    return step;
  }

  IndexStep replay(IndexStep step) {
    step.kind = IndexStep::Kind::accept;
    std::ranges::set_difference(ids_, world.present, std::back_inserter(step.ids));
    keep_some(step.ids, step.limit);
    return step;
  }

  IndexStep lease(const EntryIndex& index, IndexStep step) {
    step.kind = IndexStep::Kind::lease;
    step.lease = test_lease(leases_.size() + 1);
    leases_.insert(step.lease);
    for (auto at = world.present.upper_bound(index.fresh_after()); at != world.present.end(); ++at) {
      if (step.ids.size() == step.limit) break;
      step.ids.push_back(*at);
    }
    return step;
  }

  /// Any state may follow any other: an engine's transitions, and more.
  IndexStep update(const EntryIndex& index, IndexStep step) {
    step.kind = IndexStep::Kind::update;
    step.ids = slots(index, step.limit);
    for (std::size_t i = 0; i != step.ids.size(); ++i) {
      Entry entry{.state = static_cast<EntryState>(below(4)), .attempts = static_cast<std::uint32_t>(below(5))};
      const UnixMillis at = now_ + std::chrono::milliseconds(1 + below(20'000));
      (entry.state == EntryState::dead ? entry.since : entry.until) = at;
      if (entry.state == EntryState::available) entry.until = {};
      if (entry.state == EntryState::leased) entry.lease = test_lease(1 + below(leases_.size() + 1));
      leases_.insert(test_lease(leases_.size() + 1));
      if (below(3) == 0) entry.last_failure.emplace();
      step.entries.push_back(entry);
    }
    return step;
  }

  IndexStep remove(const EntryIndex& index, IndexStep step) {
    step.kind = IndexStep::Kind::remove;
    if (below(3) != 0) {
      step.ids = slots(index, step.limit);
    } else {
      step.ids.assign(world.present.upper_bound(index.fresh_after()), world.present.end());
      keep_some(step.ids, step.limit);
    }
    return step;
  }

  IndexStep skip(const EntryIndex& index, IndexStep step) {
    const auto first = world.present.upper_bound(index.fresh_after());
    if (first == world.present.end()) return step;
    step.kind = IndexStep::Kind::skip;
    step.ids = {*first};
    return step;
  }

  IndexStep change_rules(IndexStep step) {
    step.kind = IndexStep::Kind::rules;
    step.new_rules = {.max_attempts = below(3) == 0 ? std::nullopt : MaxAttempts(1 + below(4)),
                      .retention = {},
                      .dead_retention = std::chrono::days(below(2))};
    return step;
  }

  /// Neighbours of one state, so that leaves and chunks become empty, or some of all states.
  std::vector<EventId> slots(const EntryIndex& index, std::size_t limit) {
    const auto state = static_cast<EntryState>(below(4));
    if (below(2) == 0) return index.page(state, test_id(below(last_ + 1)), limit);
    std::vector<EventId> found;
    for (std::size_t i = 0; i != 4; ++i) {
      std::ranges::copy(index.page(static_cast<EntryState>(i), std::nullopt, ~std::size_t{0}),
                        std::back_inserter(found));
    }
    keep_some(found, limit);
    return found;
  }

  void keep_some(std::vector<EventId>& ids, std::size_t limit) {
    std::ranges::shuffle(ids, random_);
    ids.resize(std::min(ids.size(), limit));
  }

  std::mt19937_64 random_;
  UnixMillis now_ = test_time;
  std::uint64_t last_ = 0;  ///< The number of the newest id.
  std::set<EventId> ids_;
  std::set<LeaseId> leases_;
};

}  // namespace triggers::inbox
