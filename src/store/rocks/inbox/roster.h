#pragma once

// The inboxes of one tenant as of one commit, in memory. Their settings are on the disk (settings_table.h); the state
// of one inbox is in inbox_state.h.

#include <chrono>
#include <memory>
#include <vector>

#include "inbox/transitions.h"
#include "store/inbox_changes.h"
#include "store/rocks/inbox/inbox_state.h"
#include "store/routes.h"

namespace triggers::store {

/// What is in memory of an inbox and its settings. The long texts are only on the disk.
struct RosterEntry {
  InboxName name{};
  InboxTag tag{};
  bool collect = true;
  bool filtered = false;  ///< It has a filter.
  std::chrono::seconds lease_duration{};
  inbox::Rules rules{};
  std::shared_ptr<InboxState> state{};
};

/// The inboxes of one tenant, immutable. A change of settings makes another one, so a pointer identifies the settings
/// by which events were routed.
class Roster {
 public:
  /// `entries`: by name, `default` among them, at most inboxes_per_tenant_max.
  explicit Roster(std::vector<RosterEntry> entries);

  /// An entry's position is its bit in Takers.
  [[nodiscard]] const std::vector<RosterEntry>& entries() const noexcept { return entries_; }
  /// Null if there is no such inbox.
  [[nodiscard]] const RosterEntry* find(const InboxName& name) const noexcept;
  /// True if a collecting inbox has a filter. Otherwise unfiltered() are the takers of every event.
  [[nodiscard]] bool filters() const noexcept { return filters_; }
  [[nodiscard]] const Takers& unfiltered() const noexcept { return unfiltered_; }
  /// The bit of `default`.
  [[nodiscard]] const Takers& default_alone() const noexcept { return default_alone_; }

 private:
  std::vector<RosterEntry> entries_;
  Takers unfiltered_, default_alone_;
  bool filters_ = false;
};

/// True if the roster is made of these records. They are of one tenant.
[[nodiscard]] bool is_of(const Roster& roster, const InboxRecords& records);

[[nodiscard]] RosterEntry roster_entry(const InboxRecord& record, std::shared_ptr<InboxState> state);

}  // namespace triggers::store
