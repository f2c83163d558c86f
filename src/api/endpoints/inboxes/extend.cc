// POST /inboxes/{name}/extend: extend() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/entry_results.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

struct ExtendRequest {
  store::LeaseId lease;
  Asked asked;
  std::chrono::seconds duration{};
};

OrRefusal<ExtendRequest> parse_extend(const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto body = json_object(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"lease_id", "event_ids", "lease_seconds"}); !known) return known.error();
  const auto lease = required_lease(*body);
  if (!lease) return lease.error();
  auto asked = event_ids_member(*body);
  if (!asked) return std::move(asked).error();
  const auto seconds = number_member(*body, "lease_seconds", inbox::lease_seconds_range);
  if (!seconds) return seconds.error();
  if (!*seconds) return invalid("lease_seconds", "is required: how long the lease lasts from now on");
  return ExtendRequest{*lease, *std::move(asked), std::chrono::seconds(**seconds)};
}

http::Response answer(const Asked& asked, const store::Extended& extended) {
  std::string until;
  append_time(until, "leased_until", extended.until);
  return results_response(asked, extended.results, until);
}

}  // namespace

Task<OrRefusal<http::Response>> extend(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_extend(exchange.request); };
  auto request = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!request) co_return std::move(request).error();
  auto memory = reserve(inboxes.answers, exchange, results_bytes(request->asked));
  if (!memory) co_return memory.error();
  const auto extended = co_await inboxes.store->extend(exchange.key->tenant, *inbox, request->lease,
                                                       take_ids(request->asked), request->duration);
  if (!extended) co_return from_inbox_error(extended.error(), *inbox);
  auto make = [&] { return answer(request->asked, *extended); };
  const std::size_t bytes = results_bytes(request->asked, extended->results.size());
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
