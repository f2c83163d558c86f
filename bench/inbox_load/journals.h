#pragma once

// What became of each event of a run, and the judgement on it. The threads that write the journals are in load.h.

#include <chrono>
#include <cstdint>
#include <vector>

namespace triggers::bench {

using Time = std::chrono::steady_clock::time_point;

/// The sending thread's record of an event.
struct SentEvent {
  Time sent{};
  Time accepted{};  ///< Zero until the server has promised to keep the event.
};

/// The receiving thread's record of an event.
struct ReceivedEvent {
  Time received{};  ///< The first time.
  Time acknowledged{};
  std::uint32_t receipts = 0;
  std::uint32_t acknowledgements = 0;
};

/// Percentiles in milliseconds.
struct Latency {
  double p50_ms = 0, p99_ms = 0;
};

/// The result of a run. A run without fault has zeros in the second group.
struct Account {
  std::uint64_t sent = 0, accepted = 0, received = 0, acknowledged = 0;

  std::uint64_t unanswered = 0;  ///< Sent, and neither accepted nor refused.
  std::uint64_t lost = 0;        ///< Accepted, and never received.
  std::uint64_t twice = 0;       ///< Received more than once.
  std::uint64_t unacknowledged = 0;
  std::uint64_t acknowledged_twice = 0;
  std::uint64_t unaccepted = 0;  ///< Received, and never accepted.

  double events_per_second = 0;  ///< Acknowledged within the measured time.
  Latency from_sent;             ///< To the first receipt, of events accepted within the measured time.
  Latency from_accepted;         ///< The same. A receipt before the promise counts as 0.
  double early_share = 0;        ///< Of these events, received before the promise.

  [[nodiscard]] bool complete() const noexcept {
    return unanswered + lost + twice + unacknowledged + acknowledged_twice + unaccepted == 0;
  }
};

/// Compares the two journals, whose indexes are the events' numbers. `from` and `to` bound the measured time.
Account judge(const std::vector<SentEvent>& sent, const std::vector<ReceivedEvent>& received, Time from, Time to);

}  // namespace triggers::bench
