// GET /inboxes/{name}/stream: stream_entries() of inbox_endpoints.h. What it sends is made in entry_stream.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inbox/cursor.h"
#include "api/endpoints/inboxes/entry_json.h"
#include "api/endpoints/inboxes/entry_stream.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/exchange/input.h"
#include "http/wire/caller.h"

namespace triggers::api {
namespace {

/// Entries of one read. A client that is far behind gets many pieces. Each waits until the client has taken the last.
constexpr std::size_t entries_a_piece = 50;

Refusal no_streams(const inbox::InboxName& inbox) {
  return {Code::not_implemented,
          "This service cannot keep a response open, so it has no streams: request GET /inboxes/" + inbox.text() +
              "/events?wait=20 repeatedly, each time with the next_cursor of the previous page.",
          "{}",
          {},
          {}};
}

Refusal no_place(FairCount::Outcome outcome) {
  const bool share = outcome == FairCount::Outcome::share_used;
  return {share ? Code::rate_limit_exceeded : Code::service_unavailable,
          share ? "This tenant has used its share of the open streams: close some."
                : "This node has reached its limit of open streams: try again later, or use `wait` instead.",
          Details().text("reason", "too_many_streams").json(),
          {{"Retry-After", "5"}},
          share ? std::string() : "streams-max streams are open"};
}

OrRefusal<bool> parse_signal(const std::string* signal) {
  if (signal == nullptr || *signal == "false") return false;
  if (*signal == "true") return true;
  return invalid("signal", "must be true or false");
}

OrRefusal<EntryStream::Asked> parse_query(const Inboxes& inboxes, const Exchange& exchange, inbox::InboxName inbox) {
  const auto parameters = query_parameters(exchange.request.query(), {"event_type", "signal"});
  if (!parameters) return parameters.error();
  EntryStream::Asked asked;
  store::EntryQuery& query = asked.query;
  query.inbox = std::move(inbox);
  query.limit = entries_a_piece;
  query.memory = &inboxes.answers;
  const auto signal = parse_signal(find(*parameters, "signal"));
  if (!signal) return signal.error();
  asked.counts = *signal;
  if (const auto* type = find(*parameters, "event_type")) {
    if (asked.counts)
      return invalid("event_type", "must be left out with signal=true: the counts are those of the whole inbox");
    if (const auto valid = check_event_type(*type); !valid) return valid.error();
    query.event_type = *type;
  }
  const auto last = exchange.request.headers.find("Last-Event-ID");
  if (!last || last->empty() || asked.counts) return asked;
  query.after = decode_cursor(inboxes.cursor_secret, entry_scope(exchange.key->tenant.id, query), *last);
  if (!query.after) {
    return invalid(
        "Last-Event-ID",
        "must be the id of an event of a stream of this inbox with the same event_type; leave it out to get events "
        "that are accepted from now on");
  }
  return asked;
}

}  // namespace

Task<OrRefusal<http::Response>> stream_entries(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto asked = parse_query(inboxes, exchange, *inbox);
  if (!asked) co_return std::move(asked).error();
  const Tenant& tenant = exchange.key->tenant;
  auto arrivals = co_await inboxes.store->arrivals(tenant, *inbox);
  if (!arrivals) co_return from_inbox_error(arrivals.error(), *inbox);
  if (!*arrivals) co_return no_such_inbox(*inbox);
  asked->arrivals = *std::move(arrivals);
  const http::Caller* const caller = exchange.request.caller;
  if (caller == nullptr || !caller->takes_streams()) co_return no_streams(*inbox);
  if (asked->query.after) {
    // While an error can still be answered: once the response has begun, the client would only repeat the request.
    store::EntryQuery first = asked->query;
    first.limit = 1;
    const auto place = co_await inboxes.store->entries(tenant, std::move(first));
    const bool foreign = !place && place.error().code == ErrorCode::invalid_argument;
    if (foreign) co_return from_page_error(place.error(), *inbox, "Last-Event-ID");
  }
  const auto outcome = inboxes.streams.take(tenant.id, asked->place);
  if (outcome != FairCount::Outcome::taken) co_return no_place(outcome);
  if (!asked->counts && !asked->query.after) {
    auto end = co_await inboxes.store->entries_end(tenant, *inbox);
    if (!end) co_return from_inbox_error(end.error(), *inbox);
    asked->query.after = *std::move(end);
  }
  http::Response response;
  response.content_type = "text/event-stream";
  response.add("Cache-Control", "no-store");
  response.add("X-Accel-Buffering", "no");  // nginx would hold events back.
  response.set_stream(std::make_shared<EntryStream>(inboxes, exchange, *std::move(asked)));
  co_return response;
}

}  // namespace triggers::api
