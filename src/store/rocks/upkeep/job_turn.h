#pragma once

// One turn of a job of an inbox: it looks for the next entries, and lets the committer purge them or put them again.
// Whose turn it is, is decided in job_runner.h; what the commit does is in commit/job_stage.h.

#include <chrono>
#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "store/rocks/commit/commit_queue.h"
#include "store/rocks/database/database.h"
#include "store/rocks/inbox/job_board.h"
#include "store/rocks/inbox/settings_table.h"

namespace triggers::store {

/// What this process knows of a job that runs, besides what is stored.
struct JobWalk {
  event::EventId next{};    ///< A replay has looked at everything before it, and has stored that perhaps not yet.
  std::size_t unsaved = 0;  ///< Turns since it was stored.
  bool begun = false;
  bool from_head = false;       ///< A purge has left nothing between the inbox's head and its place.
  std::uint64_t lowered = 0;    ///< Of the head, when the purge began.
  std::uint64_t served_at = 0;  ///< For the order of turns.
  std::chrono::steady_clock::time_point rests_until{};
};

/// Takes turns of jobs. One thread at a time, which may block.
class JobTurns {
 public:
  /// All outlive this.
  JobTurns(Database& database, CommitQueue& queue, const SettingsTable& settings)
      : database_(database), queue_(queue), settings_(settings) {}

  /// How a turn has changed the job.
  enum class Outcome : std::uint8_t {
    goes_on,
    held_up,  ///< It goes on once entries have left inboxes of the tenant.
    done,
    failed,
    gone,
  };

  /// Takes a turn. A job whose entries or events cannot be read ends as `failed`. An Error: the commit did not succeed,
  /// and the next turn will do the same again.
  Result<Outcome> take(const JobBoard::Running& running, JobWalk& walk);
  /// Removes old jobs of an inbox.
  Status remove(const JobBoard::Ended& ended);

 private:
  Result<JobOperation> look_for_purge(const JobBoard::Running& running, const JobWalk& walk);
  Result<JobOperation> look_for_replay(const JobBoard::Running& running, const JobWalk& walk);
  Status submit(const InboxState& inbox, JobOperation& job);

  Database& database_;
  CommitQueue& queue_;
  const SettingsTable& settings_;
};

}  // namespace triggers::store
