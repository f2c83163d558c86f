// POST /inboxes/{name}/lease: lease() of inbox_endpoints.h.

#include <fmt/format.h>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

OrRefusal<store::LeaseRequest> parse_lease(const http::Request& request) {
  const auto body = json_object_or_nothing(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"limit", "lease_seconds"}); !known) return known.error();
  const auto limit = number_member(*body, "limit", inbox::lease_limit_range);
  if (!limit) return limit.error();
  const auto seconds = number_member(*body, "lease_seconds", inbox::lease_seconds_range);
  if (!seconds) return seconds.error();
  store::LeaseRequest asked;
  if (*limit) asked.limit = static_cast<std::size_t>(**limit);
  if (*seconds) asked.duration = std::chrono::seconds(**seconds);
  return asked;
}

Refusal too_many_leased(const inbox::InboxName& inbox) {
  return {Code::rate_limit_exceeded,
          "As many events of the inbox " + inbox.text() +
              " are leased as may be: acknowledge or release some, or wait until their leases end.",
          Details().text("reason", "too_many_leased").text("inbox", inbox.text()).json(),
          {{"Retry-After", "1"}},
          {}};
}

/// The size of the response, about.
std::size_t answer_bytes(const store::Leased& leased) {
  std::size_t bytes = 256;
  for (const auto& entry : leased.events) bytes += entry.event.payload.size() + entry.event.metadata.size() + 320;
  return bytes;
}

/// Also frees the events, which takes a while for a large lease.
http::Response answer(store::Leased& leased) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(leased));
  const bool any = leased.outcome == store::Leased::Outcome::leased;
  body = any ? "{\"lease_id\":\"" + leased.lease.value.text() + '"' : "{\"lease_id\":null";
  append_time(body, "leased_until", any ? std::optional(leased.until) : std::nullopt);
  body += ",\"events\":[";
  for (const auto& entry : leased.events) {
    body += body.back() == '[' ? "{" : ",{";
    append_event_members(body, entry.event);
    body += fmt::format(",\"attempt\":{}}}", entry.attempt);
  }
  body += "]}\n";
  leased.events = {};
  return response;
}

}  // namespace

Task<OrRefusal<http::Response>> lease(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_lease(exchange.request); };
  auto request = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!request) co_return std::move(request).error();
  request->inbox = *inbox;
  request->memory = &inboxes.answers;
  auto leased = co_await inboxes.store->lease(exchange.key->tenant, *std::move(request));
  if (!leased) co_return from_inbox_error(leased.error(), *inbox);
  if (leased->outcome == store::Leased::Outcome::too_many_leased) co_return too_many_leased(*inbox);
  const std::size_t bytes = answer_bytes(*leased);
  auto make = [&] { return answer(*leased); };
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  // Never refused: the events are leased, and another lease would not get them.
  count_reserved_until_written(std::move(leased->memory), response);
  co_return response;
}

}  // namespace triggers::api
