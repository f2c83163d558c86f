#pragma once

// An executor that waits for sockets and timers with Asio. A thread that runs it is in loop.h; executors without IO are
// in base.

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "base/executor.h"
#include "base/mutex.h"

namespace triggers::net {

/// An executor whose thread waits for sockets and timers. The derived class runs `io()`.
class IoExecutor : public Executor {
 public:
  IoExecutor();
  ~IoExecutor() override;

  /// Handles that arrive before the thread wakes share one post. Any thread.
  void resume(std::span<const std::coroutine_handle<>> handles) override;
  [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }

  /// An object that another part keeps for each executor (a client's connections), by that part's number; nullptr if
  /// there is none. It is destroyed after the last coroutine and before the service of the sockets. This thread only.
  [[nodiscard]] void* attached(std::uint64_t owner) const noexcept;
  void attach(std::uint64_t owner, std::shared_ptr<void> what) { attached_.emplace_back(owner, std::move(what)); }

 private:
  void run_ready();

  boost::asio::io_context io_{1};
  Mutex mutex_;
  std::vector<std::coroutine_handle<>> ready_ GUARDED_BY(mutex_);
  std::vector<std::coroutine_handle<>> running_;                           // this thread's
  std::vector<std::pair<std::uint64_t, std::shared_ptr<void>>> attached_;  // after io_, so that it goes first
};

}  // namespace triggers::net
