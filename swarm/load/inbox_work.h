#pragma once

// How a user works on an inbox: the settings of --inbox and the options beside it. The user is
// apps/swarm/users/inbox_worker_user.cc; the command line is in run/options.h.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace triggers::swarm {

/// What an InboxWorkerUser does with an inbox. A worker may get these values from its master.
struct InboxWork {
  static constexpr std::size_t lease_seconds_max = 43'200, lease_limit_max = 500;  // docs/inboxes.md
  static constexpr std::size_t handling_ms_max = 3'600'000;

  std::string inbox = "default";
  std::size_t lease_seconds = 30;
  std::size_t lease_limit = 10;   ///< Events that one lease may have.
  std::size_t handling_ms = 200;  ///< Each handling takes a random time of at most this.
  double release_percent = 10;    ///< Share of the leased events that are released.
  double abandon_percent = 5;     ///< Share whose lease is left to end. The other events are acknowledged.

  /// An error names the option, and how to correct it.
  [[nodiscard]] Status check() const;
};

/// The service's rule: 1 to 100 of `A-Z a-z 0-9 - _ .`, beginning with a letter or digit.
[[nodiscard]] bool is_inbox_name(std::string_view text);

}  // namespace triggers::swarm
