#pragma once

// The reason why a request failed, as Locust's files show it: the repr() of the Python exception in its HttpUser. So a
// grep for `ConnectionRefusedError` or `HTTPError` finds the same failures in the files of both. Also any text as
// Python's repr() or ascii() prints it. A float as Python prints it is in report/python_repr.h; counting failures is in
// stats/statistics.h.

#include <string>
#include <string_view>

#include "swarm/stats/request_name.h"

namespace triggers::swarm {

/// Python's repr() of a str, which is UTF-8.
[[nodiscard]] std::string python_repr(std::string_view text);
/// Python's ascii(): escapes each byte that is not printable ASCII, so the text cannot control a terminal.
[[nodiscard]] std::string python_repr_ascii(std::string_view text);
/// A failure that the user class reports: `CatchResponseError('…')`.
[[nodiscard]] std::string caught_failure(std::string_view text);
/// A status of 400 or more: `HTTPError('500 Server Error: Internal Server Error for url: POST /events')`.
[[nodiscard]] std::string status_failure(unsigned status, RequestName name);
/// The errno of a connection: `ConnectionRefusedError(111, 'Connection refused')`.
[[nodiscard]] std::string connection_failure(int error);

}  // namespace triggers::swarm
