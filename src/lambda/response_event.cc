#include "lambda/response_event.h"

#include <boost/json.hpp>

#include "base/encoding.h"
#include "event/utf8.h"

namespace triggers::lambda {
namespace {

namespace json = boost::json;

void add_field(json::object& fields, Format format, std::string_view name, std::string_view value) {
  json::value* there = nullptr;
  for (auto& field : fields) {
    if (http::equal_ignoring_case({field.key().data(), field.key().size()}, name)) there = &field.value();
  }
  const json::string text(value.data(), value.size());
  if (format == Format::rest_1_0) {
    if (there == nullptr) there = &(fields[name] = json::array());
    there->get_array().push_back(text);
  } else if (there == nullptr) {
    fields[name] = text;
  } else {
    there->get_string().append(", ").append(text);
  }
}

/// `/events/1` seen from `/events` is `events/1` (RFC 3986, section 5.2.3).
std::string_view seen_from(std::string_view path, std::string_view location) {
  const std::string_view folder = path.substr(0, path.rfind('/') + 1);
  return !folder.empty() && location.starts_with(folder) ? location.substr(folder.size()) : location;
}

}  // namespace

std::string write_response(const http::Response& response, Format format, const http::Request& request) {
  json::object fields;
  const bool bodiless = response.status == 204 || response.status == 304;
  if (!bodiless && !response.body.empty()) add_field(fields, format, "Content-Type", response.content_type);
  for (const auto& [name, value] : response.headers) {
    add_field(fields, format, name, name == "Location" ? seen_from(request.path(), value) : value);
  }
  json::object answer;
  answer["statusCode"] = response.status;
  answer[format == Format::rest_1_0 ? "multiValueHeaders" : "headers"] = std::move(fields);
  if (bodiless || request.method == http::Method::head) {
    answer["body"] = "";
    answer["isBase64Encoded"] = false;
  } else {
    const bool binary = event::find_invalid_utf8(response.body).has_value();
    answer["body"] = binary ? to_base64(response.body) : response.body;
    answer["isBase64Encoded"] = binary;
  }
  return json::serialize(answer);
}

}  // namespace triggers::lambda
