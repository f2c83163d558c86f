#pragma once

// The item that says that an inbox has an event: E in docs/storage-format.md. Its key is in layout.h. The event itself
// is in the log (log_items.h), and what happened to the entry in the inbox's records.

#include <cstdint>
#include <optional>

#include "store/dynamo/client/table.h"
#include "store/event_log.h"

namespace triggers::store::dynamo {

/// An item among the entries of an inbox, as it was read.
struct StoredEntry {
  EventId id{};
  /// No entry: nothing can be stored under this id (any more). The other members do not count. Only in `default`.
  bool fence = false;
  /// A plain tenant wrote it: the log may not have the event. LogItems::adopt() puts it there. Only in `default`.
  bool plain = false;
  std::string event_type{};
  std::size_t content_bytes = 0;       ///< Of payload and metadata.
  std::optional<StoredEvent> event{};  ///< Nothing: only the log has the content.
};

/// The entry of an event that is, or will be, in the log. It has a copy of the event if it costs no more than without
/// one, and `may_copy`.
[[nodiscard]] Item entry_item(const Tenant& tenant, std::uint64_t number, EventId id, const IncomingEvent& event,
                              bool may_copy);
/// `internal` if it is no such item.
[[nodiscard]] Result<StoredEntry> read_entry(const Item& item);

}  // namespace triggers::store::dynamo
