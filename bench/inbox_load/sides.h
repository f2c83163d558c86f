#pragma once

// The two sides of a candidate, as the load sees them: what accepts events, and what hands them out. http_intake.h and
// http_outlet.h have those of HTTP servers, amqp_intake.h and amqp_outlet.h those of RabbitMQ; load.h drives them.

#include <cstdint>
#include <span>
#include <string_view>

namespace triggers::bench {

/// Accepts events. Used on one reactor's thread only.
class Intake {
 public:
  class Listener {
   public:
    /// The server has promised to keep the event.
    virtual void accepted(std::uint64_t number) = 0;
    /// The run cannot go on.
    virtual void failed(std::string_view why) = 0;

   protected:
    ~Listener() = default;
  };

  virtual ~Intake() = default;
  /// `listener` outlives this, and is not called before the reactor runs.
  virtual void start(Listener& listener) = 0;
  /// True if fewer events than the limit are without an answer.
  [[nodiscard]] virtual bool has_room() const = 0;
  /// Requires has_room(). An intake that sends batches keeps the event until its batch is full.
  virtual void send(std::uint64_t number) = 0;
  /// No event follows for now: sends a batch that is not full.
  virtual void flush() {}
};

/// Hands events out to workers, and takes their acknowledgements. Used on one reactor's thread only.
class Outlet {
 public:
  class Listener {
   public:
    /// Events that a worker which must ask may ask for now: at most `batch`; 0 if it must come again.
    virtual std::size_t reserve(std::size_t batch) = 0;
    /// Ends what reserve() gave.
    virtual void unreserve(std::size_t events) = 0;
    virtual void received(std::span<const std::uint64_t> numbers) = 0;
    virtual void acknowledged(std::span<const std::uint64_t> numbers) = 0;
    /// After finish(): no request is without an answer any more.
    virtual void finished() = 0;
    /// The run cannot go on.
    virtual void failed(std::string_view why) = 0;

   protected:
    ~Listener() = default;
  };

  virtual ~Outlet() = default;
  /// Makes the workers begin. `listener` outlives this.
  virtual void start(Listener& listener) = 0;
  /// From now on, workers acknowledge batches that are not full. Events no longer arrive.
  virtual void drain() = 0;
  /// Makes the workers begin nothing new. A worker that waits in the server goes on until that answers.
  virtual void finish() = 0;
  /// Ends all workers. The listener is not called any more.
  virtual void stop() = 0;
};

}  // namespace triggers::bench
