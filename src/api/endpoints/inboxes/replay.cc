// POST /inboxes/{name}/replay: replay() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/job_json.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"

namespace triggers::api {
namespace {

OrRefusal<store::ReplayRange> parse_replay(const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto body = json_object(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"since", "until", "event_type"}); !known) return known.error();
  const auto since = time_member(*body, "since");
  if (!since) return since.error();
  if (!*since) return invalid("since", "is required: the time of the first event, such as 2027-01-31T00:00:00Z");
  const auto until = time_member(*body, "until");
  if (!until) return until.error();
  if (*until && **until <= **since) return invalid("until", "must be later than since");
  auto type = event_type_member(*body);
  if (!type) return std::move(type).error();
  return store::ReplayRange{**since, *until, *std::move(type)};
}

}  // namespace

Task<OrRefusal<http::Response>> replay(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_replay(exchange.request); };
  auto range = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!range) co_return std::move(range).error();
  const auto job = co_await inboxes.store->replay(exchange.key->tenant, *inbox, *std::move(range));
  if (!job) co_return from_inbox_error(job.error(), *inbox);
  co_return started_response(*inbox, *job);
}

}  // namespace triggers::api
