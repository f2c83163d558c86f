// POST /inboxes/{name}/release: release() of inbox_endpoints.h.

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

struct ReleaseRequest {
  store::LeaseId lease;
  Asked asked;
  std::chrono::seconds delay{};
  std::optional<std::string> error;
};

OrRefusal<ReleaseRequest> parse_release(const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto body = json_object(request);
  if (!body) return body.error();
  const auto known = only_members(*body, {"lease_id", "event_ids", "delay_seconds", "error"});
  if (!known) return known.error();
  const auto lease = required_lease(*body);
  if (!lease) return lease.error();
  auto asked = event_ids_member(*body);
  if (!asked) return std::move(asked).error();
  const auto delay = number_member(*body, "delay_seconds", inbox::delay_seconds_range);
  if (!delay) return delay.error();
  auto error = text_member(*body, "error");
  if (!error) return std::move(error).error();
  if (*error) {
    const auto fault = inbox::check_text("error", **error, inbox::error_chars_max);
    if (fault) return invalid(fault->field, fault->message);
  }
  return ReleaseRequest{*lease, *std::move(asked), std::chrono::seconds(delay->value_or(0)), *std::move(error)};
}

}  // namespace

Task<OrRefusal<http::Response>> release(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_release(exchange.request); };
  auto request = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!request) co_return std::move(request).error();
  auto memory = reserve(inboxes.answers, exchange, results_bytes(request->asked));
  if (!memory) co_return memory.error();
  const auto results =
      co_await inboxes.store->release(exchange.key->tenant, *inbox, request->lease, take_ids(request->asked),
                                      request->delay, std::move(request->error));
  if (!results) co_return from_inbox_error(results.error(), *inbox);
  auto make = [&] { return results_response(request->asked, *results); };
  const std::size_t bytes = results_bytes(request->asked, results->size());
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
