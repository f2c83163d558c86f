#include "api/endpoints/event_ids.h"

#include <fmt/format.h>

#include "api/endpoints/request_limits.h"

namespace triggers::api {

OrRefusal<AskedIds> parse_event_ids(const boost::json::value& value) {
  const auto* list = value.if_array();
  if (list == nullptr) return invalid("event_ids", "must be a list of event ids");
  if (list->empty() || list->size() > acknowledged_events_max) {
    return invalid("event_ids", fmt::format("must have 1 to {} ids; it has {}", acknowledged_events_max, list->size()));
  }
  AskedIds asked;
  for (const auto& text : *list) {
    if (!text.is_string()) return invalid("event_ids", "must contain only strings");
    const auto id = event::EventId::parse(asked.texts.emplace_back(text.get_string()));
    if (id) asked.ids.push_back(*id);
    asked.is_id.push_back(id.has_value());
  }
  return asked;
}

}  // namespace triggers::api
