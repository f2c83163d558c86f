#pragma once

// Why a request of pool.h got no response. A response with a status such as 500 is no error here.

#include <cstdint>
#include <string>

namespace triggers::http {

/// Why there is no response, by what the caller should do next.
enum class FetchErrorCode : std::uint8_t {
  overloaded,   ///< Too many requests wait for a connection (more than waiting_max), or they wait too long. Send less.
  unreachable,  ///< No connection: name, network, TLS.
  timed_out,    ///< The deadline passed.
  broken,       ///< The connection broke, or the bytes are no HTTP response.
};

struct FetchError {
  FetchErrorCode code = FetchErrorCode::broken;
  /// False: the peer has received nothing of the request, so it cannot have acted on it.
  bool sent = false;
  std::string message;  ///< For a person.
};

}  // namespace triggers::http
