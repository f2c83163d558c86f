#pragma once

// Publishes events to RabbitMQ with publisher confirms. The connection itself is in amqp_link.h.

#include <memory>
#include <vector>

#include "amqp_link.h"
#include "event_text.h"
#include "sides.h"

namespace triggers::bench {

/// Publishers share the limit on events that the broker has not confirmed. They do not wait for single confirms.
class AmqpIntake final : public Intake {
 public:
  /// Connects, and blocks meanwhile. `text` outlives this.
  AmqpIntake(swarm::Reactor& reactor, const AmqpPlace& place, const EventText& text, std::size_t publishers,
             std::size_t unconfirmed_max);
  ~AmqpIntake() override;

  void start(Listener& listener) override;
  [[nodiscard]] bool has_room() const override { return unconfirmed_ < unconfirmed_max_; }
  void send(std::uint64_t number) override;

 private:
  class Publisher;

  const EventText& text_;
  std::size_t unconfirmed_max_;
  std::size_t unconfirmed_ = 0;
  std::size_t next_ = 0;  // of publishers_
  std::string body_;
  Listener* listener_ = nullptr;
  std::vector<std::unique_ptr<Publisher>> publishers_;
};

}  // namespace triggers::bench
