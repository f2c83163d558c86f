#pragma once

#include <cstdint>
#include <string>

namespace triggers::http {

/// Why there is no answer, told by what the caller does next.
enum class FetchErrorCode : std::uint8_t {
  overloaded,   ///< Too many wait for a connection: more than waiting_max, or too long. Send less.
  unreachable,  ///< No connection: name, network, TLS.
  timed_out,    ///< The deadline passed.
  broken,       ///< The connection broke, or what came is not an answer.
};

struct FetchError {
  FetchErrorCode code = FetchErrorCode::broken;
  /// False: the peer has none of the request, so nothing can have been done.
  bool sent = false;
  std::string message;  ///< For a person.
};

}  // namespace triggers::http
