// POST /inboxes/{name}/requeue and /discard: requeue() and discard() of inbox_endpoints.h.

#include <fmt/format.h>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/entry_results.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

/// These entries, or without them all that are dead, or those of one type.
struct DeadRequest {
  Asked asked;
  std::optional<std::string> event_type;
};

OrRefusal<DeadRequest> parse_dead(const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto body = json_object(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"event_ids", "all", "event_type"}); !known) return known.error();
  auto asked = event_ids_member(*body);
  if (!asked) return std::move(asked).error();
  auto type = event_type_member(*body);
  if (!type) return std::move(type).error();
  const auto* all = body->if_contains("all");
  if (all != nullptr && (!all->is_bool() || !all->get_bool())) return invalid("all", "must be true, or be left out");
  if (all == nullptr && !*asked) return invalid("event_ids", "is required without \"all\": true");
  if (all != nullptr && *asked) return invalid("all", "must be left out if there are event_ids");
  if (*asked && *type) return invalid("event_type", "must be left out if there are event_ids");
  return DeadRequest{*std::move(asked), *std::move(type)};
}

struct Verb {
  Task<Result<std::vector<store::EntryResult>>> (store::InboxStore::*some)(const Tenant&, inbox::InboxName,
                                                                           std::vector<event::EventId>);
  Task<Result<store::DeadEntriesDone>> (store::InboxStore::*all)(const Tenant&, inbox::InboxName,
                                                                 std::optional<std::string>);
};

Task<OrRefusal<http::Response>> change_all_dead(const Inboxes& inboxes, const Exchange& exchange, Verb verb,
                                                inbox::InboxName inbox, std::optional<std::string> event_type) {
  const auto done = co_await (inboxes.store->*verb.all)(exchange.key->tenant, inbox, std::move(event_type));
  if (!done) co_return from_inbox_error(done.error(), inbox);
  http::Response response;
  response.body = fmt::format("{{\"count\":{},\"has_more\":{}}}\n", done->count, done->has_more);
  co_return response;
}

Task<OrRefusal<http::Response>> change_dead(const Inboxes& inboxes, Exchange& exchange, Verb verb) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_dead(exchange.request); };
  auto request = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!request) co_return std::move(request).error();
  if (!request->asked) co_return co_await change_all_dead(inboxes, exchange, verb, *inbox, request->event_type);
  const std::size_t bytes = results_bytes(request->asked);
  auto memory = reserve(inboxes.answers, exchange, bytes);
  if (!memory) co_return memory.error();
  const auto results =
      co_await (inboxes.store->*verb.some)(exchange.key->tenant, *inbox, std::move(request->asked->ids));
  if (!results) co_return from_inbox_error(results.error(), *inbox);
  auto make = [&] { return results_response(request->asked, *results); };
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace

Task<OrRefusal<http::Response>> requeue(const Inboxes& inboxes, Exchange& exchange) {
  return change_dead(inboxes, exchange, {&store::InboxStore::requeue, &store::InboxStore::requeue_all});
}

Task<OrRefusal<http::Response>> discard(const Inboxes& inboxes, Exchange& exchange) {
  return change_dead(inboxes, exchange, {&store::InboxStore::discard, &store::InboxStore::discard_all});
}

}  // namespace triggers::api
