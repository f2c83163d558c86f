#include "api/endpoints/events/get_event.h"

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/events/event_json.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

/// The size of the response, about.
std::size_t answer_bytes(const store::StoredEvent& event) { return event.bytes() + 256; }

http::Response answer(const store::StoredEvent& event) {
  http::Response response;
  response.body.reserve(answer_bytes(event));
  append_event(response.body, event, true);
  response.body += '\n';
  return response;
}

}  // namespace

Task<OrRefusal<http::Response>> get_event(const EventReading& events, Exchange& exchange) {
  const auto admitted = co_await admit(events.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto id = parse_event_id(exchange.route.id);
  if (!id) co_return id.error();
  // The filters of a key's inboxes may hide events from it. Only `default` shows any event.
  if (!*id || !may_use(exchange, inbox::InboxName())) co_return no_such_event(exchange.route.id);
  auto event = co_await events.log.get(exchange.key->tenant, **id);
  if (!event) co_return from_error(event.error());
  if (!*event) co_return no_such_event(exchange.route.id);
  const std::size_t bytes = answer_bytes(**event);
  // Reserved before the response waits for the pool, because each connection may hold an event meanwhile.
  auto memory = reserve(events.answers, exchange, bytes);
  if (!memory) co_return memory.error();
  auto make = [&] { return answer(**event); };
  http::Response response = co_await make_off_loop(events.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
