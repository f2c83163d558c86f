#pragma once

// Walks JSON texts of the service with simdjson. What they mean is read in service_json.h and lease_answers.h.

#include <simdjson.h>

#include <string_view>

namespace triggers::swarm::json {

namespace ondemand = simdjson::ondemand;

inline bool read_text(ondemand::value value, std::string_view& text) {
  return value.get_string().get(text) == simdjson::SUCCESS;
}

/// Calls `read(name, value)` for each member. False if the object is malformed or `read` returned false.
template <class Read>
bool each_member(ondemand::object object, Read read) {
  for (auto member : object) {
    std::string_view name;
    ondemand::value value;
    if (member.unescaped_key().get(name) != simdjson::SUCCESS) return false;
    if (member.value().get(value) != simdjson::SUCCESS || !read(name, value)) return false;
  }
  return true;
}

/// Calls `read(object)` for each element. False if one is no object, or `read` returned false.
template <class Read>
bool each_object(ondemand::value value, Read read) {
  ondemand::array elements;
  if (value.get_array().get(elements) != simdjson::SUCCESS) return false;
  for (auto element : elements) {
    ondemand::object object;
    if (element.get_object().get(object) != simdjson::SUCCESS || !read(object)) return false;
  }
  return true;
}

/// Calls `read(object)` for a text that is exactly one JSON object.
template <class Read>
bool read_object(std::string_view text, Read read) {
  const simdjson::padded_string padded(text);
  thread_local ondemand::parser parser;  // a new one would allocate for each response
  ondemand::document document;
  ondemand::object object;
  return parser.iterate(padded).get(document) == simdjson::SUCCESS &&
         document.get_object().get(object) == simdjson::SUCCESS && read(object) &&
         document.current_location().error() == simdjson::OUT_OF_BOUNDS;  // nothing follows the object
}

}  // namespace triggers::swarm::json
