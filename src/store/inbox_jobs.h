#pragma once

// Work on an inbox that takes longer than a request: a purge or a replay. The calls are in inbox_store.h.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/uuid7.h"

namespace triggers::store {

/// Which events a replay puts into the inbox: those accepted from `since` on and before `until`.
struct ReplayRange {
  UnixMillis since{};
  std::optional<UnixMillis> until{};  ///< Nothing: until the call.
  std::optional<std::string> event_type{};
};

struct Job {
  enum class Kind : std::uint8_t { purge, replay };
  enum class State : std::uint8_t { running, done, failed };
  Uuid7 id{};
  Kind kind = Kind::purge;
  State state = State::running;
  std::uint64_t done = 0;  ///< Entries that left the inbox, or came into it.
  /// Of a replay: events that are older than the inbox's retention. Their entries would leave at once.
  std::uint64_t skipped_too_old = 0;
  UnixMillis started_at{};
  std::optional<UnixMillis> ended_at{};
  bool operator==(const Job&) const = default;
};

/// An inbox shows its newest jobs, each until a day after its end.
inline constexpr std::size_t jobs_per_inbox_max = 10;
inline constexpr std::chrono::hours job_shown_for{24};

}  // namespace triggers::store
