#pragma once

// The settings of an inbox and their check, and its counts.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "inbox/bounds.h"
#include "inbox/entry.h"

namespace triggers::inbox {

/// The settings of an inbox, with the API's defaults. FieldFault uses the API's names of the members.
struct Settings {
  std::string description{};
  std::string filter{};                          ///< As filter::Filter::parse() takes it. Empty: takes every event.
  bool collect = true;                           ///< False: takes no new events.
  std::chrono::seconds lease_duration{30};       ///< `lease_seconds`, for requests that do not say.
  MaxAttempts max_attempts = 10;                 ///< Nothing: no limit.
  std::optional<std::chrono::days> retention{};  ///< `retention_days`. Nothing: no limit.
  std::chrono::days dead_retention{30};          ///< `dead_retention_days`.

  bool operator==(const Settings&) const = default;
};

/// The first member that is wrong. Nothing if all are right.
[[nodiscard]] std::optional<FieldFault> find_fault(const Settings& settings);

/// How many entries of an inbox are in each state.
struct Counts {
  std::uint64_t available = 0;
  std::uint64_t leased = 0;
  std::uint64_t delayed = 0;
  std::uint64_t dead = 0;

  [[nodiscard]] std::uint64_t undelivered() const noexcept { return available + leased + delayed; }
  bool operator==(const Counts&) const = default;
};

}  // namespace triggers::inbox
