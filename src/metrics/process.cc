// The metrics of the process, from /proc (add_process_metrics() of metrics.h).

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>

#include "metrics/metrics.h"

namespace triggers::metrics {
namespace {

/// Fields of /proc/self/stat, counted as in proc(5) from 1; from the third on, since the second may hold blanks.
struct ProcessStat {
  double user_ticks = 0, system_ticks = 0, threads = 0, start_ticks = 0, virtual_bytes = 0, resident_pages = 0;
};

ProcessStat read_stat() {
  ProcessStat stat;
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto command_end = line.rfind(')');
  if (command_end == std::string::npos) return stat;
  std::istringstream rest(line.substr(command_end + 1));
  std::string word;
  for (int field = 3; field <= 24 && rest >> word; ++field) {
    const auto value = field == 3 ? 0 : std::strtod(word.c_str(), nullptr);
    switch (field) {
      case 14: stat.user_ticks = value; break;
      case 15: stat.system_ticks = value; break;
      case 20: stat.threads = value; break;
      case 22: stat.start_ticks = value; break;
      case 23: stat.virtual_bytes = value; break;
      case 24: stat.resident_pages = value; break;
      default: break;
    }
  }
  return stat;
}

/// When the machine started, in seconds since the epoch; 0 if /proc does not say.
double boot_time_seconds() {
  std::ifstream file("/proc/stat");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("btime ")) return std::strtod(line.c_str() + 6, nullptr);
  }
  return 0;
}

double open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), closedir);
  if (!directory) return 0;
  double count = 0;
  while (const auto* entry = readdir(directory.get())) {
    if (entry->d_name[0] != '.') ++count;
  }
  return std::max(count - 1, 0.0);  // Without the one that reads the directory.
}

double descriptors_max() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? static_cast<double>(limit.rlim_cur) : 0;
}

}  // namespace

void add_process_metrics(Registry& registry) {
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_bytes = static_cast<double>(sysconf(_SC_PAGESIZE));

  registry.gauge("process_start_time_seconds", "Start of the process in seconds since the Unix epoch.")
      .set(boot_time_seconds() + read_stat().start_ticks / ticks);
  registry.gauge("process_max_fds", "Most file descriptors that may be open.").set(descriptors_max());
  registry.counter_from("process_cpu_seconds_total", "User and system time spent, in seconds.", {}, [ticks] {
    const auto stat = read_stat();
    return (stat.user_ticks + stat.system_ticks) / ticks;
  });

  auto& resident = registry.gauge("process_resident_memory_bytes", "Resident memory.");
  auto& reserved = registry.gauge("process_virtual_memory_bytes", "Virtual memory.");
  auto& threads = registry.gauge("process_threads", "Threads.");
  auto& descriptors = registry.gauge("process_open_fds", "Open file descriptors.");
  registry.on_scrape([&resident, &reserved, &threads, &descriptors, page_bytes] {
    const auto stat = read_stat();
    resident.set(stat.resident_pages * page_bytes);
    reserved.set(stat.virtual_bytes);
    threads.set(stat.threads);
    descriptors.set(open_descriptors());
  });
}

}  // namespace triggers::metrics
