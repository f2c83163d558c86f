// Adds to an error where the values in it were set (with_origins() of config.h).

#include <algorithm>

#include "config/config.h"
#include "config/printable.h"

namespace triggers::config {
namespace {

constexpr std::size_t message_bytes_max = 4096;

bool is_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/// Whether `value` stands in `message`, and not as a part of a longer word.
bool stands_in(std::string_view message, std::string_view value) {
  for (auto at = message.find(value); at != std::string_view::npos; at = message.find(value, at + 1)) {
    const auto end = at + value.size();
    const bool begins = at == 0 || !is_word(message[at - 1]) || !is_word(value.front());
    const bool ends = end == message.size() || !is_word(message[end]) || !is_word(value.back());
    if (begins && ends) return true;
  }
  return false;
}

/// What a message about a connection shows of a URL: `host:port`.
std::string_view authority(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  return url.substr(0, url.find('/'));
}

/// Whether the message is about the setting. Words such as `true` and plain numbers stand in messages by chance; a
/// number after a colon is a port.
bool is_about(std::string_view message, const Setting& setting) {
  switch (setting.option->type) {
    case Type::text:
    case Type::label:
    case Type::table:
    case Type::networks:
    case Type::origins:
    case Type::path: return stands_in(message, setting.value);
    case Type::url: return stands_in(message, setting.value) || stands_in(message, authority(setting.value));
    case Type::integer: return stands_in(message, ":" + setting.value);
    case Type::boolean:
    case Type::choice:
    case Type::rate: return false;
  }
  return false;
}

}  // namespace

std::string with_origins(std::string message, const Settings& settings) {
  std::string origins;
  for (const auto& setting : settings.values) {
    const bool hidden = setting.source == Source::environment || setting.source == Source::file;
    if (!hidden || setting.option->secret || setting.value.empty() || !is_about(message, setting)) continue;
    origins.append(origins.empty() ? " (" : "; ")
        .append(setting.option->name)
        .append(" is set by ")
        .append(setting.origin);
  }
  if (!origins.empty()) message.append(origins).append(")");
  return printable(message, message_bytes_max);
}

}  // namespace triggers::config
