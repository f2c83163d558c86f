#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/admit.h"
#include "api/aside.h"
#include "api/endpoints.h"
#include "api/hold.h"
#include "api/input.h"
#include "api/json_body.h"

namespace triggers::api {
namespace {

/// The ids as text, checked to be a list of strings; whether each is an id is answered one by one.
Outcome<std::vector<std::string>> parse_ids(const http::Request& request) {
  const auto body = json_object(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"event_ids"}); !known) return known.error();
  const auto* list = body->if_contains("event_ids");
  if (list == nullptr) return invalid("event_ids", "is required: a list of event ids");
  if (!list->is_array()) return invalid("event_ids", "must be a list of event ids");
  if (list->get_array().empty() || list->get_array().size() > acknowledged_events_max) {
    return invalid("event_ids", fmt::format("must hold 1 to {} ids; these are {}", acknowledged_events_max,
                                            list->get_array().size()));
  }
  std::vector<std::string> ids;
  for (const auto& id : list->get_array()) {
    if (!id.is_string()) return invalid("event_ids", "must hold strings only");
    ids.emplace_back(id.get_string());
  }
  return ids;
}

std::string_view outcome_name(store::AckOutcome outcome) {
  switch (outcome) {
    case store::AckOutcome::acknowledged: return "acknowledged";
    case store::AckOutcome::already_acknowledged: return "already_acknowledged";
    case store::AckOutcome::not_found: return "not_found";
  }
  INVARIANT(false);
}

/// Each id comes back, with what became of it.
std::size_t answer_bytes(const std::vector<std::string>& ids) {
  constexpr std::size_t of_an_outcome = 64;
  std::size_t bytes = of_an_outcome;
  for (const auto& id : ids) bytes += id.size() + of_an_outcome;
  return bytes;
}

}  // namespace

Task<Answer> post_ack(Services& services, Exchange& exchange) {
  const auto admitted = co_await admit(services, exchange, auth::Action::acknowledge);
  if (!admitted) co_return admitted.error();
  const auto json = require_json(exchange.request);
  if (!json) co_return json.error();
  auto parse = [&] { return parse_ids(exchange.request); };
  const auto texts = co_await aside(services, exchange, std::move(parse));
  if (!texts) co_return texts.error();

  std::vector<event::EventId> ids;
  for (const auto& text : *texts) {
    if (const auto id = event::EventId::parse(text)) ids.push_back(*id);
  }
  auto memory = reserve(services, exchange, answer_bytes(*texts));
  if (!memory) co_return memory.error();
  const auto outcomes = co_await services.events.acknowledge(exchange.key->tenant, std::move(ids));
  if (!outcomes) co_return from_error(outcomes.error());

  http::Response response;
  std::string& body = response.body;
  body.reserve(memory->bytes());
  body = "{\"results\":[";
  std::size_t next = 0;
  std::size_t acknowledged = 0;
  for (const auto& text : *texts) {
    const auto outcome = event::EventId::parse(text) ? (*outcomes)[next++] : store::AckOutcome::not_found;
    acknowledged += outcome == store::AckOutcome::acknowledged ? 1 : 0;
    body += body.back() == '[' ? "{\"event_id\":" : ",{\"event_id\":";
    event::append_json_string(body, text);
    body += fmt::format(",\"status\":\"{}\"}}", outcome_name(outcome));
  }
  body += fmt::format("],\"acknowledged\":{}}}\n", acknowledged);
  hold_reserved(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
