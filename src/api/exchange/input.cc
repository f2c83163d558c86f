#include "api/exchange/input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <span>

#include "auth/validate.h"
#include "base/encoding.h"
#include "base/percent_encoding.h"
#include "base/utf8.h"
#include "event/quotable.h"

namespace triggers::api {
namespace {

constexpr std::size_t idempotency_key_bytes_max = 255;
constexpr std::size_t quoted_name_chars_max = 64;
constexpr std::size_t event_type_chars_max = 255;

/// The type and subtype of a Content-Type, without parameters and surrounding blanks.
std::string_view media_type(const http::Request& request) {
  auto value = request.headers.find("Content-Type").value_or("");
  value = value.substr(0, value.find(';'));
  while (!value.empty() && (value.back() == ' ' || value.back() == '\t')) value.remove_suffix(1);
  return value;
}

bool is_json(std::string_view type) {
  constexpr std::string_view suffix = "+json";
  return type.empty() || http::equal_ignoring_case(type, "application/json") ||
         (type.size() > suffix.size() && http::equal_ignoring_case(type.substr(type.size() - suffix.size()), suffix));
}

bool is_json_lines(std::string_view type) {
  return http::equal_ignoring_case(type, "application/x-ndjson") ||
         http::equal_ignoring_case(type, "application/ndjson") || http::equal_ignoring_case(type, "application/jsonl");
}

Refusal unsupported_type(std::string message) {
  return {Code::unsupported_media_type, std::move(message), Details().text("field", "Content-Type").json(), {}, {}};
}

Refusal unknown_parameter(std::string_view name, std::initializer_list<std::string_view> known) {
  const std::string taken =
      known.size() == 0 ? "it takes no parameters" : fmt::format("the parameters are {}", fmt::join(known, ", "));
  const std::string problem =
      fmt::format("{} is not a parameter of this path; {}", event::quotable(name, quoted_name_chars_max), taken);
  std::string details = Details()
                            .text("field", "query")
                            .text("problem", problem)
                            .list("known", std::span(known.begin(), known.size()))
                            .json();
  return {Code::validation_error, "query: " + problem, std::move(details), {}, {}};
}

}  // namespace

OrRefusal<Done> require_json(const http::Request& request) {
  if (is_json(media_type(request))) return Done{};
  return unsupported_type("The body must be JSON: send Content-Type: application/json.");
}

OrRefusal<BatchFormat> batch_format(const http::Request& request) {
  const auto type = media_type(request);
  if (is_json_lines(type)) return BatchFormat::lines;
  if (is_json(type)) return BatchFormat::array;
  return unsupported_type(
      "A batch is a JSON array (Content-Type: application/json) or one event a line (application/x-ndjson).");
}

OrRefusal<std::optional<std::string_view>> idempotency_key(const http::Request& request) {
  auto key = request.headers.find("Idempotency-Key");
  if (!key) return std::optional<std::string_view>{};
  if (request.headers.count("Idempotency-Key") > 1) return invalid("Idempotency-Key", "must be sent once");
  if (key->size() >= 2 && key->front() == '"' && key->back() == '"') key = key->substr(1, key->size() - 2);
  const bool visible = std::ranges::all_of(*key, [](char c) { return c > ' ' && c < '\x7f'; });
  if (key->empty() || key->size() > idempotency_key_bytes_max || !visible) {
    return invalid("Idempotency-Key",
                   fmt::format("must be 1 to {} visible ASCII characters", idempotency_key_bytes_max));
  }
  return key;
}

OrRefusal<std::vector<Parameter>> query_parameters(std::string_view query,
                                                   std::initializer_list<std::string_view> known) {
  std::vector<Parameter> parameters;
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
    if (pair.empty()) continue;
    const auto equals = pair.find('=');
    auto name = decode_query_text(pair.substr(0, equals));
    auto value = decode_query_text(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    if (!name || !value || !auth::is_utf8(*name) || !auth::is_utf8(*value)) {
      return invalid("query", "holds a broken percent-escape, or text that is not UTF-8");
    }
    if (std::ranges::find(known, *name) == known.end()) {
      return unknown_parameter(*name, known);
    }
    if (find(parameters, *name) != nullptr) return invalid(*name, "must be given once");
    parameters.push_back({std::move(*name), std::move(*value)});
  }
  return parameters;
}

const std::string* find(const std::vector<Parameter>& parameters, std::string_view name) noexcept {
  const auto found = std::ranges::find(parameters, name, &Parameter::name);
  return found == parameters.end() ? nullptr : &found->value;
}

OrRefusal<std::int64_t> parse_number(std::string_view field, std::string_view text, std::int64_t minimum,
                                     std::int64_t maximum) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < minimum || value > maximum) {
    return invalid(field, fmt::format("must be a whole number from {} to {}", minimum, maximum));
  }
  return value;
}

OrRefusal<Done> check_event_type(std::string_view event_type) {
  if (event_type.empty() || count_code_points(event_type) > event_type_chars_max) {
    return invalid("event_type", fmt::format("must have 1 to {} characters", event_type_chars_max));
  }
  return Done{};
}

bool is_uuid(std::string_view text) noexcept {
  if (text.size() != 36) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : hex_value(text[i]) < 0) return false;
  }
  return true;
}

OrRefusal<std::optional<event::EventId>> parse_event_id(std::string_view text) {
  if (!is_uuid(text)) return invalid("event_id", "must be a UUID, as POST /events answered it");
  return event::EventId::parse(text);
}

Refusal no_such_event(std::string_view id) {
  return {Code::not_found, "No event has this id.", Details().text("event_id", id).json(), {}, {}};
}

Refusal from_parse_error(const event::ParseError& refusal) {
  if (refusal.kind == event::ParseError::Kind::invalid) return invalid(refusal.field, refusal.message);
  return {Code::payload_too_large,
          about_field(refusal.field, refusal.message),
          Details()
              .text("field", refusal.field)
              .number("limit_bytes", refusal.limit_bytes)
              .number("size_bytes", refusal.size_bytes)
              .json(),
          {},
          {}};
}

}  // namespace triggers::api
