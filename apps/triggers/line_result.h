#pragma once

// What became of each line that `triggers send` sent, as the response to a batch says it. Printing it is in
// send_report.h.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "http/wire/message.h"

namespace triggers {

/// What became of one event.
struct LineResult {
  enum class Status : std::uint8_t {
    accepted,
    duplicate,  ///< The service had it already.
    refused,    ///< It stays refused until the line is changed.
    unsettled,  ///< The service could not store it now; the same request may succeed later.
  };
  Status status = Status::refused;
  std::string event_id;             ///< Of the stored event; empty if it is not stored.
  std::string error_code, message;  ///< Why it is not stored.
  std::string json;                 ///< The object of the response, as JSON.
};

/// The results in a response to POST /events/batch with `count` events; nothing if it is another response.
[[nodiscard]] std::optional<std::vector<LineResult>> batch_results(const http::ClientResponse& answer,
                                                                   std::size_t count);

/// The result of a line that is not sent, or that is refused as a whole, in the service's form.
[[nodiscard]] LineResult refused_line(std::string error_code, std::string message);

}  // namespace triggers
