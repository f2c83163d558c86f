#include "line_result.h"

#include <boost/json.hpp>

#include "config/printable.h"

namespace triggers {
namespace {

namespace json = boost::json;

constexpr std::size_t message_bytes_max = 1000;

std::string text_of(const json::object& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return {};
  return config::printable(std::string_view(value->get_string()), message_bytes_max);
}

std::optional<LineResult> read_result(const json::value& value) {
  if (!value.is_object()) return std::nullopt;
  const auto& object = value.get_object();
  LineResult result;
  const std::string status = text_of(object, "status");
  result.event_id = text_of(object, "event_id");
  result.error_code = text_of(object, "error_code");
  result.message = text_of(object, "message");
  result.json = json::serialize(value);
  if (status == "accepted" || status == "duplicate") {
    result.status = status == "accepted" ? LineResult::Status::accepted : LineResult::Status::duplicate;
    return result;
  }
  if (status != "error") return std::nullopt;
  if (result.error_code == "SERVICE_UNAVAILABLE") result.status = LineResult::Status::unsettled;
  return result;
}

}  // namespace

std::optional<std::vector<LineResult>> batch_results(const http::ClientResponse& answer, std::size_t count) {
  if (answer.status != 200 && answer.status != 422) return std::nullopt;
  json::error_code error;
  const auto value = json::parse(answer.body, error);
  const auto* list = error || !value.is_object() ? nullptr : value.get_object().if_contains("results");
  if (list == nullptr || !list->is_array() || list->get_array().size() != count) return std::nullopt;
  std::vector<LineResult> results;
  for (const auto& entry : list->get_array()) {
    auto result = read_result(entry);
    if (!result) return std::nullopt;
    results.push_back(*std::move(result));
  }
  return results;
}

LineResult refused_line(std::string error_code, std::string message) {
  LineResult result;
  json::object object;
  object["status"] = "error";
  object["error_code"] = error_code;
  object["message"] = message;
  result.json = json::serialize(object);
  result.error_code = std::move(error_code);
  result.message = std::move(message);
  return result;
}

}  // namespace triggers
