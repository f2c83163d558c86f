// POST /inboxes/{name}/ack: ack() of inbox_endpoints.h.

#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/change_entries.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/input.h"

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
  const auto change = [](store::InboxStore& store, const Tenant& tenant, inbox::InboxName inbox, AckRequest& request) {
    return store.acknowledge(tenant, std::move(inbox), request.lease, take_ids(request.asked));
  };
  return change_entries(inboxes, exchange, parse_ack, change);
}

}  // namespace triggers::api
