#pragma once

// Whether the first requests show that the service cannot be measured, the reason with advice for a person, and why a
// request got no connection (Unconnected). Doubts about a test's figures afterwards are in run/warnings.h.

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/mutex.h"

namespace triggers::swarm {

/// Why a request got no connection.
enum class Unconnected : std::uint8_t {
  no,            ///< It got one.
  refused,       ///< The address did not accept it.
  tls,           ///< The handshake failed.
  own_shortage,  ///< This machine has no descriptor, port or memory left.
};

/// Whether the service can be measured at all. The first requests of a test show it: no user can connect, or the
/// service refuses the key. The first reason is kept. Thread-safe.
class StartWatch {
 public:
  /// A user is connected, or a response has arrived. From now on, a failed connection is only a failed request.
  void reached() noexcept {
    if (!reached_.load(std::memory_order_relaxed)) reached_.store(true, std::memory_order_relaxed);
  }
  /// A request has failed. `error` is Connection's text.
  void could_not_connect(Unconnected why, std::string_view url, std::string_view error) {
    if (why == Unconnected::no || reached_.load(std::memory_order_relaxed)) return;
    refused("cannot connect to " + std::string{url} + ": " + std::string{error} + ". " + std::string{advice(why)});
  }
  /// The service refuses this test. `why` is for a person.
  void refused(std::string why) {
    const MutexLock lock(mutex_);
    if (!reason_) reason_ = std::move(why);
  }

  [[nodiscard]] std::optional<std::string> refusal() const {
    const MutexLock lock(mutex_);
    return reason_;
  }

 private:
  static std::string_view advice(Unconnected why) {
    switch (why) {
      case Unconnected::no: break;
      case Unconnected::refused: return "Is the service running there?";
      case Unconnected::tls: return "Does the service speak TLS there, with a certificate that this machine trusts?";
      case Unconnected::own_shortage:
        return "This machine is short of file descriptors, ports or memory; the service may be fine. Raise the limit "
               "of "
               "open files (ulimit -n), or use fewer users.";
    }
    return {};
  }

  std::atomic<bool> reached_ = false;
  mutable Mutex mutex_;
  std::optional<std::string> reason_ GUARDED_BY(mutex_);
};

}  // namespace triggers::swarm
