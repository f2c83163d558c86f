#pragma once

// Sends events over HTTP. What a request looks like is in http_protocol.h.

#include <memory>
#include <vector>

#include "http_protocol.h"
#include "sides.h"
#include "swarm/load/connection.h"

namespace triggers::bench {

/// Keeps connections open, each with one event, or one batch of events, at a time.
class HttpIntake final : public Intake {
 public:
  struct Settings {
    std::size_t connections = 1;
    std::size_t batch = 1;  ///< The events of a request.
  };
  /// Uses `context` and `protocol`, which outlive it.
  HttpIntake(swarm::ConnectionContext& context, HttpProtocol& protocol, Settings settings);
  ~HttpIntake() override;

  void start(Listener& listener) override { listener_ = &listener; }
  [[nodiscard]] bool has_room() const override { return !free_.empty(); }
  void send(std::uint64_t number) override;
  void flush() override;

 private:
  class Sender;

  HttpProtocol& protocol_;
  Listener* listener_ = nullptr;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::vector<Sender*> free_;
  const std::size_t batch_;
  std::vector<std::uint64_t> next_;  ///< The batch that is not full.
};

}  // namespace triggers::bench
