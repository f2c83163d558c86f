#pragma once

// One group commit: it runs the stages, and writes what they staged. The stages are append_stage.h, entry_stage.h,
// job_stage.h, settings_stage.h and sweep_stage.h; the thread is in committer.h.

#include <memory>
#include <span>

#include "base/result.h"
#include "base/uuid7.h"
#include "store/rocks/commit/append_stage.h"
#include "store/rocks/commit/committer_config.h"
#include "store/rocks/commit/entry_stage.h"
#include "store/rocks/commit/job_stage.h"
#include "store/rocks/commit/operation.h"
#include "store/rocks/commit/settings_stage.h"
#include "store/rocks/commit/staging.h"
#include "store/rocks/commit/sweep_stage.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/tenants.h"

namespace triggers::store {

/// Builds and writes a commit. Reused, so that a quiet server allocates little and a busy one less. For the committer's
/// thread.
class GroupCommit {
 public:
  /// Ids continue after `last_id`. The others outlive this.
  GroupCommit(Database& database, Tenants& tenants, JobBoard& jobs, const CommitterConfig& config,
              const EventId& last_id);
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;
  ~GroupCommit();

  /// Writes and syncs the part of each operation that is to be done now, and publishes what has changed. Every
  /// operation gets its results or an error, whatever happens. False: nothing was written, or nobody knows what was.
  bool commit(std::span<Operation* const> operations) noexcept;

  /// As EntryStage::count_entries().
  [[nodiscard]] std::size_t count_entries(const Operation& operation);

  /// Of the last commit, except for its total time.
  [[nodiscard]] const CommitStats& stats() const noexcept { return staging_.stats; }
  /// As StorageBounds::total_bytes(). Any thread.
  [[nodiscard]] std::uint64_t stored_bytes() const noexcept { return staging_.bounds.total_bytes(); }

 private:
  void begin();
  /// Answers the operations that only look, also when writes have stopped.
  void look(std::span<Operation* const> operations);
  void stage_all(std::span<Operation* const> operations);
  Status stage(Operation& operation);
  Status stage_leaving(Operation& operation);
  void stage_one(Operation& operation);
  /// Stages each event on its own, so that a failed one leaves the others.
  void stage_events(Operation& operation);
  /// Runs `stage()`; if it fails, nothing of what it staged stays.
  template <class Stage>
  Status stage_whole(Stage stage);
  void keep();
  void undo(const CommitStats& before);
  Status write(std::span<Operation* const> operations);
  Status write_or_refuse(std::span<Operation* const> operations) noexcept;
  void publish(std::span<Operation* const> operations);
  void discard() noexcept;

  Tenants& tenants_;
  JobBoard& board_;
  const CommitterConfig& config_;
  const std::unique_ptr<rocksdb::WriteBatch> batch_;
  Staging staging_;
  AppendStage appends_;
  EntryStage entries_;
  SettingsStage settings_;
  SweepStage sweeps_;
  JobStage jobs_;
};

}  // namespace triggers::store
