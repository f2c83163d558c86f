#pragma once

// Reads headers, query parameters and path segments of a request, or refuses them; from_parse_error() refuses an event
// that could not be parsed. JSON bodies are in json_body.h; events are parsed in event/event.h.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/exchange/refusal.h"
#include "event/event.h"
#include "http/wire/message.h"

namespace triggers::api {

/// A media type that is JSON: `application/json`, or a `+json` one. A request without a Content-Type counts as JSON.
[[nodiscard]] OrRefusal<Done> require_json(const http::Request& request);

enum class BatchFormat { array, lines };
/// JSON, or one of `application/x-ndjson`, `application/ndjson`, `application/jsonl`.
[[nodiscard]] OrRefusal<BatchFormat> batch_format(const http::Request& request);

/// The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header), quoted or not: 1 to 255 visible
/// ASCII characters. Nothing if the header is absent. A view into the request.
[[nodiscard]] OrRefusal<std::optional<std::string_view>> idempotency_key(const http::Request& request);

/// One parameter of a query, percent-decoded.
struct Parameter {
  std::string name, value;
};
/// All of a query's parameters. Refused: a broken escape, text that is not UTF-8, a name that comes twice or that is
/// not among `known`.
[[nodiscard]] OrRefusal<std::vector<Parameter>> query_parameters(std::string_view query,
                                                                 std::initializer_list<std::string_view> known);
[[nodiscard]] const std::string* find(const std::vector<Parameter>& parameters, std::string_view name) noexcept;

/// A whole number in [minimum, maximum].
[[nodiscard]] OrRefusal<std::int64_t> parse_number(std::string_view field, std::string_view text, std::int64_t minimum,
                                                   std::int64_t maximum);

/// The type of the events that a request is about: 1 to 255 characters.
[[nodiscard]] OrRefusal<Done> check_event_type(std::string_view event_type);

/// The event id in a path. Refused with 400 if it is no UUID. Nothing if it is a UUID that this service never makes:
/// the caller answers 404.
[[nodiscard]] OrRefusal<std::optional<event::EventId>> parse_event_id(std::string_view text);
/// The refusal for an event that is not stored.
[[nodiscard]] Refusal no_such_event(std::string_view id);
[[nodiscard]] bool is_uuid(std::string_view text) noexcept;

/// The refusal for a text that is no event.
[[nodiscard]] Refusal from_parse_error(const event::ParseError& refusal);

}  // namespace triggers::api
