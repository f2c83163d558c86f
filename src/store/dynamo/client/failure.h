#pragma once

// Why a single attempt failed. Whether to try again is decided in client.cc; the error that remains after all attempts
// is in error.h.

#include <cstdint>
#include <string>

#include "http/client/pool.h"
#include "store/dynamo/client/error.h"

namespace triggers::store::dynamo {

/// Why one attempt failed.
struct Failure {
  enum class Done : std::uint8_t {
    no,       ///< Nothing was done.
    unknown,  ///< It may have been done.
  };
  DynamoError error;
  bool retry = false;  ///< The same request may succeed a little later.
  Done done = Done::no;
};

/// The failure that a response other than 200 reports, by its `__type` and status.
[[nodiscard]] Failure failure_of(const http::ClientResponse& response);
[[nodiscard]] Failure failure_of(const http::FetchError& error);

}  // namespace triggers::store::dynamo
