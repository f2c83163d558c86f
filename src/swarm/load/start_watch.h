#pragma once

#include <atomic>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace triggers::swarm {

/// Whether the service can be measured at all, as the first requests of a test find out: a service that nobody can
/// connect to, or that refuses the key. The first reason stays. Any thread.
class StartWatch {
 public:
  /// An answer has come, whatever it says: from here on, a failed connection is a failed request and nothing more.
  void answered() noexcept {
    if (!answered_.load(std::memory_order_relaxed)) answered_.store(true, std::memory_order_relaxed);
  }
  /// A connection could not be made. `error` as Connection tells it.
  void could_not_connect(std::string_view url, std::string_view error) {
    if (answered_.load(std::memory_order_relaxed)) return;
    refused("cannot connect to " + std::string{url} + ": " + std::string{error} + ". Is the service running there?");
  }
  /// The service does not let this test in; `why` is for a person.
  void refused(std::string why) {
    const std::lock_guard lock(mutex_);
    if (!reason_) reason_ = std::move(why);
  }

  [[nodiscard]] std::optional<std::string> refusal() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }

 private:
  std::atomic<bool> answered_ = false;
  mutable std::mutex mutex_;
  std::optional<std::string> reason_;  // guarded by mutex_
};

}  // namespace triggers::swarm
