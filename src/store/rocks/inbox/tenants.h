#pragma once

// What is in memory of each tenant. The counters and the head of one inbox are in inbox_state.h.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "inbox/inbox_name.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

/// One tenant and its inboxes. An inbox is never removed, so a reference stays valid. Any thread.
class TenantState {
 public:
  explicit TenantState(std::string id);

  [[nodiscard]] const std::string& id() const noexcept { return default_.tenant(); }
  [[nodiscard]] InboxState& default_inbox() noexcept { return default_; }
  /// Null if there is no such inbox.
  [[nodiscard]] InboxState* find(const inbox::InboxName& name) noexcept {
    return name.is_default() ? &default_ : nullptr;
  }
  /// Created on first use.
  [[nodiscard]] InboxState& inbox(std::string_view name);

  /// Adds all inboxes of the tenant to `inboxes`.
  void list(std::vector<InboxState*>& inboxes);
  /// Events in all its inboxes.
  [[nodiscard]] std::uint64_t unacknowledged() const;

 private:
  InboxState default_;
  mutable Mutex mutex_;
  std::vector<std::unique_ptr<InboxState>> others_ GUARDED_BY(mutex_);
};

/// All tenants, by id. They are never removed, so a reference stays valid. Any thread.
class Tenants {
 public:
  /// Created on first use.
  [[nodiscard]] TenantState& get(std::string_view id);
  /// The inboxes of all tenants.
  [[nodiscard]] std::vector<InboxState*> inboxes() const;
  /// Events in the inboxes of all tenants.
  [[nodiscard]] std::uint64_t unacknowledged() const;

 private:
  mutable SharedMutex mutex_;
  /// The keys are views of the tenants' own ids.
  std::unordered_map<std::string_view, std::unique_ptr<TenantState>> by_id_ GUARDED_BY(mutex_);
};

}  // namespace triggers::store
