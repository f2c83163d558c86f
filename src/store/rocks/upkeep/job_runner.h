#pragma once

// The thread that does the work of jobs of inboxes. What one turn does is in job_turn.h; the jobs are in
// inbox/job_board.h; the calls that start and show them are in rocks_jobs.h.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/settings_table.h"
#include "store/rocks/upkeep/job_turn.h"

namespace triggers::store {

/// Runs jobs a little at a time: one turn of one job after the other. Tenants take turns, and so do the inboxes of a
/// tenant. While others write, it rests for as long as it has worked. A replay waits while the disk has no room, or
/// while its tenant has as many entries in memory as it may. A job goes on from where its last commit left it, also
/// after a crash.
class JobRunner {
 public:
  /// All outlive this.
  JobRunner(Database& database, CommitQueue& queue, const SettingsTable& settings, const JobBoard& board,
            const Clock& clock)
      : database_(database), queue_(queue), board_(board), clock_(clock), turns_(database, queue, settings) {}
  JobRunner(const JobRunner&) = delete;
  JobRunner& operator=(const JobRunner&) = delete;
  ~JobRunner();

  /// Starts the thread.
  void start();
  /// Call it when a job was started. Any thread.
  void wake();
  /// Without the thread: runs all jobs to their end, and removes old ones.
  Status settle();

  /// Jobs that have ended in this process. Any thread.
  [[nodiscard]] std::uint64_t done() const noexcept { return done_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_.load(std::memory_order_relaxed); }

 private:
  void run();
  /// One turn for each tenant that has a job. An Error if one of them did not succeed, or if all jobs have to wait.
  Status round();
  /// The job of each tenant that has waited longest, of those that may go on.
  std::vector<JobBoard::Running> choose();
  Status take_turn(const JobBoard::Running& running);
  Status remove_old();
  /// How long to rest after a round.
  [[nodiscard]] std::chrono::nanoseconds rest(const Status& worked, std::chrono::nanoseconds took) const;

  const Database& database_;
  CommitQueue& queue_;
  const JobBoard& board_;
  const Clock& clock_;
  JobTurns turns_;
  std::atomic<std::uint64_t> done_{0}, failed_{0};

  Mutex mutex_;
  Condition wake_;
  bool stopping_ GUARDED_BY(mutex_) = false;
  bool woken_ GUARDED_BY(mutex_) = false;
  // Of the thread that runs jobs alone:
  std::map<Uuid7, JobWalk> walks_;
  std::uint64_t served_ = 0;
  std::thread thread_;
};

}  // namespace triggers::store
