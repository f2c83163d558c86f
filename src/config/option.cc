#include "config/option.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "auth/validate.h"
#include "base/nearest_name.h"
#include "http/wire/url.h"
#include "limit/address.h"

namespace triggers::config {
namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::optional<Value> parse_integer(const Option& option, std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc{} || end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (number < option.min || number > option.max) return std::nullopt;
  return Value{.text = std::to_string(number), .integer = number};
}

std::optional<Value> parse_boolean(std::string_view text) {
  const auto word = lower(text);
  for (const auto* yes : {"true", "yes", "on", "1"}) {
    if (word == yes) return Value{.text = "true", .truth = true};
  }
  for (const auto* no : {"false", "no", "off", "0"}) {
    if (word == no) return Value{.text = "false"};
  }
  return std::nullopt;
}

std::optional<Value> parse_choice(const Option& option, std::string_view text) {
  auto word = lower(text);
  const auto equals = option.alias.find('=');
  if (equals != std::string_view::npos && word == option.alias.substr(0, equals)) {
    word = option.alias.substr(equals + 1);
  }
  auto rest = option.choices;
  while (!rest.empty()) {
    const auto bar = std::min(rest.find('|'), rest.size());
    if (word == rest.substr(0, bar)) return Value{.text = word};
    rest.remove_prefix(std::min(bar + 1, rest.size()));
  }
  return std::nullopt;
}

/// `scheme://host[:port]`: what a browser sends as Origin (RFC 6454, section 6.1). No path, no blanks.
bool is_origin(std::string_view text) {
  const auto host_at = text.starts_with("https://") ? 8U : text.starts_with("http://") ? 7U : 0U;
  return host_at != 0 && text.size() > host_at && text.find_first_of("/?#@ \t*\"\\", host_at) == std::string_view::npos;
}

/// Browsers leave the scheme's own port out of Origin (the URL standard, "serialization of an origin").
std::string without_default_port(std::string origin) {
  const std::string_view port = origin.starts_with("https://") ? ":443" : origin.starts_with("http://") ? ":80" : "";
  if (!port.empty() && origin.ends_with(port)) origin.resize(origin.size() - port.size());
  return origin;
}

/// `/a/b`: segments that need no escape, none of them empty, `.` or `..`. A `/` at the end is cut off.
std::optional<Value> parse_path(std::string_view text) {
  if (text.ends_with('/')) text.remove_suffix(1);
  Value value{.text = std::string(text)};
  while (!text.empty()) {
    if (!text.starts_with('/')) return std::nullopt;
    text.remove_prefix(1);
    const auto segment = text.substr(0, text.find('/'));
    const bool plain = std::ranges::all_of(segment, [](char c) {
      return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
             std::string_view{"-._~"}.find(c) != std::string_view::npos;
    });
    if (segment.empty() || segment == "." || segment == ".." || !plain) return std::nullopt;
    text.remove_prefix(segment.size());
  }
  return value;
}

std::optional<Value> parse_origins(std::string_view text) {
  if (text.empty() || text == "*") return Value{.text = std::string(text)};
  Value value;
  while (true) {
    const auto comma = text.find(',');
    const auto origin = without_default_port(lower(trimmed(text.substr(0, comma))));
    if (!is_origin(origin)) return std::nullopt;
    value.text.append(value.text.empty() ? "" : ",").append(origin);
    if (comma == std::string_view::npos) return value;
    text.remove_prefix(comma + 1);
  }
}

/// Schemes ignore case (RFC 3986, section 3.1); whoever looks at the value need not.
std::string with_lower_scheme(std::string_view url) {
  const auto end = std::min(url.find(':'), url.size());
  return lower(url.substr(0, end)).append(url.substr(end));
}

bool is_table_name(std::string_view text) {
  constexpr std::string_view others = "_.-";
  return text.size() >= 3 && text.size() <= 255 && std::ranges::all_of(text, [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  others.find(c) != std::string_view::npos;
         });
}

}  // namespace

const Option* find_option(std::string_view name) noexcept {
  const auto all = options();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Option& option) { return option.name == name; });
  return found == all.end() ? nullptr : &*found;
}

const Option* nearest_option(std::string_view name) {
  std::vector<std::string> names;
  for (const auto& option : options()) {
    names.emplace_back(option.name);
    names.emplace_back(option.env);
  }
  const std::string nearest = nearest_name(name, names);
  const auto found = std::find(names.begin(), names.end(), nearest);
  return found == names.end() ? nullptr : &options()[static_cast<std::size_t>(found - names.begin()) / 2];
}

std::string bounds_text(const Option& option) {
  auto range = std::to_string(option.min) + ".." + std::to_string(option.max);
  switch (option.type) {
    case Type::text: return option.min > 0 ? "one line of text, not empty" : "";
    case Type::label: return "UTF-8 without control characters";
    case Type::table: return "3 to 255 of a-z A-Z 0-9 _ . -";
    case Type::integer: return range;
    case Type::boolean: return "true|false";
    case Type::choice: return std::string(option.choices);
    case Type::rate: return range + " or unlimited";
    case Type::networks: return "addresses or networks, comma-separated";
    case Type::origins: return "http(s)://host[:port], comma-separated, or *";
    case Type::path: return "one or more /segments, or empty";
    case Type::url: return "http(s)://host[:port] without a user";
  }
  return "";
}

std::optional<Value> parse_value(const Option& option, std::string_view text) {
  text = trimmed(text);
  if (text.find('\0') != std::string_view::npos || text.find('\n') != std::string_view::npos) return std::nullopt;
  switch (option.type) {
    case Type::text:
      if (static_cast<std::int64_t>(text.size()) < option.min) return std::nullopt;
      return Value{.text = std::string(text)};
    case Type::label:
      if (!auth::is_plain_text(text)) return std::nullopt;
      return Value{.text = std::string(text)};
    case Type::table:
      if (!is_table_name(text)) return std::nullopt;
      return Value{.text = std::string(text)};
    case Type::integer: return parse_integer(option, text);
    case Type::boolean: return parse_boolean(text);
    case Type::choice: return parse_choice(option, text);
    case Type::rate:
      if (lower(text) == "unlimited") return Value{.text = "unlimited", .unlimited = true};
      return parse_integer(option, text);
    case Type::networks:
      if (!limit::parse_networks(text).ok()) return std::nullopt;
      return Value{.text = std::string(text)};
    case Type::origins: return parse_origins(text);
    case Type::path: return parse_path(text);
    case Type::url:
      if (!text.empty() && !http::parse_url(text).ok()) return std::nullopt;
      return Value{.text = with_lower_scheme(text)};
  }
  return std::nullopt;
}

}  // namespace triggers::config
