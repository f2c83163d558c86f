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

void append_event(std::string& out, const store::StoredEvent& event, bool with_acknowledgement) {
  // Integration platforms look for `id`.
  out += "{\"id\":\"";
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
  if (with_acknowledgement) {
    out += ",\"delivered\":";
    out += event.delivered_at ? "true" : "false";
    out += ",\"delivered_at\":";
    if (event.delivered_at) {
      out += '"';
      append_timestamp(out, *event.delivered_at);
      out += '"';
    } else {
      out += "null";
    }
  }
  out += '}';
}

store::Append to_append(const event::NewEvent& event) {
  store::Append append;
  append.event_type = event.event_type;
  append.payload = event.payload;
  if (event.source) append.source = *event.source;
  append.metadata = event.metadata;
  append.fingerprint = event.fingerprint;
  return append;
}

}  // namespace triggers::api
