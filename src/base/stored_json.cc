#include "base/stored_json.h"

#include "base/timestamp.h"

namespace triggers {
namespace {

namespace json = boost::json;

}  // namespace

std::string StoredJsonReader::text(std::string_view name) {
  const auto* value = member(name);
  if (value == nullptr) return {};
  if (const auto* string = value->if_string()) return {string->data(), string->size()};
  return fail<std::string>(name, "is not a string");
}

std::optional<std::uint64_t> StoredJsonReader::number_or_null(std::string_view name) {
  const auto* value = member(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (const auto* positive = value->if_uint64()) return *positive;
  if (const auto* number = value->if_int64(); number != nullptr && *number >= 0) {
    return static_cast<std::uint64_t>(*number);
  }
  return fail<std::optional<std::uint64_t>>(name, "is not a whole number");
}

std::uint64_t StoredJsonReader::number(std::string_view name) {
  const auto value = number_or_null(name);
  return value ? *value : fail<std::uint64_t>(name, "is not a whole number");
}

bool StoredJsonReader::truth(std::string_view name) {
  const auto* value = member(name);
  if (value != nullptr && value->is_bool()) return value->get_bool();
  return fail<bool>(name, "is not true or false");
}

std::optional<UnixMillis> StoredJsonReader::time_or_null(std::string_view name) {
  const auto* value = member(name);
  if (value == nullptr || value->is_null()) return std::nullopt;
  if (const auto* string = value->if_string()) {
    if (const auto time = parse_timestamp({string->data(), string->size()})) return time;
  }
  return fail<std::optional<UnixMillis>>(name, "is not a timestamp");
}

UnixMillis StoredJsonReader::time(std::string_view name) {
  const auto value = time_or_null(name);
  return value ? *value : fail<UnixMillis>(name, "is not a timestamp");
}

const json::array& StoredJsonReader::array(std::string_view name) {
  static const json::array none;
  const auto* value = member(name);
  if (value != nullptr && value->is_array()) return value->get_array();
  fail<bool>(name, "is not an array");
  return none;
}

std::string StoredJsonReader::problem() const {
  if (problem_.empty() && asked_ != object_.size()) return name_ + "there are unknown fields";
  return problem_;
}

const json::value* StoredJsonReader::member(std::string_view name) {
  const auto* value = object_.if_contains(json::string_view(name.data(), name.size()));
  if (value == nullptr) {
    fail<bool>(name, "is missing");
  } else {
    ++asked_;
  }
  return value;
}

Result<json::object> parse_stored_json(std::string_view bytes, const StoredJsonBounds& bounds) {
  const auto fault = [](std::string what) { return Error{ErrorCode::internal, std::move(what)}; };
  if (bytes.size() > bounds.bytes_max) return fault("it is larger than " + std::string(bounds.size));
  json::parse_options options;
  options.max_depth = bounds.depth_max;
  boost::system::error_code error;
  auto value = json::parse(json::string_view(bytes.data(), bytes.size()), error, {}, options);
  if (error) return fault("it is not JSON");
  if (!value.is_object()) return fault("it is not a JSON object");
  return std::move(value.get_object());
}

json::value stored_time(const std::optional<UnixMillis>& time) {
  return time ? json::value(format_timestamp(*time)) : json::value(nullptr);
}

}  // namespace triggers
