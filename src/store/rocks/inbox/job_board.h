#pragma once

// The jobs of all inboxes in memory. Their bytes are in format/job_record.h; commit/job_stage.h changes them;
// upkeep/job_runner.h does their work.

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

#include "base/mutex.h"
#include "inbox/inbox_name.h"
#include "store/rocks/format/job_record.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

using inbox::InboxName;

/// The jobs that inboxes show, as of the last commit. It keeps the state of an inbox alive that has any. Any thread,
/// where nothing else is said.
class JobBoard {
 public:
  struct Running {
    std::shared_ptr<InboxState> inbox;
    InboxName name;
    JobRecord record;
  };
  struct Ended {
    std::shared_ptr<InboxState> inbox;
    InboxName name;
    std::vector<Uuid7> jobs;
  };

  [[nodiscard]] std::optional<JobRecord> find(const InboxState& inbox, const Uuid7& job) const;
  /// Of one inbox, oldest first.
  [[nodiscard]] std::vector<JobRecord> jobs(const InboxState& inbox) const;
  [[nodiscard]] bool runs(const InboxState& inbox) const;
  [[nodiscard]] std::vector<Running> running() const;
  [[nodiscard]] std::size_t running_count() const noexcept { return running_count_.load(std::memory_order_relaxed); }
  /// The greatest id of a job.
  [[nodiscard]] Uuid7 newest() const;
  /// The jobs that have ended at `time` or before.
  [[nodiscard]] std::vector<Ended> ended_by(UnixMillis time) const;

  // Changes, once they are durable. For the committer's thread, or a start before it.

  /// Makes room, so that as many calls of put() as `count` need no memory. May throw.
  void reserve(const std::shared_ptr<InboxState>& inbox, const InboxName& name, std::size_t count);
  /// Adds the job, or replaces it. reserve() was called for its inbox.
  void put(const InboxState& inbox, JobRecord record) noexcept;
  void remove(const InboxState& inbox, const Uuid7& job) noexcept;
  /// The inbox was removed. Its job runs no more.
  void stop(const InboxState& inbox) noexcept;
  /// Nothing is left of the inbox.
  void forget(const InboxState& inbox) noexcept;

 private:
  struct Jobs {
    std::shared_ptr<InboxState> inbox;
    InboxName name;
    std::vector<JobRecord> records;  ///< Oldest first.
    bool stopped = false;            ///< The inbox was removed.
  };
  [[nodiscard]] static const JobRecord* running_of(const Jobs& jobs) noexcept;
  void count_running() noexcept REQUIRES(mutex_);

  mutable SharedMutex mutex_;
  std::unordered_map<const InboxState*, Jobs> by_inbox_ GUARDED_BY(mutex_);
  std::vector<const InboxState*> running_ GUARDED_BY(mutex_);  ///< The inboxes with a job that runs.
  std::atomic<std::size_t> running_count_{0};
};

}  // namespace triggers::store
