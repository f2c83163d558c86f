#pragma once

// Reads one event's record and reports an unreadable one as damage. How the record is encoded is in
// format/event_record.h.

#include <optional>
#include <string>

#include "base/result.h"
#include "event/event.h"
#include "store/rocks/format/event_record.h"

namespace rocksdb {
class PinnableSlice;
}

namespace triggers::store {

class Database;

/// Reads the record of an event; nothing if there is none. The views are into `bytes`.
/// `internal`, noted as damage, if the record cannot be read.
Result<std::optional<EventRecord>> read_record(Database& database, const std::string& tenant, const event::EventId& id,
                                               rocksdb::PinnableSlice& bytes);

}  // namespace triggers::store
