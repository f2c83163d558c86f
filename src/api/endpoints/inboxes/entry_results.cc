#include "api/endpoints/inboxes/entry_results.h"

#include "api/endpoints/inboxes/inbox_json.h"
#include "event/event.h"

namespace triggers::api {
namespace {

constexpr std::size_t of_a_result = 64;
constexpr std::size_t id_chars = 36;

void append_result(std::string& out, std::string_view text, store::EntryStatus status) {
  out += out.back() == '[' ? "{\"event_id\":" : ",{\"event_id\":";
  event::append_json_string(out, text);
  out += ",\"status\":\"";
  out += inbox::status_name(status);
  out += "\"}";
}

}  // namespace

std::optional<std::vector<event::EventId>> take_ids(Asked& asked) {
  if (!asked) return std::nullopt;
  return std::move(asked->ids);
}

std::size_t results_bytes(const Asked& asked, std::size_t results_max) {
  if (!asked) return of_a_result + results_max * (id_chars + of_a_result);
  std::size_t bytes = of_a_result;
  for (const auto& text : asked->texts) bytes += text.size() + of_a_result;
  return bytes;
}

http::Response results_response(const Asked& asked, const std::vector<store::EntryResult>& results,
                                std::string_view more) {
  http::Response response;
  std::string& body = response.body;
  body = "{\"results\":[";
  if (asked) {
    std::size_t next = 0;
    for (std::size_t i = 0; i != asked->texts.size(); ++i) {
      append_result(body, asked->texts[i], asked->is_id[i] ? results[next++].status : store::EntryStatus::not_found);
    }
  } else {
    for (const store::EntryResult& result : results) append_result(body, result.id.text(), result.status);
  }
  body += ']';
  body += more;
  body += "}\n";
  return response;
}

http::Response results_response(const Asked& asked, const store::Extended& extended) {
  std::string until;
  append_time(until, "leased_until", extended.until);
  return results_response(asked, extended.results, until);
}

}  // namespace triggers::api
