#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/refusal.h"
#include "event/event.h"
#include "http/wire/message.h"

namespace triggers::api {

/// A media type that is JSON: `application/json`, or a `+json` one. A request without a Content-Type counts as JSON.
[[nodiscard]] Outcome<Done> require_json(const http::Request& request);

enum class BatchFormat { array, lines };
/// JSON, or one of `application/x-ndjson`, `application/ndjson`, `application/jsonl`.
[[nodiscard]] Outcome<BatchFormat> batch_format(const http::Request& request);

/// The `Idempotency-Key` of a request (draft-ietf-httpapi-idempotency-key-header), quoted or not: 1 to 255 visible
/// ASCII characters. Nothing if the header is absent. A view into the request.
[[nodiscard]] Outcome<std::optional<std::string_view>> idempotency_key(const http::Request& request);

/// One parameter of a query, percent-decoded.
struct Parameter {
  std::string name, value;
};
/// All of a query's parameters. Refused: a broken escape, text that is not UTF-8, a name that comes twice or that is
/// not among `known`.
[[nodiscard]] Outcome<std::vector<Parameter>> query_parameters(std::string_view query,
                                                               std::initializer_list<std::string_view> known);
[[nodiscard]] const std::string* find(const std::vector<Parameter>& parameters, std::string_view name) noexcept;

/// A whole number in [minimum, maximum].
[[nodiscard]] Outcome<std::int64_t> parse_number(std::string_view field, std::string_view text, std::int64_t minimum,
                                                 std::int64_t maximum);

/// The id in a path. 400 if it is not a UUID at all. Nothing if it is one that this service does not make: 404.
[[nodiscard]] Outcome<std::optional<event::EventId>> parse_event_id(std::string_view text);
[[nodiscard]] bool is_uuid(std::string_view text) noexcept;

/// What a parser's refusal is to a client.
[[nodiscard]] Refusal from_refusal(const event::Refusal& refusal);

}  // namespace triggers::api
