#include "store/dynamo/item.h"

#include <array>
#include <boost/json.hpp>
#include <charconv>

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

constexpr std::array<std::int8_t, 256> digit_values = [] {
  std::array<std::int8_t, 256> values{};
  values.fill(-1);
  for (std::size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  }
  return values;
}();

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::uint32_t group = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      group = group << 8 | (at + i < bytes.size() ? static_cast<unsigned char>(bytes[at + i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      out += at + i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 63] : '=';
    }
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t held = 0;
  int bits = 0;
  for (const char c : text) {
    const int value = digit_values[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    held = held << 6 | static_cast<std::uint32_t>(value);
    bits += 6;
    if (bits < 8) continue;
    bits -= 8;
    out += static_cast<char>(held >> bits & 0xff);
  }
  return out;
}

std::optional<std::string_view> typed(const Item& item, std::string_view name, std::string_view type) {
  const auto* attribute = item.if_contains(name);
  const auto* value =
      attribute != nullptr && attribute->is_object() ? attribute->get_object().if_contains(type) : nullptr;
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string_view{value->get_string()};
}

json::object one(std::string_view type, std::string_view value) {
  json::object out;
  out.emplace(type, value);
  return out;
}

}  // namespace

json::object text_value(std::string_view text) { return one("S", text); }
json::object number_value(std::int64_t number) { return one("N", std::to_string(number)); }
json::object bytes_value(std::string_view bytes) { return one("B", to_base64(bytes)); }

std::optional<std::string_view> text_of(const Item& item, std::string_view name) { return typed(item, name, "S"); }

std::optional<std::int64_t> number_of(const Item& item, std::string_view name) {
  const auto text = typed(item, name, "N");
  if (!text) return std::nullopt;
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
  if (error != std::errc{} || end != text->data() + text->size()) return std::nullopt;
  return number;
}

std::optional<std::string> bytes_of(const Item& item, std::string_view name) {
  const auto text = typed(item, name, "B");
  return text ? from_base64(*text) : std::nullopt;
}

const Item& object_of(const json::object& answer, std::string_view name) {
  static const Item none;
  const auto* member = answer.if_contains(name);
  return member != nullptr && member->is_object() ? member->get_object() : none;
}

}  // namespace triggers::store::dynamo
