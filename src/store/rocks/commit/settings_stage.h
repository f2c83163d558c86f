#pragma once

// How a commit changes the inboxes of a tenant. What a change does is decided before, in rocks/inbox_admin.h; what runs
// this stage is in group_commit.h.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/result.h"
#include "store/rocks/commit/inbox_operation.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Makes, changes and removes inboxes. What is committed behind a change is routed by it. For the committer's thread.
class SettingsStage {
 public:
  /// The others outlive this.
  SettingsStage(Staging& staging, Tenants& tenants)
      : staging_(staging), tenants_(tenants), last_number_(tenants.last_number()) {}

  /// Begins a new commit. The one before was published or discarded.
  void begin() noexcept;

  /// Changes the inboxes of `tenant`, or sets `outdated`.
  void stage(SettingsOperation& operation, TenantState& tenant);

  /// keep() confirms what was staged so far; undo() forgets what was staged since the last keep(), except in the batch.
  void keep() noexcept { undo_.clear(); }
  void undo() noexcept;

  /// Shows the changes to all threads once the commit is durable.
  void publish();
  /// Forgets the changes of a commit that was not written.
  void discard() noexcept;

 private:
  struct Undo {
    TenantState* tenant;
    std::shared_ptr<const Roster> before;
    std::uint64_t last_number;
    std::size_t changed, removed;  ///< How many there were before.
  };

  /// Changed rules apply to the entries that are there.
  void apply_rules(const TenantState& tenant, const std::shared_ptr<const Roster>& after);

  Staging& staging_;
  Tenants& tenants_;
  std::uint64_t last_number_;          ///< As the batch stores it.
  std::uint64_t stored_number_ = 0;    ///< Before this commit.
  std::vector<TenantState*> changed_;  ///< A tenant may be here more than once.
  std::vector<std::shared_ptr<InboxState>> removed_;
  std::vector<Undo> undo_;
};

}  // namespace triggers::store
