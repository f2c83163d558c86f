// POST /inboxes/{name}/ack: ack() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/entry_results.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

struct AckRequest {
  std::optional<store::LeaseId> lease;
  Asked asked;
};

OrRefusal<AckRequest> parse_ack(const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto body = json_object(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"lease_id", "event_ids"}); !known) return known.error();
  auto lease = lease_member(*body);
  if (!lease) return std::move(lease).error();
  auto asked = event_ids_member(*body);
  if (!asked) return std::move(asked).error();
  if (!*lease && !*asked) return invalid("lease_id", "is required if there are no event_ids");
  return AckRequest{*lease, *std::move(asked)};
}

}  // namespace

Task<OrRefusal<http::Response>> ack(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_ack(exchange.request); };
  auto request = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!request) co_return std::move(request).error();
  auto memory = reserve(inboxes.answers, exchange, results_bytes(request->asked));
  if (!memory) co_return memory.error();
  const auto results =
      co_await inboxes.store->acknowledge(exchange.key->tenant, *inbox, request->lease, take_ids(request->asked));
  if (!results) co_return from_inbox_error(results.error(), *inbox);
  auto make = [&] { return results_response(request->asked, *results); };
  const std::size_t bytes = results_bytes(request->asked, results->size());
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
