#include "swarm/web/prometheus_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

#include "swarm/report/locust_rows.h"
#include "swarm/web/locust_json.h"

namespace triggers::swarm {
namespace {

constexpr std::array<double, 16> bounds_s{0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                          0.25,   0.5,   1,      2.5,   5,    10,    30,   60};

void family(std::string& out, std::string_view name, std::string_view type, std::string_view help) {
  fmt::format_to(std::back_inserter(out), "# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

std::string label_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
    } else {
      if (c == '"' || c == '\\') out += '\\';
      out += c;
    }
  }
  return out;
}

std::string labels_of(const Statistics::Row& row) {
  return fmt::format(R"(method="{}",name="{}")", label_text(row.method), label_text(row.name));
}

using Rows = std::vector<Statistics::Row>;

void counters(std::string& out, const Rows& rows, std::string_view name, std::string_view help,
              std::uint64_t Entry::* count) {
  family(out, name, "counter", help);
  for (const auto& row : rows) {
    fmt::format_to(std::back_inserter(out), "{}{{{}}} {}\n", name, labels_of(row), row.entry->*count);
  }
}

void latencies(std::string& out, const Rows& rows) {
  constexpr std::string_view name = "swarm_request_duration_seconds";
  family(out, name, "histogram", "Latencies of the requests that have ended, including failed ones.");
  for (const auto& row : rows) {
    const std::string labels = labels_of(row);
    const auto buckets = row.entry->latencies.buckets();
    auto bucket = buckets.begin();
    std::uint64_t below = 0;
    for (const double bound : bounds_s) {
      while (bucket != buckets.end() && std::chrono::duration<double>(bucket->to).count() <= bound) {
        below += (bucket++)->count;
      }
      fmt::format_to(std::back_inserter(out), "{}_bucket{{{},le=\"{}\"}} {}\n", name, labels, bound, below);
    }
    fmt::format_to(std::back_inserter(out),
                   "{0}_bucket{{{1},le=\"+Inf\"}} {2}\n{0}_sum{{{1}}} {3:.9g}\n{0}_count{{{1}}} {2}\n", name, labels,
                   row.entry->latencies.count(), row.entry->response_ms_total / 1000);
  }
}

void single(std::string& out, std::string_view name, std::string_view type, std::string_view help, double value) {
  family(out, name, type, help);
  fmt::format_to(std::back_inserter(out), "{} {:.9g}\n", name, value);
}

void state(std::string& out, TestState now) {
  family(out, "swarm_state", "gauge", "1 for the state of the test, 0 for the others.");
  for (const auto one :
       {TestState::ready, TestState::spawning, TestState::running, TestState::stopping, TestState::stopped}) {
    fmt::format_to(std::back_inserter(out), "swarm_state{{state=\"{}\"}} {}\n", state_name(one), one == now ? 1 : 0);
  }
}

}  // namespace

std::string prometheus_text(const TestView& view) {
  std::string out;
  family(out, "swarm_build_info", "gauge", "The version of swarm; always 1.");
  out += "swarm_build_info{version=\"" TRIGGERS_VERSION "\"} 1\n";
  state(out, view.state);
  single(out, "swarm_users", "gauge", "Users that run now.", static_cast<double>(view.users));
  if (view.report == nullptr) return out;
  const RunReport& report = *view.report;
  Rows rows = report.statistics->rows();
  if (rows.size() > stats_rows_max) rows.resize(stats_rows_max);
  counters(out, rows, "swarm_requests_total", "Requests that have ended, including failed ones.", &Entry::requests);
  counters(out, rows, "swarm_failures_total", "Requests that have failed.", &Entry::failures);
  counters(out, rows, "swarm_content_bytes_total", "Decoded bytes of the responses' bodies.",
           &Entry::content_bytes_total);
  latencies(out, rows);
  std::uint64_t exceptions = 0;
  for (const Exception& one : report.statistics->exceptions()) exceptions += one.count;
  single(out, "swarm_exceptions_total", "counter", "Exceptions of users' tasks.", static_cast<double>(exceptions));
  single(out, "swarm_users_wanted", "gauge", "Users that the test should have at its peak.",
         static_cast<double>(report.users_wanted));
  single(out, "swarm_test_start_time_seconds", "gauge", "When the test began to count, since the Unix epoch.",
         report.statistics->start());
  single(out, "swarm_processor_seconds_total", "counter", "Processor time of swarm in this test.",
         std::chrono::duration<double>(report.processor_time).count());
  single(out, "swarm_busiest_thread_ratio", "gauge",
         "The largest processor share of a load thread over ten seconds; near 1, swarm is the bottleneck.",
         report.busiest_thread);
  return out;
}

}  // namespace triggers::swarm
