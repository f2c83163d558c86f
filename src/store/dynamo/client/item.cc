#include "store/dynamo/client/item.h"

#include <boost/json.hpp>
#include <charconv>

#include "base/encoding.h"

namespace triggers::store::dynamo {
namespace {

namespace json = boost::json;

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
