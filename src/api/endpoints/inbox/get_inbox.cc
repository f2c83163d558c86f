#include "api/endpoints/inbox/get_inbox.h"

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/events/event_json.h"
#include "api/endpoints/inbox/page_parts.h"
#include "api/endpoints/inboxes/entry_wait.h"
#include "api/exchange/input.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

CursorScope scope_of(const Exchange& exchange, const store::PageQuery& query) {
  CursorScope scope{exchange.key->tenant.id, query.inbox, {}, query.order};
  if (query.event_type) scope.event_type = *query.event_type;
  return scope;
}

struct AskedPage {
  store::PageQuery query{};
  std::chrono::seconds wait{};
};

OrRefusal<AskedPage> parse_query(const InboxPages& inbox, const Exchange& exchange) {
  const auto parameters =
      query_parameters(exchange.request.query(), {"limit", "cursor", "event_type", "order", "wait"});
  if (!parameters) return parameters.error();
  AskedPage asked;
  store::PageQuery& query = asked.query;
  query.memory = &inbox.answers;
  if (const auto read = read_limit_and_type(*parameters, query); !read) return read.error();
  if (const auto* order = find(*parameters, "order")) {
    if (*order != "asc" && *order != "desc")
      return invalid("order", "must be asc (oldest first) or desc (newest first)");
    if (*order == "desc") query.order = store::PageOrder::newest_first;
  }
  if (const auto* cursor = find(*parameters, "cursor")) {
    query.after = decode_cursor(inbox.cursor_secret, scope_of(exchange, query), *cursor);
    if (!query.after) {
      return invalid("cursor",
                     "must be the next_cursor of a page of this inbox with the same event_type and order; leave it out "
                     "to start again");
    }
  }
  const auto wait = parse_wait(*parameters);
  if (!wait) return wait.error();
  if (wait->count() > 0 && inbox.arrivals == nullptr) {
    return invalid("wait", "must be 0: the store of this service cannot wait; ask again after a moment instead");
  }
  asked.wait = *wait;
  return asked;
}

/// The size of the response, about.
std::size_t answer_bytes(const store::Page& page) {
  std::size_t bytes = 256;
  for (const auto& event : page.events) bytes += event.payload.size() + event.metadata.size() + 300;
  return bytes;
}

/// Also frees the events, which takes a while for a large page.
http::Response answer(const InboxPages& inbox, const Exchange& exchange, const store::PageQuery& query,
                      store::Page& page) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(page));
  body = "{\"events\":[";
  for (const auto& event : page.events) {
    if (body.back() != '[') body += ',';
    append_event(body, event, false);
  }
  body += "],";
  append_pagination(body, inbox.cursor_secret, scope_of(exchange, query), page.next_after, page.has_more,
                    page.total_unacknowledged);
  body += "}\n";
  page.events = {};
  return response;
}

/// Waits as long as it may while the page is empty.
Task<OrRefusal<store::Page>> page_or_wait(const InboxPages& inbox, const Exchange& exchange, const AskedPage& asked) {
  static const inbox::InboxName name;
  const EntryWait::Asked wait{inbox.admission, inbox.arrivals, exchange, name, store::Waiter::looker(), asked.wait};
  return look_or_wait<store::Page>(
      wait, [&] { return inbox.store.page(exchange.key->tenant, asked.query); },
      [](const store::Page& page) { return !page.events.empty() || page.has_more; }, from_error);
}

}  // namespace

Task<OrRefusal<http::Response>> get_inbox(const InboxPages& inbox, Exchange& exchange) {
  const auto admitted = co_await admit(inbox.admission, exchange);
  if (!admitted) co_return admitted.error();
  if (const auto name = admitted_inbox(exchange); !name) co_return name.error();
  const auto asked = parse_query(inbox, exchange);
  if (!asked) co_return asked.error();
  auto page = co_await page_or_wait(inbox, exchange, *asked);
  if (!page) co_return page.error();
  const std::size_t bytes = answer_bytes(*page);
  auto make = [&] { return answer(inbox, exchange, asked->query, *page); };
  http::Response response = co_await make_off_loop(inbox.parsers, exchange, bytes, std::move(make));
  if (auto refused = count_until_written(std::move(page->memory), response)) co_return *std::move(refused);
  co_return response;
}

}  // namespace triggers::api
