#pragma once

// Redis Streams with a consumer group, through webdis. http_protocol.h says what each function does.

#include "event_text.h"
#include "http_protocol.h"

namespace triggers::bench {

/// The stream, the groups and the script exist before the run; bench/redis_streams.py makes them.
///
/// webdis 0.1.9, Debian's, answers nested arrays as null, and the answer to XREADGROUP is nested. So a lease is a
/// script in Redis that calls XREADGROUP and answers with a flat array. A script cannot block. So a worker waits by an
/// XREADGROUP BLOCK on a second group, whose answer it does not need; each event ends the wait of one worker.
class WebdisProtocol final : public HttpProtocol {
 public:
  struct Names {
    std::string stream, group, wake_group;
    std::string script;  ///< The SHA-1 that SCRIPT LOAD returned.
  };

  WebdisProtocol(Names names, EventText text) : names_(std::move(names)), text_(std::move(text)) {}

  void write_events(std::string& request, std::span<const std::uint64_t> numbers) override;
  [[nodiscard]] bool are_accepted(const Response& response, std::size_t events) override;
  void write_lease(std::string& request, std::size_t worker, std::size_t events_max, bool waits) override;
  [[nodiscard]] bool read_lease(const Response& response, Batch& batch) override;
  void write_acknowledgement(std::string& request, const Batch& batch) override;
  [[nodiscard]] bool is_acknowledged(const Response& response, const Batch& batch) override;
  [[nodiscard]] bool waits_apart() const override { return true; }
  void write_wait(std::string& request, std::size_t worker) override;
  [[nodiscard]] bool is_waited(const Response& response) override;

 private:
  Names names_;
  EventText text_;
};

}  // namespace triggers::bench
