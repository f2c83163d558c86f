#pragma once

// What an option is: name, type, bounds, help. The list of all options is in options.cc; their values are in config.h.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace triggers::config {

enum class Type : std::uint8_t {
  text,      ///< One line.
  label,     ///< UTF-8 without control characters.
  table,     ///< A name as DynamoDB takes it.
  integer,   ///< Decimal digits, within the bounds.
  boolean,   ///< true/false, yes/no, on/off, 1/0; case does not count.
  choice,    ///< One of `choices`; case does not count.
  rate,      ///< An integer within the bounds, or `unlimited`.
  networks,  ///< Comma separated addresses and CIDR blocks.
  origins,   ///< Comma separated web origins (`https://app.example.com`), or `*`.
  path,      ///< Of a URL: `/a/b`, or empty; without a `/` at the end.
  url,       ///< `http(s)://host[:port]`, or empty. One with a user's name is refused and never printed.
};

struct Config;

/// A value whose text was checked against its option.
struct Value {
  std::string text;  ///< Canonical: a choice or boolean in lower case.
  std::int64_t integer = 0;
  bool truth = false;
  bool unlimited = false;
};

/// The one declaration of an option: flag, environment variable, line of the file, help and documentation come from it.
struct Option {
  std::string_view name = {};  ///< Of the flag (`--data-dir`) and of the file's line.
  std::string_view env = {};
  Type type = Type::text;
  std::string_view unit = {};  ///< Empty if there is none.
  std::string_view default_value = {};
  std::int64_t min = 0, max = 0;  ///< For integer and rate; `min` of text: 1 if it must not be empty.
  std::string_view choices = {};  ///< `a|b|c`, for choice.
  std::string_view alias = {};    ///< `other=a`: another word for a choice.
  bool secret = false;            ///< The value is never printed.
  std::string_view section = {};
  std::string_view help = {};
  void (*set)(Config& config, const Value& value) = nullptr;
};

/// Every option, by section.
[[nodiscard]] std::span<const Option> options() noexcept;
[[nodiscard]] const Option* find_option(std::string_view name) noexcept;
/// The option whose name is nearest to `name`; nothing if none is near.
[[nodiscard]] const Option* nearest_option(std::string_view name);
/// `0..65535`, `debug|info|warning|error`, `true|false`, …; empty if any line will do.
[[nodiscard]] std::string bounds_text(const Option& option);
/// Nothing if `text` is not within the option's bounds; blanks around it do not count.
[[nodiscard]] std::optional<Value> parse_value(const Option& option, std::string_view text);

}  // namespace triggers::config
