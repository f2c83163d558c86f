// GET /inboxes/{name}: show_inbox() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/if_match.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"

namespace triggers::api {

Task<OrRefusal<http::Response>> show_inbox(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  const auto view = co_await inboxes.store->inbox(exchange.key->tenant, *inbox);
  if (!view) co_return from_inbox_error(view.error(), *inbox);
  http::Response response;
  response.add("ETag", etag_of(view->inbox.tag()));
  append_inbox(response.body, *view);
  response.body += '\n';
  co_return response;
}

}  // namespace triggers::api
