// DELETE /inboxes/{name}: remove_inbox() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/if_match.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"

namespace triggers::api {

Task<OrRefusal<http::Response>> remove_inbox(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  const auto tag = if_match(exchange.request);
  if (!tag) co_return tag.error();
  const auto removed = co_await inboxes.store->remove_inbox(exchange.key->tenant, *inbox, *tag);
  if (!removed) {
    if (removed.error().code == ErrorCode::invalid_argument) co_return invalid("name", removed.error().message);
    co_return from_inbox_error(removed.error(), *inbox);
  }
  if (!*removed) {
    const auto now = co_await inboxes.store->inbox(exchange.key->tenant, *inbox);
    co_return settings_have_changed(now ? std::optional(now->inbox.tag()) : std::nullopt);
  }
  http::Response response;
  response.status = 202;
  co_return response;
}

}  // namespace triggers::api
