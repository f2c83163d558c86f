#pragma once

// How a commit starts jobs of inboxes, and does a part of one. What is done to each entry is in entry_stage.h; what
// makes the parts is in upkeep/job_turn.h.

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "base/result.h"
#include "base/uuid7.h"
#include "store/rocks/commit/append_stage.h"
#include "store/rocks/commit/entry_stage.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/commit/target_inbox.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Jobs that run at once: of all tenants, and of one.
inline constexpr std::size_t running_jobs_max = 1'000, running_jobs_of_tenant_max = 10;

/// Changes jobs. For the committer's thread.
class JobStage {
 public:
  /// All outlive this.
  JobStage(Staging& staging, EntryStage& entries, const AppendStage& appends, JobBoard& board)
      : staging_(staging), entries_(entries), appends_(appends), board_(board), ids_(board.newest()) {}

  /// Begins a new commit.
  void begin() noexcept;
  /// Does the operation's part. Errors of a start: `not_found` (no such inbox), `conflict` (its inbox has a job that
  /// runs), `share_used` and `overloaded` (too many jobs run).
  Status stage(Operation& operation, TenantState& tenant);
  /// Removes what is stored of the inbox's jobs.
  void forget(const InboxState& inbox);

  /// keep() confirms what was staged so far; undo() forgets what was staged since the last keep(), except in the batch.
  void keep() noexcept { kept_ = changes_.size(); }
  void undo() noexcept { changes_.resize(kept_); }
  /// Shows the changes to all threads once the commit is durable.
  void publish() noexcept;

 private:
  struct Change {
    std::shared_ptr<InboxState> inbox{};
    JobRecord record{};
    bool removed = false;
    bool started = false;
  };

  Status start(JobOperation& job, const TenantState& tenant);
  [[nodiscard]] Status may_start(const InboxState& inbox, const TenantState& tenant) const;
  void work(Operation& operation, TenantState& tenant);
  /// False: the job must wait.
  bool work_on(JobOperation& job, std::size_t index, TenantState& tenant, const TargetInbox& target, Job& progress);
  void remove(const JobOperation& job);
  void put(const std::shared_ptr<InboxState>& inbox, const InboxName& name, JobRecord record, bool started);
  void put_removal(const std::shared_ptr<InboxState>& inbox, const Uuid7& id);
  /// As this commit leaves it.
  [[nodiscard]] std::optional<JobRecord> find(const InboxState& inbox, const Uuid7& id) const;
  [[nodiscard]] std::size_t started() const noexcept;

  Staging& staging_;
  EntryStage& entries_;
  const AppendStage& appends_;
  JobBoard& board_;
  Uuid7Generator ids_;
  std::vector<Change> changes_;
  std::size_t kept_ = 0;
};

}  // namespace triggers::store
