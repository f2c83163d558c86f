#include "store/dynamo/events/entry_items.h"

#include <boost/json.hpp>

#include "store/dynamo/events/found.h"
#include "store/dynamo/events/layout.h"

namespace triggers::store::dynamo {
namespace {

/// What one write unit covers.
constexpr std::size_t unit_bytes = 1'024;

/// What DynamoDB counts of an item with such a key and a copy of the event; at most a few bytes too much.
std::size_t bytes_with_copy(const Item& key, const IncomingEvent& event) {
  constexpr std::size_t names_and_numbers = 32;
  return text_of(key, "k").value_or("").size() + sizeof(EventId::bytes) + event.event_type.size() +
         event.payload.size() + event.source.value_or("").size() + event.metadata.size() + names_and_numbers;
}

}  // namespace

Item entry_item(const Tenant& tenant, std::uint64_t number, EventId id, const IncomingEvent& event, bool may_copy) {
  Item item = layout::pending_key(tenant, layout::inbox_text(number), id);
  const bool copies = may_copy && bytes_with_copy(item, event) <= unit_bytes;
  if (copies) {
    for (auto& part : event_attributes(event)) item[part.key()] = part.value();
  } else {
    item["t"] = text_value(event.event_type);
  }
  item["b"] = number_value(static_cast<std::int64_t>(event.payload.size() + event.metadata.size()));
  item["g"] = number_value(copies ? 0 : 1);
  return item;
}

Result<StoredEntry> read_entry(const Item& item) {
  auto found = read_found(item, Found::State::pending);
  if (!found) return std::move(found).error();
  StoredEntry entry;
  entry.id = found->event.id;
  entry.fence = found->state == Found::State::fenced;
  if (entry.fence) return entry;
  entry.plain = !item.contains("g");
  entry.event_type = found->event.event_type;
  entry.content_bytes = found->content_bytes;
  if (!found->elsewhere) entry.event = std::move(found->event);
  return entry;
}

}  // namespace triggers::store::dynamo
