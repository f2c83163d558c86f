#include "tail_output.h"

#include <boost/json.hpp>
#include <optional>
#include <string_view>

#include "config/printable.h"

namespace triggers {
namespace {

namespace json = boost::json;

constexpr std::size_t payload_bytes_max = 2000;

std::optional<json::object> event_of(const std::string& data) {
  json::error_code error;
  auto value = json::parse(data, error);
  if (error || !value.is_object()) return std::nullopt;
  return value.get_object();
}

std::string text_of(const json::object& event, std::string_view name) {
  const auto* const member = event.if_contains(name);
  if (member == nullptr || !member->is_string()) return "-";
  return config::printable(std::string_view(member->get_string()));
}

/// The end of the string that begins at `begin`, with its quotes.
std::size_t end_of_string(std::string_view text, std::size_t begin) {
  std::size_t at = begin + 1;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  return at + 1;
}

/// The end of the value that begins at `begin`.
std::size_t end_of_value(std::string_view text, std::size_t begin) {
  int depth = 0;
  for (std::size_t at = begin; at < text.size();) {
    const char c = text[at];
    if (c == '"') {
      at = end_of_string(text, at);
      continue;
    }
    if (depth == 0 && (c == ',' || c == '}')) return at;
    if (c == '{' || c == '[') ++depth;
    if (c == '}' || c == ']') --depth;
    ++at;
  }
  return text.size();
}

/// The value of a member of this object, which is valid JSON, as it was sent: a parser would write its numbers in
/// another way.
std::string_view raw_member(std::string_view object, std::string_view name) {
  std::size_t at = object.find('{') + 1;
  while (at < object.size()) {
    const std::size_t begin = object.find('"', at);
    if (begin == std::string_view::npos) break;
    const std::size_t end = end_of_string(object, begin);
    const std::size_t colon = object.find(':', end);
    if (end > object.size() || colon == std::string_view::npos) break;
    at = end_of_value(object, colon + 1);
    if (object.substr(begin + 1, end - begin - 2) == name) return object.substr(colon + 1, at - colon - 1);
    ++at;
  }
  return {};
}

}  // namespace

std::string event_id_of(const std::string& data) {
  const auto event = event_of(data);
  const auto* const id = event ? event->if_contains("event_id") : nullptr;
  return id != nullptr && id->is_string() ? std::string(std::string_view(id->get_string())) : std::string();
}

std::string event_line(const std::string& data) {
  const auto event = event_of(data);
  if (!event) return {};
  return text_of(*event, "timestamp") + '\t' + text_of(*event, "event_type") + '\t' + text_of(*event, "event_id") +
         '\t' + config::printable(raw_member(data, "payload"), payload_bytes_max);
}

}  // namespace triggers
