#pragma once

// What limited the generator itself during a test: its processor, memory, ports or disk. Other reasons not to trust a
// test's figures are in run/warnings.h.

#include <string>
#include <string_view>
#include <vector>

#include "swarm/report/run_report.h"

namespace triggers::swarm {

struct GeneratorLimit {
  std::string_view name;  ///< For programs: `processor`, `memory`, `ports`, `descriptors` or `disk`.
  std::string text;       ///< For a person: what was short, what it did to the figures, and what helps.
};

/// A load thread without idle time, or one that waited for a processor, from this share of ten seconds on.
inline constexpr double busy_share_max = 0.9, processor_wait_max = 0.2;
/// Pages that had to be read from the disk in each second, because they were not in memory.
inline constexpr double page_faults_per_second_max = 10;
/// A journal's line waits 100 ms if the disk is quick.
inline constexpr std::chrono::seconds journal_wait_max{2};

/// The limits that were reached. Empty if none was.
[[nodiscard]] std::vector<GeneratorLimit> generator_limits(const RunReport& report);

}  // namespace triggers::swarm
