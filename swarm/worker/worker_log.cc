#include "swarm/worker/worker_log.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <climits>

#include "base/timestamp.h"

namespace triggers::swarm {
namespace {

std::string_view name_of(LogLevel level) {
  static constexpr std::array<std::string_view, 5> names{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"};
  return names[static_cast<std::size_t>(level)];
}

}  // namespace

void WorkerLog::log(LogLevel level, std::string_view text) {
  console_.log(level, logger, text);
  // The page shows the lines of all workers, so their times are UTC.
  const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  lines_.push_back(fmt::format("[{}] {}/{}: {}", format_timestamp(now), name_of(level), logger, text));
  if (lines_.size() > lines_max) lines_.pop_front();
  grown_ = true;
}

}  // namespace triggers::swarm
