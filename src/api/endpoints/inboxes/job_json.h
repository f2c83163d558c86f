#pragma once

// A job of an inbox as a response: the answer to what starts one (purge.cc, replay.cc), and show_job.cc.

#include "http/wire/message.h"
#include "inbox/inbox_name.h"
#include "store/inbox_jobs.h"

namespace triggers::api {

/// 200 with the job.
[[nodiscard]] http::Response job_response(const store::Job& job);
/// 202 with the job, and the path that shows it as `Location`.
[[nodiscard]] http::Response started_response(const inbox::InboxName& inbox, const store::Job& job);

}  // namespace triggers::api
