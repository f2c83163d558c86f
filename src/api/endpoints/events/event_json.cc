#include "api/endpoints/events/event_json.h"

#include "base/timestamp.h"

namespace triggers::api {

void append_id_and_timestamp(std::string& out, const event::EventId& id) {
  out += "\"event_id\":\"";
  id.append_text(out);
  out += "\",\"timestamp\":\"";
  append_timestamp(out, id.time());
  out += '"';
}

void append_event_members(std::string& out, const store::StoredEvent& event) {
  // Integration platforms look for `id`.
  out += "\"id\":\"";
  event.id.append_text(out);
  out += "\",";
  append_id_and_timestamp(out, event.id);
  out += ",\"event_type\":";
  event::append_json_string(out, event.event_type);
  out += ",\"payload\":";
  out += event.payload;
  out += ",\"source\":";
  if (event.source) {
    event::append_json_string(out, *event.source);
  } else {
    out += "null";
  }
  out += ",\"metadata\":";
  out += event.metadata.empty() ? "null" : event.metadata;
}

void append_event(std::string& out, const store::StoredEvent& event, bool with_acknowledgement) {
  out += '{';
  append_event_members(out, event);
  if (with_acknowledgement) {
    out += ",\"delivered\":";
    out += event.acknowledged_at ? "true" : "false";
    out += ",\"delivered_at\":";
    if (event.acknowledged_at) {
      out += '"';
      append_timestamp(out, *event.acknowledged_at);
      out += '"';
    } else {
      out += "null";
    }
  }
  out += '}';
}

}  // namespace triggers::api
