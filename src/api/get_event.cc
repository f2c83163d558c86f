#include "api/admit.h"
#include "api/aside.h"
#include "api/endpoints.h"
#include "api/event_json.h"
#include "api/hold.h"
#include "api/input.h"

namespace triggers::api {

Refusal no_such_event(std::string_view id) {
  return {Code::not_found, "No event has this id.", Details().text("event_id", id).json(), {}, {}};
}

namespace {

/// What the answer takes, about.
std::size_t answer_bytes(const store::StoredEvent& event) { return event.bytes() + 256; }

http::Response answer(store::StoredEvent event) {
  http::Response response;
  response.body.reserve(answer_bytes(event));
  append_event(response.body, event, true);
  response.body += '\n';
  return response;
}

}  // namespace

Task<Answer> get_event(Services& services, Exchange& exchange) {
  const auto admitted = co_await admit(services, exchange, auth::Action::read);
  if (!admitted) co_return admitted.error();
  const auto id = parse_event_id(exchange.route.id);
  if (!id) co_return id.error();
  if (!*id) co_return no_such_event(exchange.route.id);
  auto event = co_await services.events.get(exchange.key->tenant, **id);
  if (!event) co_return from_error(event.error());
  if (!*event) co_return no_such_event(exchange.route.id);
  const std::size_t bytes = answer_bytes(**event);
  // Before the answer waits for the parser's thread: each connection may hold an event meanwhile.
  auto memory = reserve(services, exchange, bytes);
  if (!memory) co_return memory.error();
  auto make = [&] { return answer(std::move(**event)); };
  http::Response response = co_await made_aside(services, exchange, bytes, std::move(make));
  hold_reserved(std::move(*memory), response);
  co_return response;
}

Task<Answer> delete_event(Services& services, Exchange& exchange) {
  const auto admitted = co_await admit(services, exchange, auth::Action::acknowledge);
  if (!admitted) co_return admitted.error();
  const auto id = parse_event_id(exchange.route.id);
  if (!id) co_return id.error();
  if (!*id) co_return no_such_event(exchange.route.id);
  std::vector<event::EventId> ids{**id};
  const auto outcomes = co_await services.events.acknowledge(exchange.key->tenant, std::move(ids));
  if (!outcomes) co_return from_error(outcomes.error());
  if (outcomes->front() == store::AckStatus::not_found) co_return no_such_event(exchange.route.id);
  http::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace triggers::api
