#pragma once

// A connection to RabbitMQ with one channel, by librabbitmq, on a reactor. Only the .cc knows the library. The two
// sides that use it are amqp_intake.h and amqp_outlet.h.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "swarm/load/reactor.h"

namespace triggers::bench {

/// Where the broker is, and the queue of a run.
struct AmqpPlace {
  int port = 0;
  std::string queue;
};

/// Opens in its constructor, which blocks. Afterwards it is used on the reactor's thread. Nothing throws: the first
/// failure is told to the listener, and open() is false if it happened before start().
class AmqpLink final : private swarm::Reactor::Source {
 public:
  class Listener {
   public:
    /// `through`: also each earlier tag that is not confirmed yet.
    virtual void confirmed(std::uint64_t tag, bool through) { (void)tag, (void)through; }
    virtual void delivered(std::uint64_t tag, std::string_view body) { (void)tag, (void)body; }
    /// Every frame that had arrived is handled.
    virtual void drained() {}
    virtual void failed(std::string_view why) = 0;

   protected:
    ~Listener() = default;
  };

  AmqpLink(swarm::Reactor& reactor, const AmqpPlace& place);
  AmqpLink(const AmqpLink&) = delete;
  AmqpLink& operator=(const AmqpLink&) = delete;
  ~AmqpLink();

  /// Why the link is of no use; empty if it is.
  [[nodiscard]] const std::string& failure() const noexcept { return failure_; }

  // Before start(); each blocks until the broker has answered.

  /// Makes the place's queue, durable. `type` is `classic` or `quorum`.
  void declare_queue(const std::string& type);
  /// The broker confirms each event that it has made durable. The first published event has the tag 1.
  void select_confirms();
  /// The broker sends events as long as fewer than `prefetch` are unacknowledged.
  void consume(std::uint16_t prefetch);
  /// Deletes the queue. The number of events that were in it.
  std::uint64_t delete_queue();

  // The reactor's thread.
  void start(Listener& listener);
  /// Publishes a durable event to the queue.
  void publish(std::string_view body);
  /// Also acknowledges each earlier delivery on this link.
  void acknowledge_through(std::uint64_t tag);
  void stop();

 private:
  struct Library;

  void ready(std::uint32_t epoll_events) override;
  void read();
  void fail(std::string why);

  swarm::Reactor& reactor_;
  AmqpPlace place_;
  std::string failure_;
  std::unique_ptr<Library> library_;
  Listener* listener_ = nullptr;
  bool watched_ = false;
};

}  // namespace triggers::bench
