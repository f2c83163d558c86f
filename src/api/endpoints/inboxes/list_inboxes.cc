// GET /inboxes: list_inboxes() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

/// The size of the response, about.
std::size_t answer_bytes(const std::vector<store::InboxView>& views) {
  std::size_t bytes = 32;
  for (const auto& view : views) bytes += inbox_bytes(view.inbox);
  return bytes;
}

http::Response answer(const std::vector<store::InboxView>& views) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(views));
  body = "{\"inboxes\":[";
  for (const auto& view : views) {
    if (body.back() != '[') body += ',';
    append_inbox(body, view);
  }
  body += "]}\n";
  return response;
}

}  // namespace

Task<OrRefusal<http::Response>> list_inboxes(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto views = co_await inboxes.store->inboxes(exchange.key->tenant);
  if (!views) co_return from_error(views.error());
  std::erase_if(*views, [&](const store::InboxView& view) { return !may_use(exchange, view.inbox.name); });
  const std::size_t bytes = answer_bytes(*views);
  auto memory = reserve(inboxes.answers, exchange, bytes);
  if (!memory) co_return memory.error();
  auto make = [&] { return answer(*views); };
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
