#pragma once

// The levels, formats and fields of a log line. Writing a line is in log.h, its text in log_line.h.

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

/// A name and a value of a log line. Views: valid only during the call that logs. Never a payload, never a key.
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

enum class Format : std::uint8_t {
  automatic,  ///< Text when standard error is a terminal, else JSON.
  json,
  text,  ///< For a person: `2026-11-28T17:36:06.123Z info    server_started port=8000`.
};

}  // namespace triggers::log
