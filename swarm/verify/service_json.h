#pragma once

#include <optional>
#include <string_view>

#include "base/uuid7.h"
#include "swarm/judge/digest.h"

namespace triggers::swarm {

/// An event as the service tells it, reduced to what can be compared.
struct StoredDigest {
  Uuid7 id;
  Digest digest;
  std::optional<bool> delivered;  ///< Of a single event; a page does not say it.
};

/// Nothing if `json` is not an event of the API.
[[nodiscard]] std::optional<StoredDigest> read_stored_event(std::string_view json);

}  // namespace triggers::swarm
