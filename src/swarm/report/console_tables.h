#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "swarm/stats/statistics.h"

namespace triggers::swarm {

/// Locust's tables for the terminal, as its version 2.12.1 prints them: each a text of whole lines.

/// The width of their column of names, in characters: 80 where there is no terminal, else what a terminal of so many
/// columns leaves, 0 to 80.
[[nodiscard]] std::size_t name_width(std::optional<std::size_t> terminal_columns);
/// The columns of the terminal that is standard error, as of now; nothing if it is none.
[[nodiscard]] std::optional<std::size_t> terminal_columns();

enum class RatesOver : std::uint8_t {
  recent,  ///< current_rates(): while the test runs.
  all,     ///< total_rates(): at its end.
};
/// A row for each name: counts, times in whole ms, rates. An empty line follows.
[[nodiscard]] std::string request_table(const Statistics& statistics, std::size_t name_width, RatesOver rates);
/// A row for each name, with Locust's percentiles in ms. An empty line follows.
[[nodiscard]] std::string percentile_table(const Statistics& statistics, std::size_t name_width);
/// Every failure and how often it occurred, and an empty line; nothing if there was none.
[[nodiscard]] std::string error_report(const Statistics& statistics, std::size_t name_width);

/// Our own lines below the last tables: how many events were accepted, and a second; and how many requests were
/// answered 429, if any. An empty line follows.
[[nodiscard]] std::string accepted_summary(const Statistics& statistics);

}  // namespace triggers::swarm
