#include "webdis_protocol.h"

#include <charconv>

#include "base/invariant.h"

namespace triggers::bench {

namespace {

constexpr std::string_view end_of_get = " HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Reads replies of the Redis protocol one after another.
class Replies {
 public:
  explicit Replies(std::string_view text) : left_(text) {}

  /// The number behind `type`, such as the length of an array; nothing if the next reply has another type.
  std::optional<std::size_t> number(char type) {
    const std::size_t end = left_.find("\r\n");
    if (left_.empty() || left_.front() != type || end == std::string_view::npos) return std::nullopt;
    std::size_t value = 0;
    const auto [stop, error] = std::from_chars(left_.data() + 1, left_.data() + end, value);
    if (error != std::errc{} || stop != left_.data() + end) return std::nullopt;
    left_.remove_prefix(end + 2);
    return value;
  }

  std::optional<std::string_view> bulk() {
    const auto size = number('$');
    if (!size || left_.size() < *size + 2) return std::nullopt;
    const std::string_view text = left_.substr(0, *size);
    left_.remove_prefix(*size + 2);
    return text;
  }

 private:
  std::string_view left_;
};

}  // namespace

void WebdisProtocol::write_events(std::string& request, std::span<const std::uint64_t> numbers) {
  INVARIANT(numbers.size() == 1, "%zu events in one request of a server without batches", numbers.size());
  request +=
      "PUT /XADD/" + names_.stream + "/*/event HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
  request += "Content-Length: " + std::to_string(text_.size()) + "\r\n\r\n";
  text_.append(request, numbers.front());
}

bool WebdisProtocol::are_accepted(const Response& response, std::size_t events) {
  return events == 1 && response.status == 200 && response.body.starts_with(R"({"XADD":")");
}

void WebdisProtocol::write_lease(std::string& request, std::size_t worker, std::size_t events_max, bool /*waits*/) {
  request += "GET /EVALSHA/" + names_.script + "/1/" + names_.stream + "/" + names_.group + "/w" +
             std::to_string(worker) + "/" + std::to_string(events_max) + ".raw";
  request += end_of_get;
}

bool WebdisProtocol::read_lease(const Response& response, Batch& batch) {
  Replies replies(response.body);
  const auto size = replies.number('*');
  if (response.status != 200 || !size || *size % 2 != 0) return false;
  for (std::size_t i = 0; i < *size; i += 2) {
    const auto id = replies.bulk(), event = replies.bulk();
    if (!id || !event) return false;
    const auto number = text_.find(*event);
    if (!number) return false;
    batch.ids.emplace_back(*id);
    batch.numbers.push_back(*number);
  }
  return true;
}

void WebdisProtocol::write_acknowledgement(std::string& request, const Batch& batch) {
  request += "GET /XACK/" + names_.stream + "/" + names_.group;
  for (const std::string& id : batch.ids) request += "/" + id;
  request += end_of_get;
}

bool WebdisProtocol::is_acknowledged(const Response& response, const Batch& batch) {
  return response.status == 200 && response.body == R"({"XACK":)" + std::to_string(batch.ids.size()) + "}";
}

void WebdisProtocol::write_wait(std::string& request, std::size_t worker) {
  // A database other than webdis's own makes it use a new connection to Redis, which then can block without holding up
  // the requests of other workers.
  request += "GET /0/XREADGROUP/GROUP/" + names_.wake_group + "/w" + std::to_string(worker) +
             "/COUNT/10/BLOCK/1000/NOACK/STREAMS/" + names_.stream + "/%3E";
  request += end_of_get;
}

bool WebdisProtocol::is_waited(const Response& response) {
  return response.status == 200 &&
         (response.body == R"({"XREADGROUP":null})" || response.body == R"({"XREADGROUP":[null]})");
}

}  // namespace triggers::bench
