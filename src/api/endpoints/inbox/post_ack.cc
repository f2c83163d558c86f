#include "api/endpoints/inbox/post_ack.h"

#include <fmt/format.h>

#include "api/admission/admit.h"
#include "api/admission/admitted_inbox.h"
#include "api/endpoints/event_ids.h"
#include "api/exchange/input.h"
#include "api/exchange/json_body.h"
#include "api/exchange/off_loop.h"
#include "api/exchange/response_memory.h"

namespace triggers::api {
namespace {

OrRefusal<AskedIds> parse_ids(const http::Request& request) {
  const auto body = json_object(request);
  if (!body) return body.error();
  if (const auto known = only_members(*body, {"event_ids"}); !known) return known.error();
  const auto* list = body->if_contains("event_ids");
  if (list == nullptr) return invalid("event_ids", "is required: a list of event ids");
  return parse_event_ids(*list);
}

std::string_view outcome_name(store::AckStatus outcome) {
  switch (outcome) {
    case store::AckStatus::acknowledged: return "acknowledged";
    case store::AckStatus::already_acknowledged: return "already_acknowledged";
    case store::AckStatus::not_found: return "not_found";
  }
  INVARIANT(false, "a status without an entry in this switch");
}

/// The response repeats each id with its status.
std::size_t answer_bytes(const std::vector<std::string>& ids) {
  constexpr std::size_t of_an_outcome = 64;
  std::size_t bytes = of_an_outcome;
  for (const auto& id : ids) bytes += id.size() + of_an_outcome;
  return bytes;
}

http::Response answer(AskedIds parsed, const std::vector<store::AckStatus>& outcomes) {
  http::Response response;
  std::string& body = response.body;
  body.reserve(answer_bytes(parsed.texts));
  body = "{\"results\":[";
  std::size_t next = 0;
  std::size_t acknowledged = 0;
  for (std::size_t i = 0; i < parsed.texts.size(); ++i) {
    const auto outcome = parsed.is_id[i] ? outcomes[next++] : store::AckStatus::not_found;
    acknowledged += outcome == store::AckStatus::acknowledged ? 1 : 0;
    body += body.back() == '[' ? "{\"event_id\":" : ",{\"event_id\":";
    event::append_json_string(body, parsed.texts[i]);
    body += fmt::format(",\"status\":\"{}\"}}", outcome_name(outcome));
  }
  body += fmt::format("],\"acknowledged\":{}}}\n", acknowledged);
  return response;
}

}  // namespace

Task<OrRefusal<http::Response>> post_ack(const Acknowledgement& inbox, Exchange& exchange) {
  const auto admitted = co_await admit(inbox.admission, exchange);
  if (!admitted) co_return admitted.error();
  if (const auto name = admitted_inbox(exchange); !name) co_return name.error();
  const auto json = require_json(exchange.request);
  if (!json) co_return json.error();
  auto parse = [&] { return parse_ids(exchange.request); };
  auto parsed = co_await parse_off_loop(inbox.parsers, exchange, std::move(parse));
  if (!parsed) co_return std::move(parsed).error();

  const std::size_t bytes = answer_bytes(parsed->texts);
  auto memory = reserve(inbox.answers, exchange, bytes);
  if (!memory) co_return memory.error();
  const auto outcomes = co_await inbox.store.acknowledge(exchange.key->tenant, std::move(parsed->ids));
  if (!outcomes) co_return from_error(outcomes.error());
  auto make = [&] { return answer(*std::move(parsed), *outcomes); };
  http::Response response = co_await make_off_loop(inbox.parsers, exchange, bytes, std::move(make));
  count_reserved_until_written(std::move(*memory), response);
  co_return response;
}

}  // namespace triggers::api
