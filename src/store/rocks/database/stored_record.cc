#include "store/rocks/database/stored_record.h"

#include <rocksdb/slice.h>

#include "store/rocks/database/database.h"
#include "store/rocks/format/layout.h"
#include "store/rocks/format/slice_view.h"

namespace triggers::store {

Result<std::optional<EventRecord>> read_record(Database& database, const std::string& tenant, const event::EventId& id,
                                               rocksdb::PinnableSlice& bytes) {
  const auto found = database.get(Family::events, layout::event_key(tenant, id), bytes);
  if (!found) return found.error();
  if (!*found) return std::optional<EventRecord>{};
  auto record = decode_record(view(bytes));
  if (!record) return database.unreadable("the event " + id.text() + " of " + tenant);
  return record;
}

}  // namespace triggers::store
