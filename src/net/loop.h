#pragma once

// One IO thread, with its ticks and acceptors. Its connections belong to derived classes: http/server/session_loop.h.

#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <vector>

#include "net/acceptor.h"
#include "net/io_executor.h"

namespace triggers::net {

/// One IO thread: an executor that accepts connections and calls on_tick() at intervals. A derived class owns the
/// connections.
class Loop : public IoExecutor {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  explicit Loop(std::chrono::milliseconds tick);
  ~Loop() override;

  /// Runs until stop() was called and the last acceptor and connection have ended.
  void run();
  /// Ends the acceptors and calls on_stop(). Any thread.
  void stop();
  /// Before run(), which starts to accept. Each connection goes to `take`, on this loop's thread; `failed` is called
  /// for each one that could not be accepted.
  void accept_on(Listener listener, std::function<void(Accepted)> take, std::function<void()> failed);

  /// This thread.
  [[nodiscard]] bool stopping() const noexcept { return stopping_; }

 protected:
  /// The derived class calls it when a connection has ended.
  void end_if_done();

 private:
  virtual void on_tick(TimePoint now) = 0;
  virtual void on_stop() = 0;
  [[nodiscard]] virtual bool has_connections() const noexcept = 0;

  /// The timer is set, and all acceptors accept.
  [[nodiscard]] bool begun() const noexcept { return ticking_ && accepting_ == acceptors_.size(); }
  void begin();
  void tick();
  void tell_failure(const std::exception_ptr& failure) noexcept;

  boost::asio::basic_waitable_timer<std::chrono::steady_clock> timer_{io()};
  std::chrono::milliseconds tick_;
  std::uint64_t failures_untold_ = 0;
  TimePoint next_failure_line_{};
  bool ticking_ = false;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Acceptor>> acceptors_;
  std::size_t accepting_ = 0;  // so many of the acceptors, from the first
};

}  // namespace triggers::net
