#include "api/endpoints/events/post_event.h"

#include "api/admission/admit.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/events/parse_event.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/storage_full.h"

namespace triggers::api {
namespace {

// On the hot path: allocated once, not grown.
constexpr std::size_t headers_of_an_answer = 8;
constexpr std::size_t body_bytes = 224;

http::Response accepted(const store::Appended& stored) {
  const bool duplicate = stored.outcome == store::Appended::Outcome::duplicate;
  http::Response response;
  response.status = 201;
  response.headers.reserve(headers_of_an_answer);
  response.body.reserve(body_bytes);
  response.body = "{\"status\":\"accepted\",";
  append_id_and_timestamp(response.body, stored.id);
  response.body += ",\"message\":\"The event is stored.\"";
  if (duplicate) {
    response.body += ",\"duplicate\":true";
    response.add("Idempotent-Replayed", "true");
  }
  response.body += "}\n";
  std::string location;
  location.reserve(48);
  location = "/events/";
  stored.id.append_text(location);
  response.add("Location", std::move(location));
  return response;
}

}  // namespace

Task<OrRefusal<http::Response>> post_event(const EventIntake& intake, Exchange& exchange) {
  const auto admitted = co_await admit(intake.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto json = require_json(exchange.request);
  if (!json) co_return json.error();
  const auto idempotency = idempotency_key(exchange.request);
  if (!idempotency) co_return idempotency.error();
  auto parse = [&] { return parse_event(intake.limits, *exchange.key, exchange.request.body); };
  std::optional<OrRefusal<event::NewEvent>> parsed;
  if (parses_on_loop(intake.parsers, exchange.request)) {
    parsed.emplace(parse());
  } else {
    parsed.emplace(co_await parse_off_loop(intake.parsers, exchange, std::move(parse)));
  }
  if (!*parsed) co_return std::move(*parsed).error();
  const event::NewEvent& event = **parsed;

  store::IncomingEvent append = to_append(event);
  append.idempotency_key = *idempotency;
  const auto stored = co_await intake.log.append(exchange.key->tenant, append);
  if (!stored) co_return from_error(stored.error());
  if (stored->outcome == store::Appended::Outcome::idempotency_mismatch) co_return idempotency_mismatch(stored->id);
  if (stored->outcome == store::Appended::Outcome::no_room) {
    co_return storage_full(stored->limit, intake.tenant_limits);
  }
  co_return accepted(*stored);
}

}  // namespace triggers::api
