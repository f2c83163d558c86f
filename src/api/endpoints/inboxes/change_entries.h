#pragma once

// The steps that acknowledging, releasing and extending have in common. What each asks and does is in ack.cc,
// release.cc and extend.cc.

#include <utility>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/entry_results.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {

/// Admits the request, lets `parse(request)` read its body, reserves memory for the response, and lets
/// `change(store, tenant, inbox, parsed)` make the change. What was parsed has a member `asked`. The store's answer is
/// one for which entry_results.h makes a response. Both functions are called in the coroutine that this returns, so
/// they must not refer to variables of the caller.
template <class Parse, class Change>
Task<OrRefusal<http::Response>> change_entries(const Inboxes& inboxes, Exchange& exchange, Parse parse, Change change) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse_body = [&] { return parse(exchange.request); };
  auto parsed = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse_body));
  if (!parsed) co_return std::move(parsed).error();
  auto memory = reserve(inboxes.answers, exchange, results_bytes(parsed->asked));
  if (!memory) co_return memory.error();
  const auto changed = co_await change(*inboxes.store, exchange.key->tenant, *inbox, *parsed);
  if (!changed) co_return from_inbox_error(changed.error(), *inbox);
  auto make = [&] { return results_response(parsed->asked, *changed); };
  const std::size_t bytes = results_bytes(parsed->asked, result_count(*changed));
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
