#include "log/field.h"

namespace triggers::log {

std::string_view level_name(Level level) noexcept {
  switch (level) {
    case Level::debug: return "debug";
    case Level::info: return "info";
    case Level::warning: return "warning";
    case Level::error: return "error";
  }
  return {};
}

std::optional<Level> parse_level(std::string_view text) noexcept {
  const auto equal = [text](std::string_view name) {
    if (text.size() != name.size()) return false;
    for (std::size_t i = 0; i < name.size(); ++i) {
      if ((text[i] >= 'A' && text[i] <= 'Z' ? text[i] - 'A' + 'a' : text[i]) != name[i]) return false;
    }
    return true;
  };
  for (const auto level : {Level::debug, Level::info, Level::warning, Level::error}) {
    if (equal(level_name(level))) return level;
  }
  return equal("warn") ? std::optional{Level::warning} : std::nullopt;
}

}  // namespace triggers::log
