#include "triggers_protocol.h"

#include <simdjson.h>

namespace triggers::bench {

namespace {

constexpr int lease_seconds = 30;
constexpr int wait_seconds = 1;  // A run ends when the last wait has ended.

}  // namespace

struct TriggersProtocol::Parser {
  simdjson::dom::parser dom;

  /// The array with this name, of the object that the response is.
  simdjson::simdjson_result<simdjson::dom::array> array_of(std::string_view text, std::string_view name,
                                                           simdjson::dom::element& document) {
    if (const auto error = dom.parse(text.data(), text.size()).get(document)) return error;
    return document[name].get_array();
  }
};

TriggersProtocol::TriggersProtocol(std::string_view inbox, std::string_view api_key, EventText text)
    : inbox_(inbox),
      headers_(" HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
               std::string{api_key} + "\r\nContent-Length: "),
      text_(std::move(text)),
      parser_(std::make_unique<Parser>()) {}

TriggersProtocol::~TriggersProtocol() = default;

void TriggersProtocol::write_post(std::string& request, std::string_view path, std::string_view body) const {
  request += "POST ";
  request += path;
  request += headers_;
  request += std::to_string(body.size());
  request += "\r\n\r\n";
  request += body;
}

void TriggersProtocol::write_events(std::string& request, std::span<const std::uint64_t> numbers) {
  body_.clear();
  if (numbers.size() == 1) {
    text_.append(body_, numbers.front());
    return write_post(request, "/events", body_);
  }
  for (const std::uint64_t number : numbers) {
    body_ += body_.empty() ? '[' : ',';
    text_.append(body_, number);
  }
  body_ += ']';
  write_post(request, "/events/batch", body_);
}

bool TriggersProtocol::are_accepted(const Response& response, std::size_t events) {
  if (events == 1) {
    return response.status == 201 && response.body.find(R"("duplicate":true)") == std::string_view::npos;
  }
  const std::string counts = R"("accepted":)" + std::to_string(events) + R"(,"duplicates":0,"failed":0})";
  return response.status == 200 && response.body.find(counts) != std::string_view::npos;
}

void TriggersProtocol::write_lease(std::string& request, std::size_t /*worker*/, std::size_t events_max, bool waits) {
  body_ = R"({"limit":)" + std::to_string(events_max) + R"(,"lease_seconds":)" + std::to_string(lease_seconds);
  if (waits) body_ += R"(,"wait_seconds":)" + std::to_string(wait_seconds);
  body_ += "}";
  write_post(request, "/inboxes/" + inbox_ + "/lease", body_);
}

bool TriggersProtocol::read_lease(const Response& response, Batch& batch) {
  simdjson::dom::element document;
  simdjson::dom::array events;
  if (response.status != 200 || parser_->array_of(response.body, "events", document).get(events)) return false;
  for (const simdjson::dom::element event : events) {
    std::string_view order;
    if (event["payload"]["order_id"].get(order)) return false;
    const auto number = text_.find(order);
    if (!number) return false;
    batch.numbers.push_back(*number);
  }
  std::string_view lease;
  if (!batch.numbers.empty() && document["lease_id"].get(lease)) return false;
  batch.lease = lease;
  return true;
}

void TriggersProtocol::write_acknowledgement(std::string& request, const Batch& batch) {
  body_ = R"({"lease_id":")" + batch.lease + R"("})";
  write_post(request, "/inboxes/" + inbox_ + "/ack", body_);
}

bool TriggersProtocol::is_acknowledged(const Response& response, const Batch& batch) {
  simdjson::dom::element document;
  simdjson::dom::array results;
  if (response.status != 200 || parser_->array_of(response.body, "results", document).get(results)) return false;
  std::size_t acknowledged = 0;
  for (const simdjson::dom::element result : results) {
    std::string_view status;
    if (result["status"].get(status) || status != "acknowledged") return false;
    ++acknowledged;
  }
  return acknowledged == batch.numbers.size();
}

}  // namespace triggers::bench
