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

/// True if the response is whole: its x-amz-crc32, if there is one, is that of the body, and the body looks like a JSON
/// object.
[[nodiscard]] bool intact(const http::ClientResponse& response);

/// Of an answer that is not 200, by its `__type` and status.
[[nodiscard]] Failure failure_of(const http::ClientResponse& response);
[[nodiscard]] Failure failure_of(const http::FetchError& error);

/// The sum of the units in `ConsumedCapacity`, if the request asked for TOTAL; otherwise 0.
[[nodiscard]] double consumed_units(std::string_view body);

}  // namespace triggers::store::dynamo
