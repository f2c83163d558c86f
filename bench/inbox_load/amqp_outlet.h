#pragma once

// Workers that consume from a RabbitMQ queue and acknowledge batches. The connection itself is in amqp_link.h.

#include <memory>
#include <vector>

#include "amqp_link.h"
#include "event_text.h"
#include "sides.h"

namespace triggers::bench {

/// Workers, each with a connection, a channel and manual acknowledgements.
class AmqpOutlet final : public Outlet {
 public:
  struct Settings {
    std::size_t workers = 32;
    std::size_t batch = 10;
    std::uint16_t prefetch = 20;
    /// Workers acknowledge what they have as soon as nothing more has arrived, not only full batches.
    bool partial_batches = false;
  };

  /// Connects, and blocks meanwhile. `text` outlives this.
  AmqpOutlet(swarm::Reactor& reactor, const AmqpPlace& place, const EventText& text, Settings settings);
  ~AmqpOutlet() override;

  void start(Listener& listener) override;
  void drain() override;
  void finish() override { listener_->finished(); }
  void stop() override;

 private:
  class Worker;

  const EventText& text_;
  Settings settings_;
  Listener* listener_ = nullptr;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace triggers::bench
