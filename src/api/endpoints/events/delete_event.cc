#include "api/endpoints/events/delete_event.h"

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/exchange/input.h"

namespace triggers::api {

Task<OrRefusal<http::Response>> delete_event(const EventRemoval& events, Exchange& exchange) {
  const auto admitted = co_await admit(events.admission, exchange);
  if (!admitted) co_return admitted.error();
  if (const auto name = admitted_inbox(exchange); !name) co_return name.error();
  const auto id = parse_event_id(exchange.route.id);
  if (!id) co_return id.error();
  if (!*id) co_return no_such_event(exchange.route.id);
  std::vector<event::EventId> ids{**id};
  const auto outcomes = co_await events.inbox.acknowledge(exchange.key->tenant, std::move(ids));
  if (!outcomes) co_return from_error(outcomes.error());
  if (outcomes->front() == store::AckStatus::not_found) co_return no_such_event(exchange.route.id);
  http::Response response;
  response.status = 204;
  co_return response;
}

}  // namespace triggers::api
