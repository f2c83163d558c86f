#pragma once

// One step of a job of an inbox on its way through the committer. Its place in the queue is in operation.h; how it is
// carried out is in job_stage.h; upkeep/job_turn.h makes the steps.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/rocks/format/job_record.h"
#include "store/rocks/inbox/inbox_state.h"

namespace triggers::store {

/// Starts a job, does a part of it, or removes old ones. Its elements are its ids, which may be committed in several
/// parts. Each part stores how far the job is.
struct JobOperation {
  enum class Kind : std::uint8_t {
    start,   ///< `record` says what to do; the answer is the job as it was stored.
    purge,   ///< `ids` leave the inbox.
    replay,  ///< `ids` come into the inbox again, with `pending_values`.
    remove,  ///< `old`
  };

  Kind kind = Kind::start;
  inbox::InboxName inbox{};
  JobRecord record{};
  /// Not for a start: the inbox that the job was started for. Another one may have its name now.
  std::shared_ptr<InboxState> state{};
  std::vector<event::EventId> ids{};
  std::vector<std::string> pending_values{};
  event::EventId next{};            ///< The job has looked at everything before it, once the ids are done.
  std::optional<Job::State> end{};  ///< Set: the job ends after the ids, in this state.
  std::vector<Uuid7> old{};

  std::size_t changed = 0;  ///< The answer: entries that have left or entered the inbox.
  bool gone = false;        ///< The answer: the job, or its inbox, is no longer there.
  /// The answer: the replay must wait until entries have left inboxes of its tenant. It goes on from its record.
  bool held_up = false;
};

}  // namespace triggers::store
