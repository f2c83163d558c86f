// POST /inboxes/{name}/purge: purge() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/job_json.h"
#include "api/exchange/json_body.h"
#include "api/exchange/off_loop.h"

namespace triggers::api {
namespace {

/// Refuses every member: a client that names an event type must not lose the entries of all other types.
OrRefusal<Done> parse_purge(const http::Request& request) {
  const auto body = json_object_or_nothing(request);
  if (!body) return body.error();
  return only_members(*body, {});
}

}  // namespace

Task<OrRefusal<http::Response>> purge(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_purge(exchange.request); };
  const auto parsed = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!parsed) co_return parsed.error();
  const auto job = co_await inboxes.store->purge(exchange.key->tenant, *inbox);
  if (!job) co_return from_inbox_error(job.error(), *inbox);
  co_return started_response(*inbox, *job);
}

}  // namespace triggers::api
