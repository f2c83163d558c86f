// POST /inboxes/test-filter: try_filter() of inbox_endpoints.h.

#include "api/admission/admit.h"
#include "api/endpoints/inboxes/inbox_endpoints.h"
#include "api/endpoints/inboxes/settings_body.h"
#include "api/exchange/input.h"
#include "api/exchange/raw_members.h"
#include "filter/filter.h"

namespace triggers::api {
namespace {

OrRefusal<event::NewEvent> parse_tried_event(const event::Limits& limits, std::string_view text) {
  auto parsed = event::parse(text, limits);
  auto* refused = std::get_if<event::ParseError>(&parsed);
  if (refused == nullptr) return std::get<event::NewEvent>(std::move(parsed));
  // The fault of the whole event has the field `body`, which is that of the request.
  refused->field = refused->field == "body" ? "event" : "event." + refused->field;
  return from_parse_error(*refused);
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  event::append_json_string(out, name);
  out += ':';
  event::append_json_string(out, text);
}

http::Response answer(const filter::Explanation& explanation) {
  http::Response response;
  std::string& body = response.body;
  body = explanation.matches ? "{\"matches\":true,\"mismatches\":[" : "{\"matches\":false,\"mismatches\":[";
  for (const filter::Mismatch& mismatch : explanation.mismatches) {
    body += body.back() == '[' ? "{" : ",{";
    append_member(body, "path", mismatch.path);
    append_member(body, "wanted", mismatch.wanted);
    append_member(body, "found", mismatch.found);
    body += '}';
  }
  body += "]}\n";
  return response;
}

OrRefusal<http::Response> explain_filter(const event::Limits& limits, const http::Request& request) {
  if (const auto json = require_json(request); !json) return json.error();
  const auto members = raw_members(request, limits.depth_max + 1, {"filter", "event"});
  if (!members) return members.error();
  const auto* filter_text = find(*members, "filter");
  if (filter_text == nullptr) return invalid("filter", R"(is required: an object like {"event_type": ["order.paid"]})");
  const auto* event_text = find(*members, "event");
  if (event_text == nullptr) return invalid("event", "is required: an event, as POST /events takes it");
  const auto filter = parse_filter(*filter_text);
  if (!filter) return filter.error();
  const auto event = parse_tried_event(limits, *event_text);
  if (!event) return event.error();
  const std::optional<std::string_view> source = event->source;
  const auto explained = filter::explain(*filter, {event->event_type, source, event->payload, event->metadata});
  if (!explained) return from_error(explained.error());
  return answer(*explained);
}

}  // namespace

Task<OrRefusal<http::Response>> try_filter(const Inboxes& inboxes, Exchange& exchange) {
  const auto admitted = co_await admit(inboxes.admission, exchange);
  if (!admitted) co_return admitted.error();
  auto work = [&] { return explain_filter(inboxes.limits, exchange.request); };
  if (inboxes.parsers == nullptr) co_return work();
  // Not on the loop, however short the body is: an explanation costs more than a look at each of its bytes.
  auto tried = inboxes.parsers->run(holder_of(exchange), std::move(work));
  co_return co_await tried;
}

}  // namespace triggers::api
