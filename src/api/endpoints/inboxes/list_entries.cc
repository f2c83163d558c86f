// GET /inboxes/{name}/events: list_entries() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/inbox/page_parts.h"
#include "api/endpoints/inboxes/entry_json.h"
#include "api/endpoints/inboxes/entry_wait.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/inbox_json.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

using store::EntryState;

OrRefusal<std::optional<EntryState>> parse_state(std::string_view text) {
  for (const std::optional<EntryState> state :
       {std::optional<EntryState>(), std::optional(EntryState::available), std::optional(EntryState::leased),
        std::optional(EntryState::delayed), std::optional(EntryState::dead)}) {
    if (text == state_name(state)) return state;
  }
  return invalid("state", "must be undelivered, available, leased, delayed or dead");
}

struct AskedPage {
  store::EntryQuery query{};
  std::chrono::seconds wait{};
};

OrRefusal<Done> check_wait(const AskedPage& asked) {
  const bool ends = !asked.query.state || *asked.query.state == EntryState::available;
  if (ends || asked.wait.count() == 0) return Done{};
  return invalid("wait", "needs the state undelivered or available: only an entry that becomes available ends a wait");
}

OrRefusal<AskedPage> parse_query(const Inboxes& inboxes, const Exchange& exchange, inbox::InboxName inbox) {
  const auto parameters =
      query_parameters(exchange.request.query(), {"state", "limit", "cursor", "event_type", "wait"});
  if (!parameters) return parameters.error();
  AskedPage asked{.query = {.inbox = std::move(inbox)}};
  store::EntryQuery& query = asked.query;
  query.memory = &inboxes.answers;
  if (const auto* state = find(*parameters, "state")) {
    const auto parsed = parse_state(*state);
    if (!parsed) return parsed.error();
    query.state = *parsed;
  }
  if (const auto read = read_limit_and_type(*parameters, query); !read) return read.error();
  if (const auto* cursor = find(*parameters, "cursor")) {
    query.after = decode_cursor(inboxes.cursor_secret, entry_scope(exchange.key->tenant.id, query), *cursor);
    if (!query.after) {
      return invalid("cursor",
                     "must be the next_cursor of a page of this path with the same state and event_type; leave it out "
                     "to start again");
    }
  }
  const auto wait = parse_wait(*parameters);
  if (!wait) return wait.error();
  asked.wait = *wait;
  if (const auto possible = check_wait(asked); !possible) return possible.error();
  return asked;
}

/// The size of the response, about.
std::size_t answer_bytes(const store::EntryPage& page) {
  std::size_t bytes = 256;
  for (const auto& entry : page.entries) bytes += entry_bytes(entry);
  return bytes;
}

/// Also frees the events, which takes a while for a large page.
http::Response answer(const Inboxes& inboxes, const Exchange& exchange, const store::EntryQuery& query,
                      store::EntryPage& page) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(page));
  body = "{\"events\":[";
  for (const auto& entry : page.entries) {
    if (body.back() != '[') body += ',';
    append_entry(body, entry);
  }
  body += "],";
  append_pagination(body, inboxes.cursor_secret, entry_scope(exchange.key->tenant.id, query), page.next_after,
                    page.has_more, page.counts.undelivered());
  body += ",\"counts\":";
  append_counts(body, page.counts);
  body += "}\n";
  page.entries = {};
  return response;
}

/// Waits as long as it may while the page is empty.
Task<OrRefusal<store::EntryPage>> page_or_wait(const Inboxes& inboxes, const Exchange& exchange,
                                               const AskedPage& asked) {
  const inbox::InboxName& inbox = asked.query.inbox;
  const EntryWait::Asked wait{inboxes.admission, inboxes.store, exchange, inbox, store::Waiter::looker(), asked.wait};
  return look_or_wait<store::EntryPage>(
      wait, [&] { return inboxes.store->entries(exchange.key->tenant, asked.query); },
      [](const store::EntryPage& page) { return !page.entries.empty() || page.has_more; },
      [&](const Error& error) { return from_page_error(error, inbox, "cursor"); });
}

}  // namespace

Task<OrRefusal<http::Response>> list_entries(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  const auto inbox = admitted_inbox(exchange);
  if (!inbox) co_return inbox.error();
  const auto asked = parse_query(inboxes, exchange, *inbox);
  if (!asked) co_return asked.error();
  auto page = co_await page_or_wait(inboxes, exchange, *asked);
  if (!page) co_return page.error();
  const std::size_t bytes = answer_bytes(*page);
  auto make = [&] { return answer(inboxes, exchange, asked->query, *page); };
  http::Response response = co_await make_off_loop(inboxes.parsers, exchange, bytes, std::move(make));
  if (auto refused = count_until_written(std::move(page->memory), response)) co_return *std::move(refused);
  co_return response;
}

}  // namespace triggers::api
