#pragma once

// For tests of undo: an index copied by value, and what two indexes are compared by. The random steps are in
// test_index_steps.h.

#include <array>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "base/invariant.h"
#include "inbox/entry_index.h"

namespace triggers::inbox {

/// For tests: everything that an index answers.
struct IndexState {
  std::array<std::vector<EventId>, 4> pages;
  std::map<EventId, IndexedEntry> entries;
  std::map<LeaseId, std::vector<EventId>> held;
  EventId fresh_after;
  Counts counts;
  std::optional<UnixMillis> due, expiry;
  std::optional<EntryIndex::Ending> ending;
  bool operator==(const IndexState&) const = default;

  /// `known_ids`, `known_leases`: all that were ever given to the index.
  static IndexState of(const EntryIndex& index, const std::set<EventId>& known_ids,
                       const std::set<LeaseId>& known_leases) {
    IndexState state;
    for (std::size_t i = 0; i != state.pages.size(); ++i) {
      state.pages[i] = index.page(static_cast<EntryState>(i), std::nullopt, ~std::size_t{0});
    }
    for (const EventId& id : known_ids) {
      if (const auto entry = index.find(id)) state.entries.emplace(id, *entry);
    }
    for (const LeaseId& lease : known_leases) {
      if (auto held = index.held_by(lease); !held.empty()) state.held.emplace(lease, std::move(held));
    }
    state.fresh_after = index.fresh_after();
    state.counts = index.counts();
    state.due = index.next_due();
    state.expiry = index.next_expiry();
    state.ending = index.next_ending();
    return state;
  }
};

/// For tests: an index with the same entries, made without the journal of the first.
inline std::unique_ptr<EntryIndex> copy_of(const IndexState& state, const Rules& rules) {
  auto copy = std::make_unique<EntryIndex>(rules);
  for (const auto& [id, known] : state.entries) {
    Entry entry = known.entry;
    if (known.failed) entry.last_failure.emplace();
    INVARIANT(copy->restore(id, entry, UnixMillis::max()), "the entry of an index is taken for damaged");
  }
  INVARIANT(copy->restored({state.counts.undelivered(), state.counts.dead, state.fresh_after}),
            "the counts of an index are taken for damaged");
  return copy;
}

}  // namespace triggers::inbox
