#pragma once

// Reads whole events by their ids, for leases. Pages are read in page_reader.h.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/event_log.h"
#include "store/rocks/database/database.h"

namespace triggers::store {

/// The events with these ids, in order; nothing for one that is gone or cannot be read, which is noted as damage.
[[nodiscard]] std::vector<std::optional<StoredEvent>> read_events(Database& database, const std::string& tenant,
                                                                  const std::vector<EventId>& ids);

/// The same without a wait for the disk: nothing if one of them is not in memory.
[[nodiscard]] std::optional<std::vector<std::optional<StoredEvent>>> events_in_memory(Database& database,
                                                                                      const std::string& tenant,
                                                                                      const std::vector<EventId>& ids);

/// The value that a pending entry of the event has when it is put into its inbox again; nothing if the event is gone.
/// `internal` if it cannot be read.
[[nodiscard]] Result<std::optional<std::string>> pending_value_of(Database& database, const std::string& tenant,
                                                                  const EventId& id);

}  // namespace triggers::store
