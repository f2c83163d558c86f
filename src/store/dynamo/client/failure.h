#pragma once

#include <cstdint>
#include <string>

#include "http/client/pool.h"
#include "store/dynamo/client/error.h"

namespace triggers::store::dynamo {

/// Why one try has no answer.
struct Failure {
  enum class Done : std::uint8_t {
    no,       ///< Nothing was done.
    unknown,  ///< It may have been done.
  };
  DynamoError error;
  bool retry = false;  ///< The same request may succeed a little later.
  Done done = Done::no;
};

/// Why a response other than 200 was one, by its `__type` and status.
[[nodiscard]] Failure failure_of(const http::ClientResponse& response);
[[nodiscard]] Failure failure_of(const http::FetchError& error);

}  // namespace triggers::store::dynamo
