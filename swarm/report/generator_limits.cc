#include "swarm/report/generator_limits.h"

#include <fmt/format.h>

namespace triggers::swarm {
namespace {

double seconds(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

void add_processor(const RunReport& report, std::vector<GeneratorLimit>& limits) {
  if (report.busiest_thread > busy_share_max) {
    limits.push_back({"processor", fmt::format("a load thread was busy for {:.0f} % of its time: the generator was the "
                                               "bottleneck, and its own delays are part of the latencies",
                                               100 * report.busiest_thread)});
  }
  if (report.processor_wait > processor_wait_max) {
    limits.push_back({"processor", fmt::format("a load thread had to wait for a processor for {:.0f} % of ten seconds: "
                                               "other programs, perhaps the service, need the processors of this "
                                               "machine, and the latencies include that. Use another machine for "
                                               "swarm, or fewer threads",
                                               100 * report.processor_wait)});
  }
}

void add_memory(const RunReport& report, std::vector<GeneratorLimit>& limits) {
  const double test_seconds = report.ended - report.started;
  const auto faults = static_cast<double>(report.page_faults);
  if (test_seconds > 0 && faults / test_seconds > page_faults_per_second_max) {
    limits.push_back({"memory", fmt::format("swarm had to read {} pages of its memory from the disk: this machine has "
                                            "too little memory, and the latencies include that",
                                            report.page_faults)});
  }
  if (report.shortages.memory > 0) {
    limits.push_back({"memory", fmt::format("{} requests failed because swarm or its kernel had no memory left for "
                                            "them; the service may be fine. Use fewer users or more machines",
                                            report.shortages.memory)});
  }
}

void add_connections(const RunReport& report, std::vector<GeneratorLimit>& limits) {
  if (report.shortages.ports > 0) {
    limits.push_back({"ports", fmt::format("{} connections failed because this machine had no port left for them; the "
                                           "service may be fine. Widen net.ipv4.ip_local_port_range, or use fewer "
                                           "users or more machines",
                                           report.shortages.ports)});
  }
  if (report.shortages.descriptors > 0) {
    limits.push_back({"descriptors", fmt::format("{} connections failed because swarm had no file descriptor left for "
                                                 "them; the service may be fine. Raise the limit of open files "
                                                 "(ulimit -n), or use fewer users",
                                                 report.shortages.descriptors)});
  }
}

void add_disk(const RunReport& report, std::vector<GeneratorLimit>& limits) {
  const JournalState& journal = report.journal;
  if (!journal.error.empty()) {
    limits.push_back({"disk", fmt::format("the journal lacks its last lines, because its disk failed ({}): do not "
                                          "verify with it. The load was not slowed down",
                                          journal.error)});
  } else if (journal.lost_lines > 0) {
    limits.push_back(
        {"disk", fmt::format("the journal lacks its last {} lines, because the disk was too slow for them: "
                             "do not verify with it. The load was not slowed down",
                             journal.lost_lines)});
  } else if (journal.longest_wait > journal_wait_max) {
    limits.push_back({"disk", fmt::format("lines of the journal had to wait for the disk for up to {:.1f} s; none is "
                                          "missing, and the load was not slowed down",
                                          seconds(journal.longest_wait))});
  }
}

}  // namespace

std::vector<GeneratorLimit> generator_limits(const RunReport& report) {
  std::vector<GeneratorLimit> limits;
  add_processor(report, limits);
  add_memory(report, limits);
  add_connections(report, limits);
  add_disk(report, limits);
  return limits;
}

}  // namespace triggers::swarm
