#pragma once

// Checks a response's body before it is parsed: checksum, and consumed capacity. Parsing is in client_caller.cc.

#include <string_view>

#include "http/wire/message.h"

namespace triggers::store::dynamo {

/// True if the body arrived undamaged: its checksum is that of x-amz-crc32, if there is one, and it looks like a JSON
/// object.
[[nodiscard]] bool intact(const http::ClientResponse& response);

/// The sum of the units in `ConsumedCapacity`, if the request asked for TOTAL; otherwise 0.
[[nodiscard]] double consumed_units(std::string_view body);

}  // namespace triggers::store::dynamo
