// POST /inboxes/{name}/release: release() of inbox_endpoints.h.

#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/change_entries.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/input.h"

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
  const auto change = [](store::InboxStore& store, const Tenant& tenant, inbox::InboxName inbox,
                         ReleaseRequest& request) {
    return store.release(tenant, std::move(inbox), request.lease, take_ids(request.asked), request.delay,
                         std::move(request.error));
  };
  return change_entries(inboxes, exchange, parse_release, change);
}

}  // namespace triggers::api
