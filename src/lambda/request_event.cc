#include "lambda/request_event.h"

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <string>

#include "base/encoding.h"
#include "base/percent_encoding.h"

namespace triggers::lambda {
namespace {

namespace json = boost::json;

constexpr std::string_view usual_prefix = "v1";
constexpr std::string_view forwarded_prefix = "X-Forwarded-Prefix";

Error refuse(std::string_view what) {
  return {ErrorCode::invalid_argument, "the event is none of API Gateway's: " + std::string(what)};
}

/// Empty if the member is missing or no text; the caller knows which are required.
std::string_view text_of(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->get_string().data(), value->get_string().size()};
}

const json::object* object_of(const json::object& object, std::string_view name) {
  const auto* const value = object.if_contains(name);
  return value == nullptr ? nullptr : value->if_object();
}

http::Method method_of(std::string_view name) {
  using http::Method;
  constexpr std::array methods{Method::get,   Method::head, Method::post,   Method::put,
                               Method::patch, Method::del,  Method::options};
  const auto found = std::ranges::find(methods, name, http::method_name);
  return found == methods.end() ? Method::other : *found;
}

/// API Gateway passes some paths decoded. Characters that a target cannot have are encoded again; the rest stays.
void append_path(std::string& out, std::string_view path) {
  for (const char c : path) {
    if (c <= ' ' || c == '?' || c == '#' || c == 0x7f) {  // A byte above 127 is a negative char.
      append_percent_escape(out, c);
    } else {
      out.push_back(c);
    }
  }
}

/// True, and `path` without its first segment, if that is `segment`.
bool cut_segment(std::string_view& path, std::string_view segment) {
  if (segment.empty() || !path.starts_with('/') || !path.substr(1).starts_with(segment)) return false;
  const auto rest = path.substr(1 + segment.size());
  if (!rest.empty() && rest.front() != '/') return false;
  path = rest;
  return true;
}

/// The path as the resource names it: `/events/{id}` with the parameters of the request. It leaves out what a stage or
/// the base path of a domain of one's own puts in front. Nothing for a resource that is no path, as `$default`.
std::optional<std::string> expanded_resource(const json::object& event) {
  std::string_view resource = text_of(event, "resource");
  if (!resource.starts_with('/')) return std::nullopt;
  const auto* const parameters = object_of(event, "pathParameters");
  std::string path;
  while (!resource.empty()) {
    const auto plain = resource.substr(0, resource.find('{'));
    path += plain;
    resource.remove_prefix(plain.size());
    if (resource.empty()) break;
    const auto close = resource.find('}');
    if (close == std::string_view::npos || parameters == nullptr) return std::nullopt;
    auto name = resource.substr(1, close - 1);
    if (name.ends_with('+')) name.remove_suffix(1);
    const auto* const value = parameters->if_contains(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    path += std::string_view(value->get_string().data(), value->get_string().size());
    resource.remove_prefix(close + 1);
  }
  return path;
}

/// What stands in front of `local` in `full`.
std::string_view front_of(std::string_view full, std::string_view local) {
  if (full.ends_with(local)) return full.substr(0, full.size() - local.size());
  return local == "/" ? full : std::string_view{};
}

std::string target_of(std::string_view path, std::string_view stage) {
  if (!cut_segment(path, stage)) cut_segment(path, usual_prefix);
  std::string target;
  if (!path.starts_with('/')) target.push_back('/');
  append_path(target, path);
  return target;
}

bool is_token(std::string_view name) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           marks.find(c) != std::string_view::npos;
  });
}

/// False: not a field that HTTP could have brought.
bool add_field(http::Headers& headers, std::string_view name, const json::value& value) {
  if (!value.is_string() || !is_token(name)) return false;
  const std::string_view text(value.get_string().data(), value.get_string().size());
  const bool sound = std::ranges::none_of(text, [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; });
  const bool ours = http::equal_ignoring_case(name, forwarded_prefix);
  if (sound && !ours && !http::equal_ignoring_case(name, "Cookie")) headers.add(name, text);
  return sound;
}

/// Calls `take(name, value)` for each value of each name: of `many` (lists) if it exists, otherwise of `single`. False
/// if `take` returns false, or if a member of `many` is not a list.
template <class Take>
bool for_each_value(const json::object& event, std::string_view many, std::string_view single, Take take) {
  if (const auto* const lists = many.empty() ? nullptr : object_of(event, many)) {
    for (const auto& [name, list] : *lists) {
      if (!list.is_array()) return false;
      for (const auto& value : list.get_array()) {
        if (!take({name.data(), name.size()}, value)) return false;
      }
    }
    return true;
  }
  const auto* const values = object_of(event, single);
  if (values == nullptr) return true;  // Missing, or null: there are none.
  return std::ranges::all_of(
      *values, [&](const auto& pair) { return take({pair.key().data(), pair.key().size()}, pair.value()); });
}

/// Pages that name the API's address need the prefix that was removed.
void tell_prefix(http::Request& request, std::string_view prefix) {
  if (!prefix.empty()) request.headers.add(forwarded_prefix, prefix);
}

std::optional<Error> read_http_2_0(const json::object& event, const json::object& context, http::Request& request) {
  const auto* const http = object_of(context, "http");
  const auto path = text_of(event, "rawPath");
  if (http == nullptr || path.empty()) return refuse("requestContext.http or rawPath is missing");
  request.method = method_of(text_of(*http, "method"));
  request.target = target_of(path, text_of(context, "stage"));
  tell_prefix(request, front_of(path, request.target));
  if (const auto query = text_of(event, "rawQueryString"); !query.empty()) {
    request.target.push_back('?');
    append_path(request.target, query);
  }
  request.peer.address = text_of(*http, "sourceIp");
  const bool sound = for_each_value(event, "", "headers", [&](std::string_view name, const json::value& value) {
    return add_field(request.headers, name, value);
  });
  if (!sound) return refuse("a header is not one");
  return std::nullopt;
}

std::optional<Error> read_rest_1_0(const json::object& event, const json::object& context, http::Request& request) {
  const auto path = text_of(event, "path");
  const auto method = text_of(event, "httpMethod");
  if (path.empty() || method.empty()) return refuse("path or httpMethod is missing");
  if (text_of(event, "resource").empty()) return refuse("resource is missing");
  request.method = method_of(method);
  const auto local = expanded_resource(event);
  request.target = local ? target_of(*local, {}) : target_of(path, text_of(context, "stage"));
  tell_prefix(request, front_of(text_of(context, "path"), request.target));
  char separator = '?';
  const auto add_parameter = [&](std::string_view name, const json::value& value) {
    if (!value.is_string()) return false;
    request.target.push_back(separator);
    separator = '&';
    request.target.append(percent_encode(name));
    request.target.push_back('=');
    request.target.append(percent_encode({value.get_string().data(), value.get_string().size()}));
    return true;
  };
  if (!for_each_value(event, "multiValueQueryStringParameters", "queryStringParameters", add_parameter)) {
    return refuse("a query parameter is not one");
  }
  if (const auto* const identity = object_of(context, "identity")) {
    request.peer.address = text_of(*identity, "sourceIp");
  }
  const bool sound = for_each_value(
      event, "multiValueHeaders", "headers",
      [&](std::string_view name, const json::value& value) { return add_field(request.headers, name, value); });
  if (!sound) return refuse("a header is not one");
  return std::nullopt;
}

std::optional<Error> read_body(const json::object& event, RequestEvent& incoming, const BodyLimit& body_bytes_max) {
  const auto* const body = event.if_contains("body");
  if (body == nullptr || body->is_null()) return std::nullopt;
  if (!body->is_string()) return refuse("the body is no text");
  std::string bytes(body->get_string().data(), body->get_string().size());
  const auto* const encoded = event.if_contains("isBase64Encoded");
  if (encoded != nullptr && encoded->is_bool() && encoded->get_bool()) {
    auto decoded = from_base64(bytes);
    if (!decoded) return refuse("the body is not base64");
    bytes = std::move(*decoded);
  }
  const auto limit = body_bytes_max(incoming.request.method, incoming.request.target);
  incoming.problem = take_body(incoming.request, incoming.packed, std::move(bytes), limit);
  return std::nullopt;
}

}  // namespace

Result<RequestEvent> read_event(std::string_view text, const BodyLimit& body_bytes_max) {
  json::error_code failed;
  const json::value value = json::parse({text.data(), text.size()}, failed);
  if (failed) return refuse("it is not JSON");
  const auto* const event = value.if_object();
  const auto* const context = event == nullptr ? nullptr : object_of(*event, "requestContext");
  if (context == nullptr) return refuse("it has no requestContext");
  if (context->contains("elb")) {
    return refuse("it comes from an Application Load Balancer; put API Gateway or a function URL in front instead");
  }
  const auto version = text_of(*event, "version");
  if (event->contains("version") && version != "1.0" && version != "2.0") {
    return refuse("the version of its format is neither 1.0 nor 2.0");
  }
  RequestEvent incoming;
  // REST APIs have no version in their events.
  incoming.format = version == "2.0" ? Format::http_2_0 : Format::rest_1_0;
  auto wrong = incoming.format == Format::http_2_0 ? read_http_2_0(*event, *context, incoming.request)
                                                   : read_rest_1_0(*event, *context, incoming.request);
  if (!wrong) wrong = read_body(*event, incoming, body_bytes_max);
  if (wrong) return std::move(*wrong);
  return incoming;
}

}  // namespace triggers::lambda
