#pragma once

// Who may use the page: the user and password of --web-auth, by HTTP Basic or by the page's login form.

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

#include "base/mutex.h"
#include "http/wire/message.h"

namespace triggers::swarm {

/// Knows one user. Thread-safe; time is passed in.
class Login {
 public:
  using Time = std::chrono::steady_clock::time_point;
  static constexpr std::size_t sessions_max = 64;  ///< The oldest ends for a new one.
  static constexpr std::chrono::hours session_life{12};
  static constexpr std::size_t failures_max = 10;  ///< Of wrong passwords in `failures_window`.
  static constexpr std::chrono::seconds failures_window{60};

  /// `user_and_password` is `USER:PASSWORD`; empty: everybody is allowed.
  explicit Login(std::string user_and_password) : expected_(std::move(user_and_password)) {}

  enum class Verdict : unsigned char { allowed, unknown, wrong, too_many_failures };
  /// By the request's `Authorization: Basic`, or by the cookie of begin_session().
  [[nodiscard]] Verdict check(const http::Request& request, Time now);
  [[nodiscard]] Verdict check_password(std::string_view user, std::string_view password, Time now);
  /// The value of the cookie `swarm_session`.
  [[nodiscard]] std::string begin_session(Time now);
  void end_session(const http::Request& request);
  [[nodiscard]] bool is_needed() const noexcept { return !expected_.empty(); }

 private:
  struct Session {
    std::string token;
    Time until;
  };
  [[nodiscard]] Verdict compare(std::string_view user_and_password, Time now);

  std::string expected_;
  Mutex mutex_;
  std::deque<Session> sessions_ GUARDED_BY(mutex_);
  std::deque<Time> failures_ GUARDED_BY(mutex_);
};

inline constexpr std::string_view session_cookie = "swarm_session";

}  // namespace triggers::swarm
