#include "swarm/report/html_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "swarm/report/html_style.h"
#include "swarm/report/html_tables.h"
#include "swarm/report/html_text.h"
#include "swarm/report/svg_chart.h"

namespace triggers::swarm {
namespace {

constexpr double distribution_steps_per_decade = 24;

double ms_of(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; }

std::string fact(std::string_view name, const std::string& value, std::string_view note = {}, bool bad = false) {
  return fmt::format("<div><dt>{}</dt><dd{}>{} <small>{}</small></dd></div>", name, bad ? R"( class="bad")" : "", value,
                     note);
}

std::string facts(const RunReport& report) {
  const Entry all = report.statistics->aggregated();
  const double seconds = std::max(report.ended - report.statistics->start(), 1e-9);
  const double cores =
      static_cast<double>(report.processor_time.count()) / 1e9 / std::max(report.ended - report.started, 1e-9);
  std::string out = R"(<dl class="facts">)";
  out +=
      fact("Requests", with_separators(all.requests), short_number(static_cast<double>(all.requests) / seconds) + "/s");
  out += fact("Accepted events", with_separators(all.accepted),
              short_number(static_cast<double>(all.accepted) / seconds) + "/s");
  out += fact("Failures", with_separators(all.failures),
              all.requests == 0
                  ? ""
                  : short_number(100 * static_cast<double>(all.failures) / static_cast<double>(all.requests)) + " %",
              all.failures > 0);
  if (all.requests > 0) {
    out += fact("p50", short_number(all.latency_ms(0.5)), "ms") +
           fact("p95", short_number(all.latency_ms(0.95)), "ms") +
           fact("p99", short_number(all.latency_ms(0.99)), "ms");
  }
  out += fact("Users", with_separators(report.users_wanted), "");
  out += fact("Duration", duration_text(report.ended - report.started), "");
  out += fact("Generator", short_number(cores),
              fmt::format("cores, busiest thread {:.0f} %", 100 * report.busiest_thread));
  if (report.rate) {
    out += fact("Schedule", short_number(*report.rate), "tasks/s");
    out += fact("Begun late", with_separators(report.schedule.behind + report.schedule.waited_for_user),
                "of " + with_separators(report.schedule.arrivals + report.schedule.unsent) + " tasks");
    out += fact("Never sent", with_separators(report.schedule.unsent), "tasks", report.schedule.unsent > 0);
  }
  return out + "</dl>";
}

std::string warnings(const RunReport& report) {
  if (report.warnings.empty()) return {};
  std::string out = R"(<ul class="warnings">)";
  for (const std::string& warning : report.warnings) out += "<li>" + html_escape(warning) + "</li>";
  return out + "</ul>";
}

/// Charts over time; each point stands at the end of its piece.
std::string over_time(const RunReport& report) {
  Chart throughput{.title = "Throughput", .unit = "/s", .filled = true};
  throughput.lines = {{"requests/s", "c1", {}}, {"accepted/s", "c3", {}}, {"failures/s", "c2", {}}};
  Chart latency{.title = "Latency", .unit = "ms", .allow_log_y = true};
  latency.lines = {{"p50", "c1", {}}, {"p95", "c4", {}}, {"p99", "c2", {}}};
  Chart users{.title = "Users", .unit = "", .filled = true};
  users.lines = {{"users", "c1", {}}};
  for (const auto& point : report.history->points()) {
    const double at = point.from + point.seconds - report.started;
    for (Chart* const chart : {&throughput, &latency, &users}) chart->x.push_back(std::max(at, 0.0));
    const auto rate = [&](std::uint64_t count) -> std::optional<double> {
      if (point.seconds <= 0) return std::nullopt;
      return static_cast<double>(count) / point.seconds;
    };
    throughput.lines[0].values.push_back(rate(point.requests));
    throughput.lines[1].values.push_back(rate(point.accepted));
    throughput.lines[2].values.push_back(rate(point.failures));
    const auto quantile = [&](double q) -> std::optional<double> {
      if (point.latencies.count() == 0) return std::nullopt;
      return ms_of(point.latencies.quantile(q));
    };
    latency.lines[0].values.push_back(quantile(0.5));
    latency.lines[1].values.push_back(quantile(0.95));
    latency.lines[2].values.push_back(quantile(0.99));
    users.lines[0].values.push_back(static_cast<double>(point.users));
  }
  return render_chart(throughput) + render_chart(latency) + render_chart(users);
}

/// Shares of all requests, in steps of a logarithmic scale: the histogram's own buckets are too fine to look at.
std::string distribution(const Histogram& latencies) {
  if (latencies.count() == 0) return {};
  const auto step_of = [](double ms) {
    return static_cast<long>(std::floor(std::log10(std::max(ms, 1e-6)) * distribution_steps_per_decade));
  };
  const auto buckets = latencies.buckets();
  const auto middle = [](const Histogram::Bucket& bucket) {
    return ms_of(bucket.from) + ms_of(bucket.to - bucket.from) / 2;
  };
  // An empty step on each side lets the curve begin and end at nothing.
  const long first = step_of(middle(buckets.front())) - 1;
  const long last = step_of(middle(buckets.back())) + 1;
  std::vector<double> shares(static_cast<std::size_t>(last - first + 1), 0);
  for (const auto& bucket : buckets) {
    shares[static_cast<std::size_t>(step_of(middle(bucket)) - first)] +=
        100 * static_cast<double>(bucket.count) / static_cast<double>(latencies.count());
  }
  Chart chart{.title = "Distribution of latencies", .unit = "%", .x_is_time = false, .filled = true};
  chart.lines = {{"share of all requests", "c1", {}}};
  for (std::size_t i = 0; i < shares.size(); ++i) {
    chart.x.push_back(
        std::pow(10, (static_cast<double>(first) + static_cast<double>(i) + 0.5) / distribution_steps_per_decade));
    chart.lines[0].values.push_back(shares[i]);
  }
  return render_chart(chart);
}

}  // namespace

std::string render_html(const RunReport& report) {
  std::string classes;
  for (const std::string& name : report.user_classes) classes += (classes.empty() ? "" : ", ") + name;
  std::string out =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
      "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>Load test of ";
  out += html_escape(report.host) + "</title><style>";
  out += html_style();
  out += "</style></head><body><main><h1>Load test of " + html_escape(report.host) + "</h1><p class=\"sub\">";
  out += fmt::format("{} to {} · {} · {}", utc_text(report.started), utc_text(report.ended), html_escape(classes),
                     report.rate ? "open model: latencies count from when each task was due" : "closed model");
  out += "</p>" + warnings(report) + facts(report) + "<h2>Over time</h2>" + over_time(report);
  out += "<h2>Latency</h2>" + distribution(report.statistics->aggregated().latencies);
  out += html_requests(report) + html_failures(*report.statistics) + html_exceptions(*report.statistics);
  out += "<footer>swarm " TRIGGERS_VERSION
         ". Latencies are measured by a monotonic clock and kept to within 1 %; minimum, "
         "average and maximum are exact.</footer></main><script>";
  out += html_script();
  return out + "</script></body></html>\n";
}

}  // namespace triggers::swarm
