#pragma once

// The line in the access log of a request whose response is a stream. Those of other requests are written in api.cc;
// streams themselves are in http/wire/streamed_body.h.

#include <chrono>

#include "base/clock.h"
#include "http/wire/message.h"
#include "log/access_log.h"

namespace triggers::api {

/// Writes `entry` when the stream of `response` has ended, with the bytes that were sent and the time since `started`.
/// `log` and `clock` outlive the response.
void log_at_end(http::Response& response, log::AccessLog& log, const Clock& clock,
                std::chrono::steady_clock::time_point started, const log::AccessEntry& entry);

}  // namespace triggers::api
