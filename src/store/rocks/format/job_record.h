#pragma once

// The bytes of a job of an inbox. Their key is in layout.h; all jobs in memory are in inbox/job_board.h.

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "event/event.h"
#include "store/inbox_jobs.h"

namespace triggers::store {

/// A job, and how far it is. Each commit that does a part of the job stores both.
struct JobRecord {
  Job job{};
  event::EventId next{};                    ///< The job has looked at everything before this id.
  event::EventId end{};                     ///< It looks at nothing from this id on.
  std::optional<std::string> event_type{};  ///< Of a replay: only events of this type.

  bool operator==(const JobRecord&) const = default;
};

/// Without the job's id, which is in the key.
[[nodiscard]] std::string encode_job(const JobRecord& record);
/// `internal` if `bytes` are not what encode_job() makes.
[[nodiscard]] Result<JobRecord> decode_job(const Uuid7& id, std::string_view bytes);

}  // namespace triggers::store
