// POST /inboxes/{name}/extend: extend() of inbox_endpoints.h.

#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/change_entries.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/input.h"

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

}  // namespace

Task<OrRefusal<http::Response>> extend(const Inboxes& inboxes, Exchange& exchange) {
  const auto change = [](store::InboxStore& store, const Tenant& tenant, inbox::InboxName inbox,
                         ExtendRequest& request) {
    return store.extend(tenant, std::move(inbox), request.lease, take_ids(request.asked), request.duration);
  };
  return change_entries(inboxes, exchange, parse_extend, change);
}

}  // namespace triggers::api
