// POST /inboxes/{name}/lease: lease() of inbox_endpoints.h.

#include <fmt/format.h>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/inboxes/body_members.h"
#include "api/endpoints/inboxes/entry_wait.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

struct AskedLease {
  store::LeaseRequest lease{};
  std::chrono::seconds wait{};
};

OrRefusal<AskedLease> parse_lease(const http::Request& request) {
  const auto body = json_object_or_nothing(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"limit", "lease_seconds", "wait_seconds"}); !known) return known.error();
  const auto limit = number_member(*body, "limit", inbox::lease_limit_range);
  if (!limit) return limit.error();
  const auto seconds = number_member(*body, "lease_seconds", inbox::lease_seconds_range);
  if (!seconds) return seconds.error();
  const auto wait = number_member(*body, "wait_seconds", inbox::wait_seconds_range);
  if (!wait) return wait.error();
  AskedLease asked;
  if (*limit) asked.lease.limit = static_cast<std::size_t>(**limit);
  if (*seconds) asked.lease.duration = std::chrono::seconds(**seconds);
  if (*wait) asked.wait = std::chrono::seconds(**wait);
  return asked;
}

Refusal too_many_leased(const inbox::InboxName& inbox) {
  return {Code::rate_limit_exceeded,
          "The inbox " + inbox.text() +
              " has reached its limit of leased entries: acknowledge or release some, or wait until their leases end.",
          Details().text("reason", "too_many_leased").text("inbox", inbox.text()).json(),
          {{"Retry-After", "1"}},
          {}};
}

Refusal too_many_tracked(const inbox::InboxName& inbox, std::uint64_t tracked_max) {
  return {
      Code::rate_limit_exceeded,
      fmt::format("All inboxes of this user_id together have {} entries that were leased and have not left, which is "
                  "the limit. So the inbox {} hands out only entries that were leased before, and has none "
                  "available. Acknowledge leased entries, and discard dead ones.",
                  tracked_max, inbox.text()),
      Details()
          .text("reason", "too_many_tracked")
          .text("limit", "tenant-tracked-max")
          .number("limit_entries", tracked_max)
          .json(),
      {{"Retry-After", "1"}},
      {}};
}

/// The size of the response, about.
std::size_t answer_bytes(const store::Leased& leased) {
  std::size_t bytes = 256;
  for (const auto& entry : leased.events) bytes += entry.event.payload.size() + entry.event.metadata.size() + 320;
  return bytes;
}

/// Also frees the events, which takes a while for a large lease.
http::Response answer(store::Leased& leased) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(leased));
  const bool any = leased.outcome == store::Leased::Outcome::leased;
  body = any ? "{\"lease_id\":\"" + leased.lease.value.text() + '"' : "{\"lease_id\":null";
  append_time(body, "leased_until", any ? std::optional(leased.until) : std::nullopt);
  body += ",\"events\":[";
  for (const auto& entry : leased.events) {
    body += body.back() == '[' ? "{" : ",{";
    append_event_members(body, entry.event);
    body += fmt::format(",\"attempt\":{}}}", entry.attempt);
  }
  body += "]}\n";
  leased.events = {};
  return response;
}

/// Waits as long as it may until there is something to lease. A limit that is reached ends the wait.
Task<OrRefusal<store::Leased>> lease_or_wait(const Inboxes& inboxes, const Exchange& exchange,
                                             const AskedLease& asked) {
  const inbox::InboxName& inbox = asked.lease.inbox;
  const EntryWait::Asked wait{
      inboxes.admission, inboxes.store, exchange, inbox, store::Waiter::taker(asked.lease.limit), asked.wait};
  return look_or_wait<store::Leased>(
      wait, [&] { return inboxes.store->lease(exchange.key->tenant, asked.lease); },
      [](const store::Leased& leased) { return leased.outcome != store::Leased::Outcome::nothing; },
      [&](const Error& error) { return from_inbox_error(error, inbox); });
}

/// Nothing unless a limit was reached.
std::optional<Refusal> refusal_of(const store::Leased& leased, const inbox::InboxName& inbox,
                                  std::uint64_t tracked_max) {
  if (leased.outcome == store::Leased::Outcome::too_many_leased) return too_many_leased(inbox);
  if (leased.outcome == store::Leased::Outcome::too_many_tracked) return too_many_tracked(inbox, tracked_max);
  return std::nullopt;
}

}  // namespace

Task<OrRefusal<http::Response>> lease(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  auto parse = [&] { return parse_lease(exchange.request); };
  auto asked = co_await parse_off_loop(inboxes.parsers, exchange, std::move(parse));
  if (!asked) co_return std::move(asked).error();
  asked->lease.inbox = *inbox;
  asked->lease.memory = &inboxes.answers;
  auto leased = co_await lease_or_wait(inboxes, exchange, *asked);
  if (!leased) co_return leased.error();
  if (auto refused = refusal_of(*leased, *inbox, inboxes.tracked_max)) co_return *std::move(refused);
  const std::size_t bytes = answer_bytes(*leased);
  auto make = [&] { return answer(*leased); };
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  // Never refused: the events are leased, and another lease would not get them.
  count_reserved_until_written(std::move(leased->memory), response);
  co_return response;
}

}  // namespace triggers::api
