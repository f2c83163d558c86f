#include "api/exchange/json_body.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/exchange/input.h"
#include "api/exchange/repeated_member.h"
#include "event/quotable.h"

namespace triggers::api {
namespace {

constexpr std::size_t depth_max = 32;
constexpr std::size_t quoted_name_chars_max = 64;

}  // namespace

OrRefusal<boost::json::object> json_object(const http::Request& request) {
  if (request.body.empty()) return invalid("body", "is empty: send a JSON object");
  boost::json::error_code error;
  boost::json::parse_options options;
  options.max_depth = depth_max;
  auto value = boost::json::parse(request.body, error, {}, options);
  if (error) return invalid("body", fmt::format("is not valid JSON: {}", error.message()));
  if (!value.is_object()) return invalid("body", "must be a JSON object");
  if (const auto name = repeated_member(request.body, depth_max))
    return invalid(event::quotable(*name, quoted_name_chars_max), "is given more than once");
  return std::move(value.get_object());
}

OrRefusal<boost::json::object> json_object_or_nothing(const http::Request& request) {
  if (request.body.empty()) return boost::json::object{};
  if (const auto json = require_json(request); !json) return json.error();
  return json_object(request);
}

OrRefusal<Done> only_member(std::string_view name, std::initializer_list<std::string_view> known) {
  if (std::ranges::find(known, name) != known.end()) return Done{};
  const std::string names = known.size() == 0 ? "none" : fmt::format("{}", fmt::join(known, ", "));
  return invalid(event::quotable(name, quoted_name_chars_max),
                 fmt::format("is not a field of this request; it has: {}", names));
}

OrRefusal<Done> only_members(const boost::json::object& object, std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    if (auto checked = only_member({member.key().data(), member.key().size()}, known); !checked) return checked;
  }
  return Done{};
}

}  // namespace triggers::api
