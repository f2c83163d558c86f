#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace triggers::log {

enum class Level : std::uint8_t { debug, info, warning, error };

/// `debug`, `info`, `warning`, `error`.
[[nodiscard]] std::string_view level_name(Level level) noexcept;
/// Case does not count; `warn` is warning.
[[nodiscard]] std::optional<Level> parse_level(std::string_view text) noexcept;

/// A name and a value of a log line. Views: for use in the call that logs only. Never a payload, never a key.
struct Field {
  using Value = std::variant<std::string_view, std::int64_t, std::uint64_t, double, bool>;

  std::string_view name;
  Value value;

  Field(std::string_view field_name, std::string_view text) : name(field_name), value(text) {}
  Field(std::string_view field_name, const char* text) : name(field_name), value(std::string_view(text)) {}
  Field(std::string_view field_name, const std::string& text) : name(field_name), value(std::string_view(text)) {}
  Field(std::string_view field_name, bool truth) : name(field_name), value(truth) {}
  Field(std::string_view field_name, std::floating_point auto number) : name(field_name), value(double{number}) {}
  Field(std::string_view field_name, std::signed_integral auto number)
      : name(field_name), value(static_cast<std::int64_t>(number)) {}
  Field(std::string_view field_name, std::unsigned_integral auto number)
      : name(field_name), value(static_cast<std::uint64_t>(number)) {}
};

using Fields = std::initializer_list<Field>;

/// The least level that is written; info at the start. Any thread.
void set_level(Level level) noexcept;
[[nodiscard]] bool enabled(Level level) noexcept;

/// Writes one line of JSON to standard error: `time`, `level`, `event` (a snake_case name that a machine can look for),
/// then the fields; a field `message` is for a person. Text is escaped, what is not UTF-8 becomes U+FFFD. Never throws;
/// a line that cannot be written is lost. Any thread; lines are never mixed.
void write(Level level, std::string_view event, Fields fields = {}) noexcept;

inline void debug(std::string_view event, Fields fields = {}) noexcept {
  if (enabled(Level::debug)) write(Level::debug, event, fields);
}
inline void info(std::string_view event, Fields fields = {}) noexcept { write(Level::info, event, fields); }
inline void warning(std::string_view event, Fields fields = {}) noexcept { write(Level::warning, event, fields); }
inline void error(std::string_view event, Fields fields = {}) noexcept { write(Level::error, event, fields); }

}  // namespace triggers::log
