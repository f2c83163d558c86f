#pragma once

// What is in memory of each tenant. The inboxes of one are in roster.h, and the state of one inbox is in inbox_state.h.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "inbox/inbox_name.h"
#include "store/rocks/inbox/inbox_state.h"
#include "store/rocks/inbox/roster.h"

namespace triggers::store {

/// One tenant and its inboxes. `default` is never removed; hold the pointer to any other while using it. Any thread,
/// where nothing else is said.
class TenantState {
 public:
  explicit TenantState(std::string id);

  [[nodiscard]] const std::string& id() const noexcept { return default_->tenant(); }
  [[nodiscard]] InboxState& default_inbox() const noexcept { return *default_; }
  [[nodiscard]] const std::shared_ptr<InboxState>& shared_default_inbox() const noexcept { return default_; }

  /// The inboxes as of the last commit. Null: the tenant has only `default`, with settings that were never changed.
  [[nodiscard]] std::shared_ptr<const Roster> roster() const;
  /// Null if there is no such inbox.
  [[nodiscard]] std::shared_ptr<InboxState> find(const InboxName& name) const;
  /// InboxRecord::number; 0 if there is no such inbox.
  [[nodiscard]] std::uint64_t number_of(const InboxName& name) const;

  /// The inboxes as the commit that is being built leaves them. For the committer's thread, as the rest.
  [[nodiscard]] const std::shared_ptr<const Roster>& staged_roster() const noexcept { return staged_; }
  void stage(std::shared_ptr<const Roster> roster) noexcept { staged_ = std::move(roster); }
  /// Shows the staged inboxes to all threads once the commit is durable.
  void publish();
  /// Forgets the staged inboxes of a commit that was not written.
  void discard() { staged_ = roster(); }
  /// At least so many more entries may be tracked: commit/tracked_bound.h.
  std::uint64_t room_for_tracked = 0;

 private:
  const std::shared_ptr<InboxState> default_;
  std::shared_ptr<const Roster> staged_;
  mutable SharedMutex mutex_;
  std::shared_ptr<const Roster> roster_ GUARDED_BY(mutex_);
};

/// All tenants, by id. They are never removed, so a reference stays valid. Any thread, where nothing else is said.
class Tenants {
 public:
  /// Created on first use.
  [[nodiscard]] TenantState& get(std::string_view id);
  /// Null if it was not used yet.
  [[nodiscard]] TenantState* find(std::string_view id) const;

  /// False while no tenant has a roster: then every event goes to `default` alone.
  [[nodiscard]] bool any_roster() const noexcept { return any_roster_.load(std::memory_order_acquire); }
  /// Publishes the staged roster of the tenant. For the committer's thread, and the start.
  void publish(TenantState& tenant);

  /// The inboxes of all tenants that an operation may name, with their tenants' rosters.
  struct Inboxes {
    std::vector<InboxState*> defaults;                   ///< Of all tenants.
    std::vector<std::shared_ptr<const Roster>> rosters;  ///< Of those that have one.
  };
  [[nodiscard]] Inboxes inboxes() const;
  /// Events in the inboxes `default` of all tenants.
  [[nodiscard]] std::uint64_t unacknowledged() const;

  /// A number for a new inbox. No call returns one that set_last_number() or an earlier call has named.
  [[nodiscard]] std::uint64_t next_number() noexcept { return 1 + last_number_.fetch_add(1); }
  [[nodiscard]] std::uint64_t last_number() const noexcept { return last_number_; }
  void set_last_number(std::uint64_t number) noexcept { last_number_ = number; }

  /// Inboxes that were removed and still have entries.
  void add_leaving(std::shared_ptr<InboxState> inbox);
  /// So many of the next add_leaving() need no memory.
  void reserve_leaving(std::size_t count);
  void remove_leaving(const InboxState& inbox);
  [[nodiscard]] std::vector<std::shared_ptr<InboxState>> leaving() const;

 private:
  std::atomic<bool> any_roster_{false};
  std::atomic<std::uint64_t> last_number_{0};
  mutable SharedMutex mutex_;
  /// The keys are views of the tenants' own ids.
  std::unordered_map<std::string_view, std::unique_ptr<TenantState>> by_id_ GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<InboxState>> leaving_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store
