#pragma once

// An inbox of Triggers: POST /events, POST /inboxes/{name}/lease and …/ack. http_protocol.h says what each function
// does.

#include <memory>

#include "event_text.h"
#include "http_protocol.h"

namespace triggers::bench {

class TriggersProtocol final : public HttpProtocol {
 public:
  TriggersProtocol(std::string_view inbox, std::string_view api_key, EventText text);
  ~TriggersProtocol() override;

  void write_events(std::string& request, std::span<const std::uint64_t> numbers) override;
  /// False for a duplicate: it is no event of its own.
  [[nodiscard]] bool are_accepted(const Response& response, std::size_t events) override;
  void write_lease(std::string& request, std::size_t worker, std::size_t events_max, bool waits) override;
  [[nodiscard]] bool read_lease(const Response& response, Batch& batch) override;
  void write_acknowledgement(std::string& request, const Batch& batch) override;
  [[nodiscard]] bool is_acknowledged(const Response& response, const Batch& batch) override;

 private:
  struct Parser;

  void write_post(std::string& request, std::string_view path, std::string_view body) const;

  std::string inbox_, headers_;
  EventText text_;
  std::unique_ptr<Parser> parser_;
  std::string body_;
};

}  // namespace triggers::bench
