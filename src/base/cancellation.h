#pragma once

// Tells work in progress that it should end early, and why. A reader that waits in store/waiters.h listens to it.

#include <cstdint>
#include <utility>

#include "base/invariant.h"

namespace triggers {

/// Whether a piece of work should still go on. The first reason stays. Only the thread on which the work runs uses it,
/// so it needs no lock.
class Cancellation {
 public:
  enum class Reason : std::uint8_t {
    none,
    timeout,   ///< The time that the caller gave is over.
    stopping,  ///< The server stops, or asks its clients to go elsewhere.
    gone,      ///< Nobody waits for the result any more.
  };

  /// Hears of a cancellation while it is registered.
  class Listener {
   public:
    /// Called at most once, and no longer registered then. It must not resume the work itself: that would run on the
    /// stack of the caller of cancel().
    virtual void cancelled() noexcept = 0;

   protected:
    ~Listener() = default;
  };

  Cancellation() = default;
  Cancellation(const Cancellation&) = delete;
  Cancellation& operator=(const Cancellation&) = delete;
  ~Cancellation() { INVARIANT(listener_ == nullptr, "a cancellation goes away while somebody listens to it"); }

  [[nodiscard]] Reason reason() const noexcept { return reason_; }
  [[nodiscard]] bool cancelled() const noexcept { return reason_ != Reason::none; }

  void cancel(Reason reason) noexcept {
    if (cancelled()) return;
    reason_ = reason;
    if (Listener* const listener = std::exchange(listener_, nullptr)) listener->cancelled();
  }

  /// Registers the only listener. Not after cancel(), which it would miss.
  void listen(Listener& listener) {
    INVARIANT(listener_ == nullptr && !cancelled(), "a cancellation has a listener already, or it is too late for one");
    listener_ = &listener;
  }
  void stop_listening() noexcept { listener_ = nullptr; }

 private:
  Listener* listener_ = nullptr;
  Reason reason_ = Reason::none;
};

}  // namespace triggers
