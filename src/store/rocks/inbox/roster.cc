#include "store/rocks/inbox/roster.h"

#include <algorithm>
#include <utility>

#include "base/invariant.h"

namespace triggers::store {

Roster::Roster(std::vector<RosterEntry> entries) : entries_(std::move(entries)) {
  INVARIANT(entries_.size() <= unfiltered_.size() && std::ranges::is_sorted(entries_, {}, &RosterEntry::name),
            "a tenant has %zu inboxes, or they are not in the order of their names", entries_.size());
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const RosterEntry& entry = entries_[i];
    if (entry.name.is_default()) default_alone_.set(i);
    if (entry.collect && !entry.filtered) unfiltered_.set(i);
    filters_ = filters_ || (entry.collect && entry.filtered);
  }
  INVARIANT(default_alone_.any(), "a tenant has no inbox default");
}

const RosterEntry* Roster::find(const InboxName& name) const noexcept {
  const auto found = std::ranges::lower_bound(entries_, name, {}, &RosterEntry::name);
  return found != entries_.end() && found->name == name ? &*found : nullptr;
}

bool is_of(const Roster& roster, const InboxRecords& records) {
  return std::ranges::equal(roster.entries(), records, [](const RosterEntry& entry, const auto& record) {
    return entry.name == record.first && entry.tag == record.second.tag();
  });
}

RosterEntry roster_entry(const InboxRecord& record, std::shared_ptr<InboxState> state) {
  const inbox::Settings& settings = record.settings;
  return {.name = record.name,
          .tag = record.tag(),
          .collect = settings.collect,
          .filtered = !settings.filter.empty(),
          .lease_duration = settings.lease_duration,
          .rules = inbox::Rules::of(settings),
          .state = std::move(state)};
}

}  // namespace triggers::store
