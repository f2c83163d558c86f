#pragma once

#include <string>
#include <string_view>

#include "swarm/stats/request_name.h"

namespace triggers::swarm {

/// Why a request failed, as Locust's files write it: the repr() of the Python exception that its HttpUser would have
/// had. So one who greps a failures file for `ConnectionRefusedError` or `HTTPError` finds the same with both.

/// Python's repr() of a str of UTF-8.
[[nodiscard]] std::string python_repr(std::string_view text);
/// Python's ascii(): what is not printable ASCII is escaped byte by byte, so a terminal shows it and obeys nothing.
[[nodiscard]] std::string python_repr_ascii(std::string_view text);
/// The user's own judgement: `CatchResponseError('…')`.
[[nodiscard]] std::string caught_failure(std::string_view text);
/// An answer of 400 or more: `HTTPError('500 Server Error: Internal Server Error for url: POST /events')`.
[[nodiscard]] std::string status_failure(unsigned status, RequestName name);
/// An errno of a connection: `ConnectionRefusedError(111, 'Connection refused')`.
[[nodiscard]] std::string connection_failure(int error);

}  // namespace triggers::swarm
