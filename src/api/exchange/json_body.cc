#include "api/exchange/json_body.h"

#include <fmt/format.h>

#include <algorithm>

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

OrRefusal<Done> only_members(const boost::json::object& object, std::initializer_list<std::string_view> known) {
  for (const auto& member : object) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::ranges::find(known, name) != known.end()) continue;
    return invalid(event::quotable(name, quoted_name_chars_max),
                   fmt::format("is not a field of this request; it has: {}", fmt::join(known, ", ")));
  }
  return Done{};
}

}  // namespace triggers::api
