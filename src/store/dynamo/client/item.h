#pragma once

// Reads and writes the typed values of DynamoDB's JSON. Which attributes an item has is in events/ and keys/.

#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::store::dynamo {

/// An item, or a part of one: attribute names to typed values, as DynamoDB's JSON has them.
using Item = boost::json::object;

/// `{"S": …}`; `text` must be UTF-8.
[[nodiscard]] boost::json::object text_value(std::string_view text);
/// `{"N": …}`
[[nodiscard]] boost::json::object number_value(std::int64_t number);
/// `{"B": …}`: base64 with padding (RFC 4648, section 4).
[[nodiscard]] boost::json::object bytes_value(std::string_view bytes);

/// The attribute, if the item has it with that type. The view lives as long as the item.
[[nodiscard]] std::optional<std::string_view> text_of(const Item& item, std::string_view name);
[[nodiscard]] std::optional<std::int64_t> number_of(const Item& item, std::string_view name);
[[nodiscard]] std::optional<std::string> bytes_of(const Item& item, std::string_view name);

/// The member if it is an object; otherwise an empty one.
[[nodiscard]] const Item& object_of(const boost::json::object& answer, std::string_view name);

}  // namespace triggers::store::dynamo
